package check

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"time"

	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks constant texts that mean something to a function: patterns,
// times and durations.

// constants reports a constant operand that its function cannot read, and makes
// literals of times and durations. It returns nil after it reported an error.
func (x *expression) constants(call *model.Expr) *model.Expr {
	switch call.Overload {
	case overloads.Matches, overloads.MatchesString:
		return x.pattern(call)
	case overloads.StringToDuration:
		return x.moment(call, types.DurationType, model.Duration, "duration", `"1h30m"`)
	case overloads.StringToTimestamp:
		return x.moment(call, types.TimestampType, model.Time, "time", `"2026-01-31T12:00:00Z"`)
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

// moment is the literal of a time or a duration. CEL itself reads the text.
func (x *expression) moment(call *model.Expr, to *types.Type, kind model.Kind, what, example string) *model.Expr {
	arg := call.Args[0]
	text, ok := arg.Value.(string)
	if !ok {
		x.report.Add(diag.BadConstant, arg.Pos, "a %s is made of a constant text, such as %s; declare what varies as a `%s`", what, example, what)
		return nil
	}
	literal := x.node(model.Literal, &model.Type{Kind: kind}, call.Pos)
	switch value := types.String(text).ConvertToType(to).Value().(type) {
	case time.Time:
		literal.Value = value.UTC()
	case time.Duration:
		literal.Value = value
	default:
		x.report.Add(diag.BadConstant, arg.Pos, "`%s` is not a %s; write it as in %s", clip(text), what, example)
		return nil
	}
	return literal
}
