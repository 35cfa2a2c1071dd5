package graph

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// hostile has texts that try to leave their places.
var hostile = &description.Flow{ID: `a"; b [label="x`, Blocks: []description.Block{
	{Kind: description.Step, Name: "read", Path: "read", When: `"\"]; evil -> b [x="`},
	{Kind: description.Foreach, Name: "rows", Path: "rows", Over: "</style><script>alert(1)</script>", Limit: 4, Blocks: []description.Block{
		{Kind: description.Step, Name: "work", Path: "rows[].work"},
	}},
}}

func TestDOT(t *testing.T) {
	got := DOT(hostile)
	for _, want := range []string{
		`digraph "a\"; b [label=\"x" {`,
		`":start" -> "read" [label="when \"\\\"]; evil -> b [x=\""]`,
		`"read" -> "rows"`, `"rows[].work" [label="work"`, `style=dashed`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
}

func TestDocumentIsXML(t *testing.T) {
	document := Document(hostile)
	elements := map[string]int{}
	for dec := xml.NewDecoder(strings.NewReader(string(document))); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	if elements["svg"] != 1 || elements["style"] != 1 || elements["script"] != 0 {
		t.Errorf("the elements are %v", elements)
	}
}
