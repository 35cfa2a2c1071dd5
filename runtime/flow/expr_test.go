package flow

import (
	"cmp"
	"encoding/json"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// outcome is what became of one side of a logical operator.
type outcome struct {
	value bool
	fails bool
}

func (o outcome) on(p *Plan, message string) func() bool {
	return func() bool {
		if o.fails {
			p.failed(message)
		}
		return o.value && !o.fails
	}
}

func TestLogicalOperators(t *testing.T) {
	yes, no, bad := outcome{value: true}, outcome{}, outcome{fails: true}
	tests := []struct {
		a, b    outcome
		and, or outcome
	}{
		{yes, yes, yes, yes},
		{yes, no, no, yes},
		{no, yes, no, yes},
		{no, no, no, no},
		{bad, yes, bad, yes}, // the other side decides
		{bad, no, no, bad},
		{yes, bad, bad, yes},
		{no, bad, no, bad},
		{bad, bad, bad, bad},
	}
	for _, test := range tests {
		for name, op := range map[string]struct {
			call func(*Plan, ...func() bool) bool
			want outcome
		}{"And": {And, test.and}, "Or": {Or, test.or}} {
			p := new(Plan)
			got := op.call(p, test.a.on(p, "left"), test.b.on(p, "right"))
			if failed := p.err != nil; failed != op.want.fails {
				t.Errorf("%s(%+v, %+v) failed: %v, want %v", name, test.a, test.b, failed, op.want.fails)
			} else if !failed && got != op.want.value {
				t.Errorf("%s(%+v, %+v) = %v, want %v", name, test.a, test.b, got, op.want.value)
			}
		}
	}
}

func TestLogicalOperatorsReportTheLeftFailure(t *testing.T) {
	p := new(Plan)
	bad := outcome{fails: true}
	Or(p, bad.on(p, "left"), bad.on(p, "right"))
	if p.err.Message != "left" {
		t.Errorf("got %q, want that of the left side", p.err.Message)
	}
}

func TestLogicalOperatorsKeepAnEarlierFailure(t *testing.T) {
	p := new(Plan)
	p.failed("before")
	bad := outcome{fails: true}
	Or(p, bad.on(p, "left"), outcome{value: true}.on(p, "right"))
	if p.err == nil || p.err.Message != "before" {
		t.Errorf("got %v, want the failure from before", p.err)
	}
}

func TestAtTellsThePlaceOnce(t *testing.T) {
	p := new(Plan)
	at := func(place string, b int64) int64 {
		return At(p, place, func() int64 { return Div(p, 6, b) })
	}
	if got := at("a.flow.yaml:1: 6 / b", 2); got != 3 || p.err != nil {
		t.Errorf("got %d and failure %v", got, p.err)
	}
	at("a.flow.yaml:2: 6 / b", 0)
	at("a.flow.yaml:3: 6 / b", 0)
	if want := "a.flow.yaml:2: 6 / b: division by zero"; p.err == nil || p.err.Message != want {
		t.Errorf("got failure %v, want %s", p.err, want)
	}
}

func TestConditionalComputesOneSide(t *testing.T) {
	p := new(Plan)
	got := IfFunc(true, func() int64 { return 1 }, func() int64 { return Div(p, 1, 0) })
	if got != 1 || p.err != nil {
		t.Errorf("got %d and failure %v", got, p.err)
	}
	if got := If(false, "a", "b"); got != "b" {
		t.Errorf("got %q, want the second value", got)
	}
}

// TestIntegerArithmetic holds the operators against integers without a limit.
func TestIntegerArithmetic(t *testing.T) {
	type operator struct {
		checked func(p *Plan, a, b int64) int64
		exact   func(z, x, y *big.Int) *big.Int
		divides bool
	}
	operators := map[string]operator{
		"add": {Add[int64], (*big.Int).Add, false},
		"sub": {Sub[int64], (*big.Int).Sub, false},
		"mul": {Mul, (*big.Int).Mul, false},
		"div": {Div, (*big.Int).Quo, true},
		"mod": {Mod, (*big.Int).Rem, true},
	}
	edges := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -2, -1, 0, 1, 2, math.MaxInt64 - 1, math.MaxInt64})
	number := rapid.OneOf(edges, rapid.Int64(), rapid.Int64Range(-100, 100))
	for name, op := range operators {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			a, b := number.Draw(t, "a"), number.Draw(t, "b")
			p := new(Plan)
			got := op.checked(p, a, b)
			if op.divides && b == 0 {
				if p.err == nil {
					t.Fatal("division by zero did not fail")
				}
				return
			}
			want := op.exact(new(big.Int), big.NewInt(a), big.NewInt(b))
			// The smallest integer modulo -1 is 0, but fails like the division.
			fits := want.IsInt64() && !(op.divides && a == math.MinInt64 && b == -1)
			if fits != (p.err == nil) {
				t.Fatalf("failure %v, but the exact result is %v", p.err, want)
			}
			if fits && got != want.Int64() {
				t.Fatalf("got %d, want %v", got, want)
			}
		}))
	}
}

