// What each operator of the language is in Go, by the overload that CEL's type
// checker chose for it. (The names are those of cel-go's common/overloads.)

package templates

import (
	"reflect"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// operator compiles a call.
type operator func(sc *scope, e *model.Expr) goExpr

// operatorOf is the operator of an overload; false if the language has none
// such.
func operatorOf(overload string) (operator, bool) {
	if op, ok := infixes[overload]; ok {
		return infixOf(op.sign, op.prec), true
	}
	if function, ok := failing[overload]; ok {
		return planned(function), true
	}
	if op, ok := orderOf(overload); ok {
		return op, true
	}
	if op, ok := sizeOf(overload); ok {
		return op, true
	}
	if op, ok := textOf(overload); ok {
		return op, true
	}
	if op, ok := conversionOf(overload); ok {
		return op, true
	}
	if op, ok := partOf(overload); ok {
		return op, true
	}
	switch overload {
	case "conditional":
		return conditional, true
	case "logical_and":
		return logical("&&", precAnd, "And"), true
	case "logical_or":
		return logical("||", precOr, "Or"), true
	case "logical_not":
		return logicalNot, true
	case "equals":
		return equals, true
	case "not_equals":
		return notEquals, true
	case "add_bytes", "add_list":
		return concat, true
	case "negate_double":
		return negateFloat, true
	case "in_list":
		return inList, true
	case "string_to_enum":
		return parseEnum, true
	case "in_map":
		return inMap, true
	}
	return optionalOf(overload)
}

// infixes are the operators that Go has too, with the same meaning.
var infixes = map[string]struct {
	sign string
	prec int
}{
	"add_string":      {"+", precAdd},
	"add_double":      {"+", precAdd},
	"subtract_double": {"-", precAdd},
	"multiply_double": {"*", precMul},
	"divide_double":   {"/", precMul},
}

// failing are the operators that can fail, with their functions in runtime/flow.
var failing = map[string]string{
	"add_int64":        "Add",
	"subtract_int64":   "Sub",
	"multiply_int64":   "Mul",
	"divide_int64":     "Div",
	"modulo_int64":     "Mod",
	"negate_int64":     "Neg",
	"double_to_int64":  "Int",
	"string_to_int64":  "ParseInt",
	"string_to_double": "ParseFloat",
	"string_to_bool":   "ParseBool",
	"bytes_to_string":  "Text",

	"string_to_duration":  "ParseDuration",
	"string_to_timestamp": "ParseTime",
	"int64_to_timestamp":  "UnixTime",

	"add_duration_duration":        "Add",
	"subtract_duration_duration":   "Sub",
	"add_timestamp_duration":       "AddTime",
	"add_duration_timestamp":       "AddTime",
	"subtract_timestamp_duration":  "SubTime",
	"subtract_timestamp_timestamp": "Between",

	"index_list": "Index",
	"index_map":  "Key",
}

// orderOf is the operator of an order, such as less_equals_int64.
func orderOf(overload string) (operator, bool) {
	for _, order := range []struct{ prefix, sign string }{
		{"less_equals_", "<="}, {"greater_equals_", ">="}, {"less_", "<"}, {"greater_", ">"},
	} {
		operands, ok := strings.CutPrefix(overload, order.prefix)
		if !ok {
			continue
		}
		switch operands {
		case "int64", "double", "string", "duration":
			return infixOf(order.sign, precCompare), true
		case "bool":
			return ordered(order.sign, inFlow("CompareBool"), len("flow.CompareBool")), true
		case "bytes":
			return ordered(order.sign, jen.Qual("bytes", "Compare"), len("bytes.Compare")), true
		case "int64_double", "double_int64":
			return mixed(order.sign), true
		case "timestamp":
			return timeOrder(order.sign), true
		}
	}
	return nil, false
}

// infixOf is an operator that Go has too, with the same meaning.
func infixOf(sign string, prec int) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		a, b := natively(compile(sc, e.Args[0]), compile(sc, e.Args[1]), prec)
		return binary(sign, prec, a, b)
	}
}

