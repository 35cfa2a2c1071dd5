// Constants, and constant expressions, which are computed when the code is
// generated. Go would compute them too, but with numbers of any precision, which
// is not what the language means, and it refuses to compile what overflows.

package templates

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// constant is the value of an expression that is one; false for any other, and
// where computing it fails: that is to happen when the flow runs.
func constant(e *model.Expr) (any, bool) {
	switch {
	case e.Kind == model.Literal:
		return e.Value, true
	case e.Kind != model.Call || len(e.Args) == 0 || len(e.Args) > 2:
		return nil, false
	}
	values := make([]any, len(e.Args))
	for i, arg := range e.Args {
		value, ok := constant(arg)
		if !ok {
			return nil, false
		}
		values[i] = value
	}
	switch a := values[0].(type) {
	case int64:
		return computeInt(e.Overload, a, values[1:])
	case float64:
		return computeFloat(e.Overload, a, values[1:])
	case string:
		if e.Overload == "add_string" {
			return a + values[1].(string), true
		}
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
	case "add_int64":
		z.Add(x, y)
	case "subtract_int64":
		z.Sub(x, y)
	case "multiply_int64":
		z.Mul(x, y)
	case "negate_int64":
		z.Neg(x)
	case "divide_int64", "modulo_int64":
		if y.Sign() == 0 {
			return nil, false
		}
		quotient, remainder := new(big.Int).QuoRem(x, y, new(big.Int))
		if !quotient.IsInt64() {
			return nil, false
		}
		if z = quotient; overload == "modulo_int64" {
			z = remainder
		}
	case "int64_to_double":
		return float64(a), true
	default:
		return nil, false
	}
	return z.Int64(), z.IsInt64()
}

func computeFloat(overload string, a float64, rest []any) (any, bool) {
	if overload == "negate_double" {
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
	case "add_double":
		return a + b, true
	case "subtract_double":
		return a - b, true
	case "multiply_double":
		return a * b, true
	case "divide_double":
		return a / b, true
	}
	return nil, false
}

// literal is a constant in Go.
func literal(value any) goExpr {
	var text string
	e := goExpr{prec: precPrimary}
	switch v := value.(type) {
	case bool:
		text = strconv.FormatBool(v)
	case int64:
		text = strconv.FormatInt(v, 10)
		e.integer = true
		if v < 0 {
			e.prec = precUnary
		}
	case float64:
		return float(v)
	case string:
		text = strconv.Quote(v)
	case time.Time:
		return moment(v)
	case time.Duration:
		length := duration(v)
		return call(goExpr{code: inFlow("Duration"), width: len("flow.Duration")}, primary(length, width(length)))
	case []byte:
		text = "[]byte(" + strconv.Quote(string(v)) + ")"
	}
	e.code, e.width = jen.Id(text), utf8.RuneCountInString(text)
	return e
}

// moment is a constant time.
func moment(t time.Time) goExpr {
	args := []goExpr{literal(int64(t.Year())), name("time." + t.Month().String())}
	args[1].code = jen.Qual("time", t.Month().String())
	for _, part := range []int{t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()} {
		args = append(args, literal(int64(part)))
	}
	args = append(args, goExpr{code: jen.Qual("time", "UTC"), prec: precPrimary, width: len("time.UTC")})
	return call(goExpr{code: jen.Qual("time", "Date"), width: len("time.Date")}, args...)
}

// float is a float constant: with a point or an exponent, so that nobody takes
// it for an integer, and with every bit, which Go's constants do not have for
// the negative zero and for what is no number.
func float(f float64) goExpr {
	switch {
	case math.IsNaN(f):
		return primary(jen.Qual("math", "NaN").Call(), len("math.NaN()"))
	case math.IsInf(f, 0):
		return primary(jen.Qual("math", "Inf").Call(jen.Id(signOf(f))), len("math.Inf(+1)"))
	case f == 0 && math.Signbit(f):
		return primary(jen.Qual("math", "Copysign").Call(jen.Lit(0), jen.Lit(-1)), len("math.Copysign(0, -1)"))
	}
	text := floatLiteral(f)
	e := primary(jen.Id(text), len(text))
	if f < 0 {
		e.prec = precUnary
	}
	return e
}

func signOf(f float64) string {
	if f < 0 {
		return "-1"
	}
	return "1"
}

// floatLiteral is a float as people write it, exactly, and not as an integer.
func floatLiteral(f float64) string {
	const plainFrom, plainBelow = 1e-5, 1e15
	if size := math.Abs(f); size != 0 && (size < plainFrom || size >= plainBelow) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
