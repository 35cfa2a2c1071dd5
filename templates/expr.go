// Expressions: the typed tree of the model to a Go expression.

package templates

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// How tightly Go's operators bind, the loosest first. Comparisons do not chain.
const (
	precOr = iota + 1
	precAnd
	precCompare
	precAdd
	precMul
	precUnary
	precPrimary // a name, a literal, a call: nothing can tear it apart
)

// goExpr is a compiled expression.
type goExpr struct {
	code  *jen.Statement
	prec  int
	width int // on one line; severalLines, or more than lineWidth, if it is on several
	// integer says that it is an untyped integer constant, which Go would take
	// for an int where nothing else says what it is.
	integer bool
	// native is the same value as an int, where that is what Go has: a size.
	native *goExpr
}

// whole is the Go of a whole expression: what a field is set to, what a step's
// `when` says. One that can fail says where it stands.
func whole(sc *scope, e *model.Expr) goExpr {
	if !canFail(e) {
		return compile(sc, e)
	}
	return primary(inFlow("At").Call(
		jen.Id("p"),
		jen.Id(quote(exprPlace(e))),
		jen.Func().Params().Add(goType(e.Type)).Block(jen.Return(compile(sc, e).code)),
	), severalLines)
}

// exprPlace is where an expression begins, and its text if that is not too long.
func exprPlace(e *model.Expr) string {
	const longest = 60
	source := clean(e.Source)
	if utf8.RuneCountInString(source) > longest {
		source = prefix(source, longest) + "…"
	}
	return place(first(e)) + ": " + source
}

// first is the place of the part of an expression that comes first.
func first(e *model.Expr) model.Pos {
	pos := e.Pos
	for _, arg := range e.Args {
		if p := first(arg); p.Line < pos.Line {
			pos = p
		}
	}
	return pos
}

