package check

import (
	"math/big"
	"strconv"

	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/model"
)

// This file computes constant expressions. Go would do so too, but with numbers of
// any precision, which is not what the language means, and it refuses to compile
// what overflows.

// folded is a call, or the literal of its value if all its operands are constants.
// What fails to be computed is to fail when the flow runs.
func (x *expression) folded(call *model.Expr) *model.Expr {
	if len(call.Args) == 0 || len(call.Args) > 2 {
		return call
	}
	for _, arg := range call.Args {
		if arg.Kind != model.Literal {
			return call
		}
	}
	value, ok := compute(call.Overload, call.Args[0].Value, call.Args[1:])
	if !ok {
		return call
	}
	// It begins where its first operand does.
	literal := x.node(model.Literal, call.Type, call.Args[0].Pos)
	literal.Value = value
	return literal
}

func compute(overload string, first any, rest []*model.Expr) (any, bool) {
	values := make([]any, len(rest))
	for i, e := range rest {
		values[i] = e.Value
	}
	switch a := first.(type) {
	case int64:
		return computeInt(overload, a, values)
	case float64:
		return computeFloat(overload, a, values)
	case string:
		return computeString(overload, a, values)
	}
	return nil, false
}

func computeString(overload, a string, rest []any) (any, bool) {
	switch overload {
	case overloads.AddString:
		b, ok := rest[0].(string)
		return a + b, ok
	case overloads.StringToString, enumToString:
		return a, true
	}
	return nil, false
}

func computeInt(overload string, a int64, rest []any) (any, bool) {
	x, y, z := big.NewInt(a), big.NewInt(0), new(big.Int)
	if len(rest) == 1 {
		b, ok := rest[0].(int64)
		if !ok {
			return nil, false
		}
		y.SetInt64(b)
	}
	switch overload {
	case overloads.AddInt64:
		z.Add(x, y)
	case overloads.SubtractInt64:
		z.Sub(x, y)
	case overloads.MultiplyInt64:
		z.Mul(x, y)
	case overloads.NegateInt64:
		z.Neg(x)
	case overloads.DivideInt64, overloads.ModuloInt64:
		if y.Sign() == 0 {
			return nil, false
		}
		quotient, remainder := new(big.Int).QuoRem(x, y, new(big.Int))
		if !quotient.IsInt64() {
			return nil, false
		}
		if z = quotient; overload == overloads.ModuloInt64 {
			z = remainder
		}
	case overloads.IntToDouble:
		return float64(a), true
	case overloads.IntToString:
		return strconv.FormatInt(a, 10), true
	default:
		return nil, false
	}
	return z.Int64(), z.IsInt64()
}

func computeFloat(overload string, a float64, rest []any) (any, bool) {
	if overload == overloads.NegateDouble {
		return -a, true
	}
	if len(rest) == 0 {
		return nil, false
	}
	b, ok := rest[0].(float64)
	if !ok {
		return nil, false
	}
	switch overload {
	case overloads.AddDouble:
		return a + b, true
	case overloads.SubtractDouble:
		return a - b, true
	case overloads.MultiplyDouble:
		return a * b, true
	case overloads.DivideDouble:
		return a / b, true
	}
	return nil, false
}
