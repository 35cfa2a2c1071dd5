package page

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestIndented(t *testing.T) {
	long := strings.Repeat("x", 80)
	for in, want := range map[string]string{
		`{"a":1,"b":[1,2,3]}`:               `{"a": 1, "b": [1, 2, 3]}`,
		`9007199254740993`:                  `9007199254740993`,
		`{"n":1e400,"m":-0.10}`:             `{"n": 1e400, "m": -0.10}`,
		`"a: b, c"`:                         `"a: b, c"`,
		`{"a:\",b":"\\"}`:                   `{"a:\",b": "\\"}`,
		`{}`:                                `{}`,
		`[]`:                                `[]`,
		`no JSON at all`:                    `no JSON at all`,
		`["` + long + `",{"a":1}]`:          "[\n  \"" + long + "\",\n  {\"a\": 1}\n]",
		`{"a":"` + long + `","b":{"c":[]}}`: "{\n  \"a\": \"" + long + "\",\n  \"b\": {\"c\": []}\n}",
		`{"a":["` + long + `",7,null]}`:     "{\n  \"a\": [\n    \"" + long + "\",\n    7,\n    null\n  ]\n}",
	} {
		if got := indented(json.RawMessage(in)); got != want {
			t.Errorf("%s is\n%s\nand not\n%s", in, got, want)
		}
	}
}

// What is laid out has to be the value that it was: only spaces are added.
func FuzzIndented(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":"c\"d"}],"e":"` + strings.Repeat("y", 90) + `"}`)
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) {
			return
		}
		if got := indented(json.RawMessage(in)); compact(t, got) != compact(t, in) {
			t.Errorf("%q became %q", in, got)
		}
	})
}

func compact(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return b.String()
		}
		raw, err := json.Marshal(token)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(raw)
	}
}
