package check

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file says in the user's words why an expression is refused.

func (x *expression) refuseFunction(e ast.Expr) {
	function, pos := e.AsCall().FunctionName(), x.own(e)
	switch function {
	case "value":
		x.report.Add(diag.NullRefused, pos, "`.value()` fails where the value is absent; write `.orValue(…)`")
	case overloads.TypeConvertUint:
		x.report.Add(diag.ExprNotYet, pos, "there are no unsigned numbers; use `int(…)`")
	case overloads.TypeConvertType:
		x.report.Add(diag.ExprNotYet, pos, "types are known when the code is generated, so there is no `type`; leave it out")
	case overloads.TypeConvertDyn:
		x.report.Add(diag.ExprNotYet, pos, "every value has a type of its own, so there is no `dyn`; convert with `int`, `double` or `string`")
	default:
		if x.typer.knows(function) {
			x.report.Add(diag.ExprNotYet, pos, "`%s` is not supported in expressions", name(function))
			return
		}
		x.report.Add(diag.ExprNotYet, pos, "unknown function `%s`%s", clip(function),
			diag.Hint(function, x.typer.names()))
	}
}

// mismatch says why operands do not fit a function or an operator.
func (x *expression) mismatch(function string, args []*model.Expr, pos model.Pos) {
	if x.mixedNumbers(function, args, pos) {
		return
	}
	sign := name(function)
	switch {
	case function == operators.Conditional && kindOf(args[0].Type) != model.Bool:
		x.report.Add(diag.TypeMismatch, args[0].Pos, "what stands before `?` must be a bool, this is %s", kinds(args[:1]))
	case function == operators.Conditional:
		x.report.Add(diag.TypeMismatch, pos, "both values of `? :` must be of one type; these are %s", kinds(args[1:]))
	case function == orValue && len(args) == 2 && kindOf(args[0].Type) == model.Optional:
		x.report.Add(diag.TypeMismatch, args[1].Pos, "`%s.orValue(…)` needs a `%s`, not %s", text(args[0]), TypeText(args[0].Type.Elem), kinds(args[1:]))
	case isEnumKey(function, args):
		x.report.Add(diag.TypeMismatch, pos, "the keys of a map are strings, not values of an enum; write `string(…)`")
	case function == operators.Index || function == operators.OptIndex:
		x.report.Add(diag.TypeMismatch, pos, "%s cannot be indexed with %s; a list is indexed with an int, a map with a string", kinds(args[:1]), kinds(args[1:]))
	case function == operators.In && kindOf(args[1].Type) != model.List && kindOf(args[1].Type) != model.Map:
		x.report.Add(diag.TypeMismatch, args[1].Pos, "behind `in` stands a list or a map, not %s", kinds(args[1:]))
	case function == operators.In && args[1].Type.Kind == model.List && args[1].Type.Elem.Kind == model.Optional:
		x.report.Add(diag.TypeMismatch, args[1].Pos, "the elements of `%s` may be absent; write `%s.unwrapOpt()` for those that are there", text(args[1]), text(args[1]))
	case function == operators.In:
		x.report.Add(diag.TypeMismatch, pos, "%s cannot be in %s", kinds(args[:1]), kinds(args[1:]))
	case function == operators.LogicalAnd || function == operators.LogicalOr || function == operators.LogicalNot:
		x.report.Add(diag.TypeMismatch, pos, "`%s` needs bools, not %s", sign, kinds(args))
	case enumAmong(args) != nil && (function == operators.Equals || function == operators.NotEquals):
		x.report.Add(diag.TypeMismatch, pos, "`%s` does not work on %s; an enum is compared with values of its own type, or with one of them in quotes", sign, kinds(args))
	case unlikeBlocks(function, args):
		x.report.Add(diag.TypeMismatch, pos, "`%s` does not work on %s; give both `out` the same type, %s", sign, kinds(args), sharedType(args))
	case len(args) == 0:
		x.report.Add(diag.TypeMismatch, pos, "`%s` needs a value", sign)
	case enumAmong(args) != nil:
		x.report.Add(diag.TypeMismatch, pos, "`%s` does not work on %s; `string(…)` is the text of an enum", sign, kinds(args))
	default:
		x.report.Add(diag.TypeMismatch, pos, "`%s` does not work on %s", sign, kinds(args))
	}
}

