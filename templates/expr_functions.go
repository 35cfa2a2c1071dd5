// What the functions of the language are in Go: sizes, functions of texts,
// conversions between types, and the parts of times and durations.

package templates

import (
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// quotePattern is the literal of a pattern, without doubled backslashes.
func quotePattern(pattern string) string {
	if strings.Contains(pattern, `\`) && strconv.CanBackquote(pattern) {
		return "`" + pattern + "`"
	}
	return quote(pattern)
}

// library is a call of a function of Go's library on all operands.
func library(path, function string, width int) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		return call(goExpr{code: jen.Qual(path, function), width: width}, compileAll(sc, e.Args)...)
	}
}

// textOf is the operator of a function that looks into a string.
func textOf(overload string) (operator, bool) {
	switch overload {
	case "contains_string":
		return library("strings", "Contains", len("strings.Contains")), true
	case "starts_with_string":
		return library("strings", "HasPrefix", len("strings.HasPrefix")), true
	case "ends_with_string":
		return library("strings", "HasSuffix", len("strings.HasSuffix")), true
	}
	return matches, isMatch(overload)
}

func isMatch(overload string) bool { return overload == "matches" || overload == "matches_string" }

// hasConstantPattern says that the pattern was checked when the code was
// generated.
func hasConstantPattern(e *model.Expr) bool { return e.Args[1].Kind == model.Literal }

func matches(sc *scope, e *model.Expr) goExpr {
	text, pattern := compile(sc, e.Args[0]), compile(sc, e.Args[1])
	if !hasConstantPattern(e) {
		return planCall("Matches", text, pattern)
	}
	compiled := goExpr{code: jen.Qual("regexp", "MustCompile"), width: len("regexp.MustCompile")}
	source := quotePattern(e.Args[1].Value.(string))
	return methodCall(call(compiled, primary(jen.Id(source), len(source))), "MatchString", text)
}

// sizeOf is the operator of a size, which a function of Go counts as an int.
func sizeOf(overload string) (operator, bool) {
	function, path, width := "len", "", len("len")
	switch overload {
	case "size_string", "string_size":
		function, path, width = "RuneCountInString", "unicode/utf8", len("utf8.RuneCountInString")
	case "size_bytes", "bytes_size", "size_list", "list_size", "size_map", "map_size":
	default:
		return nil, false
	}
	return func(sc *scope, e *model.Expr) goExpr {
		native := call(goExpr{code: jen.Qual(path, function), width: width}, compile(sc, e.Args[0]))
		size := conversion("int64", native)
		size.native = &native
		return size
	}, true
}

func conversion(to string, e goExpr) goExpr {
	return call(goExpr{code: jen.Id(to), width: len(to)}, e)
}

func same(sc *scope, e *model.Expr) goExpr { return compile(sc, e.Args[0]) }

func toFloat(sc *scope, e *model.Expr) goExpr { return conversion("float64", compile(sc, e.Args[0])) }

// conversionOf is the operator of a conversion that cannot fail.
func conversionOf(overload string) (operator, bool) {
	switch overload {
	case "int64_to_int64", "double_to_double", "string_to_string", "bool_to_bool", "bytes_to_bytes",
		"timestamp_to_timestamp", "duration_to_duration":
		return same, true
	case "int64_to_double":
		return toFloat, true
	case "string_to_bytes":
		return func(sc *scope, e *model.Expr) goExpr { return conversion("[]byte", compile(sc, e.Args[0])) }, true
	case "bool_to_string":
		return library("strconv", "FormatBool", len("strconv.FormatBool")), true
	case "int64_to_string":
		return func(sc *scope, e *model.Expr) goExpr {
			function := goExpr{code: jen.Qual("strconv", "FormatInt"), width: len("strconv.FormatInt")}
			return call(function, compile(sc, e.Args[0]), literal(int64(10)))
		}, true
	case "double_to_string":
		return library(flowPath, "FormatFloat", len("flow.FormatFloat")), true
	case "timestamp_to_string":
		return library(flowPath, "FormatTime", len("flow.FormatTime")), true
	case "duration_to_string":
		return library(flowPath, "FormatSeconds", len("flow.FormatSeconds")), true
	case "enum_to_string":
		return func(sc *scope, e *model.Expr) goExpr { return conversion("string", compile(sc, e.Args[0])) }, true
	case "timestamp_to_int64":
		return func(sc *scope, e *model.Expr) goExpr { return methodCall(compile(sc, e.Args[0]), "Unix") }, true
	}
	return nil, false
}

// parseEnum says of which enum a text is to be a value.
func parseEnum(sc *scope, e *model.Expr) goExpr {
	of := typed(e.Type)
	parse := goExpr{code: inFlow("ParseEnum").Types(of.code), width: len("flow.ParseEnum[]") + of.width}
	return call(parse, name("p"), compile(sc, e.Args[0]))
}

// timeParts are the methods of Go's time for its parts. Months and
// days that CEL counts from 0 are counted from 1 in Go.
var timeParts = map[string]struct {
	method  string
	fromOne bool
}{
	"timestamp_to_year":                 {method: "Year"},
	"timestamp_to_month":                {method: "Month", fromOne: true},
	"timestamp_to_day_of_year":          {method: "YearDay", fromOne: true},
	"timestamp_to_day_of_month":         {method: "Day", fromOne: true},
	"timestamp_to_day_of_month_1_based": {method: "Day"},
	"timestamp_to_day_of_week":          {method: "Weekday"},
	"timestamp_to_hours":                {method: "Hour"},
	"timestamp_to_minutes":              {method: "Minute"},
	"timestamp_to_seconds":              {method: "Second"},
	"timestamp_to_milliseconds":         {method: "Nanosecond"},
}

// durationParts are the methods of Go's duration that count a whole duration in
// one unit.
var durationParts = map[string]string{
	"duration_to_hours":        "Hours",
	"duration_to_minutes":      "Minutes",
	"duration_to_seconds":      "Seconds",
	"duration_to_milliseconds": "Milliseconds",
}

// inZone is a time in the time zone that a part of it is asked for, or in UTC.
func inZone(sc *scope, e *model.Expr) goExpr {
	t := compile(sc, e.Args[0])
	if len(e.Args) == 1 {
		return methodCall(t, "UTC")
	}
	return planCall("InZone", t, compile(sc, e.Args[1]))
}

// partOf is the operator of a part of a time or a duration.
func partOf(overload string) (operator, bool) {
	if method, ok := durationParts[overload]; ok {
		return func(sc *scope, e *model.Expr) goExpr {
			d := call(goExpr{code: jen.Qual("time", "Duration"), width: len("time.Duration")}, compile(sc, e.Args[0]))
			count := methodCall(d, method)
			if method == "Milliseconds" {
				return count // an int64 already
			}
			return conversion("int64", count)
		}, true
	}
	part, ok := timeParts[strings.TrimSuffix(strings.TrimSuffix(overload, "_tz"), "_with")]
	return func(sc *scope, e *model.Expr) goExpr {
		value := methodCall(inZone(sc, e), part.method)
		switch {
		case part.fromOne:
			value = binary("-", precAdd, value, literal(int64(1)))
		case part.method == "Nanosecond":
			value = binary("/", precMul, value, goExpr{code: jen.Id("1e6"), prec: precPrimary, width: len("1e6")})
		}
		result := conversion("int64", value)
		if part.method != "Month" && part.method != "Weekday" { // which have types of their own
			result.native = &value
		}
		return result
	}, ok
}
