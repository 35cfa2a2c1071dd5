package check

import (
	"strconv"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks what goes into each step and out of the flow.

// input is what a step gets.
func (c *pass) input(step *resolve.Step, s *scope) {
	m := step.Model
	if step.Syntax.In != nil {
		m.Bindings = c.bindings(step.Syntax.In, s)
	} else {
		m.Bindings = c.everything(s, step)
	}
	m.In.Fields = fields(m.Bindings)
	c.finish(m.In)
}

// typed is an expression that must be of one type.
func (c *pass) typed(t *parse.Text, key string, want model.Kind, s *scope) *model.Expr {
	e := c.expr(t, s)
	switch {
	case e == nil:
		return nil
	case kindOf(e.Type) == model.Optional:
		(&expression{report: c.report, scope: s}).maybeAbsent(e)
		return nil
	case kindOf(e.Type) != want:
		c.report.Add(diag.TypeMismatch, t.Pos, "`%s` must be %s, this is `%s`%s", key, aKind(want), TypeText(e.Type), converted(e, &model.Type{Kind: want}))
		return nil
	}
	return e
}

// aKind is a kind with its article.
func aKind(k model.Kind) string {
	if k == model.Int {
		return "an " + string(k)
	}
	return "a " + string(k)
}

// bindings is what `in` or `output` says. The types of the fields are those of
// the expressions, Unknown after an error: who reads such a field is not wrong too.
func (c *pass) bindings(b *parse.Bindings, s *scope) []*model.Binding {
	var list []*model.Binding
	for _, binding := range b.List {
		named := resolve.FieldName(binding.Name, c.report)
		value := c.expr(binding.Value, s)
		if !named {
			continue
		}
		if value == nil {
			value = unknownValue()
		}
		field := &model.Field{Name: binding.Name.Value, Type: value.Type, Secret: value.Secret, Pos: binding.Name.Pos}
		list = append(list, &model.Binding{Field: field, Value: value})
	}
	return list
}

func fields(bindings []*model.Binding) []*model.Field {
	var list []*model.Field
	for _, b := range bindings {
		list = append(list, b.Field)
	}
	return list
}

// finish names the fields of a payload in Go, and says whether it holds a secret.
func (c *pass) finish(p *model.Payload) {
	p.Secret = resolve.AnySecret(p.Fields) || resolve.HoldsSecret(p.Alias)
	resolve.NameFields(p.Fields, p.Secret, c.report)
}

// everything is what a step without `in` gets: the fields of the input and of
// all results that it sees. The value of a foreach is a list and has no fields; an
// element is no result. The result is empty after an error.
func (c *pass) everything(s *scope, step *resolve.Step) []*model.Binding {
	x := &expression{report: c.report, scope: s}
	if s.width() > maxMerged {
		c.report.Add(diag.TooLarge, step.Model.Pos, "step `%s` has no `in`, and would get more than %d fields, all that is known; give it an `in`", step.Model.Name, maxMerged)
		return nil
	}
	var list []*model.Binding
	first := map[string]string{}
	for _, source := range x.sources(step.Model.Pos) {
		for _, b := range x.spread(source, step.Model.Pos) {
			if before, twice := first[b.Field.Name]; twice {
				c.report.Add(diag.AmbiguousMerge, step.Model.Pos, "step `%s` has no `in`, and would get two fields named `%s`: `%s` and `%s`; give it an `in`",
					step.Model.Name, b.Field.Name, before, b.Value.Source)
				return nil
			}
			first[b.Field.Name] = b.Value.Source
			list = append(list, b)
		}
	}
	return list
}

// width is the number of fields of the input and all results that a block sees.
func (s *scope) width() int {
	n := len(FieldsOf(inputType(s.flow.Model)))
	for _, earlier := range s.seen {
		if t := ResultType(earlier.block); t != nil {
			n += len(FieldsOf(t))
		}
	}
	return n
}

// sources is the input and all results that a block sees.
func (x *expression) sources(pos model.Pos) []*model.Expr {
	list := []*model.Expr{x.node(model.InputVar, inputType(x.scope.flow.Model), pos)}
	for _, earlier := range x.scope.seen {
		if ResultType(earlier.block) != nil {
			list = append(list, x.value(earlier, pos))
		}
	}
	return list
}

// maxMerged is the number of fields that a step may get without asking for them.
const maxMerged = 250

// spread is a binding for each field of a struct, or of one that may be absent.
func (x *expression) spread(source *model.Expr, pos model.Pos) []*model.Binding {
	t := source.Type
	if t.Kind == model.Optional {
		t = t.Elem
	}
	var list []*model.Binding
	for _, f := range FieldsOf(t) {
		if f.Type.Kind == resolve.Unknown {
			continue
		}
		from := *source // each expression is a tree of its own
		value := x.field(&from, f.Name, pos)
		value.Source = text(value)
		from.Source = value.Source
		field := &model.Field{Name: f.Name, Doc: f.Doc, Type: value.Type, Secret: value.Secret, Pos: pos}
		list = append(list, &model.Binding{Field: field, Value: value})
	}
	return list
}

func (c *pass) output(s *scope, f *resolve.Flow) {
	out := f.Model.Output
	switch syntax := f.Syntax.Output; {
	case syntax != nil && syntax.Value != nil:
		c.single(out, c.expr(syntax.Value, s), syntax.Value.Pos)
	case syntax != nil:
		out.Bindings = c.bindings(syntax.Bindings, s)
	case len(f.Body) > 0:
		c.lastResult(out, f.Body[len(f.Body)-1], s)
	}
	out.Payload.Fields = fields(out.Bindings)
	c.finish(out.Payload)
}

// lastResult is the output of a flow that does not say what it returns: what its
// last step or call returns. A flow that ends otherwise has to say, unless there is no
// result in its last block.
func (c *pass) lastResult(out *model.Output, last resolve.Block, s *scope) {
	m, pos := last.Block(), last.Block().Head().Pos
	if !hasResult(m) {
		return
	}
	switch m.(type) {
	case *model.Step, *model.Wait:
	default:
		out.Payload.Alias = unknownValue().Type
		c.refuseLast(m)
		return
	}
	x := &expression{report: new(diag.Reporter), scope: s} // there is nothing that it could report
	value := x.value(s.seen[len(s.seen)-1], pos)
	value.Source = text(value)
	switch t := ResultType(m); {
	case hidden(t), value.Type.Kind == resolve.Unknown:
		out.Payload.Alias = unknownValue().Type
	case isStruct(t):
		out.Bindings = x.spread(value, pos)
	default: // of a call
		c.single(out, value, pos)
	}
}

func (c *pass) refuseLast(m model.Block) {
	if _, isForeach := m.(*model.Foreach); isForeach {
		c.report.Add(diag.MissingKey, m.Head().Pos, "the flow ends with %s, whose value is a list without a name; say what the flow returns: `output: {%s: %[2]s}`, or `output: {}` for nothing",
			what(m), orElse(m.Head().VarName, "name"))
		return
	}
	c.report.Add(diag.MissingKey, m.Head().Pos, "the flow ends with %s, which has no value of its own; say what the flow returns: `output: {name: EXPR}`, or `output: {}` for nothing", what(m))
}

// single is an output that is one expression, nil after an error.
func (c *pass) single(out *model.Output, e *model.Expr, pos model.Pos) {
	out.Payload.Alias = unknownValue().Type
	switch {
	case e == nil || kindOf(e.Type) == resolve.Unknown:
	case kindOf(e.Type) == model.Optional:
		c.report.Add(diag.MaybeAbsent, pos, "the output as a whole cannot be absent; give it a name: `output: {value: %s}`", clip(e.Source))
	case e.Secret:
		c.report.Add(diag.SecretExposed, pos, "the output as a whole is a secret, and could not be hidden; give it a name: `output: {value: %s}`", clip(e.Source))
	default:
		out.Value, out.Payload.Alias = e, e.Type
	}
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
