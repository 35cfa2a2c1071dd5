package resolve

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"unicode/utf8"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file checks what fields demand of their values, and what they have by default.

// demanding is a field that demands something or has a default.
type demanding struct {
	field  *model.Field
	syntax *parse.Field
}

func isDemanding(f *parse.Field) bool { return f.Default != nil || firstRule(f) != nil }

// firstRule is the value of one of a field's rules; nil if there is none.
func firstRule(f *parse.Field) *parse.Text {
	for _, t := range []*parse.Text{f.Min, f.Max, f.MinLength, f.MaxLength, f.Pattern} {
		if t != nil {
			return t
		}
	}
	return nil
}

// demands checks the rules and defaults of all fields. By now all types are known.
func (r *resolver) demands() {
	for _, d := range r.demanding {
		t := d.field.Type
		if t.Kind == model.Optional {
			t = t.Elem
		}
		if t.Kind == Unknown {
			continue
		}
		if firstRule(d.syntax) != nil {
			d.field.Rules = r.rules(d.syntax, t)
		}
		if d.syntax.Default != nil {
			d.field.Default = r.defaultValue(d.syntax, t, d.field.Rules)
		}
	}
}

// refuseDemands reports what a field of an error demands: handlers make errors, and
// nothing is checked there.
func (r *resolver) refuseDemands(name string, fields []*parse.Field) {
	for _, f := range fields {
		if !isDemanding(f) {
			continue
		}
		r.report.Add(diag.Misplaced, f.Name.Pos, "field `%s` of error `%s` can have no rules and no default: an error is made by a handler, and does not come in as data", clip(f.Name.Value), clip(name))
	}
}

// rules are those of a field of a type, or of what its optional type may hold.
func (r *resolver) rules(f *parse.Field, t *model.Type) *model.Rules {
	rules := &model.Rules{
		Min: r.bound(f.Min, "min", f, t), Max: r.bound(f.Max, "max", f, t),
		MinLength: r.length(f.MinLength, "minLength", f, t), MaxLength: r.length(f.MaxLength, "maxLength", f, t),
		Pattern: r.pattern(f.Pattern, f, t),
	}
	if rules.Min != nil && rules.Max != nil && compare(rules.Min, rules.Max) > 0 {
		r.report.AddRelated(diag.WrongRule, f.Max.Pos, f.Min.Pos, "`min` stands here",
			"`max` of field `%s` is less than its `min`: no value is both", f.Name.Value)
	}
	if rules.MinLength != nil && rules.MaxLength != nil && *rules.MinLength > *rules.MaxLength {
		r.report.AddRelated(diag.WrongRule, f.MaxLength.Pos, f.MinLength.Pos, "`minLength` stands here",
			"`maxLength` of field `%s` is less than its `minLength`: no value is both", f.Name.Value)
	}
	return rules
}

func (r *resolver) bound(text *parse.Text, key string, f *parse.Field, t *model.Type) *model.Expr {
	if text == nil {
		return nil
	}
	switch t.Kind {
	case model.Int, model.Float, model.Time, model.Duration:
		return r.constant(text, t, key)
	}
	hint := ""
	if hasLength(t) {
		hint = "; did you mean `" + key + "Length`?"
	}
	r.unfit(text, key, f, "an int, a float, a time or a duration", hint)
	return nil
}

// longest is the largest length that a rule can name.
const longest = 1<<31 - 1

func (r *resolver) length(text *parse.Text, key string, f *parse.Field, t *model.Type) *int {
	if text == nil {
		return nil
	}
	if !hasLength(t) {
		r.unfit(text, key, f, "a string, bytes, a list or a map", "")
		return nil
	}
	n, err := strconv.Atoi(text.Value)
	if err != nil || n < 0 || n > longest {
		r.report.Add(diag.BadNumber, text.Pos, "`%s` must be a whole number from 0 to %d, not `%s`", key, longest, clip(text.Value))
		return nil
	}
	return &n
}

func hasLength(t *model.Type) bool {
	switch t.Kind {
	case model.String, model.Bytes, model.List, model.Map:
		return true
	}
	return false
}

