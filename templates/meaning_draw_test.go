package templates_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"pgregory.net/rapid"
)

// This file draws the expressions and the values that meaning_test.go compares.

// expressions draws expressions that read the fields of meaningTypes. Some fail.
type expressions struct{ depth int }

// sample is an expression of a spec, and what it is in CEL: the same, but that an
// optional field is one that may be missing in a map, so that it is read with `.?`, and
// that an optional of an optional is made one.
type sample struct{ spec, cel string }

// The sorts of expressions have letters, which stand for operands in grammar: int,
// float, bool, string, time, duration, list<int>, map<int>, the enum E; and optional
// ones: O is an int, P a string, R a Rec, Q a list<int> and N a map<int>.
var operandLetter = regexp.MustCompile(`\b[IFBSTDLMEOPRQNn]\b`)

// leaves are the simplest expressions of each sort. Where CEL needs another text, it
// follows behind ≡.
var leaves = map[byte][]string{
	'I': {"input.a", "input.b", "input.zero", "0", "1", "-7", "9223372036854775807", "size(input.s)", "size(input.l)", "input.m.size()"},
	'F': {"input.x", "input.y", "0.0", "2.5", "-1e3", "double(input.a)"},
	'B': {"input.yes", "input.no", "true", "false", "has(input.o)", "has(input.m.a)", "has(input.rec.note) ≡ input.?rec.?note.hasValue()"},
	'S': {"input.s", `"a"`, `""`, `"\u00e9\""`, `"12"`, `"true"`, `"("`, "input.when", "input.wait", "string(input.size)"},
	'T': {"input.t", "input.u", `timestamp("2024-02-29T23:59:59.123456789Z")`, "timestamp(1e9 < 2.0 ? input.a : input.b)"},
	'D': {"input.d", "input.e", `duration("-1h30m0.5s")`, `duration("1" + "h")`},
	'L': {"input.l", "[1, 2]", "[input.a]", "input.must.l"},
	'M': {"input.m", `{"a": input.a, "b": 2}`, "input.must.m"},
	'E': {"input.size", `Size("large") ≡ "large"`},
	'O': {"input.o ≡ input.?o", "input.?o", "optional.of(input.a)", "input.rec.count ≡ input.?rec.count", "input.?rec.?count ≡ input.?rec.count", "input.mo.?k ≡ input.mo.?k.optFlatMap(q, q)"},
	'P': {"input.p ≡ input.?p", "input.rec.note ≡ input.?rec.?note", "input.must.note ≡ input.must.?note", "input.rec.?note ≡ input.?rec.?note"},
	'R': {"input.rec ≡ input.?rec", "optional.of(input.must)"},
	'Q': {"input.rec.l ≡ input.?rec.l", "optional.of(input.l)"},
	'N': {"input.rec.m ≡ input.?rec.m", "input.rec.optMap(r, r.m) ≡ input.?rec.optMap(r, r.m)"},
}

