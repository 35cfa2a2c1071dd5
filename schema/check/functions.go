package check

import (
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/model"
)

// This file says which operators and functions of CEL can be compiled to Go, and
// which of them can fail.

const (
	orValue  = "orValue"
	hasValue = "hasValue"

	ofNonZeroValue = "optional.ofNonZeroValue"
	unwrap         = "optional.unwrap"
)

// Overloads of the language's own.
const (
	enumToString    = "enum_to_string"
	stringToEnum    = "string_to_enum"
	optionalEntries = "optional_entries" // a map of those values that are there
)

// functions are those that have a name and are supported.
func functions() []string {
	return []string{
		overloads.Size, orValue, hasValue, has, optionalOr,
		overloads.Contains, overloads.StartsWith, overloads.EndsWith, overloads.Matches,
		overloads.TypeConvertInt, overloads.TypeConvertDouble, overloads.TypeConvertString,
		overloads.TypeConvertBool, overloads.TypeConvertBytes,
		overloads.TypeConvertDuration, overloads.TypeConvertTimestamp,
		overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDate, overloads.TimeGetDayOfMonth,
		overloads.TimeGetDayOfWeek, overloads.TimeGetDayOfYear,
		overloads.TimeGetHours, overloads.TimeGetMinutes, overloads.TimeGetSeconds, overloads.TimeGetMilliseconds,
		"first", "last", "unwrapOpt",
	}
}

// names are what can stand before a bracket: functions, macros, and enums, which
// convert a text to one of their values.
func (t *typer) names() []string {
	names := slices.Concat(functions(), macros(), []string{optMap, optFlatMap})
	return append(names, slices.Sorted(maps.Keys(t.enums))...)
}

// supported says whether an operator or function can be compiled to Go.
func supported(function string) bool {
	switch function {
	case operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot,
		operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
		operators.Index, operators.OptIndex, operators.In:
		return true
	}
	return slices.Contains(functions(), function)
}

// fallible says whether an overload can fail, for all that its operands did not.
func fallible(overload string, args []*model.Expr) bool {
	switch overload {
	case overloads.IndexList, overloads.IndexMap,
		overloads.AddInt64, overloads.SubtractInt64, overloads.MultiplyInt64, overloads.DivideInt64, overloads.ModuloInt64, overloads.NegateInt64,
		overloads.AddTimestampDuration, overloads.AddDurationTimestamp, overloads.AddDurationDuration,
		overloads.SubtractTimestampTimestamp, overloads.SubtractTimestampDuration, overloads.SubtractDurationDuration,
		overloads.DoubleToInt, overloads.StringToInt, overloads.StringToDouble, overloads.StringToBool, overloads.BytesToString,
		overloads.StringToDuration, overloads.StringToTimestamp, overloads.IntToTimestamp:
		return true
	case overloads.Matches, overloads.MatchesString:
		return args[1].Kind != model.Literal // one that is was checked: see constants
	}
	return isZoned(overload)
}

// isZoned says whether an overload is the part of a time in a time zone. A zone can
// fail to be found when the flow runs, even if it was when the code was generated.
func isZoned(overload string) bool {
	return strings.HasPrefix(overload, "timestamp_to_") && strings.HasSuffix(overload, "_tz")
}