func TestNegation(t *testing.T) {
	p := new(Plan)
	if got := Neg(p, math.MaxInt64); got != -math.MaxInt64 || p.err != nil {
		t.Errorf("got %d and failure %v", got, p.err)
	}
	Neg(p, math.MinInt64)
	if p.err == nil {
		t.Error("the negative of the smallest integer did not fail")
	}
}

func TestInt(t *testing.T) {
	for f, want := range map[float64]int64{0: 0, 2.9: 2, -2.9: -2, -1 << 62: -1 << 62} {
		p := new(Plan)
		if got := Int(p, f); got != want || p.err != nil {
			t.Errorf("Int(%v) = %d with failure %v, want %d", f, got, p.err, want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), beyondInt, minInt} {
		p := new(Plan)
		if Int(p, f); p.err == nil {
			t.Errorf("Int(%v) did not fail", f)
		}
	}
}

// TestCompareIntFloat holds the comparison against exact fractions.
func TestCompareIntFloat(t *testing.T) {
	t.Run("exact", rapid.MakeCheck(func(t *rapid.T) {
		i := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, 0, 1<<53 + 1, math.MaxInt64})).Draw(t, "i")
		f := rapid.OneOf(rapid.Float64(), rapid.Just(float64(i)), rapid.Just(float64(i)+0.5),
			rapid.SampledFrom([]float64{minInt, beyondInt, math.Inf(1), math.Inf(-1)})).Draw(t, "f")
		want := new(big.Float).SetInt64(i).Cmp(new(big.Float).SetFloat64(f))
		if got := CompareIntFloat(i, f); cmp.Compare(got, 0) != want {
			t.Fatalf("got %v, want the sign of %d", got, want)
		}
	}))
	nan := CompareIntFloat(1, math.NaN())
	if nan < 0 || nan == 0 || nan > 0 {
		t.Errorf("a comparison with NaN holds: %v", nan)
	}
}

func TestCompareBool(t *testing.T) {
	if CompareBool(false, true) >= 0 || CompareBool(true, false) <= 0 || CompareBool(true, true) != 0 {
		t.Error("false is to be less than true")
	}
}

func TestIndexAndKey(t *testing.T) {
	list, m := []string{"a", "b"}, map[string]int64{"x": 7}
	p := new(Plan)
	if Index(p, list, 1) != "b" || Key(p, m, "x") != 7 || p.err != nil {
		t.Errorf("did not find what is there: %v", p.err)
	}
	for _, i := range []int64{-1, 2, math.MinInt64, math.MaxInt64} {
		p := new(Plan)
		if got := Index(p, list, i); got != "" || p.err == nil {
			t.Errorf("Index(%d) = %q with failure %v", i, got, p.err)
		} else if want := "the index is out of range: the list's length is 2"; p.err.Message != want {
			t.Errorf("got %q, want %q", p.err.Message, want)
		}
	}
	if Key(p, m, "secret"); p.err == nil || p.err.Message != "the map has no such key" {
		t.Errorf("got failure %v", p.err)
	}
}

func TestConcatNeverAliases(t *testing.T) {
	a := make([]int64, 1, 10)
	joined := Concat(a, []int64{2})
	joined[0] = 7
	if a[0] != 0 || a[:2][1] != 0 {
		t.Error("the list shares its elements with the one that it was made of")
	}
	if Concat[int64](nil, nil) == nil {
		t.Error("an empty list is to be one, not nil")
	}
}

type address struct {
	City *string
	At   time.Time
	Tags map[string][]float64
}