func (r *resolver) pattern(text *parse.Text, f *parse.Field, t *model.Type) string {
	if text == nil {
		return ""
	}
	if t.Kind != model.String {
		r.unfit(text, "pattern", f, "a string", "")
		return ""
	}
	if _, err := regexp.Compile(text.Value); err != nil {
		reason := err.Error()
		if bad, ok := errors.AsType[*syntax.Error](err); ok {
			reason = bad.Code.String()
		}
		r.report.Add(diag.BadConstant, text.Pos, "`%s` is not a pattern: %s", clip(text.Value), clip(reason))
		return ""
	}
	return text.Value
}

// unfit reports a rule that says nothing about values of the field's type.
func (r *resolver) unfit(text *parse.Text, key string, f *parse.Field, fits, hint string) {
	r.report.Add(diag.WrongRule, text.Pos, "`%s` is a rule for %s, and field `%s` is of type `%s`%s", key, fits, f.Name.Value, clip(f.Type.Value), hint)
}

// defaultValue is the default of a field, which keeps the field's own rules; nil
// after it reported an error.
func (r *resolver) defaultValue(f *parse.Field, t *model.Type, rules *model.Rules) *model.Expr {
	before := r.report.Len()
	value := r.value(f.Default, t, f)
	if value == nil || r.report.Len() > before {
		return nil
	}
	if demand := Broken(value, rules); demand != "" {
		r.report.Add(diag.BadDefault, value.Pos, "the default of field `%s` breaks a rule of the field: it must %s", f.Name.Value, demand)
	}
	return value
}

// value is a constant of a type: text, or a list.
func (r *resolver) value(v *parse.Value, t *model.Type, f *parse.Field) *model.Expr {
	switch t.Kind {
	case model.List:
		if v.List == nil {
			r.report.Add(diag.BadDefault, v.Pos, "the default of field `%s`, which is of type `%s`, needs a list: `[a, b]`", f.Name.Value, clip(f.Type.Value))
			return nil
		}
		list := &model.Expr{Kind: model.ListOf, Type: t, Pos: v.Pos}
		for _, item := range v.List {
			if e := r.value(item, t.Elem, f); e != nil {
				list.Args = append(list.Args, e)
			}
		}
		return list
	case model.Struct, model.GoStruct, model.Map, model.JSON, model.Optional:
		hint := ""
		if t.Kind == model.Struct {
			hint = "; give defaults to the fields of `" + t.Named.Name + "`"
		}
		r.report.Add(diag.BadDefault, v.Pos, "field `%s` of type `%s` can have no default: one is text, a number, a bool, a time, a duration, a value of an enum, or a list of those%s",
			f.Name.Value, clip(f.Type.Value), hint)
		return nil
	}
	if v.Text == nil {
		r.report.Add(diag.BadDefault, v.Pos, "the default of field `%s`, which is of type `%s`, is one value, and no list or mapping", f.Name.Value, clip(f.Type.Value))
		return nil
	}
	return r.constant(v.Text, t, "default")
}

// Broken is the rule that a constant breaks, in words; "" if there is none.
func Broken(value *model.Expr, rules *model.Rules) string {
	switch {
	case rules == nil:
	case rules.Min != nil && compare(value, rules.Min) < 0:
		return "be at least " + rules.Min.Source
	case rules.Max != nil && compare(value, rules.Max) > 0:
		return "be at most " + rules.Max.Source
	case rules.MinLength != nil && lengthOf(value) < *rules.MinLength:
		return "have a length of at least " + strconv.Itoa(*rules.MinLength)
	case rules.MaxLength != nil && lengthOf(value) > *rules.MaxLength:
		return "have a length of at most " + strconv.Itoa(*rules.MaxLength)
	case rules.Pattern != "" && !regexp.MustCompile(rules.Pattern).MatchString(value.Value.(string)):
		return "match `" + clip(rules.Pattern) + "`"
	}
	return ""
}

func lengthOf(value *model.Expr) int {
	switch v := value.Value.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case []byte:
		return len(v)
	}
	return len(value.Args)
}
