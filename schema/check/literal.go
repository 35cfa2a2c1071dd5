package check

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file turns literal values of the spec into JSON of their types.

// literal writes the JSON of a literal value. What does not fit is reported and
// leaves a gap.
type literal struct {
	report *diag.Reporter
	json   bytes.Buffer
}

// write writes a value of a type. what names it to the user.
func (l *literal) write(v *parse.Value, t *model.Type, what string) {
	switch t.Kind {
	case resolve.Unknown: // it is wrong where it is declared, and reported there
	case model.Optional:
		if v.IsWord("null") {
			l.json.WriteString("null")
			return
		}
		l.write(v, t.Elem, what)
	case model.List:
		l.list(v, t, what)
	case model.Map:
		l.mapping(v, t, what)
	case model.Struct:
		l.structure(v, t, what)
	case model.JSON, model.GoStruct:
		l.any(v, what)
	default:
		l.scalar(v, t, what)
	}
}

// misfit reports a value that does not fit its type.
func (l *literal) misfit(v *parse.Value, what, want string) {
	got := "a mapping"
	switch {
	case v.List != nil:
		got = "a list"
	case v.Text != nil && v.Text.Value == "":
		got = "an empty text"
	case v.Text != nil && v.Plain:
		got = "`" + clip(v.Text.Value) + "`"
	case v.Text != nil:
		got = "the text `" + clip(v.Text.Value) + "`"
	}
	l.report.Add(diag.BadValue, v.Pos, "`%s` must be %s, this is %s", what, want, got)
}

func (l *literal) list(v *parse.Value, t *model.Type, what string) {
	if v.List == nil {
		l.misfit(v, what, "a list")
		return
	}
	l.json.WriteByte('[')
	for i, element := range v.List {
		l.comma(i)
		l.write(element, t.Elem, what+"["+strconv.Itoa(i)+"]")
	}
	l.json.WriteByte(']')
}

func (l *literal) mapping(v *parse.Value, t *model.Type, what string) {
	if v.Fields == nil {
		l.misfit(v, what, "a mapping")
		return
	}
	l.json.WriteByte('{')
	for i, f := range v.Fields {
		l.comma(i)
		l.text(f.Name.Value)
		l.json.WriteByte(':')
		l.write(f.Value, t.Elem, what+"."+clip(f.Name.Value))
	}
	l.json.WriteByte('}')
}

// structure writes fields in the order in which they are declared. One that has a
// default is left out where the spec does: the runtime fills it in.
func (l *literal) structure(v *parse.Value, t *model.Type, what string) {
	if v.Fields == nil {
		l.misfit(v, what, "a mapping with the fields of `"+TypeText(t)+"`")
		return
	}
	fields := FieldsOf(t)
	l.refuseUnknown(v, fields, what)
	written := 0
	l.json.WriteByte('{')
	for _, f := range fields {
		value := v.Field(f.Name)
		if value == nil {
			if required(f) && !v.Partial {
				l.report.AddRelated(diag.MissingKey, v.Pos, f.Pos, "it is declared here", "`%s` lacks the field `%s`, which may not be absent", what, f.Name)
			}
			continue
		}
		l.comma(written)
		written++
		l.text(f.Name)
		l.json.WriteByte(':')
		before := l.report.Len()
		l.write(value, f.Type, f.Name)
		if l.report.Len() == before {
			l.hold(value, f)
		}
	}
	l.json.WriteByte('}')
}

// hold reports a value that fits its field's type and breaks one of its rules.
func (l *literal) hold(v *parse.Value, f *model.Field) {
	if v.IsWord("null") {
		return
	}
	if demand := resolve.Broken(constantOf(v, f.Type), f.Rules); demand != "" {
		l.report.AddRelated(diag.BadValue, v.Pos, f.Pos, "the rule stands here", "`%s` must %s", f.Name, demand)
	}
}

// constantOf is a value that fits its type, as rules look at it: of a list or a map
// they ask for its length alone.
func constantOf(v *parse.Value, t *model.Type) *model.Expr {
	if v.Text == nil {
		return &model.Expr{Args: make([]*model.Expr, len(v.List)+len(v.Fields))}
	}
	kind, text := t.Kind, v.Text.Value
	if kind == model.Optional {
		kind = t.Elem.Kind
	}
	var value any = text
	switch kind { // it was read before: there is no error
	case model.Int:
		value, _ = strconv.ParseInt(text, 10, 64)
	case model.Float:
		value, _ = strconv.ParseFloat(text, 64)
	case model.Bytes:
		value, _ = base64.StdEncoding.DecodeString(text)
	case model.Time:
		value, _ = time.Parse(time.RFC3339Nano, text)
	case model.Duration:
		value, _ = duration.Parse(text)
	}
	return &model.Expr{Value: value}
}

