package check

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks how optional values are asked for and made, where that is not
// a function like others: has(x.field), x.?field, x.or(y) and optional.of(x).

const (
	has        = "has"
	optionalOr = "or"
)

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
	case function == "of" && c.IsMemberFunction() && c.Target().Kind() == ast.IdentKind && c.Target().AsIdent() == "optional":
		return x.optionalOf(e), true
	}
	return nil, false
}

// has is whether an optional field, or a key of a map, is there.
func (x *expression) has(e ast.Expr) *model.Expr {
	args, pos := e.AsCall().Args(), x.own(e)
	if len(args) != 1 || args[0].Kind() != ast.SelectKind {
		x.report.Add(diag.TypeMismatch, pos, "`has` asks for a field, as in `has(x.field)`")
		return nil
	}
	s := args[0].AsSelect()
	from := x.convert(s.Operand())
	if from == nil {
		return nil
	}
	if kindOf(from.Type) == model.Map {
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

// optionalField is x.?field: the field of what may be absent, or one that may be
// so itself. It is one optional, as it is with a simple dot.
func (x *expression) optionalField(e ast.Expr) *model.Expr {
	args, pos := e.AsCall().Args(), x.own(e)
	from := x.convert(args[0])
	if from == nil {
		return nil
	}
	name, ok := args[1].AsLiteral().Value().(string)
	if !ok || kindOf(from.Type) == model.Map {
		x.notYet(pos, "`.?` of a map", "; ask with `has(…)`")
		return nil
	}
	field := x.field(from, name, pos)
	if field != nil && kindOf(field.Type) != model.Optional {
		x.report.Add(diag.TypeMismatch, pos, "`%s` is always there; write `.` and not `.?`", text(field))
		return nil
	}
	return field
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

// optionalOf is an optional value that is there.
func (x *expression) optionalOf(e ast.Expr) *model.Expr {
	args, pos := x.convertAll(e.AsCall().Args()), x.own(e)
	switch {
	case args == nil:
		return nil
	case len(args) != 1:
		x.report.Add(diag.TypeMismatch, pos, "`optional.of` needs one value")
		return nil
	case args[0].Type == nil:
		x.untyped(args[0])
		return nil
	case kindOf(args[0].Type) == model.Optional:
		x.report.Add(diag.TypeMismatch, args[0].Pos, "`%s` is optional already; leave out `optional.of`", text(args[0]))
		return nil
	}
	call := x.over(model.Call, optional(args[0].Type), pos, args)
	call.Overload = overloads.OptionalOf
	return call
}
