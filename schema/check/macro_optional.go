package check

import (
	"cel.dev/cel-go/common/ast"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks optMap and optFlatMap, which compute something with an optional
// value if it is there.

const (
	optMap     = "optMap"     // the result is an optional of what is computed
	optFlatMap = "optFlatMap" // what is computed is optional itself
)

// isOptionalMacro says whether a call is one of these macros.
func isOptionalMacro(c ast.CallExpr) bool {
	return c.IsMemberFunction() && (c.FunctionName() == optMap || c.FunctionName() == optFlatMap)
}

func (x *expression) optionalMacro(e ast.Expr) *model.Expr {
	c, pos := e.AsCall(), x.own(e)
	function, args := c.FunctionName(), c.Args()
	if len(args) != 2 {
		x.report.Add(diag.TypeMismatch, pos, "`%s` needs a name for the value and what to compute with it, as in `.%s(x, …)`", function, function)
		return nil
	}
	over := x.convert(c.Target())
	if over == nil || !x.overOptional(function, over) || !x.declare(args[0], over.Type.Elem, over.Secret) {
		return nil
	}
	body := x.convert(args[1])
	x.locals = x.locals[:len(x.locals)-1]
	if body == nil || !x.fitsOptional(function, body) {
		return nil
	}
	macro := x.over(model.Macro, optional(body.Type), pos, []*model.Expr{over, body})
	macro.Name, macro.Depth = function, len(x.locals)
	return macro
}

// overOptional reports a value that is always there, or never.
func (x *expression) overOptional(function string, over *model.Expr) bool {
	switch {
	case isOptional(over) && over.Type != nil:
		return true
	case over.Type == nil:
		x.untyped(over)
	default:
		x.report.Add(diag.TypeMismatch, over.Pos, "`%s` is always there, and `%s` is for optional values", text(over), function)
	}
	return false
}

// fitsOptional reports what is optional in optMap, where one optional would be in
// another, and what is not in optFlatMap.
func (x *expression) fitsOptional(function string, body *model.Expr) bool {
	switch {
	case body.Type == nil:
		x.untyped(body)
		return false
	case function == optMap && isOptional(body):
		x.report.Add(diag.TypeMismatch, body.Pos, "`%s` may be absent itself; write `optFlatMap` in place of `optMap`", text(body))
		return false
	case function == optFlatMap && !isOptional(body):
		x.report.Add(diag.TypeMismatch, body.Pos, "what `optFlatMap` computes must be optional, this is %s; write `optMap`", kinds([]*model.Expr{body}))
		return false
	}
	return true
}
