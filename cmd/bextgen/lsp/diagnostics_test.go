package lsp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// small is a flow with a step, and whatever else.
const small = "flow: a\nversion: \"1.0\"\nsteps:\n  - step: %s\n%s"

func TestDiagnostics(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", fmt.Sprintf(small, "b", ""), ""},
		{"a word", fmt.Sprintf(small, "b", "    retires: 1\n"), "4:4-11 BX008 unknown key `retires` in step `b`; did you mean `retries`?\n"},
		{"in an expression", fmt.Sprintf(small, "b", "    when: input.nobody == 1\n"), "4:16-22 BX055 "},
		{"behind é", fmt.Sprintf(small, "b", "    in: {a: '\"é\"', b: nobody}\n"), "4:22-28 BX052 "},
		{"behind an emoji", fmt.Sprintf(small, "b", "    in: {a: '\"🎉\"', b: nobody}\n"), "4:23-29 BX052 "},
		{"in a folded emoji", fmt.Sprintf(small, "b", "    when: >-\n      \"🎉🎉\" == nobody\n"), "5:16-22 "},
		{"with carriage returns", "flow: a\r\nversion: \"1.0\"\r\nsteps: [{step: b, retires: 1}]\r\n", "2:18-25 "},
		{"broken YAML", "flow: a\nversion: [\n", "1:0-"},
		{"an empty file", "", "0:0-0 "},
		{"no UTF-8 mistake", "flow: é\n", "0:0-"},
	}
	c := start(t)
	c.open("a.flow.yaml", "")
	c.diagnostics("a.flow.yaml")
	for i, test := range tests {
		c.change("a.flow.yaml", i+2, test.text)
		got := c.diagnostics("a.flow.yaml")
		if (test.want == "") != (got == "") || len(got) < len(test.want) || got[:len(test.want)] != test.want {
			t.Errorf("%s: got\n%swant\n%s", test.name, got, test.want)
		}
	}
}

// TestWholeFolder holds that the files of a folder are checked together, those that are open as they are
// in the editor, and that each file's diagnostics go to it, and away.
func TestWholeFolder(t *testing.T) {
	c := start(t, "a.flow.yaml", fmt.Sprintf(small, "b", "    out: {size: Size}\n"))
	c.open("shared.types.yaml", "types:\n  Sizes: {enum: [small]}\n")
	want := "4:16-20 BX030 unknown type `Size`; did you mean `Sizes`?\n"
	if got := c.diagnostics("a.flow.yaml") + c.diagnostics("shared.types.yaml"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.change("shared.types.yaml", 2, "types:\n  Size: {enum: [small]}\n")
	if got := c.diagnostics("a.flow.yaml") + c.diagnostics("shared.types.yaml"); got != "" {
		t.Errorf("got %q", got)
	}
	c.open("other.types.yaml", "types:\n  Size: {enum: [small]}\n")
	want = "1:2-6 BX023 type `Size` is declared twice in this package; rename one\n\tother.types.yaml:1:2-6 it is declared here first\n"
	if got := c.diagnostics("shared.types.yaml"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.close("other.types.yaml")
	if got := c.diagnostics("shared.types.yaml"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestFilesOnDisk holds that a folder is checked again when a file changes outside of the editor.
func TestFilesOnDisk(t *testing.T) {
	c := start(t, "shared.types.yaml", "types:\n  Size: {enum: [small]}\n")
	c.open("a.flow.yaml", fmt.Sprintf(small, "b", "    out: {size: Size}\n"))
	if got := c.diagnostics("a.flow.yaml"); got != "" {
		t.Errorf("got %q", got)
	}
	if err := os.Remove(filepath.Join(c.folder, "shared.types.yaml")); err != nil {
		t.Fatal(err)
	}
	c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": c.uri("shared.types.yaml"), "type": 3}}})
	if got := c.diagnostics("a.flow.yaml"); got == "" {
		t.Error("a type that is gone is not missed")
	}
}
