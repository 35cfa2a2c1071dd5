package flow_test

import (
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow"
)

type size string

func (size) EnumValues() []string { return []string{"small", "large"} }

// letter is an enum of many values.
type letter string

func (letter) EnumValues() []string { return strings.Split("abcdefghijklmnopqrstuvwxyz", "") }

type crate struct {
	Size   size            `json:"size"`
	Spare  *size           `json:"spare,omitempty"`
	Lid    size            `json:"lid" secret:"true"`
	Sizes  []size          `json:"sizes"`
	ByName map[string]size `json:"byName"`
	Inner  []crate         `json:"inner"`
	Text   string          `json:"text"`
}

func TestCheckEnums(t *testing.T) {
	good, bad := size("small"), size("tiny")
	with := func(change func(*crate)) crate {
		c := crate{Size: "small", Lid: "large", Text: "any"}
		change(&c)
		return c
	}
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"nothing":       {nil, ""},
		"no enum":       {struct{ A string }{"x"}, ""},
		"right":         {with(func(c *crate) { c.Spare, c.Sizes = &good, []size{"large"} }), ""},
		"by itself":     {bad, `it must be small or large, it is "tiny"`},
		"a pointer":     {&bad, `it must be small or large, it is "tiny"`},
		"unset":         {with(func(c *crate) { c.Size = "" }), `size must be small or large, it is ""`},
		"an optional":   {with(func(c *crate) { c.Spare = &bad }), `spare must be small or large, it is "tiny"`},
		"a secret":      {with(func(c *crate) { c.Lid = bad }), `lid must be small or large, it is •••`},
		"in a list":     {with(func(c *crate) { c.Sizes = []size{good, bad} }), `sizes[1] must be small or large, it is "tiny"`},
		"in a map":      {with(func(c *crate) { c.ByName = map[string]size{"b": "c", "a": "b"} }), `byName["a"] must be small or large, it is "b"; byName["b"] must be small or large, it is "c"`},
		"in its own":    {with(func(c *crate) { c.Inner = []crate{with(func(c *crate) { c.Sizes = []size{bad} })} }), `inner[0].sizes[0] must be small or large, it is "tiny"`},
		"of many":       {letter("1"), `it must be one of a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, …, it is "1"`},
		"the last":      {letter("z"), ""},
		"in other case": {size("Small"), `it must be small or large, it is "Small"`},
	} {
		got := ""
		if err := flow.CheckEnums(test.value); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
