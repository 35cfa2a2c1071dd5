// Constants in Go.

package templates

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// constant is the value of an expression that is one; false for any other.
// Those of the spec were computed when they were checked.
func constant(e *model.Expr) (any, bool) { return e.Value, e.Kind == model.Literal }

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
