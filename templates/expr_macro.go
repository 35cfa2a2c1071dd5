// Macros: what is computed for each element of a list, or each key of a map, or with
// what an optional holds, by a function of runtime/flow that gets the condition or the
// value as a function.

package templates

import (
	"strconv"

	"github.com/bextgen/bextgen/schema/model"
)

func macro(sc *scope, e *model.Expr) goExpr {
	over, element := compile(sc, e.Args[0]), e.Args[0].Type.Elem
	if e.Args[0].Type.Kind == model.Map {
		over, element = flowCall("Keys", over), &model.Type{Kind: model.String}
	}
	last := perElement(sc, e, element, e.Args[len(e.Args)-1])
	switch e.Name {
	case "all":
		return planCall("AllOf", over, last)
	case "exists":
		return planCall("Exists", over, last)
	case "exists_one":
		return flowCall("ExistsOne", over, last)
	case "filter":
		return flowCall("Filter", over, last)
	case "optMap":
		return flowCall("OptMap", over, last)
	case "optFlatMap":
		return flowCall("OptFlatMap", over, last)
	}
	if len(e.Args) > 2 {
		over = flowCall("Filter", over, perElement(sc, e, element, e.Args[1]))
	}
	return flowCall("Map", over, last)
}

// perElement is the function of an element that computes an expression.
func perElement(sc *scope, macro *model.Expr, element *model.Type, e *model.Expr) goExpr {
	return function(localName(macro.Depth)+" ", element, e.Type, compile(sc, e))
}

// localName is the element of a macro: x, and x2, x3 in others. The names of the
// spec could be those of Go's own, of packages, or of what is around.
func localName(depth int) string {
	if depth == 0 {
		return "x"
	}
	return "x" + strconv.Itoa(depth+1)
}