func (l *literal) refuseUnknown(v *parse.Value, fields []*model.Field, what string) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	for _, given := range v.Fields {
		if fieldNamed(fields, given.Name.Value) == nil {
			l.report.Add(diag.UnknownKey, given.Name.Pos, "unknown field `%s` in `%s`%s", clip(given.Name.Value), what, diag.Hint(given.Name.Value, names))
		}
	}
}

// required says whether a value without the field is refused.
func required(f *model.Field) bool {
	return f.Default == nil && kindOf(f.Type) != model.Optional && kindOf(f.Type) != resolve.Unknown
}

func (l *literal) scalar(v *parse.Value, t *model.Type, what string) {
	if v.Text == nil || v.IsWord("null") {
		l.misfit(v, what, wanted(t))
		return
	}
	text := v.Text.Value
	switch t.Kind {
	case model.String:
		l.text(text)
	case model.Enum:
		if !isValue(t, text) {
			l.report.Add(diag.UnknownWord, v.Pos, "`%s` is no value of the enum `%s`%s", clip(text), t.Named.Name, diag.Hint(text, valueTexts(t)))
			return
		}
		l.text(text)
	default:
		written, ok := scalarJSON(v, t.Kind)
		if !ok {
			l.misfit(v, what, wanted(t))
			return
		}
		l.json.WriteString(written)
	}
}

// scalarJSON is the JSON of a value that is no text for its own sake; false if it
// is not of the kind.
func scalarJSON(v *parse.Value, kind model.Kind) (string, bool) {
	text := v.Text.Value
	switch kind {
	case model.Bool:
		return text, v.IsWord("true") || v.IsWord("false")
	case model.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(n, 10), err == nil && v.Plain
	case model.Float:
		f, err := strconv.ParseFloat(text, 64)
		return text, err == nil && v.Plain && number.MatchString(text) && !math.IsInf(f, 0)
	case model.Bytes:
		_, err := base64.StdEncoding.DecodeString(text)
		return strconv.Quote(text), err == nil && !strings.ContainsAny(text, "\r\n")
	case model.Time:
		at, err := time.Parse(time.RFC3339Nano, text)
		return strconv.Quote(at.Format(time.RFC3339Nano)), err == nil
	case model.Duration:
		d, err := duration.Parse(text)
		return strconv.Quote(duration.Format(d)), err == nil
	}
	return "", false
}

// wanted is what a value of a type is, for people.
func wanted(t *model.Type) string {
	switch t.Kind {
	case model.Bool:
		return "`true` or `false`, without quotes"
	case model.Int:
		return "a whole number of 64 bits, without quotes"
	case model.Float:
		return "a number, without quotes"
	case model.Bytes:
		return "base64 text"
	case model.Time:
		return "a time as in `2026-01-31T12:00:00Z`"
	case model.Duration:
		return "a duration as in `1h30m`"
	case model.Enum:
		return "a value of the enum `" + t.Named.Name + "`"
	}
	return aKind(t.Kind)
}

// number is how JSON writes a number.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// any writes a value of no declared type: words that stand without quotes are what
// they are in JSON.
func (l *literal) any(v *parse.Value, what string) {
	anything := &model.Type{Kind: model.JSON}
	switch {
	case v.List != nil:
		l.list(v, &model.Type{Kind: model.List, Elem: anything}, what)
	case v.Fields != nil:
		l.mapping(v, &model.Type{Kind: model.Map, Elem: anything}, what)
	case v.IsWord("null"), v.IsWord("true"), v.IsWord("false"), v.Plain && number.MatchString(v.Text.Value):
		l.json.WriteString(v.Text.Value)
	default:
		l.text(v.Text.Value)
	}
}

func (l *literal) comma(before int) {
	if before > 0 {
		l.json.WriteByte(',')
	}
}

// text writes a text in JSON, where < and & stay what they are.
func (l *literal) text(text string) {
	encoder := json.NewEncoder(&l.json)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err == nil { // a text always has JSON
		l.json.Truncate(l.json.Len() - 1) // the end of the line
	}
}
