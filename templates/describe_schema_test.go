package templates_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema"
)

// TestSchemasFitWhatIsStored holds all payloads in the histories of the goldens against the
// schemas of their flows' descriptions, which have to be schemas of JSON Schema 2020-12.
func TestSchemasFitWhatIsStored(t *testing.T) {
	checked := 0
	for _, g := range readGoldens(t) {
		if g.name == "gosecret" || g.name == "gotypes" {
			continue // types of the user's own, for whose JSON nobody can vouch
		}
		_, files := compile(t, schema.Options{Package: g.name}, specs(g.archive))
		flows := map[string]*schemasOf{}
		for name, content := range files {
			if isDescription(name) {
				s := newSchemasOf(t, content)
				flows[s.flow.ID] = s
			}
		}
		for _, file := range g.archive.Files {
			if file.Name == historyFile {
				checked += holdHistory(t, g.name, string(file.Data), flows)
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d payloads were held against their schemas", checked)
	}
}

// holdHistory goes over the lines of a history, and says how many payloads it found.
func holdHistory(t *testing.T, golden, history string, flows map[string]*schemasOf) (checked int) {
	t.Helper()
	var in *schemasOf
	for line := range strings.SplitSeq(history, "\n") {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(line, " ") {
			in = flows[name]
		}
		if in == nil {
			continue
		}
		var input, output *description.Schema
		switch {
		case !strings.HasPrefix(line, " "):
			input = in.flow.Input
		case name == "output:":
			input = in.flow.Output
		default:
			block := in.flow.Find(path.Base(strings.ReplaceAll(firstWord(rest), ".", "/")))
			if block == nil {
				continue
			}
			input, output = block.Input, block.Result
			if name == "foreach" {
				input = block.Elements
			}
			if name != "step" && name != "call" && name != "wait" && name != "foreach" {
				continue
			}
			_, rest, _ = strings.Cut(rest, " ")
		}
		before, after, _ := strings.Cut(rest, "-> ")
		checked += in.hold(t, golden+": "+line, input, before) + in.hold(t, golden+": "+line, output, after)
	}
	return checked
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// schemasOf is a flow's description and its schemas, ready to check with.
type schemasOf struct {
	flow     *description.Flow
	compiler *jsonschema.Compiler
}

func newSchemasOf(t *testing.T, text []byte) *schemasOf {
	t.Helper()
	d, err := description.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	// The types alone are the document, since a description is no schema itself.
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("flow.json", map[string]any{"$defs": document.(map[string]any)["$defs"]}); err != nil {
		t.Fatal(err)
	}
	for name := range d.Defs {
		if _, err := c.Compile("flow.json#/$defs/" + name); err != nil {
			t.Errorf("flow %s: the type %s is no schema: %v", d.ID, name, err)
		}
	}
	return &schemasOf{d, c}
}

// hold holds the JSON with which a text begins against a type, if there are both.
func (s *schemasOf) hold(t *testing.T, where string, of *description.Schema, text string) int {
	t.Helper()
	if of == nil || of.Ref == "" || strings.Contains(text, description.Hidden) || !strings.HasPrefix(text, "{") {
		return 0
	}
	compiled, err := s.compiler.Compile("flow.json#/$defs/" + of.RefName())
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return 0
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%s: %v", where, err)
		return 0
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s\n%v", where, err)
	}
	return 1
}