func TestOptionals(t *testing.T) {
	city := "Paris"
	here, nowhere := &address{City: &city}, (*address)(nil)
	readCity := func(a *address) *string { return a.City }
	readAt := func(a *address) time.Time { return a.At }
	if got := OrValue(GetOptional(here, readCity), "?"); got != "Paris" {
		t.Errorf("got %q", got)
	}
	if got := OrValue(GetOptional(nowhere, readCity), "?"); got != "?" {
		t.Errorf("got %q", got)
	}
	if !HasValue(Get(here, readAt)) || HasValue(Get(nowhere, readAt)) || HasValue(GetOptional(&address{}, readCity)) {
		t.Error("what is absent is there, or the reverse")
	}
	if got := OrValueFunc(&city, func() string { panic("not needed") }); got != "Paris" {
		t.Errorf("got %q", got)
	}
	if got := FirstOf(nil, Some("Oslo")); OrValue(got, "?") != "Oslo" {
		t.Errorf("got %v", got)
	}
	if got := FirstOf(&city, Some("Oslo")); got != &city || FirstOf[string](nil, nil) != nil {
		t.Errorf("got %v", got)
	}
	if got := FirstOfFunc(&city, func() *string { panic("not needed") }); got != &city {
		t.Errorf("got %v", got)
	}
	if got := FirstOfFunc(nil, func() *string { return &city }); got != &city {
		t.Errorf("got %v", got)
	}
	if got := OrValueFunc(nil, func() string { return "?" }); got != "?" {
		t.Errorf("got %q", got)
	}
}

func TestTimes(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	hour := Duration(time.Hour)
	p := new(Plan)
	if !AddTime(p, noon, hour).Equal(noon.Add(time.Hour)) || !SubTime(p, noon, hour).Equal(noon.Add(-time.Hour)) ||
		Between(p, noon.Add(time.Hour), noon) != hour || p.err != nil {
		t.Errorf("simple arithmetic is wrong: %v", p.err)
	}
	if got := SubTime(p, noon, minDuration); !got.Equal(noon.Add(math.MaxInt64).Add(1)) || p.err != nil {
		t.Errorf("taking away the smallest duration gave %v, failure %v", got, p.err)
	}
	for name, fail := range map[string]func(p *Plan){
		"after the last year":   func(p *Plan) { AddTime(p, last, hour) },
		"before the first year": func(p *Plan) { SubTime(p, first, hour) },
		"between too far":       func(p *Plan) { Between(p, last, first) },
		"between too far back":  func(p *Plan) { Between(p, first, last) },
	} {
		p := new(Plan)
		if fail(p); p.err == nil {
			t.Errorf("%s: did not fail", name)
		}
	}
}

func TestEqual(t *testing.T) {
	utc := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	paris := utc.In(time.FixedZone("CET", 3600))
	one, alsoOne := "1", "1"
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	tests := []struct {
		name string
		got  bool
		want bool
	}{
		{"lists", Equal([]int64{1, 2}, []int64{1, 2}), true},
		{"order", Equal([]int64{1, 2}, []int64{2, 1}), false},
		{"lengths", Equal([]int64{1}, []int64{1, 1}), false},
		{"nil and empty lists", Equal([]int64{}, nil), true},
		{"maps", Equal(map[string]bool{"a": true}, map[string]bool{"a": true}), true},
		{"keys", Equal(map[string]bool{"a": false}, map[string]bool{"b": false}), false},
		{"nil and empty maps", Equal(map[string]bool{}, nil), true},
		{"NaN", Equal([]float64{math.NaN()}, []float64{math.NaN()}), false},
		{"zeros", Equal([]float64{0}, []float64{math.Copysign(0, -1)}), true},
		{"moments", Equal(address{At: utc}, address{At: paris}), true},
		{"optionals", Equal(&one, &alsoOne), true},
		{"absent", Equal[*string](nil, nil), true},
		{"absent and there", Equal(nil, &one), false},
		{"structs", Equal(address{City: &one}, address{City: &alsoOne}), true},
		{"deep", Equal(address{Tags: map[string][]float64{"a": {1}}}, address{Tags: map[string][]float64{"a": {2}}}), false},
		{"bytes", Equal([][]byte{[]byte("a")}, [][]byte{[]byte("a")}), true},
		{"JSON as written otherwise", Equal(raw(`{"a": [1, "x"], "b": null}`), raw(`{"b":null,"a":[1.0,"x"]}`)), true},
		{"JSON that differs", Equal(raw(`{"a":1}`), raw(`{"a":2}`)), false},
		{"JSON with other keys", Equal(raw(`{"a":1}`), raw(`{"b":1}`)), false},
		{"JSON of other kinds", Equal(raw(`[]`), raw(`{}`)), false},
		{"JSON integers that are no floats", Equal(raw(`9007199254740993`), raw(`9007199254740992`)), false},
		{"JSON integer and float", Equal(raw(`9007199254740993`), raw(`9007199254740992.0`)), false},
		{"JSON numbers of any size", Equal(raw(`1e999999999`), raw(`1e999999999`)), true},
		{"no JSON and null", Equal(nil, raw(`null`)), true},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
}
