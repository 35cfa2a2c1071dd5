package diag

import (
	"encoding/json"
	"strings"
	"testing"
)

// wrong has a place with what formats have to escape, one without a line, and one without a file.
var wrong = List{
	{File: "a b/x.flow.yaml", Line: 3, Column: 5, Code: UnknownKey, Message: "unknown `retires`: 100%,\nsee <docs>", Related: []Related{
		{File: "a b/x.flow.yaml", Line: 1, Column: 1, Message: "the flow"},
	}},
	{File: "y.flow.yaml", Code: Unreadable, Message: "cannot be read"},
	{Code: NoFlowFile, Message: "no file"},
}

func TestFormatJSON(t *testing.T) {
	var b strings.Builder
	if err := wrong.Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || len(got) != 3 {
		t.Fatalf("%v in\n%s", err, &b)
	}
	if got[0]["line"] != 3.0 || got[0]["code"] != "BX008" || got[0]["message"] != wrong[0].Message || got[1]["line"] != nil {
		t.Errorf("got\n%s", &b)
	}
	b.Reset()
	if err := List(nil).Write(&b, "json"); err != nil || b.String() != "[]\n" {
		t.Errorf("nothing is %q, %v; want an empty array", &b, err)
	}
}

func TestFormatSARIF(t *testing.T) {
	var b strings.Builder
	if err := wrong.Write(&b, "sarif"); err != nil {
		t.Fatal(err)
	}
	var got sarifLog
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	run := got.Runs[0]
	first := run.Results[0]
	place := first.Locations[0].PhysicalLocation
	if got.Version != "2.1.0" || len(run.Results) != 3 || len(run.Tool.Driver.Rules) != 3 ||
		first.RuleID != UnknownKey || place.ArtifactLocation.URI != "a%20b/x.flow.yaml" || *place.Region != (sarifRegion{3, 5}) ||
		!strings.HasPrefix(run.Tool.Driver.Rules[0].Help.Markdown, "# BX001: ") ||
		len(first.RelatedLocations) != 1 || run.Results[1].Locations[0].PhysicalLocation.Region != nil || run.Results[2].Locations != nil {
		t.Errorf("got\n%s", &b)
	}
}

func TestFormatGitHub(t *testing.T) {
	var b strings.Builder
	if err := wrong.Write(&b, "github"); err != nil {
		t.Fatal(err)
	}
	const want = "::error file=a b/x.flow.yaml,line=3,col=5,title=BX008::unknown `retires`: 100%25,%0Asee <docs>%0Aa b/x.flow.yaml:1:1: the flow\n" +
		"::error file=y.flow.yaml,title=BX001::cannot be read\n" +
		"::error title=BX002::no file\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestFormatUnknown(t *testing.T) {
	if err := wrong.Write(new(strings.Builder), "xml"); err == nil {
		t.Error("a format that there is not was written")
	}
}

func TestSnippet(t *testing.T) {
	const content = "flow: a\r\n  retires: 2\n\tx \x1b[31m\u202e é-b\n"
	for _, c := range []struct {
		line, column int
		want         string
	}{
		{1, 1, "  1 │ flow: a\n    │ ^^^^\n"},
		{2, 3, "  2 │   retires: 2\n    │   ^^^^^^^\n"},
		{2, 10, "  2 │   retires: 2\n    │          ^\n"},
		{3, 11, "  3 │  x \uFFFD[31m\uFFFD é-b\n    │           ^^^\n"},
		{2, 13, "  2 │   retires: 2\n    │             ^\n"}, // behind the last character
		{2, 14, ""},
		{4, 1, "  4 │ \n    │ ^\n"},
		{5, 1, ""},
		{0, 0, ""},
	} {
		if got := Snippet(content, c.line, c.column); got != c.want {
			t.Errorf("%d:%d: got\n%q\nwant\n%q", c.line, c.column, got, c.want)
		}
	}
}
