package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/schema/diag"
)

func TestTellPeople(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.flow.yaml")
	if err := os.WriteFile(file, []byte("flow: a\nretires: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := diag.List{{File: file, Line: 2, Column: 1, Code: diag.UnknownKey, Message: "unknown key", Related: []diag.Related{
		{File: file, Line: 1, Column: 7, Message: "in this flow"},
	}}}
	for _, colour := range []bool{false, true} {
		var b strings.Builder
		if err := tellPeople(&b, wrong, colour); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "\x1b") != colour {
			t.Errorf("with colour %v: %q", colour, &b)
		}
		for _, want := range []string{"bextgen explain BX008 tells more of such a mistake.", "  2 │ retires: 2\n    │ ^^^^^^^\n", "\t" + file + ":1:7: in this flow\n  1 │ flow: a\n    │       ^\n"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%q is missing in\n%s", want, &b)
			}
		}
	}
}
