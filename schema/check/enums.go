package check

import (
	"slices"
	"strconv"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks enums in expressions: string literals that stand beside a value of
// an enum are values of it too, and there are conversions between both.

// enumLiterals gives the string literals among operands the type of the enum beside
// them; false after it reported one that is no value of it.
func (x *expression) enumLiterals(function string, args []*model.Expr) bool {
	switch function {
	case operators.Equals, operators.NotEquals, orValue, hasValue:
	case operators.Conditional:
		args = args[1:]
	case operators.In:
		return x.enumMember(args[0], args[1])
	default:
		return true
	}
	return x.asEnum(enumAmong(args), args)
}

// enumElements does so with the elements of a list, or the values of a map.
func (x *expression) enumElements(args []*model.Expr) bool { return x.asEnum(enumAmong(args), args) }

// enumMember does so with a value and the list in which it is sought.
func (x *expression) enumMember(value, list *model.Expr) bool {
	if kindOf(list.Type) != model.List {
		return true
	}
	if kindOf(list.Type.Elem) == model.Enum {
		return x.asEnum(list.Type.Elem, []*model.Expr{value})
	}
	if kindOf(value.Type) != model.Enum || list.Kind != model.ListOf || !allTexts(list.Args) {
		return true
	}
	list.Type = container(model.List, value.Type)
	return x.asEnum(value.Type, list.Args)
}

func allTexts(args []*model.Expr) bool {
	return !slices.ContainsFunc(args, func(arg *model.Expr) bool {
		_, isText := arg.Value.(string)
		return !isText || kindOf(arg.Type) != model.String
	})
}

// asEnum gives string literals the type of an enum, if there is one.
func (x *expression) asEnum(enum *model.Type, args []*model.Expr) bool {
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

// enumsOf are the types of the enums of a package, by their names.
func enumsOf(pkg *model.Package) map[string]*model.Type {
	enums := map[string]*model.Type{}
	for _, named := range pkg.Types {
		if len(named.Values) > 0 {
			enums[named.Name] = &model.Type{Kind: model.Enum, Named: named}
		}
	}
	return enums
}

// enum is the enum whose name a call has, as in Size("small"); nil if there is none.
func (t *typer) enum(c ast.CallExpr) *model.Type {
	if c.IsMemberFunction() {
		return nil
	}
	return t.enums[c.FunctionName()]
}

// toEnum is the value of an enum that a text says.
func (x *expression) toEnum(e ast.Expr, enum *model.Type) *model.Expr {
	args, pos := x.convertAll(e.AsCall().Args()), x.own(e)
	if args == nil || !x.plain(args...) {
		return nil
	}
	if len(args) == 1 && kindOf(args[0].Type) == model.Enum && args[0].Type.Named == enum.Named {
		return args[0]
	}
	if len(args) != 1 || kindOf(args[0].Type) != model.String {
		x.report.Add(diag.TypeMismatch, pos, "`%s(…)` makes a value of the enum out of one string, as in `%s(%s)`", enum.Named.Name, enum.Named.Name, firstValue(enum))
		return nil
	}
	if args[0].Kind == model.Literal {
		if !x.asEnum(enum, args) {
			return nil
		}
		return args[0]
	}
	call := x.over(model.Call, enum, pos, args)
	call.Overload, call.Fallible = stringToEnum, true
	return call
}

// isEnumText says whether a call is the text of a value of an enum.
func isEnumText(function string, args []*model.Expr) bool {
	return function == overloads.TypeConvertString && len(args) == 1 && kindOf(args[0].Type) == model.Enum
}

func (x *expression) enumText(args []*model.Expr, pos model.Pos) *model.Expr {
	call := x.over(model.Call, &model.Type{Kind: model.String}, pos, args)
	call.Overload = enumToString
	return x.folded(call)
}

// isEnumKey says whether a value of an enum is used as the key of a map.
func isEnumKey(function string, args []*model.Expr) bool {
	if len(args) != 2 {
		return false
	}
	of, key := args[0], args[1]
	if function == operators.In {
		of, key = key, of
	}
	isIndex := function == operators.In || function == operators.Index || function == operators.OptIndex
	return isIndex && isMap(of) && kindOf(key.Type) == model.Enum
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
