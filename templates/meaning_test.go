package templates_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cel.dev/cel-go/cel"
	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/schema/model"
)

// expressions draws expressions of a type that read the fields of meaningInput.
// Some fail.
type expressions struct{ depth int }

var operandLetter = regexp.MustCompile(`\b[IFBSTDLn]\b`)

var operandKinds = map[string]model.Kind{
	"I": model.Int, "F": model.Float, "B": model.Bool, "S": model.String,
	"T": model.Time, "D": model.Duration, "L": model.List,
}

func (x expressions) of(t *rapid.T, k model.Kind) string {
	leaves := map[model.Kind][]string{
		model.Int:      {"input.a", "input.b", "input.zero", "0", "1", "-7", "9223372036854775807", "size(input.s)", "size(input.l)", "input.m.size()"},
		model.Float:    {"input.x", "input.y", "0.0", "2.5", "-1e3", "double(input.a)"},
		model.Bool:     {"input.yes", "input.no", "true", "false"},
		model.String:   {"input.s", `"a"`, `""`, `"\u00e9\""`, `"12"`, `"true"`, `"("`},
		model.Time:     {"input.t", "input.u", `timestamp("2024-02-29T23:59:59.123456789Z")`},
		model.Duration: {"input.d", "input.e", `duration("-1h30m0.5s")`, `duration("1h")`},
		model.List:     {"input.l", "[1, 2]", "[input.a]"},
	}
	if x.depth == 0 {
		return rapid.SampledFrom(leaves[k]).Draw(t, "leaf")
	}
	y := expressions{x.depth - 1}
	// one chooses among templates, in which a letter by itself stands for an operand.
	one := func(templates ...string) string {
		return operandLetter.ReplaceAllStringFunc(rapid.SampledFrom(templates).Draw(t, "operator"), func(letter string) string {
			if letter == "n" { // a name of its own for each macro around others
				return fmt.Sprintf("n%d", x.depth)
			}
			return y.of(t, operandKinds[letter])
		})
	}
	switch k {
	case model.Int:
		return one("(I + I)", "(I - I)", "(I * I)", "(I / I)", "(I % I)", "-(I)", "L[I]", "size(L)", "size(S)", "(B ? I : I)",
			`input.m[S]`, "int(F)", "I", "int(S)", "int(string(I))", "int(T)", "D.getHours()", "D.getMinutes()", "D.getSeconds()", "D.getMilliseconds()",
			"T.getFullYear()", "T.getMonth()", "T.getDate()", "T.getDayOfMonth()", "T.getDayOfWeek()", "T.getDayOfYear()",
			"T.getHours()", "T.getMinutes()", "T.getSeconds()", "T.getMilliseconds()")
	case model.Float:
		return one("(F + F)", "(F - F)", "(F * F)", "(F / F)", "-(F)", "double(I)", "(B ? F : F)", "F", "double(S)", "double(string(F))")
	case model.Bool:
		return one("(B && B)", "(B || B)", "(B && B && B)", "(B || B || B)", "!(B)", "(B ? B : B)", "(I < I)", "(I >= F)", "(F > I)", "(F <= F)",
			"(I == I)", "(F != F)", "(S < S)", "(S == S)", "(B == B)", "(B < B)", "(T < T)", "(T >= T)", "(T == T)", "(D <= D)", "(L == L)", "(L != L)",
			"(I in L)", "(S in input.m)", "(T in [T, T])", "S.contains(S)", "S.startsWith(S)", "S.endsWith(S)", "S.matches('^[a-z0]*$')", "S.matches(S + '')",
			"matches(S, '\u00e9|tr')", "bool(S)", "bool(string(B))",
			"L.all(n, n > I)", "L.all(n, I / n > I || B)", "L.exists(n, n <= F)", "L.exists(n, I % n == I)", "L.exists_one(n, n == I)", "L.exists_one(n, I / n == 0)",
			"input.m.exists(n, n == S)", "input.m.all(n, input.m[n] > I)", "L.all(n, L.exists(inner, inner >= n && B))")
	case model.String:
		return one("(S + S)", "(B ? S : S)", "S", "string(I)", "string(F)", "string(B)", "string(T)", "string(D)", "string(bytes(S))")
	case model.Time:
		return one("(T + D)", "(D + T)", "(T - D)", "(B ? T : T)", "T")
	case model.Duration:
		return one("(T - T)", "(D + D)", "(D - D)", "(B ? D : D)", "D")
	default:
		return one("L.map(n, n + I)", "L.map(n, n != I, I / n)", "L.filter(n, n > I)", "L.filter(n, I / n > 0)", "L.map(n, n in L, size(L.filter(inner, inner < n)))", "(L + L)", "[I, I]", "(B ? L : L)", "L")
	}
}

