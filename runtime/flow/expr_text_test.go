package flow

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestConversionsOfText(t *testing.T) {
	p := new(Plan)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.FixedZone("CET", 3600))
	tests := []struct {
		name      string
		got, want any
	}{
		{"int", ParseInt(p, "-12"), int64(-12)},
		{"float", ParseFloat(p, "1e3"), 1000.0},
		{"bool", ParseBool(p, "True"), true},
		{"bytes", Text(p, []byte("é")), "é"},
		{"no bytes", Text(p, nil), ""},
		{"match", Matches(p, "order-12", "^[a-z]+-[0-9]+$"), true},
		{"no match", Matches(p, "order", "[0-9]"), false},
		{"time", FormatTime(noon), "2026-03-01T11:00:00.005Z"},
		{"duration", FormatSeconds(Duration(90 * time.Minute)), "5400s"},
		{"part of a second", FormatSeconds(Duration(1500 * time.Millisecond)), "1.5s"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
	if p.err != nil {
		t.Errorf("failed: %v", p.err)
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 0.1, 1e6, 123456789, 1e21, 1e-7, math.Inf(1), math.Inf(-1), math.NaN()} {
		if got, want := FormatFloat(f), fmt.Sprintf("%g", f); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTextThatCannotBeConverted(t *testing.T) {
	for name, fail := range map[string]func(p *Plan){
		"int":      func(p *Plan) { ParseInt(p, "1.5") },
		"overflow": func(p *Plan) { ParseInt(p, "9223372036854775808") },
		"float":    func(p *Plan) { ParseFloat(p, "") },
		"bool":     func(p *Plan) { ParseBool(p, "yes") },
		"bytes":    func(p *Plan) { Text(p, []byte{0xff}) },
		"pattern":  func(p *Plan) { Matches(p, "", "(") },
	} {
		p := new(Plan)
		if fail(p); p.err == nil {
			t.Errorf("%s: did not fail", name)
		}
	}
}

func TestIn(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	paris := noon.In(time.FixedZone("CET", 3600))
	if !In([]time.Time{noon}, paris) || In(nil, noon) || In([][]int64{{1}}, []int64{2}) {
		t.Error("what is equal is not in the list, or the reverse")
	}
	if !HasKey(map[string]int64{"": 0}, "") || HasKey[int64](nil, "") {
		t.Error("a key that is there is not, or the reverse")
	}
}

type grade string

func (grade) EnumValues() []string { return []string{"A", "B"} }

func TestParseEnum(t *testing.T) {
	p := new(Plan)
	if got := ParseEnum[grade](p, "B"); got != "B" || p.err != nil {
		t.Errorf("got %q with failure %v", got, p.err)
	}
	if got := ParseEnum[grade](p, "C"); got != "" || p.err == nil || p.err.Message != "the text is no value of the enum" {
		t.Errorf("got %q with failure %v", got, p.err)
	}
}
