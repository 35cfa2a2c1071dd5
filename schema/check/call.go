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
	if isOptionalMacro(c) {
		return x.optionalMacro(e)
	}
	if enum := x.typer.enum(c); enum != nil {
		return x.toEnum(e, enum)
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
	if function == operators.Index && isOptional(args[0]) {
		function = operators.OptIndex // of what may be absent, an element may be so too
	}
	if isEnumText(function, args) {
		return x.enumText(args, pos)
	}
	v := x.typer.call(function, member, args)
	switch {
	case !v.ok:
		x.mismatch(function, args, pos)
		return nil
	case v.overload == "" && !allTyped(args):
		x.report.Add(diag.UntypedExpr, pos, "the type of an empty list or map, or of `optional.none()`, cannot be told here")
		return nil
	case v.overload == "":
		x.report.Add(diag.UntypedExpr, pos, "it cannot be told which `%s` is meant for %s", name(function), kinds(args))
		return nil
	case v.overload == overloads.DurationToInt:
		x.report.Add(diag.ExprNotYet, pos, "`int` of a duration would count its nanoseconds; write `.getMilliseconds()` or `.getSeconds()`")
		return nil
	}
	call := x.over(model.Call, flattened(v.result), pos, args)
	call.Overload = v.overload
	call.Fallible = call.Fallible || fallible(v.overload, args)
	call.Secret = call.Secret || comparesSecret(function, args)
	call = x.settled(call, v)
	if call != nil && call.Type == nil {
		x.report.Add(diag.UntypedExpr, pos, "the type of this `%s` cannot be told", name(function))
		return nil
	}
	if call == nil || x.suspect(call, pos) {
		return nil
	}
	if call = x.constants(call); call == nil {
		return nil
	}
	return x.folded(call)
}

// flattened is a type in which an optional of an optional is one.
func flattened(t *model.Type) *model.Type {
	if kindOf(t) == model.Optional && kindOf(t.Elem) == model.Optional {
		return t.Elem
	}
	return t
}

// comparesSecret says whether an operator looks at secrets inside of values that
// are none as a whole.
func comparesSecret(function string, args []*model.Expr) bool {
	switch function {
	case operators.Equals, operators.NotEquals, operators.In, ofNonZeroValue:
	case hasValue: // alone, it tells nothing of the value
		if len(args) < 2 {
			return false
		}
	default:
		return false
	}
	return slices.ContainsFunc(args, func(arg *model.Expr) bool { return resolve.HoldsSecret(arg.Type) })
}

// present refuses operands that may be absent where a value is needed, and
// orValue and hasValue of what is always there.
func (x *expression) present(function string, args []*model.Expr) bool {
	switch function {
	case orValue, hasValue:
		if len(args) > 0 && !isOptional(args[0]) {
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
	case operators.Index, operators.OptIndex:
		return x.plain(args[1:]...)
	}
	return x.plain(args...)
}

func bothOptional(args []*model.Expr) bool {
	return len(args) == 2 && isOptional(args[0]) && isOptional(args[1])
}

// plain reports the first operand that may be absent.
func (x *expression) plain(args ...*model.Expr) bool {
	for _, arg := range args {
		if isOptional(arg) {
			x.maybeAbsent(arg)
			return false
		}
	}
	return true
}

func (x *expression) maybeAbsent(e *model.Expr) {
	if isNone(e) {
		x.report.Add(diag.MaybeAbsent, e.Pos, "`optional.none()` is absent, and a value is needed here")
		return
	}
	if len(FieldsOf(e.Type.Elem)) > 0 {
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
		switch e.Overload {
		case overloads.IndexList, overloads.IndexMap:
			return text(e.Args[0]) + "[…]"
		case overloads.OptIndexList, overloads.OptIndexOptionalList, overloads.OptIndexMap, overloads.OptIndexOptionalMap:
			return text(e.Args[0]) + "[?…]"
		case overloads.OptionalNone:
			return "optional.none()"
		}
	}
	return "(…)"
}

// kinds is the types of operands, for people: `string` and `int`.
func kinds(args []*model.Expr) string {
	words := make([]string, len(args))
	for i, arg := range args {
		switch {
		case arg.Type != nil:
			words[i] = "`" + TypeText(arg.Type) + "`"
		case isNone(arg):
			words[i] = "an absent value"
		default:
			words[i] = "an empty list or map"
		}
	}
	if len(words) > 1 {
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
	return strings.Join(words, "")
}

// name is a function or an operator as people write it.
func name(function string) string { return orElse(symbol(function), function) }
