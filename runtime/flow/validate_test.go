package flow_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// leg is what a generated struct with rules looks like.
type leg struct {
	Length float64 `json:"length"`
	Size   size    `json:"size"`
}

func (v leg) Validate() error {
	var p flow.Problems
	flow.Min(&p, "length", v.Length, 1)
	flow.Max(&p, "length", v.Length, 2)
	return p.Err()
}

// amount is a type of a user, whose method needs a pointer.
type amount struct{ Cents int }

func (a *amount) Validate() error {
	if a.Cents < 0 {
		return fmt.Errorf("%d cents are a debt", a.Cents)
	}
	return nil
}

type table struct {
	Legs   []*leg             `json:"legs"`
	Price  amount             `json:"price"`
	Hidden map[string][]leg   `json:"hidden"`
	Prices map[string]*amount `json:"prices"`
}

func (v table) Validate() error {
	p := flow.Problems{Secrets: []string{"hidden", "prices"}}
	p.MinLength("legs", v.Legs, 1)
	p.Inside("legs", v.Legs)
	p.Inside("price", v.Price)
	p.Inside("hidden", v.Hidden)
	p.Inside("prices", v.Prices)
	return p.Err()
}

func TestCheck(t *testing.T) {
	good := &leg{Length: 1, Size: "small"}
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"nothing":       {nil, ""},
		"without rules": {struct{ A string }{"x"}, ""},
		"right":         {table{Legs: []*leg{good, nil}}, ""},
		"a pointer":     {&leg{Length: 3, Size: "small"}, "length must be at most 2, it is 3"},
		"a nil pointer": {(*leg)(nil), ""},
		"an enum too":   {leg{}, `length must be at least 1, it is 0; size must be small or large, it is ""`},
		"no number":     {leg{Length: math.NaN(), Size: "small"}, "length must be at least 1, it is NaN; length must be at most 2, it is NaN"},
		"in a list":     {table{Legs: []*leg{good, {Length: 0.5, Size: "small"}}}, "legs[1].length must be at least 1, it is 0.5"},
		"in order": {
			table{Legs: []*leg{good, {}, {Size: "big"}}, Price: amount{-5}},
			`legs[1].length must be at least 1, it is 0; legs[1].size must be small or large, it is ""; ` +
				`legs[2].length must be at least 1, it is 0; legs[2].size must be small or large, it is "big"; ` +
				`price is wrong: -5 cents are a debt`,
		},
		"of a user":       {table{Legs: []*leg{good}, Price: amount{-5}}, "price is wrong: -5 cents are a debt"},
		"in a secret map": {table{Legs: []*leg{good}, Hidden: map[string][]leg{"key": {{Length: 7, Size: "small"}}}}, "hidden must be at most 2, it is •••"},
		"a secret amount": {table{Legs: []*leg{good}, Prices: map[string]*amount{"key": {-7}}}, "prices is wrong: •••"},
	} {
		got := ""
		if err := flow.Check(test.value); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestInvalidErrorIsFound(t *testing.T) {
	err := fmt.Errorf("start: %w", flow.Check(table{}))
	invalid, ok := errors.AsType[*flow.InvalidError](err)
	if !ok || len(invalid.Problems) != 1 {
		t.Fatalf("%v holds no *InvalidError with one problem", err)
	}
	if p := invalid.Problems[0]; p.Field != "legs" || p.Problem != "must have at least 1 element, it has 0" {
		t.Errorf("the problem is %q", p)
	}
}

func TestManyProblems(t *testing.T) {
	legs := make([]*leg, 1000)
	for i := range legs {
		legs[i] = &leg{Size: "small"}
	}
	err := flow.Check(table{Legs: legs})
	if text := err.Error(); !strings.HasSuffix(text, "; and 980 more") || len(text) > 2000 {
		t.Errorf("the error of a long list is %q", text)
	}
}

func TestRules(t *testing.T) {
	noon := time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC)
	for want, check := range map[string]func(p *flow.Problems){
		"": func(p *flow.Problems) {
			flow.Min(p, "x", int64(1), 1)
			flow.Max(p, "x", flow.Duration(time.Second), flow.Duration(time.Second))
			p.NotBefore("x", noon, noon)
			p.NotAfter("x", noon, noon)
			p.MinLength("x", "äö", 2)
			p.MaxLength("x", map[string]int{}, 0)
			p.Pattern("x", "ab12", "[0-9]$")
		},
		"x must be at least 1m, it is 1s": func(p *flow.Problems) {
			flow.Min(p, "x", flow.Duration(time.Second), flow.Duration(time.Minute))
		},
		"x must not be before 2026-01-31T12:00:00Z, it is 2026-01-31T11:59:59.999999999Z": func(p *flow.Problems) {
			p.NotBefore("x", noon.Add(-1), noon)
		},
		"x must not be after 2026-01-31T12:00:00Z, it is 2026-01-31T13:00:00Z": func(p *flow.Problems) {
			p.NotAfter("x", noon.Add(time.Hour), noon)
		},
		"x must have at most 1 character, it has 2": func(p *flow.Problems) { p.MaxLength("x", "äö", 1) },
		"x must have at least 2 bytes, it has 0":    func(p *flow.Problems) { p.MinLength("x", []byte(nil), 2) },
		`x must match ^a+$, it is "` + strings.Repeat("b", 40) + `…"`: func(p *flow.Problems) {
			p.Pattern("x", strings.Repeat("b", 1000), "^a+$")
		},
		"x has a pattern that is none: error parsing regexp: missing closing ): `(`": func(p *flow.Problems) {
			p.Pattern("x", "", "(")
		},
	} {
		var p flow.Problems
		check(&p)
		got := ""
		if err := p.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
