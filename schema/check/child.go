package check

import (
	"slices"

	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks what a call gives to the flow that it starts. The fields are
// declared there, in the flow's input, and each takes a value of its own type only.

// childInput is what the called flow gets.
func (c *pass) childInput(call *resolve.Step, s *scope) {
	if call.Syntax.In != nil {
		call.Model.Bindings = c.given(call, s)
	} else {
		call.Model.Bindings = c.byName(call, s)
	}
}

// given is what `in` says.
func (c *pass) given(call *resolve.Step, s *scope) []*model.Binding {
	input := inputType(call.Model.Calls)
	given := map[string]bool{}
	var list []*model.Binding
	for _, b := range call.Syntax.In.List {
		if c.report.Full() {
			return nil
		}
		field := fieldNamed(FieldsOf(input), b.Name.Value)
		if field == nil {
			field = &model.Field{Name: c.misnamed(b.Name, call.Model), Type: unknownValue().Type}
		}
		given[field.Name] = true
		x, value := c.read(b.Value, s)
		if value == nil {
			continue
		}
		if value = x.fit(value, field, call.Model); value != nil {
			list = append(list, &model.Binding{Field: field, Value: value})
		}
	}
	for _, f := range FieldsOf(input) {
		switch {
		case given[f.Name]:
		case f.Default != nil:
			list = append(list, defaulted(f))
		case needed(f) && !call.Syntax.In.Gaps:
			c.report.AddRelated(diag.MissingKey, call.Syntax.In.Pos, f.Pos, "it is declared here",
				"the `in` of %s has no `%s`, which flow `%s` needs", what(call.Model), f.Name, call.Model.Calls.Name)
		}
	}
	return list
}

// defaulted gives a field its default: the called flow would set it only where the field
// lacks in JSON, and a field with a default never does.
func defaulted(f *model.Field) *model.Binding {
	value := *f.Default
	if f.Type.Kind == model.Optional {
		return &model.Binding{Field: f, Value: new(expression).surely(&value, f.Type)}
	}
	return &model.Binding{Field: f, Value: &value}
}

// misnamed reports a field that the called flow does not have, and returns the name of
// the one that was meant, so that this is not missing too; "" if it cannot be told.
func (c *pass) misnamed(name *parse.Text, call *model.Step) string {
	input := inputType(call.Calls)
	if kindOf(input) == resolve.Unknown {
		return ""
	}
	names := fieldNames(input)
	meant, hint := diag.Nearest(name.Value, names), diag.Alternatives(names)
	if meant != "" {
		hint = "; did you mean `" + meant + "`?"
	}
	c.report.Add(diag.UnknownField, name.Pos, "the input of flow `%s` has no field `%s`%s", call.Calls.Name, clip(name.Value), hint)
	return meant
}

// needed says whether an input always has a field.
func needed(f *model.Field) bool {
	return f.Type.Kind != model.Optional && f.Type.Kind != resolve.Unknown
}

// byName is what a call without `in` gives: for each field of the called flow's input
// that of the same name, among all that a step without `in` would get.
func (c *pass) byName(call *resolve.Step, s *scope) []*model.Binding {
	m := call.Model
	found, ok := (&expression{report: c.report, scope: s}).knownAs(FieldsOf(inputType(m.Calls)), m)
	if !ok {
		return nil
	}
	var list []*model.Binding
	for _, f := range FieldsOf(inputType(m.Calls)) {
		known := found[f.Name]
		switch {
		case len(known) == 0 && f.Default != nil:
			list = append(list, defaulted(f))
		case len(known) == 0 && needed(f):
			c.report.AddRelated(diag.MissingKey, m.Pos, f.Pos, "it is declared here",
				"%s has no `in`, and nothing that is known here is named `%s`, which flow `%s` needs; give it an `in`", what(m), f.Name, m.Calls.Name)
		case len(known) > 1:
			c.report.Add(diag.AmbiguousMerge, m.Pos, "%s has no `in`, and the field `%s` of flow `%s` could be `%s` or `%s`; give it an `in`",
				what(m), f.Name, m.Calls.Name, known[0].Source, known[1].Source)
		case len(known) == 1:
			if value := c.fitByName(known[0], f, m, s); value != nil {
				list = append(list, &model.Binding{Field: f, Value: value})
			}
		}
	}
	return list
}

// knownAs is the values with the names of fields that a block sees. It is false after it
// reported that there are too many to look for them, or if an error elsewhere hides some.
func (x *expression) knownAs(fields []*model.Field, call *model.Step) (map[string][]*model.Expr, bool) {
	found := map[string][]*model.Expr{}
	for _, f := range fields {
		found[f.Name] = nil
	}
	if x.scope.width() > maxMerged {
		x.report.Add(diag.TooLarge, call.Pos, "%s has no `in`, and would have to choose among more than %d fields, all that is known; give it an `in`", what(call), maxMerged)
		return nil, false
	}
	for _, source := range x.sources(call.Pos) {
		if hidden(source.Type) {
			return nil, false
		}
		for _, b := range x.spread(source, call.Pos) {
			if _, wanted := found[b.Field.Name]; wanted {
				found[b.Field.Name] = append(found[b.Field.Name], b.Value)
			}
		}
	}
	return found, true
}

// hidden says whether a value, or a field of it, has a type that could not be resolved.
func hidden(t *model.Type) bool {
	unknown := func(f *model.Field) bool { return f.Type.Kind == resolve.Unknown }
	return t.Kind == resolve.Unknown || slices.ContainsFunc(FieldsOf(t), unknown)
}

// fitByName is fit for a value that nobody wrote down for this field.
func (c *pass) fitByName(value *model.Expr, f *model.Field, call *model.Step, s *scope) *model.Expr {
	quiet := &expression{report: new(diag.Reporter), scope: s}
	if quiet.fitType(value, f.Type, "") == nil {
		c.report.Add(diag.TypeMismatch, call.Pos, "%s has no `in`, and `%s` is `%s`, where flow `%s` needs `%s`; give it an `in`",
			what(call), value.Source, TypeText(value.Type), call.Calls.Name, TypeText(f.Type))
		return nil
	}
	return (&expression{report: c.report, scope: s, source: value.Source}).fit(value, f, call)
}

// fit is a value as a field of the called flow takes it, nil after it reported that
// it does not.
func (x *expression) fit(value *model.Expr, f *model.Field, call *model.Step) *model.Expr {
	fitting := x.fitType(value, f.Type, "the field `"+f.Name+"` of flow `"+call.Calls.Name+"`")
	if fitting != nil && fitting.Secret && !f.Secret && f.Type.Kind != resolve.Unknown {
		x.report.AddRelated(diag.SecretExposed, value.Pos, f.Pos, "it is declared here",
			"`%s` is a secret, and would be shown: the field `%s` of flow `%s` is none; mark it there with `secret: true`",
			clip(value.Source), f.Name, call.Calls.Name)
		return nil
	}
	return fitting
}

// fitType is a value as a value of a declared type: one that is always there may
// stand where it need not be, text for a value of an enum, and an empty list or map
// for any. of says to the user whose type it is.
func (x *expression) fitType(value *model.Expr, want *model.Type, of string) *model.Expr {
	isText := value.Kind == model.Literal && kindOf(value.Type) == model.String
	switch {
	case want.Kind == resolve.Unknown, sameType(value.Type, want):
		return value
	case isNone(value) && want.Kind == model.Optional:
		value.Type = want
		return value
	case isNone(value):
		x.maybeAbsent(value)
		return nil
	case want.Kind == model.Optional && kindOf(value.Type) != model.Optional:
		return x.surely(x.fitType(value, want.Elem, of), want)
	case value.Type == nil && want.Kind == emptyKind(value):
		value.Type = want
		return value
	case isText && want.Kind == model.Enum:
		if !x.enumLiteral(value, want) {
			return nil
		}
		return value
	case kindOf(value.Type) == model.Optional && sameType(value.Type.Elem, want):
		x.maybeAbsent(value)
		return nil
	}
	x.report.Add(diag.TypeMismatch, value.Pos, "%s is `%s`, and this is %s%s", of, TypeText(want), kinds([]*model.Expr{value}), converted(value, want))
	return nil
}

// surely is an optional value that is there.
func (x *expression) surely(value *model.Expr, want *model.Type) *model.Expr {
	if value == nil {
		return nil
	}
	call := x.over(model.Call, want, value.Pos, []*model.Expr{value})
	call.Overload = overloads.OptionalOf
	return call
}

// emptyKind is the kind of an empty list or map.
func emptyKind(e *model.Expr) model.Kind {
	if e.Kind == model.MapOf {
		return model.Map
	}
	return model.List
}

// converted says what to write for one kind of number where the other is needed, and for
// an enum where a text is.
func converted(value *model.Expr, want *model.Type) string {
	isLiteral, from := value.Kind == model.Literal, kindOf(value.Type)
	switch {
	case from == model.Int && want.Kind == model.Float && isLiteral:
		return "; write `" + literalText(value) + ".0`"
	case from == model.Int && want.Kind == model.Float:
		return "; write `double(" + clip(value.Source) + ")`"
	case from == model.Float && want.Kind == model.Int && !isLiteral:
		return "; write `int(" + clip(value.Source) + ")`"
	case from == model.Enum && want.Kind == model.String:
		return "; write `string(" + clip(value.Source) + ")`"
	}
	return ""
}

// sameType says whether two types are the same one.
func sameType(a, b *model.Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Named == b.Named && a.Payload == b.Payload && sameType(a.Elem, b.Elem)
}

func fieldNames(t *model.Type) []string {
	var names []string
	for _, f := range FieldsOf(t) {
		names = append(names, f.Name)
	}
	return names
}