// unlikeBlocks says whether an `or` has the values of two blocks whose types differ,
// which fields that are written twice in the same way do as well.
func unlikeBlocks(function string, args []*model.Expr) bool {
	if function != optionalOr {
		return false
	}
	for _, arg := range args {
		step, isStep := blockOf(arg).(*model.Step)
		if arg.Kind != model.BlockVar || arg.Foreach != nil || isStep && step.Calls != nil {
			return false
		}
	}
	return true
}

// sharedType is a type that two blocks could both have.
func sharedType(args []*model.Expr) string {
	for _, arg := range args {
		if of := arg.Type.Elem; of.Named != nil {
			return "as in `out: " + of.Named.Name + "`"
		}
	}
	return "which is declared under `types` and named in each: `out: NAME`"
}

// mixedNumbers reports an int and a float where one of both is needed, and says
// what to write.
func (x *expression) mixedNumbers(function string, args []*model.Expr, pos model.Pos) bool {
	if len(args) < 2 {
		return false
	}
	a, b := args[len(args)-2], args[len(args)-1]
	if kindOf(a.Type) == model.Float && kindOf(b.Type) == model.Int {
		a, b = b, a
	}
	if kindOf(a.Type) != model.Int || kindOf(b.Type) != model.Float || function == operators.Modulo {
		return false
	}
	write := "double(" + text(a) + ")"
	if a.Kind == model.Literal {
		write = strings.TrimSpace(literalText(a)) + ".0"
	}
	x.report.Add(diag.TypeMismatch, pos, "`%s` does not mix an int and a float; write `%s`", name(function), write)
	return true
}

var syntaxProblem = regexp.MustCompile(`(?s)^Syntax error: (mismatched input|extraneous input|no viable alternative at input|token recognition error at:|missing '[^']*' at) '(.*?)'(?: expecting .*)?$`)

// syntaxError translates an error of CEL's parser.
func (x *expression) syntaxError(source common.Source, bad *common.Error) {
	offset, ok := source.LocationOffset(bad.Location)
	if !ok {
		offset = int32(len(x.chars))
	}
	pos := x.at(int(offset))
	message := strings.TrimPrefix(bad.Message, "Syntax error: ")
	if strings.HasPrefix(x.source, "{{") {
		message = "an expression is written without `{{…}}` around it"
	} else if found := syntaxProblem.FindStringSubmatch(bad.Message); found != nil {
		message = unexpected(found[1], found[2])
	} else if word, ok := strings.CutPrefix(message, "reserved identifier: "); ok {
		message = "`" + word + "` is a reserved word"
	} else if strings.Contains(message, "recursion") || strings.Contains(message, "exceed") {
		x.report.Add(diag.TooLarge, pos, "the expression is nested too deeply")
		return
	}
	if x.commented {
		message += "; a comment of YAML begins behind it (` #`), if that is text, put the expression in quotes"
	}
	x.report.Add(diag.ExprSyntax, pos, "the expression `%s` is not valid: %s", clip(x.source), message)
}

// unexpected explains what the parser stumbled over.
func unexpected(kind, token string) string {
	token = strings.TrimSpace(token)
	switch {
	case token == "<EOF>":
		return "it ends too early"
	case token == "=":
		return "`=` is no operator; write `==`"
	case token == "and" || token == "or" || token == "not":
		return "`" + token + "` is no operator; there are `&&`, `||` and `!`"
	case token == "$" || strings.HasPrefix(token, "{{"):
		return "an expression is written without `${…}` around it"
	case strings.HasPrefix(token, "&") || strings.HasPrefix(token, "|"):
		return "write `&&` and `||`"
	case strings.HasPrefix(kind, "token") && (strings.HasPrefix(token, "'") || strings.HasPrefix(token, `"`)):
		return "a quote is not closed"
	}
	return "`" + clip(token) + "` is not expected here"
}

func literalText(e *model.Expr) string {
	if n, ok := e.Value.(int64); ok {
		return formatInt(n)
	}
	return "(…)"
}
