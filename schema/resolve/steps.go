package resolve

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file resolves steps and their handlers.

// step is nil after an error in its name: nothing could be said of it.
func (r *blockResolver) step(syntax *parse.Step, skippable bool) Block {
	m := &model.Step{BlockHead: r.head(&syntax.Head, skippable)}
	what, flow := syntax.What(), r.flow.Model
	if m.Name == "" || !r.methodName(syntax.Name, "step") || !r.handler(m, what) {
		return nil
	}
	prefix := flow.GoName + m.GoName
	m.In = &model.Payload{GoName: prefix + "Input", Doc: "is what the step " + m.Name + " gets.", Pos: m.Pos}
	of := what + " of flow `" + flow.Name + "`"
	r.claim(m.In.GoName, of, m.Pos)
	r.claim(flow.VarName+m.GoName+"Step", of, m.Pos)
	if syntax.Out != nil {
		r.claim(prefix+"Output", of, m.Pos)
		m.Out = r.payload(syntax.Out, &model.Payload{GoName: prefix + "Output", Doc: "is the result of the step " + m.Name + ".", Pos: syntax.Out.Pos}, "out")
	}
	step := &Step{Model: m, Syntax: syntax}
	r.flow.steps = append(r.flow.steps, step)
	return step
}

// handler takes the name of a step's method, unless it is taken.
func (r *blockResolver) handler(m *model.Step, what string) bool {
	before, taken := r.handlers[m.GoName]
	if !taken {
		r.handlers[m.GoName] = declaration{what, m.Pos}
		return true
	}
	r.report.AddRelated(diag.GoCollision, m.Pos, before.pos, before.what+" stands here",
		"%s and %s would both be named `%s`; rename one", what, before.what, m.GoName)
	return false
}

// methodName checks that a handler's name is no method that go vet reads as
// another interface's.
func (r *blockResolver) methodName(t *parse.Text, what string) bool {
	goName := GoName(t.Value)
	if !wellKnownMethod(goName) {
		return true
	}
	r.report.Add(diag.ReservedName, t.Pos, "`%s` cannot be the name of the %s: its handler would be `%s`, a method that Go knows with other parameters", t.Value, what, goName)
	return false
}

// compensation is resolved behind all steps, so that it is what gives way to them.
func (r *blockResolver) compensation(step *Step) {
	c := step.Syntax.Compensate
	if c == nil || c.Name == nil || !r.name(c.Name, "compensation") || !r.methodName(c.Name, "compensation") {
		return
	}
	goName := GoName(c.Name.Value)
	if before, taken := r.handlers[goName]; taken {
		r.report.AddRelated(diag.DeclaredTwice, c.Name.Pos, before.pos, before.what+" stands here",
			"the compensation `%s` of %s would have the same handler `%s` as %s; each needs a handler of its own",
			c.Name.Value, step.Syntax.What(), goName, before.what)
		return
	}
	r.handlers[goName] = declaration{"compensation `" + c.Name.Value + "`", c.Name.Pos}
	step.Model.Undo = &model.Compensation{Name: c.Name.Value, GoName: goName, Pos: c.Name.Pos}
}