// quote is a string literal, the more readable one.
func quote(text string) string {
	if strings.Contains(text, `"`) && strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// compile is the Go of an expression.
func compile(sc *scope, e *model.Expr) goExpr {
	if e.Kind == model.Literal && e.Type.Kind == model.Enum {
		return name(enumConstant(e))
	}
	if value, ok := constant(e); ok {
		return literal(value)
	}
	switch e.Kind {
	case model.InputVar:
		return name(sc.input)
	case model.RunVar:
		return name("p." + runVars[e.Name])
	case model.ItemVar:
		return name(sc.elements[e.Foreach] + ".Item")
	case model.IndexVar:
		return name(sc.elements[e.Foreach] + ".Index")
	case model.LocalVar:
		return name(localName(e.Depth))
	case model.Macro:
		return macro(sc, e)
	case model.BlockVar:
		return block(sc, e)
	case model.Select:
		return selection(sc, e)
	case model.ListOf, model.MapOf:
		return composite(sc, typed(e.Type), e)
	default:
		op, ok := operatorOf(e.Overload)
		if !ok {
			return primary(jen.Nil(), 0) // refused before: see unknownOperator
		}
		return op(sc, e)
	}
}

// runVars are the properties of the run in a plan.
var runVars = map[string]string{
	"id":        "ID",
	"tenant":    "Tenant",
	"attempt":   "Attempt",
	"startedAt": "StartedAt",
}

// block is the value of a block: optional where the block may have been skipped.
func block(sc *scope, e *model.Expr) goExpr {
	state := sc.state(blockOf(e))
	if e.Type.Kind == model.Optional {
		return primary(jen.Id(state).Dot("Value").Call(), len(state)+len(".Value()"))
	}
	return name(state + ".Out")
}

// blockOf is the block whose value an expression is.
func blockOf(e *model.Expr) model.Block {
	switch {
	case e.Foreach != nil:
		return e.Foreach
	case e.Wait != nil:
		return e.Wait
	}
	return e.Step
}

// selection reads a field, of an optional struct through a function that knows
// what to do without one.
func selection(sc *scope, e *model.Expr) goExpr {
	from, name := e.Args[0], e.Field.GoName
	if from.Type.Kind != model.Optional {
		of := operand(compile(sc, from), precPrimary)
		return converted(e.Field, primary(of.code.Dot(name), of.width+1+len(name)))
	}
	get := "Get"
	if e.Field.Type.Kind == model.Optional {
		get = "GetOptional"
	}
	structType, fieldType := typed(from.Type.Elem), typed(e.Field.Type)
	value := converted(e.Field, primary(jen.Id("v").Dot(name), len("v.")+len(name)))
	read := goExpr{
		code: jen.Func().Params(jen.Id("v").Op("*").Add(structType.code)).Add(fieldType.code).
			Add(oneLine(jen.Return(value.code))),
		width: len("func(v *)  { return  }") + structType.width + fieldType.width + value.width,
	}
	return flowCall(get, compile(sc, from), read)
}

// composite is a literal of a list or a map.
func composite(sc *scope, t goExpr, e *model.Expr) goExpr {
	items := elements(sc, e)
	total, codes := layout(t.width+len("{}"), items)
	if total > lineWidth {
		return primary(jen.Add(t.code).Add(lines(codes...)), total)
	}
	return primary(jen.Add(t.code).Values(codes...), total)
}

// elements are those of a list, or the pairs of a map. A pair whose constant key
// comes again is left out: Go does not compile a literal with a key twice.
func elements(sc *scope, e *model.Expr) []goExpr {
	var items []goExpr
	if e.Kind == model.ListOf {
		for _, arg := range e.Args {
			items = append(items, element(sc, arg))
		}
		return items
	}
	places := map[string]int{}
	for i := 0; i+1 < len(e.Args); i += 2 {
		key, value := compile(sc, e.Args[i]), element(sc, e.Args[i+1])
		pair := goExpr{
			code:  jen.Add(key.code).Op(":").Add(value.code),
			width: key.width + len(": ") + value.width,
		}
		name, _ := constant(e.Args[i])
		text, isConstant := name.(string)
		if earlier, ok := places[text]; ok && isConstant {
			items[earlier] = pair
			continue
		}
		if isConstant {
			places[text] = len(items)
		}
		items = append(items, pair)
	}
	return items
}

// element is a value in a literal, which says the type of a literal in it.
func element(sc *scope, e *model.Expr) goExpr {
	if e.Kind == model.ListOf || e.Kind == model.MapOf {
		return composite(sc, goExpr{code: jen.Empty()}, e)
	}
	return compile(sc, e)
}

// typed is a type where an expression names one.
func typed(t *model.Type) goExpr {
	code := goType(t)
	return goExpr{code: code, width: width(jen.Var().Id("x").Add(code)) - len("var x ")}
}

// name is a variable, or a field of one.
func name(text string) goExpr { return primary(jen.Id(text), len(text)) }

func primary(code *jen.Statement, width int) goExpr {
	return goExpr{code: code, prec: precPrimary, width: width}
}

// operand puts an expression in parentheses if it binds less tightly than it
// must.
func operand(e goExpr, prec int) goExpr {
	if e.prec >= prec {
		return e
	}
	return goExpr{code: jen.Parens(e.code), prec: precPrimary, width: e.width + 2}
}

// flowCall is a call of a function of runtime/flow.
func flowCall(name string, args ...goExpr) goExpr {
	return call(goExpr{code: inFlow(name), width: len("flow.") + len(name)}, args...)
}

// planCall is one of a function that can fail, to which the plan comes first.
func planCall(name string, args ...goExpr) goExpr {
	return flowCall(name, append([]goExpr{primary(jen.Id("p"), 1)}, args...)...)
}

// call is a call, with each argument on a line of its own if one line is too
// long.
func call(function goExpr, args ...goExpr) goExpr {
	total, items := layout(function.width+2, args)
	if total > lineWidth && len(args) > 1 {
		return primary(jen.Add(function.code).Add(callLines(items...)), total)
	}
	return primary(jen.Add(function.code).Call(items...), total)
}

// layout is the width of items on one line, behind some others, and their code.
func layout(start int, items []goExpr) (int, []jen.Code) {
	total, codes := start, make([]jen.Code, len(items))
	for i, item := range items {
		if i > 0 {
			total += len(", ")
		}
		total += item.width
		codes[i] = item.code
	}
	return total, codes
}

// binary is an infix operator. What stands on its right binds more tightly than
// the operator; on its left, it may bind alike, but for comparisons.
func binary(operator string, prec int, a, b goExpr) goExpr {
	left := prec
	if prec == precCompare {
		left++
	}
	return infix(operator, prec, operand(a, left), operand(b, prec+1))
}

// infix is two operands with an operator between them. If they do not fit on one
// line, the operator ends it, unless an operand is on several lines by itself.
func infix(operator string, prec int, a, b goExpr) goExpr {
	total := a.width + len(operator) + 2 + b.width
	code := jen.Add(a.code).Op(operator)
	if total > lineWidth && (prec <= precAnd || a.width <= lineWidth && b.width <= lineWidth) {
		code.Line()
	}
	return goExpr{code: code.Add(b.code), prec: prec, width: total}
}

func not(e goExpr) goExpr {
	e = operand(e, precUnary)
	return goExpr{code: jen.Op("!").Add(e.code), prec: precUnary, width: e.width + 1}
}

// lazily is a function that computes an expression.
func lazily(sc *scope, e *model.Expr) goExpr {
	value, t := compile(sc, e), typed(e.Type)
	code := jen.Func().Params().Add(t.code)
	total := len("func()  { return  }") + t.width + value.width
	if total > lineWidth {
		return goExpr{code: code.Block(jen.Return(value.code)), width: total}
	}
	return goExpr{code: code.Add(oneLine(jen.Return(value.code))), width: total}
}
