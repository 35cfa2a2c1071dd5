package runtime

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
)

func TestFieldsThatAreMissing(t *testing.T) {
	var d description.Flow
	if err := json.Unmarshal([]byte(`{
		"input": {"type": "object", "required": ["id", "size", "items", "any", "card"], "properties": {
			"id": {"type": "string"}, "size": {"type": "string", "default": "small"}, "note": {"type": ["string", "null"]},
			"items": {"type": "array", "items": {"$ref": "#/$defs/Item"}}, "any": {},
			"card": {"type": "object", "x-secret": true, "required": ["number"], "properties": {"number": {"type": "string"}}},
			"gift": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]}
		}},
		"$defs": {"Item": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}}
	}`), &d); err != nil {
		t.Fatal(err)
	}
	for input, want := range map[string][]string{
		`{"id": "", "items": [], "any": null, "card": {}}`:                        nil,
		`{"id": "x", "items": [{"sku": ""}], "any": 1, "card": {}, "gift": null}`: nil,
		`{}`: {"id", "items", "any", "card"},
		`{"id": null, "items": [{}, {"sku": null}, null], "any": 1, "card": {}, "gift": {}}`: {"id", "items[0].sku", "items[1].sku", "gift.sku"},
	} {
		var got []string
		var invalid *flow.InvalidError
		if err := checkMissing(&d, json.RawMessage(input)); errors.As(err, &invalid) {
			for _, p := range invalid.Problems {
				got = append(got, p.Field)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v is missing, want %v", input, got, want)
		}
	}
}
