package check

import (
	"slices"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/model"
)

// This file says which operators and functions of CEL can be compiled to Go, and
// which of them can fail.

const (
	orValue  = "orValue"
	hasValue = "hasValue"
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
	}
}

// supported says whether an operator or function can be compiled to Go.
func supported(function string) bool {
	switch function {
	case operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot,
		operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
		operators.Index, operators.In:
		return true
	}
	return slices.Contains(functions(), function)
}

// compilable says whether one overload of a supported function can be compiled: there
// are no time zones, and the int of a duration, which is in nanoseconds, nobody expects.
func compilable(overload string) bool {
	switch overload {
	case overloads.DurationToInt, overloads.IntToTimestamp,
		overloads.TimestampToYearWithTz, overloads.TimestampToMonthWithTz, overloads.TimestampToDayOfYearWithTz,
		overloads.TimestampToDayOfMonthZeroBasedWithTz, overloads.TimestampToDayOfMonthOneBasedWithTz,
		overloads.TimestampToDayOfWeekWithTz, overloads.TimestampToHoursWithTz, overloads.TimestampToMinutesWithTz,
		overloads.TimestampToSecondsWithTz, overloads.TimestampToMillisecondsWithTz:
		return false
	}
	return true
}

// instead is what to write for an overload that cannot be compiled.
func instead(overload string) string {
	switch overload {
	case overloads.DurationToInt:
		return "; use `.getSeconds()` or `.getMilliseconds()`"
	case overloads.IntToTimestamp:
		return ""
	}
	return "; leave out the time zone, for UTC"
}

// fallible says whether an overload can fail, for all that its operands did not.
func fallible(overload string, args []*model.Expr) bool {
	switch overload {
	case overloads.IndexList, overloads.IndexMap,
		overloads.AddInt64, overloads.SubtractInt64, overloads.MultiplyInt64, overloads.DivideInt64, overloads.ModuloInt64, overloads.NegateInt64,
		overloads.AddTimestampDuration, overloads.AddDurationTimestamp, overloads.AddDurationDuration,
		overloads.SubtractTimestampTimestamp, overloads.SubtractTimestampDuration, overloads.SubtractDurationDuration,
		overloads.DoubleToInt, overloads.StringToInt, overloads.StringToDouble, overloads.StringToBool, overloads.BytesToString:
		return true
	case overloads.Matches, overloads.MatchesString:
		return args[1].Kind != model.Literal // one that is was checked: see constants
	}
	return false
}
