package resolve

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file names flows and errors, and finds names that clash.

func (r *resolver) errors(files []*parse.File) {
	for _, f := range files {
		for _, e := range f.Errors {
			if !r.name(e.Name, "error") {
				continue
			}
			goName := GoName(e.Name.Value)
			if !r.claim(goName, "error `"+e.Name.Value+"`", e.Name.Pos) {
				continue
			}
			r.refuseDemands(e.Name.Value, e.Fields)
			r.pkg.Model.Errors = append(r.pkg.Model.Errors, &model.Error{
				Name: e.Name.Value, GoName: goName, Doc: doc(e.Doc), Pos: e.Name.Pos,
				Fields: r.fields(e.Fields), Permanent: e.Permanent,
			})
		}
	}
}

func (r *resolver) flows(files []*parse.File) {
	first := map[string]*parse.Text{}
	for _, f := range files {
		if f.Flow == nil || f.Flow.Name == nil || !r.name(f.Flow.Name, "flow") {
			continue
		}
		name := f.Flow.Name
		if before := first[name.Value]; before != nil {
			r.report.AddRelated(diag.DeclaredTwice, name.Pos, before.Pos, "it is declared here first", "flow `%s` is declared twice in this package; rename one", name.Value)
			continue
		}
		first[name.Value] = name
		r.flow(f.Flow)
	}
}

func (r *resolver) flow(syntax *parse.Flow) {
	name := syntax.Name.Value
	m := &model.Flow{
		Name: name, GoName: GoName(name), VarName: localName(name), Doc: doc(syntax.Doc), Pos: syntax.Name.Pos,
	}
	what, pos := "flow `"+name+"`", syntax.Name.Pos
	for _, generated := range []string{
		m.GoName + "Input", m.GoName + "Output", m.GoName + "Steps",
		"Register" + m.GoName, "Start" + m.GoName, "Get" + m.GoName, m.VarName + "Flow", m.VarName + "Machine",
	} {
		r.claim(generated, what, pos)
	}
	m.Input = r.payload(syntax.Input, &model.Payload{GoName: m.GoName + "Input", Doc: "is the input of " + name + ".", Pos: pos}, "input")
	m.Output = &model.Output{Payload: &model.Payload{GoName: m.GoName + "Output", Doc: "is the output of " + name + ".", Pos: pos}}
	flow := &Flow{Model: m, Syntax: syntax}
	r.pkg.Flows = append(r.pkg.Flows, flow)
	r.pkg.Model.Flows = append(r.pkg.Model.Flows, m)
	r.blocks(flow)
}

// payload fills a payload with fields, or makes it a declared type under a new
// name, which is Unknown after an error. A payload that is not given has no fields.
func (r *resolver) payload(shape *parse.Shape, p *model.Payload, key string) *model.Payload {
	if shape == nil {
		return p
	}
	if shape.Type == nil {
		p.Fields = r.fields(shape.Fields)
		return p
	}
	t := r.typeOf(shape.Type)
	if t == nil {
		p.Alias = &model.Type{Kind: Unknown}
		return p
	}
	if t.Kind != model.Struct {
		not := "`" + clip(shape.Type.Value) + "`"
		if t.Kind == model.GoStruct {
			not = "the Go type " + not
		}
		r.report.Add(diag.NotAStruct, shape.Type.Pos, "`%s` must be fields (`%s: {name: type}`) or the name of a declared type with fields, not %s", key, key, not)
		t = &model.Type{Kind: Unknown}
	}
	p.Alias = t
	return p
}
