package breaking

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file is the rule about expressions that read a block which a run may never have done.

// reader is an expression, and where it is computed.
type reader struct {
	*model.Expr
	in *placed // nil for the output of the flow
	// within says that it is computed behind all blocks in it: what a foreach collects.
	within bool
}

// reads reports what an expression reads without a guard although a run may be behind it
// and have no value of it: of a block that was added, or that could be skipped.
func (c *comparison) reads() {
	seen := map[string]bool{}
	for _, r := range c.readers() {
		visit(r.Expr, func(e *model.Expr) {
			name := blockOf(e)
			if name == "" || e.Type.Kind == model.Optional || seen[name] {
				return
			}
			if was := c.was.byName[name]; was != nil {
				if seen[name] = was.skippable; was.skippable {
					c.Add(diag.ReadsSkipped, e.Pos, "`%s` could be skipped and is read as if it could not: a run that has skipped it would have an empty value read; "+
						"keep its condition and read it with a guard, such as `.orValue(…)`, or %s", name, newMajor)
				}
				return
			}
			if begun := c.behind(name, r); begun != "" {
				seen[name] = true
				c.Add(diag.ReadsSkipped, e.Pos, "`%s` was added in front of `%s` and is read here without a guard: for a run that has begun `%[2]s` it counts as skipped, so an empty value would be read; "+
					"give `%[1]s` a `when`, such as `when: true`, and read it with `.orValue(…)`, or %[3]s", name, begun, newMajor)
			}
		})
	}
}

// behind is a block that a run may have begun without the added one, and which is not behind
// where that is read; empty if there is none.
func (c *comparison) behind(added string, r reader) string {
	a := c.is.byName[added]
	for _, name := range c.was.names {
		b := c.is.byName[name]
		if b == nil || b.scope != a.scope || !a.before(b) {
			continue
		}
		switch {
		case r.in == nil, r.within && !r.in.before(b): // computed at the end
		case r.in.before(b):
			continue // it was computed before that began
		case r.in.Name == b.Name && c.was.byName[name].Delay == "" && c.was.byName[name].Until == "":
			continue // computed when it began, and stored
		case r.in.in(b) && b.Kind != "foreach":
			continue // what is in it tells
		}
		return name
	}
	return ""
}

// readers are the expressions of the flow that are computed while it runs.
func (c *comparison) readers() []reader {
	var all []reader
	add := func(in *placed, within bool, exprs ...*model.Expr) {
		for _, e := range exprs {
			if e != nil {
				all = append(all, reader{e, in, within})
			}
		}
	}
	model.EachBlock(c.flow.Body, func(b model.Block) {
		head := b.Head()
		in := c.is.byName[head.Name]
		add(in, false, head.When, head.Until)
		switch b := b.(type) {
		case *model.Step:
			for _, binding := range b.Bindings {
				add(in, false, binding.Value)
			}
		case *model.Wait:
			add(in, false, b.Key)
		case *model.Choose:
			for _, one := range b.Cases {
				add(in, false, one.When)
			}
		case *model.Foreach:
			add(in, false, b.Over)
			add(in, true, b.Collect)
		}
	})
	add(nil, false, c.flow.Output.Value)
	for _, binding := range c.flow.Output.Bindings {
		add(nil, false, binding.Value)
	}
	return all
}

func visit(e *model.Expr, do func(*model.Expr)) {
	do(e)
	for _, arg := range e.Args {
		visit(arg, do)
	}
}

// blockOf is the block whose value a node of an expression is; empty if it is none.
func blockOf(e *model.Expr) string {
	switch {
	case e.Kind != model.BlockVar:
		return ""
	case e.Step != nil:
		return e.Step.Name
	case e.Wait != nil:
		return e.Wait.Name
	case e.Foreach != nil:
		return e.Foreach.Name
	}
	return ""
}
