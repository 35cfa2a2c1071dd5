package check

import (
	"strings"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file knows which names an expression may read.

// scope is the place of an expression in a flow.
type scope struct {
	flow   *resolve.Flow
	seen   []sight     // the steps that the expression sees
	reader model.Block // to which it belongs, nil for the flow's output
}

// sight is a step as it is seen from some place: whoever is skipped together with
// the step sees it as always there.
type sight struct {
	step   *model.Step
	absent string // why it may have been skipped, "" if it cannot
}

// inputType is the type of `input`.
func inputType(f *model.Flow) *model.Type { return payloadType(f.Input) }

// value is the result of a step as expressions see it.
func (x *expression) value(s sight, pos model.Pos) *model.Expr {
	t := payloadType(s.step.Out)
	if s.absent != "" {
		t = optional(t)
	}
	e := x.node(model.BlockVar, t, pos)
	e.Step = s.step
	return e
}

func payloadType(p *model.Payload) *model.Type {
	if p.Alias != nil {
		return p.Alias
	}
	return &model.Type{Kind: model.Struct, Payload: p}
}

// optional is a type that may be absent; what is so already stays as it is.
func optional(t *model.Type) *model.Type {
	if t.Kind == model.Optional || t.Kind == resolve.Unknown {
		return t
	}
	return &model.Type{Kind: model.Optional, Elem: t}
}

// fieldsOf is the fields of a struct type.
func fieldsOf(t *model.Type) []*model.Field {
	switch {
	case t.Named != nil:
		return t.Named.Fields
	case t.Payload != nil && t.Payload.Alias != nil:
		return fieldsOf(t.Payload.Alias)
	case t.Payload != nil:
		return t.Payload.Fields
	}
	return nil
}

func fieldNamed(fields []*model.Field, name string) *model.Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// runProperties are what expressions can read of `run`.
func runProperties() map[string]model.Kind {
	return map[string]model.Kind{"id": model.String, "tenant": model.String, "attempt": model.Int, "startedAt": model.Time}
}

// variable is what a name stands for; nil after it reported that it is nothing
// that can be read here.
func (x *expression) variable(name string, pos model.Pos) *model.Expr {
	if name == "input" {
		return x.node(model.InputVar, inputType(x.scope.flow.Model), pos)
	}
	if name == "run" {
		x.report.Add(diag.WrongForm, pos, "`run` cannot be read as a whole; there are `run.id`, `run.tenant`, `run.attempt` and `run.startedAt`")
		return nil
	}
	for _, s := range x.scope.seen {
		if s.step.VarName != name {
			continue
		}
		if s.step.Out == nil {
			x.report.Add(diag.NoResult, pos, "step `%s` has no `out`, so there is no result to read", s.step.Name)
			return nil
		}
		return x.value(s, pos)
	}
	if !x.unseen(name, pos) {
		x.unknown(name, pos)
	}
	return nil
}

// unknown reports a name that nothing stands for. A step written as it is declared, with
// hyphens, is a subtraction of several such names, and reported once.
func (x *expression) unknown(name string, pos model.Pos) {
	for _, seen := range x.scope.seen {
		s := seen.step
		within := strings.HasPrefix(s.Name, name+"-") || strings.HasSuffix(s.Name, "-"+name)
		if !within || !strings.Contains(x.source, s.Name) {
			continue
		}
		if !x.hyphens {
			x.report.Add(diag.UnknownVariable, pos, "unknown name `%s`; step `%s` is read as `%s`", clip(name), s.Name, s.VarName)
		}
		x.hyphens = true
		return
	}
	x.report.Add(diag.UnknownVariable, pos, "unknown name `%s`%s", clip(name), x.nameHint(name))
}

// nameHint says what an unknown name may have been meant to be.
func (x *expression) nameHint(name string) string {
	if fieldNamed(fieldsOf(inputType(x.scope.flow.Model)), name) != nil {
		return "; did you mean `input." + name + "`?"
	}
	names := []string{"input", "run"}
	for _, s := range x.scope.seen {
		names = append(names, s.step.VarName)
	}
	return diag.Hint(name, names)
}

// runProperty is `run.NAME`.
func (x *expression) runProperty(name string, pos model.Pos) *model.Expr {
	kind, ok := runProperties()[name]
	if !ok {
		names := []string{"id", "tenant", "attempt", "startedAt"}
		x.report.Add(diag.UnknownField, pos, "`run` has no `%s`%s", clip(name), diag.Hint(name, names))
		return nil
	}
	e := x.node(model.RunVar, &model.Type{Kind: kind}, pos)
	e.Name = name
	return e
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// whyAbsent says why a step that is seen may have been skipped.
func (s *scope) whyAbsent(step *model.Step) string {
	for _, seen := range s.seen {
		if seen.step == step {
			return seen.absent
		}
	}
	return ""
}