const meaningTypes = "{a: int, b: int, zero: int, x: float, y: float, yes: bool, no: bool, s: string, " +
	"l: list<int>, m: map<int>, t: time, u: time, d: duration, e: duration}"

const meaningInput = `{"a": 17, "b": -5, "zero": 0, "x": 1.5, "y": -0.25, "yes": true, "no": false, "s": "é",
	"l": [3, 1, 2], "m": {"a": 1, "é": 2}, "t": "2026-03-01T12:00:00Z", "u": "9999-12-31T23:00:00+01:00", "d": "90m", "e": "2000000h"}`

// meaningVariables is meaningInput as CEL reads it.
func meaningVariables(t *testing.T) map[string]any {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment.UTC() // a time of the language has no zone; CEL in Go would show that of the text
	}
	return map[string]any{"input": map[string]any{
		"a": 17, "b": -5, "zero": 0, "x": 1.5, "y": -0.25, "yes": true, "no": false, "s": "é",
		"l": []int64{3, 1, 2}, "m": map[string]int64{"a": 1, "é": 2},
		"t": at("2026-03-01T12:00:00Z"), "u": at("9999-12-31T23:00:00+01:00"), "d": 90 * time.Minute, "e": 2_000_000 * time.Hour,
	}}
}

// TestExpressionsMeanWhatCELSays compiles expressions to Go, runs them, and
// holds their values against those that CEL's own interpreter computes.
func TestExpressionsMeanWhatCELSays(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	const count = 250
	specs := fstest.MapFS{}
	sources := map[string]string{}
	kinds := []model.Kind{model.Bool, model.Int, model.Float, model.String, model.Bool}
	for i := range count {
		name := fmt.Sprintf("f%d", i)
		kind := kinds[i%len(kinds)]
		draw := rapid.Custom(func(t *rapid.T) string { return expressions{1 + i%4}.of(t, kind) })
		sources[name] = draw.Example(i)
		quoted, err := json.Marshal(sources[name])
		if err != nil {
			t.Fatal(err)
		}
		specs[name+".flow.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"flow: %s\nversion: \"1.0\"\ninput: %s\nsteps: [{step: nothing, in: {}}]\noutput: {v: %s}\n", name, meaningTypes, quoted)}
	}
	histories := playFlows(t, specs, meaningInput)
	env, err := cel.NewEnv(cel.CrossTypeNumericComparisons(true), cel.Variable("input", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for name, source := range sources {
		want := interpret(t, env, source)
		got := outcomeOf(t, histories[name])
		if want == failure {
			failed++
		}
		if want != "" && got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
	if failed == 0 || failed > count/2 {
		t.Errorf("%d of %d expressions fail: too few or too many to tell much", failed, count)
	}
}

const failure = "it fails"

// interpret is what CEL makes of an expression; empty where the language
// differs on purpose: what is no number is not ordered by CEL, and refused as
// an output.
func interpret(t *testing.T, env *cel.Env, source string) string {
	tree, issues := env.Parse(source) // schema has checked the types
	if issues.Err() != nil {
		t.Fatalf("%s: %v", source, issues.Err())
	}
	program, err := env.Program(tree)
	if err != nil {
		t.Fatal(err)
	}
	value, _, err := program.Eval(meaningVariables(t))
	switch {
	case err != nil && strings.Contains(err.Error(), "NaN"):
		return ""
	case err != nil:
		return failure
	}
	if f, ok := value.Value().(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return ""
	}
	text, err := json.Marshal(value.Value())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// outcomeOf is the output in a history, in the form of interpret.
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
