package resolve

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file resolves the blocks of a flow, at any depth, and holds that their
// names differ.

// blockResolver resolves the blocks of one flow.
type blockResolver struct {
	*resolver
	flow     *Flow
	blocks   map[string]*parse.Head // by their names in expressions
	handlers map[string]declaration // by the names of their methods in Go
	around   []*Foreach             // the block that is resolved, from the outside in
	elements []element
}

func (r *resolver) blocks(flow *Flow) {
	b := &blockResolver{resolver: r, flow: flow, blocks: map[string]*parse.Head{}, handlers: map[string]declaration{}}
	flow.Body, flow.Model.Body = b.body(flow.Syntax.Steps, false)
	for _, s := range flow.steps {
		b.compensation(s)
		flow.Model.Steps = append(flow.Model.Steps, s.Model)
	}
	for _, e := range b.elements {
		b.elementNames(e)
	}
}

// body resolves blocks that run one after the other. skippable says that they may
// be passed over all together.
func (r *blockResolver) body(list []parse.Block, skippable bool) (body []Block, models []model.Block) {
	for _, syntax := range list {
		if b := r.block(syntax, skippable); b != nil {
			body, models = append(body, b), append(models, b.Block())
		}
	}
	return body, models
}

func (r *blockResolver) block(syntax parse.Block, skippable bool) Block {
	switch syntax := syntax.(type) {
	case *parse.Step:
		if syntax.Calls != nil {
			return r.call(syntax, skippable)
		}
		return r.step(syntax, skippable)
	case *parse.Wait:
		return r.wait(syntax, skippable)
	case *parse.Parallel:
		return r.parallel(syntax, skippable)
	case *parse.Choose:
		return r.choose(syntax, skippable)
	case *parse.Foreach:
		return r.foreach(syntax, skippable)
	}
	return nil
}

// parallel is there also after an error in its name: what it holds is checked too.
func (r *blockResolver) parallel(syntax *parse.Parallel, skippable bool) Block {
	m := &model.Parallel{BlockHead: r.head(&syntax.Head, skippable)}
	r.claimGroup(&m.BlockHead, syntax.What(), "Parallel")
	b := &Parallel{Model: m, Syntax: syntax}
	for _, branch := range syntax.Branches {
		body, models := r.body(branch, m.Skippable)
		b.Branches, m.Branches = append(b.Branches, body), append(m.Branches, models)
	}
	return b
}

// choose is there also after an error in its name, like a parallel.
func (r *blockResolver) choose(syntax *parse.Choose, skippable bool) Block {
	m := &model.Choose{BlockHead: r.head(&syntax.Head, skippable)}
	r.claimGroup(&m.BlockHead, syntax.What(), "Choose")
	b := &Choose{Model: m, Syntax: syntax}
	for _, c := range syntax.Cases {
		body, models := r.body(c.Body, true)
		one := &Case{Model: &model.Case{Pos: c.Pos, Body: models}, Syntax: c, Body: body}
		b.Cases, m.Cases = append(b.Cases, one), append(m.Cases, one.Model)
	}
	return b
}

// claimGroup takes the name of a group's definition in the Go package.
func (r *blockResolver) claimGroup(h *model.BlockHead, what, kind string) {
	if h.Name != "" {
		r.claim(r.flow.Model.VarName+h.GoName+kind, what+" of flow `"+r.flow.Model.Name+"`", h.Pos)
	}
}

// head is what all blocks have, without a name if it reported that there is none
// or not a good one.
func (r *blockResolver) head(syntax *parse.Head, skippable bool) model.BlockHead {
	h := model.BlockHead{Doc: doc(syntax.Doc), Pos: syntax.Pos, Skippable: skippable || syntax.When != nil}
	if syntax.Name == nil || !r.blockName(syntax) {
		return h
	}
	h.Name = syntax.Name.Value
	h.GoName, h.VarName = GoName(h.Name), VarName(h.Name)
	return h
}

// blockName checks the name of a block, and takes it unless it is taken.
func (r *blockResolver) blockName(syntax *parse.Head) bool {
	name, pos := syntax.Name.Value, syntax.Name.Pos
	if !r.name(syntax.Name, syntax.Kind) {
		return false
	}
	if name == "input" || name == "run" {
		r.report.Add(diag.ReservedName, pos, "`%s` cannot be the name of the %s: expressions read something else by it", name, syntax.Kind)
		return false
	}
	before, taken := r.blocks[VarName(name)]
	switch {
	case !taken:
		r.blocks[VarName(name)] = syntax
		return true
	case before.Name.Value != name:
		r.report.AddRelated(diag.GoCollision, pos, before.Pos, before.What()+" stands here",
			"%s and %s would both be named `%s`; rename one", syntax.What(), before.What(), VarName(name))
	case before.Kind != syntax.Kind:
		r.report.AddRelated(diag.DeclaredTwice, pos, before.Pos, before.What()+" stands here",
			"%s has the name of %s; the blocks of a flow need names that differ, %s", syntax.What(), before.What(), rename(syntax))
	default:
		r.report.AddRelated(diag.DeclaredTwice, pos, before.Pos, "it is named here first", "%s is named twice in this flow; %s", syntax.What(), rename(syntax))
	}
	return false
}

// rename says what to do about a name that another block has too.
func rename(syntax *parse.Head) string {
	if syntax.Kind == "call" {
		return "give one of them another name (`as: NAME` of a call)"
	}
	return "rename one"
}