// natively is the operands of a comparison without conversions that only a
// machine would write: a size is compared with a constant, or another size, as
// the int that it is.
func natively(a, b goExpr, prec int) (goExpr, goExpr) {
	switch {
	case prec != precCompare:
	case a.native != nil && b.native != nil:
		return *a.native, *b.native
	case a.native != nil && b.integer && b.small():
		return *a.native, b
	case b.native != nil && a.integer && a.small():
		return a, *b.native
	}
	return a, b
}

// small says that an integer constant is an int on every machine.
func (e goExpr) small() bool { return e.width <= len("999999999") }

// planned is a call of a function that can fail.
func planned(function string) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		args := compileAll(sc, e.Args)
		constants := !slices.ContainsFunc(args, func(arg goExpr) bool { return !arg.integer })
		if constants && (function == "Add" || function == "Sub") {
			// Constants that do not overflow were computed already.
			args[0] = conversion("int64", args[0])
		}
		if e.Overload == "add_duration_timestamp" {
			slices.Reverse(args)
		}
		return planCall(function, args...)
	}
}

// ordered is an order by a function in the manner of cmp.Compare.
func ordered(sign string, function *jen.Statement, width int) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		compared := call(goExpr{code: function, width: width}, compile(sc, e.Args[0]), compile(sc, e.Args[1]))
		return binary(sign, precCompare, compared, literal(int64(0)))
	}
}

// exactInt is the largest integer up to which all are floats too.
const exactInt = 1 << 53

// mixed compares an integer with a float. Go does so by itself where the integer
// is a constant that a float can hold.
func mixed(sign string) operator {
	mirrored := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}
	return func(sc *scope, e *model.Expr) goExpr {
		i, f := e.Args[0], e.Args[1]
		if n, ok := constant(i); ok && exact(n) {
			return binary(sign, precCompare, compile(sc, i), compile(sc, f))
		}
		if n, ok := constant(f); ok && exact(n) {
			return binary(sign, precCompare, compile(sc, i), compile(sc, f))
		}
		order := sign
		if i.Type.Kind == model.Float {
			i, f, order = f, i, mirrored[sign]
		}
		return binary(order, precCompare, flowCall("CompareIntFloat", compile(sc, i), compile(sc, f)), literal(int64(0)))
	}
}

func exact(constant any) bool {
	n, ok := constant.(int64)
	return ok && -exactInt <= n && n <= exactInt
}

// timeOrder is an order of times, which have no "at most" in Go.
func timeOrder(sign string) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		a, b := compile(sc, e.Args[0]), compile(sc, e.Args[1])
		switch sign {
		case "<":
			return methodCall(a, "Before", b)
		case "<=":
			return not(methodCall(a, "After", b))
		case ">":
			return methodCall(a, "After", b)
		default:
			return not(methodCall(a, "Before", b))
		}
	}
}

func methodCall(receiver goExpr, method string, args ...goExpr) goExpr {
	receiver = operand(receiver, precPrimary)
	return call(dot(receiver, method), args...)
}

func equals(sc *scope, e *model.Expr) goExpr {
	a, b := compile(sc, e.Args[0]), compile(sc, e.Args[1])
	switch e.Args[0].Type.Kind {
	case model.Bool, model.Int, model.Float, model.String, model.Enum, model.Duration:
		return infixOf("==", precCompare)(sc, e)
	case model.Time:
		return methodCall(a, "Equal", b)
	case model.Bytes:
		return call(goExpr{code: jen.Qual("bytes", "Equal"), width: len("bytes.Equal")}, a, b)
	default:
		return flowCall("Equal", a, b)
	}
}

