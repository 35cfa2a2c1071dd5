package check

import (
	"cel.dev/cel-go/common/operators"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file keeps expressions from comparing values of Go types: what makes two of
// them equal is for the user's own code to say.

// comparesGo reports an operator that would compare such values.
func (x *expression) comparesGo(function string, args []*model.Expr, pos model.Pos) bool {
	switch {
	case len(args) == 0:
		return false
	case function == operators.Equals, function == operators.NotEquals, function == operators.In, function == ofNonZeroValue:
	case function != hasValue || len(args) < 2:
		return false
	}
	named := goTypeIn(args[0].Type, map[*model.Named]bool{})
	if named == nil {
		return false
	}
	x.report.Add(diag.TypeMismatch, pos, "`%s` does not compare values of the Go type `%s`; compare fields of them, or let a step do it", name(function), named.Name)
	return true
}

// goTypeIn is a Go type that a type is made of; nil if there is none.
func goTypeIn(t *model.Type, seen map[*model.Named]bool) *model.Named {
	for t != nil && t.Elem != nil {
		t = t.Elem
	}
	switch {
	case t == nil:
		return nil
	case t.Kind == model.GoStruct:
		return t.Named
	case t.Kind != model.Struct || t.Named != nil && seen[t.Named]:
		return nil
	}
	if t.Named != nil {
		seen[t.Named] = true
	}
	for _, f := range FieldsOf(t) {
		if found := goTypeIn(f.Type, seen); found != nil {
			return found
		}
	}
	return nil
}
