// What optional values are made of, and asked with: functions of runtime/flow that
// know what to do where a value is absent.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// optionalOf is the operator of a function of optional values.
func optionalOf(overload string) (operator, bool) {
	switch overload {
	case "optional_hasValue":
		return library(flowPath, "HasValue", len("flow.HasValue")), true
	case "optional_hasValue_value":
		return library(flowPath, "Holds", len("flow.Holds")), true
	case "optional_unwrap", "optional_unwrapOpt":
		return library(flowPath, "Present", len("flow.Present")), true
	case "optional_entries":
		return library(flowPath, "PresentEntries", len("flow.PresentEntries")), true
	case "optional_orValue_value":
		return orValue, true
	case "optional_or_optional":
		return firstOf, true
	case "optional_of":
		return made("Some"), true
	case "optional_ofNonZeroValue":
		return made("NonZero"), true
	case "optional_none":
		return absent, true
	case "list_first":
		return end("First"), true
	case "list_last":
		return end("Last"), true
	}
	return maybeElement(overload)
}

// firstOf computes the other value only if it is needed, where that can fail.
func firstOf(sc *scope, e *model.Expr) goExpr {
	value, otherwise := e.Args[0], e.Args[1]
	if otherwise.Fallible {
		return flowCall("FirstOfFunc", compile(sc, value), lazily(sc, otherwise))
	}
	return flowCall("FirstOf", compile(sc, value), compile(sc, otherwise))
}

// made is a value as an optional one. Go would take a constant integer for an int.
func made(function string) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		value := compile(sc, e.Args[0])
		if value.integer {
			value = conversion("int64", value)
		}
		return flowCall(function, value)
	}
}

// absent says of which type the value is that is not there.
func absent(_ *scope, e *model.Expr) goExpr {
	of := typed(e.Type.Elem)
	return call(goExpr{code: inFlow("Absent").Types(of.code), width: len("flow.Absent[]") + of.width})
}

// end is the first or the last element of a list.
func end(function string) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		return flat(flowCall(function, compile(sc, e.Args[0])), e.Args[0].Type)
	}
}

// flat is one optional for an element of a list or map whose elements are so too.
func flat(element goExpr, of *model.Type) goExpr {
	if of.Elem.Kind == model.Optional {
		return flowCall("Flat", element)
	}
	return element
}

// maybeElement is the operator of [?…], with a list or map that may be absent too.
func maybeElement(overload string) (operator, bool) {
	switch overload {
	case "list_optindex_optional_int", "map_optindex_optional_value":
		return func(sc *scope, e *model.Expr) goExpr {
			return lookUp(sc, e, compile(sc, e.Args[0]), e.Args[0].Type)
		}, true
	case "optional_list_optindex_optional_int", "optional_map_optindex_optional_value":
		return elementOfOptional, true
	}
	return nil, false
}

// orValue computes the other value only if it is needed, where that can fail.
func orValue(sc *scope, e *model.Expr) goExpr {
	value, otherwise := e.Args[0], e.Args[1]
	if otherwise.Fallible {
		return flowCall("OrValueFunc", compile(sc, value), lazily(sc, otherwise))
	}
	return flowCall("OrValue", compile(sc, value), compile(sc, otherwise))
}

// lookUp is an element of a list or map, if it has that.
func lookUp(sc *scope, e *model.Expr, of goExpr, t *model.Type) goExpr {
	function := "OptIndex"
	if t.Kind == model.Map {
		function = "OptKey"
	}
	return flat(flowCall(function, of, compile(sc, e.Args[1])), t)
}

// elementOfOptional looks for an element only if the list or map is there.
func elementOfOptional(sc *scope, e *model.Expr) goExpr {
	of := e.Args[0].Type.Elem
	there := goExpr{code: jen.Op("*").Id("v"), prec: precUnary, width: len("*v")}
	read := function("v *", of, e.Type, lookUp(sc, e, there, of))
	return flowCall("GetOptional", compile(sc, e.Args[0]), read)
}
