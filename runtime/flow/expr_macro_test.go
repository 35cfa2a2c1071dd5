package flow

import (
	"slices"
	"testing"
)

// inverse fails for 0.
func inverse(p *Plan, i int64) int64 { return Div(p, 100, i) }

func TestConditionsOfElements(t *testing.T) {
	tests := []struct {
		name        string
		list        []int64
		all, exists outcome
	}{
		{"none", nil, outcome{value: true}, outcome{}},
		{"some", []int64{10, 1000}, outcome{}, outcome{value: true}},
		{"each", []int64{10, 20}, outcome{value: true}, outcome{value: true}},
		{"not one", []int64{1000}, outcome{}, outcome{}},
		{"one that fails, and one that does not hold", []int64{0, 1000}, outcome{}, outcome{fails: true}},
		{"one that fails, and one that holds", []int64{0, 10}, outcome{fails: true}, outcome{value: true}},
		{"one that fails", []int64{0}, outcome{fails: true}, outcome{fails: true}},
	}
	for _, test := range tests {
		for name, macro := range map[string]struct {
			call func(*Plan, []int64, func(int64) bool) bool
			want outcome
		}{"AllOf": {AllOf[int64], test.all}, "Exists": {Exists[int64], test.exists}} {
			p := new(Plan)
			got := macro.call(p, test.list, func(i int64) bool { return inverse(p, i) > 0 })
			if failed := p.err != nil; failed != macro.want.fails {
				t.Errorf("%s, %s failed: %v, want %v", test.name, name, failed, macro.want.fails)
			} else if !failed && got != macro.want.value {
				t.Errorf("%s, %s = %v, want %v", test.name, name, got, macro.want.value)
			}
		}
	}
}

func TestValuesOfElements(t *testing.T) {
	list := []int64{3, 1, 2}
	odd := func(i int64) bool { return i%2 == 1 }
	even := func(i int64) bool { return i%2 == 0 }
	if got := Filter(list, odd); !slices.Equal(got, []int64{3, 1}) {
		t.Errorf("got %v", got)
	}
	if got := Filter(nil, odd); got == nil {
		t.Error("got no list, want one that is empty")
	}
	if ExistsOne(list, odd) || !ExistsOne(list, even) || ExistsOne(nil, even) {
		t.Error("counted wrongly")
	}
	if got := Map(list, even); !slices.Equal(got, []bool{false, false, true}) {
		t.Errorf("got %v", got)
	}
	if got := Keys(map[string]bool{"b": true, "a": false, "c": true}); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
}