// grammar is the expressions of each sort that have others in them, for which their
// letters stand. The n is a name of its own for each macro around others. Where Go
// computes the right operand before the left one, only one of both can fail.
var grammar = map[byte][]string{
	'I': {
		"(I + I)", "(I - I)", "(I * I)", "(I / I)", "(I % I)", "-(I)", "L[I]", "size(L)", "size(S)", "(B ? I : I)",
		"M[S]", "M.a", "int(F)", "I", "int(S)", "int(string(I))", "int(T)", "D.getHours()", "D.getMinutes()", "D.getSeconds()", "D.getMilliseconds()",
		"T.getFullYear()", "T.getMonth()", "T.getDate()", "T.getDayOfMonth()", "T.getDayOfWeek()", "T.getDayOfYear()",
		"T.getHours()", "T.getMinutes()", "T.getSeconds()", "T.getMilliseconds()",
		`T.getHours("Europe/Paris")`, `T.getMinutes("-11:30")`, `T.getDate("America/New_York")`, `T.getDayOfYear("+05:45")`, `T.getSeconds("02:00")`,
		"T.getFullYear(input.zone)", "T.getMonth(input.zone)", "T.getDayOfMonth(input.zone)", "T.getDayOfWeek(input.zone)", "T.getMilliseconds(input.zone)",
		"O.orValue(I)", "O.orValue(I / I)", "R.count.orValue(I)", "P.optMap(n, size(n)).orValue(I)", "L.first().orValue(I)", "size(M)",
	},
	'F': {"(F + F)", "(F - F)", "(F * F)", "(F / F)", "-(F)", "double(I)", "(B ? F : F)", "F", "double(S)", "double(string(F))", "O.optMap(n, double(n) * F).orValue(F)"},
	'B': {
		"(B && B)", "(B || B)", "(B && B && B)", "(B || B || B)", "!(B)", "(B ? B : B)", "(I < I)", "(I >= F)", "(F > I)", "(F <= F)",
		"(I == I)", "(F != F)", "(S < S)", "(S == S)", "(B == B)", "(B < B)", "(T < T)", "(T >= T)", "(T == T)", "(D <= D)", "(L == L)", "(L != L)", "(M == M)",
		"(I in input.l)", "(input.a in L)", "(S in input.m)", "(input.s in M)", "(input.t in [T, T])", "S.contains(S)", "S.startsWith(S)", "S.endsWith(S)", "S.matches('^[a-z0]*$')", "S.matches(input.s + S)",
		"matches(S, '\u00e9|tr')", "bool(S)", "bool(string(B))",
		"L.all(n, n > I)", "L.all(n, I / n > I || B)", "L.exists(n, n <= F)", "L.exists(n, I % n == I)", "L.exists_one(n, n == I)", "L.existsOne(n, I / n == 0)",
		"M.exists(n, n == S)", "M.all(n, M[n] > I)", "L.all(n, L.exists(inner, inner >= n && B))",
		"O.hasValue()", "O.hasValue(I)", "(O == O)", "(O != optional.none())", "P.hasValue()", "(P == P)", "(R == R)", "Q.hasValue(L)", "R.hasValue()", "N.hasValue()",
		"(E == E)", `(E != "small")`, `(E in ["small", "huge"])`, "(input.size in [E, E])", "has(M.b)", "L.all(n, L[?n].hasValue() || B)",
	},
	'S': {"(S + S)", "(B ? S : S)", "S", "string(I)", "string(F)", "string(B)", "string(T)", "string(D)", "string(bytes(S))", "P.orValue(S)", "string(E)", "R.note.orValue(S) ≡ R.?note.orValue(S)"},
	'T': {"(T + D)", "(D + input.t)", "(T - D)", "(B ? T : T)", "T", "timestamp(I + input.zero)", "timestamp(string(T))", "timestamp(input.when)", "timestamp(input.when + S)"},
	'D': {"(T - T)", "(D + D)", "(D - D)", "(B ? D : D)", "D", "duration(string(D))", "duration(input.wait)", "duration(input.wait + S)"},
	'L': {
		"L.map(n, n + I)", "L.map(n, n != I, I / n)", "L.filter(n, n > I)", "L.filter(n, I / n > 0)", "L.map(n, n in L, size(L.filter(inner, inner < n)))", "(L + L)", "[I, I]", "(B ? L : L)", "L",
		"[?O, I, ?O]", "[?O]", "input.lo.unwrapOpt()", "optional.unwrap(input.lo)", "Q.orValue(L)",
	},
	'M': {"{S: I, S: I}", `{?"a": O, ?S: O, "c": I}`, "(B ? M : M)", "N.orValue(M)"},
	'E': {"(B ? E : E)", `Size(string(E)) ≡ string(E)`},
	'O': {
		"O.or(O)", "O.or(L[?I])", "L[?I]", "M[?S]", "M.?a", "Q[?I]", "Q[I]", "N[?S]", "N[S]", "N.?a", "N.a", "L.first()", "L.last()", "O.optMap(n, n + I)", "O.optMap(n, I / n)",
		"O.optFlatMap(n, L[?n])", "O.optFlatMap(n, n > I ? optional.of(n) : O)", "optional.ofNonZeroValue(I)", "(B ? O : O)", "(B ? optional.none() : O)", "optional.none().or(O)",
		"optional.of(I)", "R.count", "R.optMap(n, n.count + I)", "R.optFlatMap(n, n.l[?I])", "Q.optMap(n, size(n))", "Q.optFlatMap(n, n.first())", "O",
		"input.lo[?I] ≡ input.lo[?I].optFlatMap(q, q)", "input.lo.first() ≡ input.lo.first().optFlatMap(q, q)", "input.mo[?S] ≡ input.mo[?S].optFlatMap(q, q)", "input.lo[I]",
	},
	'P': {"P.or(P)", "P.optMap(n, n + S)", "optional.ofNonZeroValue(S)", "optional.of(S)", "R.note ≡ R.?note", "R.optFlatMap(n, n.note) ≡ R.optFlatMap(n, n.?note)", "(B ? P : optional.none())", "O.optMap(n, string(n))"},
	'R': {"R.or(R)", "(B ? R : optional.none())", "R.optFlatMap(n, n.count > I ? optional.of(n) : optional.none())"},
	'Q': {"Q.or(Q)", "R.l", "optional.ofNonZeroValue(L)", "Q.optMap(n, n + L)", "R.optMap(n, n.l)"},
	'N': {"N.or(N)", "R.m", "optional.ofNonZeroValue(M)", "(B ? N : optional.none())"},
}

