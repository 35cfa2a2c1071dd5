package templates_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/model"
)

// This file holds generated Go against CEL's own interpreter: expressions and values
// are drawn, and both must come to the same result, or fail for the same reason.

// meaningVariables is an input as CEL reads it.
func meaningVariables(t *testing.T, in map[string]any) map[string]any {
	read := map[string]any{}
	for name, value := range in {
		switch value := value.(type) {
		case string:
			read[name] = inCEL(t, name, value)
		case []*int64:
			list := []any{}
			for _, element := range value {
				list = append(list, optionalInCEL(element))
			}
			read[name] = list
		case map[string]*int64:
			m := map[string]any{}
			for key, element := range value {
				m[key] = optionalInCEL(element)
			}
			read[name] = m
		default:
			read[name] = value
		}
	}
	return map[string]any{"input": read}
}

func inCEL(t *testing.T, name, value string) any {
	switch name {
	case "t", "u":
		moment, err := time.Parse(time.RFC3339, value)
		if err != nil {
			t.Fatal(err)
		}
		return moment.UTC() // a time of the language has no zone; CEL in Go would show that of the text
	case "d", "e":
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return value
}

func optionalInCEL(value *int64) any {
	if value == nil {
		return types.OptionalNone
	}
	return types.OptionalOf(types.Int(*value))
}

// TestExpressionsMeanWhatCELSays compiles expressions to Go, runs them with several
// inputs, and holds their values against those that CEL's own interpreter computes.
func TestExpressionsMeanWhatCELSays(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	const count, runs = 400, 6
	results := "BIFSOLPBM"
	specs := fstest.MapFS{}
	samples := map[string]sample{}
	for i := range count {
		name := fmt.Sprintf("f%d", i)
		sort := results[i%len(results)]
		drawn := rapid.Custom(func(t *rapid.T) sample { return expressions{1 + i%4}.of(t, sort) }).Example(i)
		quoted, err := json.Marshal(drawn.spec)
		if err != nil {
			t.Fatal(err)
		}
		samples[name] = drawn
		specs[name+".flow.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil, "flow: %s\nversion: \"1.0\"\nsteps: [{step: nothing, in: {}}]\noutput: {v: %s}\n", name, quoted)}
	}
	addMeaningTypes(specs)
	var inputs []map[string]any
	for i := range runs {
		inputs = append(inputs, rapid.Custom(drawInput).Example(i))
	}
	compareMeanings(t, samples, inputs, playInputs(t, specs, inputs))
}

// addMeaningTypes gives each flow the same input. The types are declared once.
func addMeaningTypes(specs fstest.MapFS) {
	declared, input, _ := strings.Cut(meaningTypes, "input: ")
	for _, file := range specs {
		file.Data = append(file.Data, "input: "+input...)
	}
	specs["all.types.yaml"] = &fstest.MapFile{Data: []byte(declared)}
}

func compareMeanings(t *testing.T, samples map[string]sample, inputs []map[string]any, histories map[string][]string) {
	env, err := cel.NewEnv(cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), cel.Macros(parser.ExistsOneMacroNew), cel.Variable("input", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		t.Fatal(err)
	}
	failed, compared := 0, 0
	for name, drawn := range samples {
		if len(histories[name]) != len(inputs) {
			t.Fatalf("%s ran %d times, want %d", name, len(histories[name]), len(inputs))
		}
		for i, in := range inputs {
			want := interpret(t, env, drawn.cel, meaningVariables(t, in))
			if want == "" {
				continue
			}
			got := resultOf(t, name, histories[name][i])
			compared++
			if strings.HasPrefix(want, failure) {
				failed++
			}
			if !sameOutcome(drawn, want, got) {
				t.Errorf("%s\n in CEL %s\n run as %s\n got %s\nwant %s", drawn.spec, drawn.cel, histories[name][i], got, want)
				break
			}
		}
	}
	if compared < 1000 || failed < compared/20 || failed > compared/2 {
		t.Errorf("%d of %d expressions fail: too few or too many to tell much", failed, compared)
	}
	t.Logf("compared %d values, of which %d failed", compared, failed)
}

// severalTimes is what computes an expression several times.
var severalTimes = regexp.MustCompile(`\.(all|exists|exists_one|existsOne|map|filter)\(`)

// sameOutcome compares the values, or the reasons why there are none. CEL goes over
// the keys of a map in any order, and tells the last reason of a filter, so that of
// several reasons it may be another.
func sameOutcome(drawn sample, want, got string) bool {
	if severalTimes.MatchString(drawn.cel) && strings.HasPrefix(want, failure) {
		return strings.HasPrefix(got, failure)
	}
	return want == got
}

const failure = "it fails"

