package templates_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema"
)

// described is the description of the one flow of a spec, and its text.
func described(t *testing.T, spec string) (*description.Flow, string) {
	t.Helper()
	_, files := compile(t, schema.Options{Package: "p"}, fstest.MapFS{"f.flow.yaml": {Data: []byte(spec)}})
	text := files["f.flow.json"]
	d, err := description.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d, string(text)
}

// Constants that a spec gives to secret fields stand nowhere in its description.
func TestDescriptionHidesConstants(t *testing.T) {
	d, text := described(t, `
flow: f
version: "1.0"
types:
  Card: {number: {type: string, secret: true}, brand: string}
input:
  card: Card
  pin: {type: int, secret: true, default: 481516}
  word: {type: string, secret: true, default: open-sesame, minLength: 2}
  color: {type: string, default: red}
schedule: {every: 1h, input: {card: {number: "4111-1111", brand: visa}, pin: 2342, word: abc}}
steps: [{step: s, in: {}}]
`)
	for _, secret := range []string{"481516", "open-sesame", "4111", "2342"} {
		if strings.Contains(text, secret) {
			t.Errorf("the description tells %s:\n%s", secret, text)
		}
	}
	if want := `{"card":{"brand":"visa","number":"•••"},"pin":"•••","word":"•••"}`; string(d.Schedules[0].Input) != want {
		t.Errorf("the input of the schedule is %s, want %s", d.Schedules[0].Input, want)
	}
	if !strings.Contains(d.Spec, `{number: "•••", brand: visa}, pin: •••, word: abc}`) {
		t.Errorf("the spec is\n%s", d.Spec)
	}
	input := d.Resolve(d.Input)
	if string(input.Properties.Get("color").Default) != `"red"` || input.Properties.Get("word").Default != nil {
		t.Errorf("the defaults are not as they should be: %s", text)
	}
}

// The paths of blocks are those of the log, without the places of elements.
func TestDescriptionHasPaths(t *testing.T) {
	d, _ := described(t, `
flow: f
version: "1.0"
input: {rows: list<string>}
steps:
  - step: before
    in: {}
  - foreach: rows
    over: input.rows
    as: row
    steps:
      - parallel: both
        steps:
          - step: left
            in: {}
          - sequence:
              - foreach: again
                over: input.rows
                as: other
                steps: [{step: deep, in: {}}]
              - choose: which
                cases: [{when: row != "", steps: [{step: some, in: {}}]}]
output: {}
`)
	var paths []string
	d.Each(func(b *description.Block) { paths = append(paths, b.Path) })
	want := "before,rows,rows[].both,rows[].left,,rows[].again,rows[].again[].deep,rows[].which,rows[].some"
	if got := strings.Join(paths, ","); got != want {
		t.Errorf("the paths are %s, want %s", got, want)
	}
}
