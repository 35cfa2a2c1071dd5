package resolve

import (
	"regexp"
	"strings"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file names the values of enums in Go.

// enumValue is how a value is written: what becomes a part of a Go name.
var enumValue = regexp.MustCompile(`^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$`)

// enumValues are the values of an enum with the names of their constants.
func (r *resolver) enumValues(t *model.Named, list []*parse.Text) []model.EnumValue {
	var values []model.EnumValue
	for _, v := range list {
		if len(v.Value) > LongestName || !enumValue.MatchString(v.Value) {
			r.report.Add(diag.MalformedName, v.Pos, "value `%s` of enum `%s` must have letters and digits only, with single `-` or `_` between them, such as `in-stock`", clip(v.Value), t.Name)
			continue
		}
		goName := t.Name + GoName(strings.ReplaceAll(v.Value, "_", "-"))
		if r.claim(goName, "value `"+v.Value+"` of enum `"+t.Name+"`", v.Pos) {
			values = append(values, model.EnumValue{Text: v.Value, GoName: goName})
		}
	}
	return values
}
