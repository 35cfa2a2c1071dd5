package check

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks how optional values are asked for and made, where that is not
// a function like others: has(x.field), x.?field, x.or(y), and what optional makes, such
// as optional.of(x).

const (
	has        = "has"
	optionalOr = "or"
)

// isOptional says whether an expression may be absent.
func isOptional(e *model.Expr) bool { return kindOf(e.Type) == model.Optional || isNone(e) }

// isNone says whether an expression is optional.none() whose type is not known yet.
func isNone(e *model.Expr) bool {
	return e.Type == nil && e.Kind == model.Call && e.Overload == overloads.OptionalNone
}

// optionalCall is one of these calls; false if the call is none of them.
func (x *expression) optionalCall(e ast.Expr) (*model.Expr, bool) {
	c := e.AsCall()
	switch function := c.FunctionName(); {
	case function == has && !c.IsMemberFunction():
		return x.has(e), true
	case function == operators.OptSelect:
		return x.optionalField(e), true
	case function == optionalOr && c.IsMemberFunction():
		return x.or(e), true
	case c.IsMemberFunction() && c.Target().Kind() == ast.IdentKind && c.Target().AsIdent() == "optional":
		return x.maker(e)
	}
	return nil, false
}

// makers are the functions that optional has.
func makers() []string {
	return []string{"optional.of", "optional.none", ofNonZeroValue, unwrap}
}

// maker is a call of one of the functions that optional has; false if it has none such.
func (x *expression) maker(e ast.Expr) (*model.Expr, bool) {
	function, pos := "optional."+e.AsCall().FunctionName(), x.own(e)
	if !slices.Contains(makers(), function) {
		return nil, false
	}
	args, wanted := x.convertAll(e.AsCall().Args()), 1
	if function == "optional.none" {
		wanted = 0
	}
	switch {
	case args == nil:
		return nil, true
	case len(args) != wanted:
		x.report.Add(diag.TypeMismatch, pos, "`%s` needs %s", function, []string{"no value", "one value"}[wanted])
		return nil, true
	case wanted == 0:
		none := x.node(model.Call, nil, pos)
		none.Overload = overloads.OptionalNone
		return none, true
	case args[0].Type == nil:
		x.untyped(args[0])
		return nil, true
	case kindOf(args[0].Type) == model.Optional:
		x.report.Add(diag.TypeMismatch, args[0].Pos, "`%s` is optional already; leave out `%s`", text(args[0]), function)
		return nil, true
	}
	return x.typed(function, false, args, pos), true
}

// has is whether an optional field, or a key of a map, is there.
func (x *expression) has(e ast.Expr) *model.Expr {
	args, pos := e.AsCall().Args(), x.own(e)
	if len(args) == 1 && args[0].Kind() == ast.IdentKind {
		x.hasNoField(args[0])
		return nil
	}
	if len(args) != 1 || args[0].Kind() != ast.SelectKind {
		x.report.Add(diag.TypeMismatch, pos, "`has` asks for a field, as in `has(x.field)`")
		return nil
	}
	s := args[0].AsSelect()
	from := x.convert(s.Operand())
	if from == nil {
		return nil
	}
	if isMap(from) {
		if isOptional(from) {
			return x.typed(hasValue, true, []*model.Expr{x.valueOf(from, s.FieldName(), pos)}, pos)
		}
		key := x.node(model.Literal, &model.Type{Kind: model.String}, pos)
		key.Value = s.FieldName()
		return x.typed(operators.In, false, []*model.Expr{key, from}, pos)
	}
	field := x.field(from, s.FieldName(), x.own(args[0]))
	if field == nil {
		return nil
	}
	if kindOf(field.Type) != model.Optional {
		x.report.Add(diag.TypeMismatch, pos, "`%s` is always there; leave out `has`", text(field))
		return nil
	}
	return x.typed(hasValue, true, []*model.Expr{field}, pos)
}

// hasNoField reports a has that asks for a name and not for a field of it.
func (x *expression) hasNoField(name ast.Expr) {
	e := x.convert(name)
	switch {
	case e == nil:
	case isOptional(e):
		x.report.Add(diag.TypeMismatch, e.Pos, "`has` asks for a field; write `%s.hasValue()`", text(e))
	default:
		x.report.Add(diag.TypeMismatch, e.Pos, "`%s` is always there; leave out `has`, which asks for a field, as in `has(x.field)`", text(e))
	}
}

// isMap says whether an expression is a map, also one that may be absent.
func isMap(e *model.Expr) bool {
	return kindOf(e.Type) == model.Map || kindOf(e.Type) == model.Optional && kindOf(e.Type.Elem) == model.Map
}

// optionalField is x.?field: the field of what may be absent, or one that may be
// so itself. It is one optional, as it is with a simple dot. Of a map it is the value
// of a key, if that is there.
func (x *expression) optionalField(e ast.Expr) *model.Expr {
	args, pos := e.AsCall().Args(), x.own(e)
	from := x.convert(args[0])
	if from == nil {
		return nil
	}
	name, ok := args[1].AsLiteral().Value().(string)
	if !ok { // the parser makes no other
		x.report.Add(diag.ExprNotYet, pos, "behind `.?` stands the name of a field")
		return nil
	}
	if isMap(from) {
		return x.valueOf(from, name, pos)
	}
	field := x.field(from, name, pos)
	if field != nil && kindOf(field.Type) != model.Optional {
		x.report.Add(diag.TypeMismatch, pos, "`%s` is always there; write `.` and not `.?`", text(field))
		return nil
	}
	return field
}

// valueOf is map[?"key"], which always has a type.
func (x *expression) valueOf(of *model.Expr, key string, pos model.Pos) *model.Expr {
	literal := x.node(model.Literal, &model.Type{Kind: model.String}, pos)
	literal.Value = key
	return x.typed(operators.OptIndex, false, []*model.Expr{of, literal}, pos)
}

// or is the first of two optional values that is there.
func (x *expression) or(e ast.Expr) *model.Expr {
	c, pos := e.AsCall(), x.own(e)
	args := x.convertAll(append([]ast.Expr{c.Target()}, c.Args()...))
	if args == nil {
		return nil
	}
	if len(args) != 2 || !bothOptional(args) {
		x.report.Add(diag.TypeMismatch, pos, "`or` chooses between two optional values; with a value that is always there, write `.orValue(…)`")
		return nil
	}
	return x.typed(optionalOr, true, args, pos)
}
