// Pieces of Go expressions, put together with the parentheses and the line breaks that
// they need.

package templates

import (
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
	// levels is how many lists on several lines stand in each other, and oneLine the
	// code without line breaks; nil if it has none.
	levels  int
	oneLine *jen.Statement
}

// mostLevels is how many lists on several lines may stand in each other. What is
// nested deeper is on one line: gofmt takes the square of the levels to lay it out,
// and nobody reads it better for being indented that far.
const mostLevels = 10

// laidOut is code made of parts. If it breaks, it is a list with each part on a line of
// its own.
func laidOut(width int, breaks bool, parts []goExpr, build func(parts []jen.Code, breaks bool) *jen.Statement) goExpr {
	e := goExpr{prec: precPrimary, width: width}
	codes, flat, fits := make([]jen.Code, len(parts)), make([]jen.Code, len(parts)), !breaks
	for i, part := range parts {
		codes[i], flat[i] = part.code, part.code
		if part.oneLine != nil {
			flat[i], fits = part.oneLine, false
		}
		e.levels = max(e.levels, part.levels)
	}
	if breaks && e.levels == mostLevels {
		codes, e.levels = flat, 0
	}
	if breaks {
		e.levels++
	}
	e.code = build(codes, breaks)
	if !fits {
		e.oneLine = build(flat, false)
	}
	return e
}

// name is a variable, or a field of one.
func name(text string) goExpr { return primary(jen.Id(text), len(text)) }

func primary(code *jen.Statement, width int) goExpr {
	return goExpr{code: code, prec: precPrimary, width: width}
}

// dot is a field or a method of a value.
func dot(of goExpr, name string) goExpr {
	return laidOut(of.width+1+len(name), false, []goExpr{of}, func(codes []jen.Code, _ bool) *jen.Statement {
		return jen.Add(codes[0]).Dot(name)
	})
}

// operand puts an expression in parentheses if it binds less tightly than it
// must.
func operand(e goExpr, prec int) goExpr {
	if e.prec >= prec {
		return e
	}
	return laidOut(e.width+2, false, []goExpr{e}, func(codes []jen.Code, _ bool) *jen.Statement {
		return jen.Parens(codes[0])
	})
}

// flowCall is a call of a function of runtime/flow.
func flowCall(name string, args ...goExpr) goExpr {
	return call(goExpr{code: inFlow(name), width: len("flow.") + len(name)}, args...)
}

// planCall is one of a function that can fail, to which the plan comes first.
func planCall(function string, args ...goExpr) goExpr {
	return flowCall(function, append([]goExpr{name("p")}, args...)...)
}

// call is a call, with each argument on a line of its own if one line is too
// long.
func call(function goExpr, args ...goExpr) goExpr {
	total, _ := layout(function.width+len("()"), args)
	parts := append([]goExpr{function}, args...)
	return laidOut(total, total > lineWidth && len(args) > 1, parts, func(codes []jen.Code, breaks bool) *jen.Statement {
		if breaks {
			return jen.Add(codes[0]).Add(callLines(codes[1:]...))
		}
		return jen.Add(codes[0]).Call(codes[1:]...)
	})
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

// function is a function literal that returns a value. Its parameter, if it has one,
// is begun by its name.
func function(begun string, param, result *model.Type, value goExpr) goExpr {
	var params []jen.Code
	t := typed(result)
	total := len("func()  { return  }") + t.width + value.width
	if param != nil {
		of := typed(param)
		params = []jen.Code{jen.Id(begun).Add(of.code)}
		total += len(begun) + of.width
	}
	return laidOut(total, total > lineWidth, []goExpr{value}, func(codes []jen.Code, breaks bool) *jen.Statement {
		head := jen.Func().Params(params...).Add(t.code)
		if breaks {
			return head.Block(jen.Return(codes[0]))
		}
		return head.Add(oneLine(jen.Return(codes[0])))
	})
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
	breaks := total > lineWidth && (prec <= precAnd || a.width <= lineWidth && b.width <= lineWidth)
	e := laidOut(total, breaks, []goExpr{a, b}, func(codes []jen.Code, breaks bool) *jen.Statement {
		code := jen.Add(codes[0]).Op(operator)
		if breaks {
			code.Line()
		}
		return code.Add(codes[1])
	})
	if breaks {
		e.levels-- // it is no list
	}
	e.prec = prec
	return e
}

func not(e goExpr) goExpr { return prefixed("!", operand(e, precUnary)) }

func prefixed(operator string, e goExpr) goExpr {
	prefixed := laidOut(e.width+len(operator), false, []goExpr{e}, func(codes []jen.Code, _ bool) *jen.Statement {
		return jen.Op(operator).Add(codes[0])
	})
	prefixed.prec = precUnary
	return prefixed
}
