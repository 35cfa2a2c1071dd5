package flow

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"
)

func TestElementsThatMayBeMissing(t *testing.T) {
	list, m := []string{"a", "b"}, map[string]string{"x": "a"}
	var none *string
	tests := []struct {
		name      string
		got, want *string
	}{
		{"first by its index", OptIndex(list, 0), Some("a")},
		{"before the first", OptIndex(list, -1), none},
		{"behind the last", OptIndex(list, 2), none},
		{"key", OptKey(m, "x"), Some("a")},
		{"no key", OptKey(m, "y"), none},
		{"no map", OptKey[string](nil, "y"), none},
		{"first", First(list), Some("a")},
		{"last", Last(list), Some("b")},
		{"first of none", First[string](nil), none},
		{"last of none", Last([]string{}), none},
		{"absent", Absent[string](), none},
		{"one in another", Flat(Some(Some("a"))), Some("a")},
		{"none in another", Flat(Some(none)), none},
		{"no other", Flat[string](nil), none},
	}
	for _, test := range tests {
		if !Equal(test.got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
	*OptIndex(list, 0) = "changed"
	if list[0] != "a" {
		t.Error("the element is shared with the list")
	}
}

func TestValuesOfOptionals(t *testing.T) {
	double := func(i int64) int64 { return 2 * i }
	half := func(i int64) *int64 { return If(i%2 == 0, Some(i/2), nil) }
	if got := OptMap(Some(int64(3)), double); OrValue(got, 0) != 6 {
		t.Errorf("got %v", got)
	}
	if OptMap(nil, double) != nil || OptFlatMap(nil, half) != nil || OptFlatMap(Some(int64(3)), half) != nil {
		t.Error("what is absent is there")
	}
	if got := OptFlatMap(Some(int64(6)), half); OrValue(got, 0) != 3 {
		t.Errorf("got %v", got)
	}
	if !Holds(Some([]int64{1}), []int64{1}) || Holds(Some("a"), "b") || Holds(nil, "") {
		t.Error("what is equal is not held, or the reverse")
	}
	if got := Present([]*string{nil, Some("a"), nil}); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v", got)
	}
	if Present[string](nil) == nil || PresentEntries[string](nil) == nil {
		t.Error("got nothing, want what is empty")
	}
	if got := PresentEntries(map[string]*int64{"a": Some(int64(1)), "b": nil}); !maps.Equal(got, map[string]int64{"a": 1}) {
		t.Errorf("got %v", got)
	}
}

func TestNonZero(t *testing.T) {
	type nested struct {
		Address address
		hidden  []int64
	}
	for name, absent := range map[string]bool{
		"no text":           NonZero("") == nil,
		"no number":         NonZero(int64(0)) == nil,
		"false":             NonZero(false) == nil,
		"no time":           NonZero(time.Time{}) == nil,
		"no time elsewhere": NonZero(time.Time{}.In(time.FixedZone("", 3600))) == nil,
		"no duration":       NonZero(Duration(0)) == nil,
		"empty list":        NonZero([]int64{}) == nil,
		"empty map":         NonZero(map[string]int64{}) == nil,
		"no bytes":          NonZero([]byte{}) == nil,
		"null":              NonZero(json.RawMessage(" null")) == nil,
		"empty struct":      NonZero(nested{}) == nil,
		"empty list in it":  NonZero(nested{Address: address{Tags: map[string][]float64{}}}) == nil,
	} {
		if !absent {
			t.Errorf("%s: is there", name)
		}
	}
	if NonZero("a") == nil || NonZero([]string{""}) == nil || NonZero(json.RawMessage("0")) == nil ||
		NonZero(nested{hidden: []int64{0}}) == nil || NonZero(nested{Address: address{At: time.Unix(0, 0)}}) == nil {
		t.Error("what is not zero is absent")
	}
}
