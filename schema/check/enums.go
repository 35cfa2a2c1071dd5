package check

import (
	"strconv"

	"cel.dev/cel-go/common/operators"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file reads string literals as values of an enum, where they stand beside one.

// enumLiterals gives the string literals among operands the type of the enum beside
// them; false after it reported one that is no value of it.
func (x *expression) enumLiterals(function string, args []*model.Expr) bool {
	switch function {
	case operators.Equals, operators.NotEquals, orValue:
	case operators.Conditional:
		args = args[1:]
	default:
		return true
	}
	enum := enumAmong(args)
	if enum == nil {
		return true
	}
	for _, arg := range args {
		if _, isText := arg.Value.(string); isText && kindOf(arg.Type) == model.String && !x.enumLiteral(arg, enum) {
			return false
		}
	}
	return true
}

// enumLiteral gives a string literal the type of an enum; false after it reported that
// it is no value of it.
func (x *expression) enumLiteral(literal *model.Expr, enum *model.Type) bool {
	value, _ := literal.Value.(string)
	if !isValue(enum, value) {
		x.report.Add(diag.UnknownWord, literal.Pos, "`%s` is no value of the enum `%s`%s", clip(value), enum.Named.Name, diag.Hint(value, valueTexts(enum)))
		return false
	}
	literal.Type = enum
	return true
}

// enumAmong is the type of the first operand that is a value of an enum, also one
// that may be absent; nil if there is none.
func enumAmong(args []*model.Expr) *model.Type {
	for _, arg := range args {
		t := arg.Type
		if kindOf(t) == model.Optional {
			t = t.Elem
		}
		if kindOf(t) == model.Enum {
			return t
		}
	}
	return nil
}

func isValue(enum *model.Type, text string) bool {
	for _, v := range enum.Named.Values {
		if v.Text == text {
			return true
		}
	}
	return false
}

func valueTexts(enum *model.Type) []string {
	var texts []string
	for _, v := range enum.Named.Values {
		texts = append(texts, v.Text)
	}
	return texts
}

// firstValue is a value of an enum, for a hint.
func firstValue(t *model.Type) string {
	if t.Kind != model.Enum || len(t.Named.Values) == 0 {
		return ""
	}
	return strconv.Quote(t.Named.Values[0].Text)
}
