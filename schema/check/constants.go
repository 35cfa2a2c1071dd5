package check

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	_ "time/tzdata" // so that zones are found on machines without them

	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks constant texts that mean something to a function: patterns,
// times, durations and time zones.

// constants reports a constant operand that its function cannot read, and makes
// literals of times and durations. It returns nil after it reported an error.
func (x *expression) constants(call *model.Expr) *model.Expr {
	switch call.Overload {
	case overloads.Matches, overloads.MatchesString:
		return x.pattern(call)
	case overloads.StringToDuration:
		return x.moment(call, types.DurationType, model.Duration, "duration", `"1h30m"`)
	case overloads.StringToTimestamp, overloads.IntToTimestamp:
		return x.moment(call, types.TimestampType, model.Time, "time", `"2026-01-31T12:00:00Z"`)
	}
	if isZoned(call.Overload) {
		return x.zone(call)
	}
	return call
}

func (x *expression) pattern(call *model.Expr) *model.Expr {
	pattern, ok := call.Args[1].Value.(string)
	if !ok {
		return call
	}
	if _, err := regexp.Compile(pattern); err != nil {
		reason := err.Error()
		if bad, ok := errors.AsType[*syntax.Error](err); ok {
			reason = bad.Code.String()
		}
		x.report.Add(diag.BadConstant, call.Args[1].Pos, "`%s` is not a pattern: %s", clip(pattern), clip(reason))
		return nil
	}
	return call
}

// offset is a time zone as its distance from UTC.
var offset = regexp.MustCompile(`^[+-]?[0-9]{2}:[0-9]{2}$`)

// zone checks a constant time zone. CEL itself looks for it. The zone of the machine
// would make a flow mean something else on another one.
func (x *expression) zone(call *model.Expr) *model.Expr {
	zone, ok := call.Args[1].Value.(string)
	if !ok {
		return call
	}
	found := types.Timestamp{}.Receive(overloads.TimeGetHours, call.Overload, []ref.Val{types.String(zone)})
	if types.IsError(found) || zone == "Local" || strings.Contains(zone, ":") && !offset.MatchString(zone) {
		x.report.Add(diag.BadConstant, call.Args[1].Pos, "`%s` is not a time zone; write a name such as \"Europe/Paris\", or the distance from UTC as in \"+02:00\"", clip(zone))
		return nil
	}
	if !strings.Contains(zone, ":") {
		x.typer.zones[zone] = true
	}
	return call
}

// moment is the literal of a time or a duration. CEL itself reads the constant.
func (x *expression) moment(call *model.Expr, to *types.Type, kind model.Kind, what, example string) *model.Expr {
	arg := call.Args[0]
	var constant ref.Val
	switch value := arg.Value.(type) {
	case string:
		constant = types.String(value)
	case int64:
		constant = types.Int(value)
	default:
		return call
	}
	literal := x.node(model.Literal, &model.Type{Kind: kind}, call.Pos)
	switch value := constant.ConvertToType(to).Value().(type) {
	case time.Time:
		literal.Value = value.UTC()
	case time.Duration:
		literal.Value = value
	default:
		if seconds, ok := arg.Value.(int64); ok {
			x.report.Add(diag.BadConstant, arg.Pos, "a time is not `%d` seconds away from 1970: its year is from 1 to 9999", seconds)
			return nil
		}
		x.report.Add(diag.BadConstant, arg.Pos, "`%s` is not a %s; write it as in %s", clip(fmt.Sprint(arg.Value)), what, example)
		return nil
	}
	return literal
}
