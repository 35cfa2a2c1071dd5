package check

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks operators and functions.

func (x *expression) call(e ast.Expr) *model.Expr {
	c := e.AsCall()
	if isMacro(c) {
		return x.macro(e)
	}
	if converted, ok := x.optionalCall(e); ok {
		return converted
	}
	if !supported(c.FunctionName()) {
		x.refuseFunction(e)
		return nil
	}
	operands := c.Args()
	if c.IsMemberFunction() {
		operands = append([]ast.Expr{c.Target()}, operands...)
	}
	args := x.convertAll(operands)
	if args == nil {
		return nil
	}
	return x.typed(c.FunctionName(), c.IsMemberFunction(), args, x.own(e))
}

// typed is a call with the overload that CEL chooses for its operands.
func (x *expression) typed(function string, member bool, args []*model.Expr, pos model.Pos) *model.Expr {
	if !x.present(function, args) || !x.enumLiterals(function, args) || x.comparesGo(function, args, pos) {
		return nil
	}
	v := x.typer.call(function, member, args)
	switch {
	case !v.ok:
		x.mismatch(function, args, pos)
		return nil
	case v.overload == "" && !allTyped(args):
		x.report.Add(diag.UntypedExpr, pos, "the type of an empty list or map cannot be told here")
		return nil
	case v.overload == "":
		x.report.Add(diag.UntypedExpr, pos, "it cannot be told which `%s` is meant for %s", name(function), kinds(args))
		return nil
	case !compilable(v.overload):
		x.notYet(pos, "`"+name(function)+"` of "+kinds(args), instead(v.overload))
		return nil
	}
	call := x.over(model.Call, v.result, pos, args)
	call.Overload = v.overload
	call.Fallible = call.Fallible || fallible(v.overload, args)
	call.Secret = call.Secret || comparesSecret(function, args)
	call = x.settled(call, v)
	if call != nil && call.Type == nil {
		x.report.Add(diag.UntypedExpr, pos, "the type of this `%s` cannot be told", name(function))
		return nil
	}
	if call == nil {
		return nil
	}
	return x.constants(call)
}

// comparesSecret says whether an operator looks at secrets inside of values that
// are none as a whole.
func comparesSecret(function string, args []*model.Expr) bool {
	if function != operators.Equals && function != operators.NotEquals && function != operators.In {
		return false
	}
	return slices.ContainsFunc(args, func(arg *model.Expr) bool { return resolve.HoldsSecret(arg.Type) })
}

// present refuses operands that may be absent where a value is needed, and
// orValue and hasValue of what is always there.
func (x *expression) present(function string, args []*model.Expr) bool {
	switch function {
	case orValue, hasValue:
		if len(args) > 0 && args[0].Type != nil && args[0].Type.Kind != model.Optional {
			x.report.Add(diag.TypeMismatch, args[0].Pos, "`%s` is always there; leave out `.%s(…)`", text(args[0]), function)
			return false
		}
		return len(args) == 0 || x.plain(args[1:]...)
	case optionalOr:
		return bothOptional(args)
	case operators.Conditional:
		return len(args) == 3 && x.plain(args[0]) && (bothOptional(args[1:]) || x.plain(args[1:]...))
	case operators.Equals, operators.NotEquals:
		return bothOptional(args) || x.plain(args...)
	case operators.Index:
		if len(args) == 2 && kindOf(args[0].Type) == model.Optional {
			x.report.Add(diag.MaybeAbsent, args[0].Pos, "%s; write `%s[…]`", x.absence(args[0]), guarded(args[0]))
			return false
		}
	}
	return x.plain(args...)
}

func bothOptional(args []*model.Expr) bool {
	return len(args) == 2 && kindOf(args[0].Type) == model.Optional && kindOf(args[1].Type) == model.Optional
}

// plain reports the first operand that may be absent.
func (x *expression) plain(args ...*model.Expr) bool {
	for _, arg := range args {
		if kindOf(arg.Type) == model.Optional {
			x.maybeAbsent(arg)
			return false
		}
	}
	return true
}

func (x *expression) maybeAbsent(e *model.Expr) {
	if len(fieldsOf(e.Type.Elem)) > 0 {
		x.report.Add(diag.MaybeAbsent, e.Pos, "%s; read one of its fields with `%s.FIELD.orValue(…)`, or ask `%s.hasValue()`", x.absence(e), text(e), text(e))
		return
	}
	x.report.Add(diag.MaybeAbsent, e.Pos, "%s; write `%s`", x.absence(e), guarded(e))
}

// guarded is how to read what may be absent.
func guarded(e *model.Expr) string {
	otherwise := map[model.Kind]string{
		model.String: `""`, model.Bool: "false", model.Int: "0", model.Float: "0.0", model.List: "[]", model.Map: "{}",
	}[e.Type.Elem.Kind]
	return text(e) + ".orValue(" + orElse(otherwise, orElse(firstValue(e.Type.Elem), "…")) + ")"
}

// absence says why a value may be absent.
func (x *expression) absence(e *model.Expr) string {
	for at := e; at != nil; {
		switch {
		case at.Kind == model.BlockVar:
			return "`" + text(e) + "` may be absent: " + what(blockOf(at)) + " " + x.scope.whyAbsent(blockOf(at))
		case at.Kind == model.ItemVar:
			return "`" + text(e) + "` may be absent: the elements of " + what(at.Foreach) + " are optional"
		case at.Kind == model.LocalVar:
			return "`" + text(e) + "` may be absent: the elements of the list are optional"
		case at.Kind == model.Select && at.Field.Type.Kind == model.Optional:
			return "`" + text(e) + "` may be absent: the field `" + at.Field.Name + "` is optional"
		case at.Kind != model.Select:
			return "`" + text(e) + "` may be absent"
		}
		at = at.Args[0]
	}
	return "`" + text(e) + "` may be absent"
}

// text is an expression as people write it, or a word for one that is longer.
func text(e *model.Expr) string {
	switch e.Kind {
	case model.InputVar:
		return "input"
	case model.BlockVar:
		return blockOf(e).Head().VarName
	case model.ItemVar:
		return e.Foreach.As
	case model.IndexVar:
		return e.Foreach.IndexAs
	case model.LocalVar:
		return e.Name
	case model.RunVar:
		return "run." + e.Name
	case model.Select:
		return text(e.Args[0]) + "." + e.Field.Name
	case model.Call:
		if e.Overload == overloads.IndexList || e.Overload == overloads.IndexMap {
			return text(e.Args[0]) + "[…]"
		}
	}
	return "(…)"
}

// kinds is the types of operands, for people: `string` and `int`.
func kinds(args []*model.Expr) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = "an empty list or map"
		if arg.Type != nil {
			words[i] = "`" + typeText(arg.Type) + "`"
		}
	}
	if len(words) > 1 {
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
	return strings.Join(words, "")
}

// name is a function or an operator as people write it.
func name(function string) string { return orElse(symbol(function), function) }