func (x expressions) of(t *rapid.T, sort byte) sample {
	if x.depth == 0 {
		return x.fill(t, rapid.SampledFrom(leaves[sort]).Draw(t, "leaf"))
	}
	return expressions{x.depth - 1}.fill(t, rapid.SampledFrom(grammar[sort]).Draw(t, "operator"))
}

// fill draws the operands in a template.
func (x expressions) fill(t *rapid.T, template string) sample {
	spec, inCEL, differs := strings.Cut(template, " ≡ ")
	if !differs {
		inCEL = spec
	}
	variable := fmt.Sprintf("n%d", x.depth)
	var operands []sample
	spec = operandLetter.ReplaceAllStringFunc(spec, func(letter string) string {
		if letter == "n" {
			return variable
		}
		operands = append(operands, x.of(t, letter[0]))
		return operands[len(operands)-1].spec
	})
	inCEL = operandLetter.ReplaceAllStringFunc(inCEL, func(letter string) string {
		if letter == "n" {
			return variable
		}
		operand := operands[0]
		operands = operands[1:]
		return operand.cel
	})
	return sample{spec, inCEL}
}

const meaningTypes = `types:
  Size: {enum: [small, large, huge]}
  Rec: {count: int, note: optional<string>, l: list<int>, m: map<int>}
input: {a: int, b: int, zero: int, x: float, y: float, yes: bool, no: bool, s: string, when: string, wait: string, zone: string, size: Size,
  l: list<int>, m: map<int>, t: time, u: time, d: duration, e: duration,
  o: optional<int>, p: optional<string>, rec: optional<Rec>, must: Rec, lo: list<optional<int>>, mo: map<optional<int>>}
`

// drawInput draws values of the input, in the form of JSON but with times, and with
// durations as text.
func drawInput(t *rapid.T) map[string]any {
	number := rapid.OneOf(rapid.Int64Range(-3, 9), rapid.SampledFrom([]int64{math.MinInt64, -1, 0, 1, math.MaxInt64}))
	text := rapid.SampledFrom([]string{"", "a", "b", "é", "12", "true", "trim"})
	numbers := rapid.SliceOfN(number, 0, 4)
	byText := rapid.MapOfN(rapid.SampledFrom([]string{"", "a", "b", "é"}), number, 0, 4)
	moment := rapid.SampledFrom([]string{"2026-03-01T12:00:00Z", "9999-12-31T23:00:00+01:00", "2026-03-29T02:30:00.007+01:00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"})
	in := map[string]any{
		"a": number.Draw(t, "a"), "b": number.Draw(t, "b"), "zero": int64(0),
		"x": rapid.Float64Range(-5, 5).Draw(t, "x"), "y": rapid.SampledFrom([]float64{-0.25, 0, 1e18, 7}).Draw(t, "y"), "yes": true, "no": false,
		"s": text.Draw(t, "s"), "size": rapid.SampledFrom([]string{"small", "large", "huge"}).Draw(t, "size"),
		"when": rapid.SampledFrom([]string{"2026-03-01T12:00:00.5Z", "2026-03-01", "2026-03-01T1:00:00Z", "0000-01-01T00:00:00Z"}).Draw(t, "when"),
		"wait": rapid.SampledFrom([]string{"1h30m", "1", "-2.5s", "1d"}).Draw(t, "wait"),
		"zone": rapid.SampledFrom([]string{"Asia/Kolkata", "+13:00", "UTC", "", "-00:30", "Nowhere/City", "+25:00"}).Draw(t, "zone"),
		"l":    numbers.Draw(t, "l"), "m": byText.Draw(t, "m"), "t": moment.Draw(t, "t"), "u": moment.Draw(t, "u"),
		"d": rapid.SampledFrom([]string{"1h30m", "-1ms", "0s"}).Draw(t, "d"), "e": "2000000h",
		"must": drawRec(t, number, text, numbers, byText),
		"lo":   rapid.SliceOfN(rapid.Ptr(number, true), 0, 3).Draw(t, "lo"),
		"mo":   rapid.MapOfN(rapid.SampledFrom([]string{"a", "k"}), rapid.Ptr(number, true), 0, 2).Draw(t, "mo"),
	}
	maybe := func(name string, value any) {
		if rapid.Bool().Draw(t, "there") {
			in[name] = value
		}
	}
	maybe("o", number.Draw(t, "o"))
	maybe("p", text.Draw(t, "p"))
	maybe("rec", drawRec(t, number, text, numbers, byText))
	return in
}

func drawRec(t *rapid.T, number *rapid.Generator[int64], text *rapid.Generator[string], numbers *rapid.Generator[[]int64], byText *rapid.Generator[map[string]int64]) map[string]any {
	rec := map[string]any{"count": number.Draw(t, "count"), "l": numbers.Draw(t, "l"), "m": byText.Draw(t, "m")}
	if rapid.Bool().Draw(t, "noted") {
		rec["note"] = text.Draw(t, "note")
	}
	return rec
}
