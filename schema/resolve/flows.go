package resolve

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file names flows, steps, handlers and errors, and finds names that clash.

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
	r.steps(flow)
}

// handlers are the names in a flow that must differ: of its handlers in Go, and of
// its steps in expressions.
type handlers struct {
	goNames, varNames map[string]declaration
}

func (r *resolver) steps(flow *Flow) {
	names := handlers{map[string]declaration{}, map[string]declaration{}}
	for _, s := range flow.Syntax.Steps {
		if step := r.step(flow.Model, s, names); step != nil {
			flow.Steps = append(flow.Steps, step)
			flow.Model.Steps = append(flow.Model.Steps, step.Model)
		}
	}
	for _, s := range flow.Steps {
		r.compensation(s, names)
	}
}

func (r *resolver) step(flow *model.Flow, syntax *parse.Step, names handlers) *Step {
	name, pos := syntax.Name.Value, syntax.Name.Pos
	if !r.handlerName(syntax.Name, "step") {
		return nil
	}
	if name == "input" || name == "run" {
		r.report.Add(diag.ReservedName, pos, "`%s` cannot be the name of the step: expressions read something else by it", name)
		return nil
	}
	m := &model.Step{
		Name: name, GoName: GoName(name), VarName: VarName(name), Doc: doc(syntax.Doc), Pos: pos,
		Skippable: syntax.When != nil,
	}
	what := "step `" + name + "`"
	if !r.handler(names.goNames, m.GoName, what, pos) || !r.handler(names.varNames, m.VarName, what, pos) {
		return nil
	}
	prefix := flow.GoName + m.GoName
	m.In = &model.Payload{GoName: prefix + "Input", Doc: "is what the step " + name + " gets.", Pos: pos}
	of := what + " of flow `" + flow.Name + "`"
	r.claim(m.In.GoName, of, pos)
	r.claim(flow.VarName+m.GoName+"Step", of, pos)
	if syntax.Out != nil {
		r.claim(prefix+"Output", of, pos)
		m.Out = r.payload(syntax.Out, &model.Payload{GoName: prefix + "Output", Doc: "is the result of the step " + name + ".", Pos: syntax.Out.Pos}, "out")
	}
	return &Step{Model: m, Syntax: syntax}
}

// handlerName checks the name of a step or a compensation.
func (r *resolver) handlerName(t *parse.Text, what string) bool {
	if !r.name(t, what) {
		return false
	}
	if goName := GoName(t.Value); wellKnownMethod(goName) {
		r.report.Add(diag.ReservedName, t.Pos, "`%s` cannot be the name of the %s: its handler would be `%s`, a method that Go knows with other parameters", t.Value, what, goName)
		return false
	}
	return true
}

// handler takes a name in a flow, unless it is taken.
func (r *resolver) handler(taken map[string]declaration, name, what string, pos model.Pos) bool {
	before, ok := taken[name]
	if !ok {
		taken[name] = declaration{what, pos}
		return true
	}
	if before.what == what {
		r.report.AddRelated(diag.DeclaredTwice, pos, before.pos, "it is named here first", "%s is named twice in this flow; rename one", what)
		return false
	}
	r.report.AddRelated(diag.GoCollision, pos, before.pos, before.what+" stands here",
		"%s and %s would both be named `%s`; rename one", what, before.what, name)
	return false
}

func (r *resolver) compensation(step *Step, names handlers) {
	c := step.Syntax.Compensate
	if c == nil || c.Name == nil || !r.handlerName(c.Name, "compensation") {
		return
	}
	goName := GoName(c.Name.Value)
	if before, taken := names.goNames[goName]; taken {
		r.report.AddRelated(diag.DeclaredTwice, c.Name.Pos, before.pos, before.what+" stands here",
			"the compensation `%s` of step `%s` would have the same handler `%s` as %s; each needs a handler of its own",
			c.Name.Value, step.Model.Name, goName, before.what)
		return
	}
	names.goNames[goName] = declaration{"compensation `" + c.Name.Value + "`", c.Name.Pos}
	step.Model.Undo = &model.Compensation{Name: c.Name.Value, GoName: goName, Pos: c.Name.Pos}
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
		r.report.Add(diag.NotAStruct, shape.Type.Pos, "`%s` must be fields (`%s: {name: type}`) or the name of a declared type, not `%s`", key, key, clip(shape.Type.Value))
		t = &model.Type{Kind: Unknown}
	}
	p.Alias = t
	return p
}
