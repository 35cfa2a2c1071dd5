package check

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks macros: all, exists, exists_one, map and filter, which compute
// something for each element of a list, or each key of a map.

// existsOne is a newer name of exists_one.
const existsOne = "existsOne"

// macros are those that are supported.
func macros() []string {
	return []string{operators.All, operators.Exists, operators.ExistsOne, existsOne, operators.Map, operators.Filter}
}

// local is a variable that a macro declares.
type local struct {
	name   string
	typ    *model.Type
	secret bool
}

// isMacro says whether a call is one of a macro.
func isMacro(c ast.CallExpr) bool {
	return c.IsMemberFunction() && slices.Contains(macros(), c.FunctionName())
}

func (x *expression) macro(e ast.Expr) *model.Expr {
	c, pos := e.AsCall(), x.own(e)
	function, args := c.FunctionName(), c.Args()
	if len(args) != 2 && (len(args) != 3 || function != operators.Map) {
		x.report.Add(diag.TypeMismatch, pos, "`%s` needs a name for the element and what to compute with it, as in `.%s(x, …)`", function, function)
		return nil
	}
	over := x.convert(c.Target())
	if over == nil {
		return nil
	}
	element := x.elementOf(function, over)
	if element == nil || !x.declare(args[0], element, over.Secret) {
		return nil
	}
	body := x.convertAll(args[1:])
	x.locals = x.locals[:len(x.locals)-1]
	if body == nil || !x.plain(body...) {
		return nil
	}
	for i, part := range body {
		isCondition := function != operators.Map || i < len(body)-1
		if isCondition && kindOf(part.Type) != model.Bool {
			x.report.Add(diag.TypeMismatch, part.Pos, "the condition of `%s` must be a bool, this is %s", function, kinds(body[i:i+1]))
			return nil
		}
		if part.Type == nil {
			x.untyped(part)
			return nil
		}
	}
	result := &model.Type{Kind: model.Bool}
	switch function {
	case operators.Filter:
		result = container(model.List, element)
	case operators.Map:
		result = container(model.List, body[len(body)-1].Type)
	}
	if function == existsOne {
		function = operators.ExistsOne
	}
	macro := x.over(model.Macro, result, pos, append([]*model.Expr{over}, body...))
	macro.Name, macro.Depth = function, len(x.locals)
	return macro
}

// elementOf is the type of what a macro goes over, nil after it reported that
// there is nothing to go over.
func (x *expression) elementOf(function string, over *model.Expr) *model.Type {
	if over.Type == nil {
		x.untyped(over)
		return nil
	}
	if !x.plain(over) {
		return nil
	}
	if element := MacroVariable(function, over.Type); element != nil {
		return element
	}
	x.report.Add(diag.TypeMismatch, over.Pos, "`%s` goes over a list or the keys of a map, not %s", function, kinds([]*model.Expr{over}))
	return nil
}

// declare makes the variable of a macro known. A name that already means
// something is refused: which of both is meant would be hard to tell.
func (x *expression) declare(e ast.Expr, t *model.Type, secret bool) bool {
	pos := x.own(e)
	if e.Kind() != ast.IdentKind {
		x.report.Add(diag.TypeMismatch, pos, "the name of the element stands here, as in `.all(x, …)`")
		return false
	}
	name := e.AsIdent()
	if x.means(name) {
		x.report.Add(diag.DeclaredTwice, pos, "`%s` means something else here already; choose another name for the element", clip(name))
		return false
	}
	x.locals = append(x.locals, local{name: name, typ: t, secret: secret})
	return true
}

// means says whether a name stands for something.
func (x *expression) means(name string) bool {
	if name == "input" || name == "run" || x.local(name, model.Pos{}) != nil || x.element(name, model.Pos{}) != nil {
		return true
	}
	return slices.ContainsFunc(x.scope.seen, func(s sight) bool { return s.block.Head().VarName == name })
}

// local is the variable of a macro, nil if there is none of that name.
func (x *expression) local(name string, pos model.Pos) *model.Expr {
	for i, l := range x.locals {
		if l.name == name {
			e := x.node(model.LocalVar, l.typ, pos)
			e.Name, e.Depth, e.Secret = name, i, l.secret
			return e
		}
	}
	return nil
}