// reasons are the words of CEL and of the runtime for why an expression fails.
var reasons = []struct{ reason, inCEL, inGo string }{
	{"division by zero", "division by zero", "division by zero"},
	{"division by zero", "modulus by zero", "division by zero"},
	{"index", "index out of bounds", "the index is out of range"},
	{"key", "no such key", "the map has no such key"},
	{"pattern", "error parsing regexp", "the pattern is not a valid regular expression"},
	{"zone", "unknown time zone", "there is no such time zone"},
	{"zone", "timezone offset", "there is no such time zone"},
	{"conversion", "type conversion error", "the text is not"},
	{"conversion", "invalid RFC 3339", "the text is not a time"},
	{"overflow", "integer overflow", "the result is too large for an integer"},
	{"overflow", "timestamp overflow", "the time is not in the years 1 to 9999"},
	{"overflow", "overflow", "the duration between the times is too long"},
}

func reasonInCEL(t *testing.T, err error) string {
	for _, r := range reasons {
		if strings.Contains(err.Error(), r.inCEL) {
			return failure + ": " + r.reason
		}
	}
	t.Errorf("CEL fails for a reason that is not known: %v", err)
	return failure
}

func reasonInGo(t *testing.T, message string) string {
	for _, r := range reasons {
		if strings.Contains(message, r.inGo) {
			return failure + ": " + r.reason
		}
	}
	t.Errorf("the flow fails for a reason that is not known: %s", message)
	return failure
}

// interpret is what CEL makes of an expression; empty where the language
// differs on purpose: what is no number is not ordered by CEL, and refused as
// an output.
func interpret(t *testing.T, env *cel.Env, source string, variables map[string]any) string {
	tree, issues := env.Parse(source) // schema has checked the types
	if issues.Err() != nil {
		t.Fatalf("%s: %v", source, issues.Err())
	}
	program, err := env.Program(tree)
	if err != nil {
		t.Fatal(err)
	}
	value, _, err := program.Eval(variables)
	switch {
	case err != nil && strings.Contains(err.Error(), "NaN"):
		return ""
	case err != nil:
		return reasonInCEL(t, err)
	}
	native := value.Value()
	switch value.Type() {
	case types.ListType:
		native, err = value.ConvertToNative(reflect.TypeFor[[]int64]())
	case types.MapType:
		native, err = value.ConvertToNative(reflect.TypeFor[map[string]int64]())
	}
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	if f, ok := native.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return ""
	}
	text, err := json.Marshal(native)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// resultOf is the output in a history, in the form of interpret, or the reason for a
// failure, which names the file and the line of the expression.
func resultOf(t *testing.T, name, history string) string {
	outcome := outcomeOf(t, history)
	if outcome != failure {
		return outcome
	}
	_, message, _ := strings.Cut(history, "\n  error: ")
	if !strings.HasPrefix(message, name+".flow.yaml:4: ") {
		t.Errorf("the failure does not say where the expression is: %s", history)
	}
	return reasonInGo(t, message)
}

// outcomeOf is the output in a history.
func outcomeOf(t *testing.T, history string) string {
	_, output, ok := strings.Cut(history, "\n  output: ")
	if !ok {
		return failure
	}
	var out struct{ V any }
	decoder := json.NewDecoder(strings.NewReader(output))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("%q: %v", history, err)
	}
	text, err := json.Marshal(out.V)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// playInputs runs each flow once with each input, and returns the histories.
func playInputs(t *testing.T, specs fstest.MapFS, inputs []map[string]any) map[string][]string {
	pkg, files := compile(t, schema.Options{Package: "flows"}, specs)
	sources := map[string][]byte{
		"main.go":      mainProgram([]*golden{{name: "flows"}}),
		"flows/run.go": inputsProgram(t, pkg, inputs),
	}
	for name, content := range files {
		sources["flows/"+name] = content
	}
	program := buildProgram(t, sources)
	histories := map[string][]string{}
	for history := range strings.SplitSeq(string(run(t, ".", program, t.TempDir())), "\nf") {
		name, rest, _ := strings.Cut(history, " ")
		histories["f"+name] = append(histories["f"+name], rest)
	}
	return histories
}

// inputsProgram runs flows with one step, which does nothing, once with each input.
func inputsProgram(t *testing.T, pkg *model.Package, inputs []map[string]any) []byte {
	list, err := json.Marshal(inputs)
	if err != nil {
		t.Fatal(err)
	}
	var registers, runs strings.Builder
	for _, fl := range pkg.Flows {
		fmt.Fprintf(&registers, "Register%s(rt, handlers[%s]{}),\n", fl.GoName, fl.Steps[0].In.GoName)
		fmt.Fprintf(&runs, "runAll(s, Start%s)\n", fl.GoName)
	}
	return fmt.Appendf(nil, `package flows

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/testdata/gen/golden"
)

type handlers[In any] struct{}

func (handlers[In]) Nothing(context.Context, In) error { return nil }

func runAll[In, Out any](s *golden.Session, start func(context.Context, In, ...runtime.StartOption) (*runtime.Run[Out], error)) {
	var inputs []In
	if err := json.Unmarshal([]byte(%q), &inputs); err != nil {
		panic(err)
	}
	for _, in := range inputs {
		golden.Run(s, start, in)
	}
}

func Register(rt *runtime.Runtime) error {
	return errors.Join(
%s)
}

func Run(s *golden.Session) {
%s}
`, list, registers.String(), runs.String())
}
