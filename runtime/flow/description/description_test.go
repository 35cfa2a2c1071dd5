package description

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := map[string]string{
		`{"format": 1, "flow_id": "a"}`: "",
		`{"format": 2}`:                 "it has format 2, and this program reads up to 1",
		`{}`:                            "it has format 0",
		`{"format": 1, "blocks": 3}`:    "reading the description of a flow: ",
		`{"format": 1`:                  "reading the description of a flow: ",
		`{"format": 1, "input": {"properties": []}}`: "is no object",
	}
	for text, want := range tests {
		f, err := Parse([]byte(text))
		if want == "" && (err != nil || f.ID != "a") {
			t.Errorf("%s: got %v, %v", text, f, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: the error is %v, want %q", text, err, want)
		}
	}
}

func TestPattern(t *testing.T) {
	for path, want := range map[string]string{
		"":                     "",
		"validate":             "validate",
		"seats[3].invite":      "seats[].invite",
		"a[0].b[12].c":         "a[].b[].c",
		"seats[].invite":       "seats[].invite",
		"unfinished[3":         "unfinished[",
		"b[1].parcel-2.as-set": "b[].parcel-2.as-set",
	} {
		if got := Pattern(path); got != want {
			t.Errorf("Pattern(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestEach(t *testing.T) {
	f := Flow{Blocks: []Block{
		{Name: "a"},
		{Name: "b", Blocks: []Block{{Kind: Sequence, Blocks: []Block{{Name: "c"}}}, {Name: "d"}}},
		{Name: "e", Cases: []Case{{Blocks: []Block{{Name: "f"}}}, {}}},
	}}
	var names []string
	f.Each(func(b *Block) { names = append(names, b.Name) })
	if got := strings.Join(names, ","); got != "a,b,,c,d,e,f" {
		t.Errorf("the blocks are %s", got)
	}
	if b := f.Find("f"); b != &f.Blocks[2].Cases[0].Blocks[0] {
		t.Errorf("f is %v", b)
	}
	if b := f.Find(""); b != nil {
		t.Errorf("a block without a name is %v", b)
	}
}

func TestPropertiesKeepTheirOrder(t *testing.T) {
	const text = `{"type":"object","properties":{"z":{"type":"string"},"a":{"type":["integer","null"]},"m":{"properties":{}}}}`
	var s Schema
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(s)
	if want := strings.Replace(text, `{"properties":{}}`, `{}`, 1); err != nil || string(again) != want {
		t.Errorf("got %s, %v; want %s", again, err, want)
	}
}

func TestMapRefs(t *testing.T) {
	in := `{"type":"object","properties":{"a":{"$ref":"#/$defs/A","x-secret":true},` +
		`"b":{"type":"array","items":{"anyOf":[{"$ref":"#/$defs/B"},{"type":"null"}]}}},"additionalProperties":{"$ref":"#/$defs/C"}}`
	var s Schema
	if err := json.Unmarshal([]byte(in), &s); err != nil {
		t.Fatal(err)
	}
	mapped, mapErr := json.Marshal(s.MapRefs(func(name string) string { return "#/components/schemas/x." + name }))
	kept, err := json.Marshal(s)
	if want := strings.ReplaceAll(in, "#/$defs/", "#/components/schemas/x."); mapErr != nil || string(mapped) != want {
		t.Errorf("got %s, %v; want %s", mapped, mapErr, want)
	}
	if err != nil || string(kept) != in {
		t.Errorf("the schema itself became %s, %v", kept, err)
	}
}

// secretFlow has secrets in each place where one can be.
func secretFlow(t *testing.T) *Flow {
	t.Helper()
	f, err := Parse([]byte(`{"format":1,"$defs":{
		"Card":{"type":"object","properties":{"no":{"type":"string","x-secret":true},"next":{"anyOf":[{"$ref":"#/$defs/Card"},{"type":"null"}]}}},
		"Plain":{"type":"object","properties":{"no":{"type":"string"},"again":{"anyOf":[{"$ref":"#/$defs/Plain"},{"type":"null"}]}}},
		"Loop":{"$ref":"#/$defs/Loop"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRedact(t *testing.T) {
	const hidden = `"•••"`
	tests := []struct{ name, schema, value, want string }{
		{"a field", `{"$ref":"#/$defs/Card"}`, `{"no":"4111","x":"<1>"}`, `{"no":"•••","x":"<1>"}`},
		{"in a type that holds itself", `{"$ref":"#/$defs/Card"}`, `{"next":{"next":{"no":"1"}}}`, `{"next":{"next":{"no":"•••"}}}`},
		{"null", `{"$ref":"#/$defs/Card"}`, `{"no":null,"next":null}`, `{"next":null,"no":"•••"}`},
		{"in a list", `{"type":"array","items":{"$ref":"#/$defs/Card"}}`, `[{"no":1},{}]`, `[{"no":"•••"},{}]`},
		{"of secrets", `{"type":"array","items":{"type":"string","x-secret":true}}`, `["a","b"]`, `["•••","•••"]`},
		{"in a map", `{"type":"object","additionalProperties":{"$ref":"#/$defs/Card"}}`, `{"k":{"no":1}}`, `{"k":{"no":"•••"}}`},
		{"whole", `{"type":"string","x-secret":true}`, `"a"`, hidden},
		{"of another form", `{"$ref":"#/$defs/Card"}`, `["4111"]`, `["4111"]`},
		{"a large number beside one", `{"$ref":"#/$defs/Card"}`, `{"no":1,"n":9007199254740993}`, `{"n":9007199254740993,"no":"•••"}`},
		{"none", `{"$ref":"#/$defs/Plain"}`, `{ "no" : "4111" }`, `{ "no" : "4111" }`},
		{"no JSON", `{"$ref":"#/$defs/Card"}`, `{"no":"4111"`, hidden},
		{"a type that is not there", `{"$ref":"#/$defs/Gone"}`, `{"no":"4111"}`, hidden},
		{"a field of such a type", `{"type":"object","properties":{"a":{"$ref":"#/$defs/Gone"}}}`, `{"a":1,"b":2}`, `{"a":"•••","b":2}`},
		{"a type without end", `{"$ref":"#/$defs/Loop"}`, `1`, `1`},
		{"nothing", `{"$ref":"#/$defs/Card"}`, ``, ``},
	}
	f := secretFlow(t)
	for _, test := range tests {
		var s Schema
		if err := json.Unmarshal([]byte(test.schema), &s); err != nil {
			t.Fatal(err)
		}
		if got := string(f.Redact(&s, json.RawMessage(test.value))); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	if got := string(f.Redact(nil, json.RawMessage(`{}`))); got != hidden {
		t.Errorf("without a schema: got %s", got)
	}
}

func TestSecrets(t *testing.T) {
	f := secretFlow(t)
	got := f.Secrets(Ref("Card"), json.RawMessage(`{"no":"4111","next":{"no":12}}`))
	if len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	for _, want := range []any{"4111", json.Number("12")} {
		if !cmp.Equal(got[0], want) && !cmp.Equal(got[1], want) {
			t.Errorf("%v is not among %v", want, got)
		}
	}
}
