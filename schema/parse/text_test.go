package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/schema/diag"
)

// TestPlaces holds that the characters of a value are found again in the file.
func TestPlaces(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"plain", "doc: abc", "a1:6 b1:7 c1:8 end1:9"},
		{"plain, on two lines", "doc: ab\n  c", "a1:6 b1:7  1:8 c2:3 end2:4"},
		{"plain, an empty line between", "doc: a\n\n  b", "a1:6 \n1:7 b3:3 end3:4"},
		{"double quotes", `doc: "a\"\u00e9\x41\n\\b"`, `a1:7 "1:8 é1:10 A1:16 ` + "\n1:20 \\1:22 b1:24 end1:25"},
		{"double quotes, joined lines", "doc: \"a\\\n   b\"", "a1:7 b2:4 end2:5"},
		{"single quotes", "doc: 'a''b'", "a1:7 '1:8 b1:10 end1:11"},
		{"literal", "doc: |\n   a\n    b\n", "a2:4 \n2:5  3:4 b3:5 \n3:6 end4:4"},
		{"folded", "doc: >-\n  a\n  b\n", "a2:3  2:4 b3:3 end3:4"},
		{"a break that editors do not have", "doc: \"a\u0085  b\"", "a1:6  1:6 b1:6 end1:6"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var report diag.Reporter
			file := Read("x"+FlowSuffix, []byte(test.doc), &report)
			text := file.Flow.Doc
			places := text.Places()
			var got []string
			for i, r := range []rune(text.Value) {
				got = append(got, fmt.Sprintf("%c%d:%d", r, places[i].Line, places[i].Column))
			}
			end := places[len(places)-1]
			got = append(got, fmt.Sprintf("end%d:%d", end.Line, end.Column))
			if joined := strings.Join(got, " "); joined != test.want {
				t.Errorf("got  %q\nwant %q", joined, test.want)
			}
		})
	}
}

// TestSyntaxTree holds that the tree says where everything stands.
func TestSyntaxTree(t *testing.T) {
	var report diag.Reporter
	file := Read("x"+FlowSuffix, []byte("flow: shop\r\nversion: 1.10\r\nsteps:\r\n  - step: a\r\n    in: {é: x, bb: \"y\"}\r\n"), &report)
	if report.Len() > 0 {
		t.Fatal(report.List())
	}
	step, ok := file.Flow.Steps[0].(*Step)
	if !ok {
		t.Fatalf("the block is %+v", file.Flow.Steps[0])
	}
	binding := step.In.List[1]
	for _, test := range []struct {
		text         *Text
		value        string
		line, column int
	}{
		{file.Flow.Version, "1.10", 2, 10},
		{step.Name, "a", 4, 11},
		{binding.Name, "bb", 5, 16},
		{binding.Value, "y", 5, 20},
	} {
		if p := test.text.Pos; test.text.Value != test.value || p.Line != test.line || p.Column != test.column || p.File != file.Name {
			t.Errorf("%q stands at %+v, want %q at %d:%d", test.text.Value, p, test.value, test.line, test.column)
		}
	}
}