func notEquals(sc *scope, e *model.Expr) goExpr {
	switch e.Args[0].Type.Kind {
	case model.Bool, model.Int, model.Float, model.String, model.Enum, model.Duration:
		return infixOf("!=", precCompare)(sc, e)
	default:
		return not(equals(sc, e))
	}
}

func logicalNot(sc *scope, e *model.Expr) goExpr { return not(compile(sc, e.Args[0])) }

// logical is && or ||, by Go's operator where that means the same: an operand that
// fails must not hide that another one decides.
func logical(sign string, prec int, function string) operator {
	return func(sc *scope, e *model.Expr) goExpr {
		all := operands(e)
		if slices.ContainsFunc(all[:len(all)-1], func(arg *model.Expr) bool { return arg.Fallible }) {
			args := make([]goExpr, len(all))
			for i, arg := range all {
				args[i] = lazily(sc, arg)
			}
			return planCall(function, args...)
		}
		return chain(sc, sign, prec, all)
	}
}

// chain is a sequence of one logical operator. An operand that was there before
// is left out: go vet takes it for a slip.
func chain(sc *scope, sign string, prec int, all []*model.Expr) goExpr {
	result := operand(compile(sc, all[0]), prec)
	seen := map[int][]goExpr{result.width: {result}} // by their widths, so that few are compared
	for _, arg := range all[1:] {
		next := operand(compile(sc, arg), prec)
		isNext := func(other goExpr) bool { return reflect.DeepEqual(next.code, other.code) }
		if slices.ContainsFunc(seen[next.width], isNext) {
			continue
		}
		result = infix(sign, prec, result, next)
		seen[next.width] = append(seen[next.width], next)
	}
	return result
}

// operands are those of a sequence of one logical operator, however it is
// grouped: it means the same.
func operands(e *model.Expr) []*model.Expr {
	var list []*model.Expr
	for _, arg := range e.Args {
		if arg.Kind == model.Call && arg.Overload == e.Overload {
			list = append(list, operands(arg)...)
		} else {
			list = append(list, arg)
		}
	}
	return list
}

// conditional computes a value that can fail only if it is chosen.
func conditional(sc *scope, e *model.Expr) goExpr {
	condition, then, otherwise := e.Args[0], e.Args[1], e.Args[2]
	if then.Fallible || otherwise.Fallible {
		return flowCall("IfFunc", compile(sc, condition), lazily(sc, then), lazily(sc, otherwise))
	}
	a, b := compile(sc, then), compile(sc, otherwise)
	if a.integer && b.integer {
		a = conversion("int64", a)
	}
	return flowCall("If", compile(sc, condition), a, b)
}

// concat joins lists; a chain of them is one call.
func concat(sc *scope, e *model.Expr) goExpr {
	var parts []goExpr
	var collect func(part *model.Expr)
	collect = func(part *model.Expr) {
		if part.Kind == model.Call && part.Overload == e.Overload {
			collect(part.Args[0])
			collect(part.Args[1])
			return
		}
		parts = append(parts, compile(sc, part))
	}
	collect(e)
	return flowCall("Concat", parts...)
}

func negateFloat(sc *scope, e *model.Expr) goExpr {
	return prefixed("-", operand(compile(sc, e.Args[0]), precPrimary))
}

// inList is whether a value is in a list.
func inList(sc *scope, e *model.Expr) goExpr {
	list, value := compile(sc, e.Args[1]), compile(sc, e.Args[0])
	switch e.Args[0].Type.Kind {
	case model.Bool, model.Int, model.Float, model.String, model.Enum, model.Duration:
		return call(goExpr{code: jen.Qual("slices", "Contains"), width: len("slices.Contains")}, list, value)
	default:
		return flowCall("In", list, value)
	}
}

// inMap is whether a key is in a map.
func inMap(sc *scope, e *model.Expr) goExpr {
	return flowCall("HasKey", compile(sc, e.Args[1]), compile(sc, e.Args[0]))
}
