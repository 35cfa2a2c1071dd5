// Expressions: the typed tree of the model to a Go expression.

package templates

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// whole is the Go of a whole expression: what a field is set to, what a step's
// `when` says. One that can fail says where it stands.
func whole(sc *scope, e *model.Expr) goExpr {
	if !e.Fallible {
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
		return converted(e.Field, dot(operand(compile(sc, from), precPrimary), name))
	}
	get := "Get"
	if e.Field.Type.Kind == model.Optional {
		get = "GetOptional"
	}
	value := converted(e.Field, primary(jen.Id("v").Dot(name), len("v.")+len(name)))
	read := function("v *", from.Type.Elem, e.Field.Type, value)
	return flowCall(get, compile(sc, from), read)
}

// composite is a literal of a list or a map.
func composite(sc *scope, t goExpr, e *model.Expr) goExpr {
	items := elements(sc, e)
	total, _ := layout(t.width+len("{}"), items)
	return laidOut(total, total > lineWidth, items, func(codes []jen.Code, breaks bool) *jen.Statement {
		if breaks {
			return jen.Add(t.code).Add(lines(codes...))
		}
		return jen.Add(t.code).Values(codes...)
	})
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
		pair := laidOut(key.width+len(": ")+value.width, false, []goExpr{key, value}, func(codes []jen.Code, _ bool) *jen.Statement {
			return jen.Add(codes[0]).Op(":").Add(codes[1])
		})
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

// lazily is a function that computes an expression.
func lazily(sc *scope, e *model.Expr) goExpr { return function("", nil, e.Type, compile(sc, e)) }

func compileAll(sc *scope, list []*model.Expr) []goExpr {
	compiled := make([]goExpr, len(list))
	for i, e := range list {
		compiled[i] = compile(sc, e)
	}
	return compiled
}
