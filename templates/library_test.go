package templates_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/templates"
)

// leftOut are the functions of CEL that the language does without on purpose, and those
// that are CEL's own.
var leftOut = []string{
	"type", "dyn", "uint", "value",
	operators.NotStrictlyFalse, "__not_strictly_false__", operators.OldIn, overloads.DeprecatedIn,
	operators.OptSelect, // its type checker knows it by itself; it is in the tests of optional values
}

// leftOutOverloads are those of other functions.
var leftOutOverloads = []string{"duration_to_int64"}

// TestAllOfCEL calls each function of CEL's library with operands of each type that it
// takes: it is compiled, or left out on purpose.
func TestAllOfCEL(t *testing.T) {
	library, err := cel.NewCustomEnv(cel.StdLib(), cel.OptionalTypes())
	if err != nil {
		t.Fatal(err)
	}
	called := 0
	for name, function := range library.Functions() {
		if slices.Contains(leftOut, name) {
			continue
		}
		for _, overload := range function.OverloadDecls() {
			expression, ok := callOf(name, overload)
			if !ok {
				continue
			}
			called++
			err := generate(expression)
			if isLeftOut := slices.Contains(leftOutOverloads, overload.ID()); (err != nil) != isLeftOut {
				t.Errorf("%s, %s: %v", overload.ID(), expression, err)
			}
		}
	}
	if called < 130 {
		t.Errorf("called %d overloads only", called)
	}
}

// callOf is a call of an overload; false if it is about unsigned numbers.
func callOf(function string, overload *decls.OverloadDecl) (string, bool) {
	var args []string
	for _, t := range overload.ArgTypes() {
		if t.Kind() == types.UintKind {
			return "", false
		}
		args = append(args, "input."+fieldOf(t))
	}
	switch sign, isOperator := operators.FindReverse(function); {
	case function == operators.Index:
		return args[0] + "[" + args[1] + "]", true
	case function == operators.OptIndex:
		return args[0] + "[?" + args[1] + "]", true
	case function == operators.Conditional:
		return args[0] + " ? " + args[1] + " : " + args[2], true
	case isOperator && sign != "" && len(args) == 1:
		return sign + args[0], true
	case isOperator && sign != "":
		return args[0] + " " + sign + " " + args[1], true
	case function == "optional.none":
		return "optional.none().or(input.o)", true
	case overload.IsMemberFunction():
		return args[0] + "." + function + "(" + strings.Join(args[1:], ", ") + ")", true
	}
	return function + "(" + strings.Join(args, ", ") + ")", true
}

// fieldOf is the field of libraryInput for a type, in which parameters are strings.
func fieldOf(t *types.Type) string {
	if isOptional(t) {
		return map[types.Kind]string{types.ListKind: "ol", types.MapKind: "om"}[t.Parameters()[0].Kind()] + "o"
	}
	switch t.Kind() {
	case types.ListKind:
		if isOptional(t.Parameters()[0]) {
			return "lo"
		}
		return "l"
	default:
		return map[types.Kind]string{
			types.BoolKind: "b", types.IntKind: "i", types.DoubleKind: "f", types.StringKind: "s", types.BytesKind: "raw",
			types.TimestampKind: "t", types.DurationKind: "d", types.MapKind: "m", types.TypeParamKind: "s",
		}[t.Kind()]
	}
}

func isOptional(t *types.Type) bool { return t.TypeName() == types.OptionalType.TypeName() }

const libraryInput = "{b: bool, i: int, f: float, s: string, raw: bytes, t: time, d: duration, l: list<string>, m: map<string>, " +
	"o: optional<string>, olo: optional<list<string>>, omo: optional<map<string>>, lo: list<optional<string>>}"

// generate is what is wrong with an expression, or with the Go of it.
func generate(expression string) error {
	spec := fmt.Sprintf("flow: f\nversion: \"1.0\"\ninput: %s\nsteps:\n  - step: s\n    in: {x: %q}\n", libraryInput, expression)
	pkg, diagnostics := schema.Load(fstest.MapFS{"f.flow.yaml": {Data: []byte(spec)}}, schema.Options{Package: "f", Dir: "."})
	if len(diagnostics) > 0 {
		return fmt.Errorf("it is refused: %s", diagnostics)
	}
	files, err := templates.Go(pkg)
	if err != nil {
		return err
	}
	if strings.Contains(string(files[0].Content), "X: nil") {
		return fmt.Errorf("it has no Go")
	}
	return nil
}
