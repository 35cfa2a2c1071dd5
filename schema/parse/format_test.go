package parse

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/schema/diag"
)

// TestFormat compares what becomes of files in testdata/format: `in` with `want`.
func TestFormat(t *testing.T) {
	files, err := filepath.Glob("testdata/format/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, want := archive.Files[0].Data, archive.Files[1].Data
			report := new(diag.Reporter)
			got, err := Format("a.flow.yaml", in, report)
			if err != nil || got == nil {
				t.Fatalf("%v, %v", err, report.List())
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err := holdFormat(t, in); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSameMeaning holds that a text that means something else, or has other characters, is found.
func TestSameMeaning(t *testing.T) {
	const before = "flow: a b\nsteps:\n  - step: c\n"
	for after, same := range map[string]bool{
		before:                                 true,
		"flow: a b\n\nsteps:\n- step: c\n":     true,
		"flow: a  b\nsteps:\n  - step: c\n":    false,
		"flow: ab\nsteps:\n  - step: c\n":      false,
		"flow: a b\nsteps:\n  -step: c\n":      false,
		"flow: a b # x\nsteps:\n  - step: c\n": false,
		"flow: a b\nsteps:\n - step: c\n  - ":  false,
		"flow: a b\nsteps: {":                  false,
	} {
		root, _ := open("a.flow.yaml", []byte(before), new(diag.Reporter))
		if err := sameMeaning("a.flow.yaml", root, []byte(before), []byte(after)); (err == nil) != same {
			t.Errorf("%q: %v", after, err)
		}
	}
}

// holdFormat holds what is true of every file: if it can be formatted, formatting it again
// changes nothing, and a mistake of bextgen is never told. It returns why it cannot be.
func holdFormat(t *testing.T, in []byte) error {
	t.Helper()
	once, err := Format("a.flow.yaml", in, new(diag.Reporter))
	if err != nil && strings.Contains(err.Error(), "mistake in bextgen") {
		t.Errorf("%v:\n%s", err, in)
	}
	if err != nil || once == nil {
		return err
	}
	twice, err := Format("a.flow.yaml", once, new(diag.Reporter))
	if diff := cmp.Diff(string(once), string(twice)); diff != "" || err != nil {
		t.Errorf("formatting it again changes it, %v (-once +twice):\n%s\nof:\n%s", err, diff, in)
	}
	return nil
}

// specs are the files of all packages in testdata and the examples.
func specs(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"../../testdata/gen/*.txtar", "../../testdata/diag/*.txtar", "../../examples/*/*.yaml", "../../templates/scaffold/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(file) == ".yaml" {
				all[file] = content
				continue
			}
			for _, f := range txtar.Parse(content).Files {
				if filepath.Ext(f.Name) == ".yaml" {
					all[file+"/"+f.Name] = f.Data
				}
			}
		}
	}
	return all
}

// TestFormatSpecs formats all specs, as they are and as people and tools might have written them.
func TestFormatSpecs(t *testing.T) {
	disorders := map[string]func(string) string{
		"as it is":      func(s string) string { return s },
		"deeper":        func(s string) string { return strings.NewReplacer("  ", "    ", ", ", ",", "{", "{ ").Replace(s) },
		"blank lines":   func(s string) string { return "\n\n" + strings.ReplaceAll(s, "\n", "\r\n\r\n\r\n") },
		"comments":      func(s string) string { return strings.ReplaceAll(s, "\n", "   # why\n") },
		"own comments":  func(s string) string { return strings.ReplaceAll(s, "\n", "\n# why\n    # not\n") },
		"lists at keys": func(s string) string { return strings.ReplaceAll(s, "\n  - step", "\n- step") },
	}
	formatted := 0
	for name, spec := range specs(t) {
		for how, disorder := range disorders {
			in := []byte(disorder(string(spec)))
			err := holdFormat(t, in)
			if err != nil && how == "as it is" {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				formatted++
			}
		}
	}
	if formatted < 500 {
		t.Errorf("%d files could be formatted, want at least 500", formatted)
	}
}

// TestExamplesAreFormatted holds that what people copy from is as it is to be.
func TestExamplesAreFormatted(t *testing.T) {
	for name, spec := range specs(t) {
		if filepath.Ext(filepath.Dir(name)) == ".txtar" {
			continue
		}
		if got, err := Format(name, spec, new(diag.Reporter)); err != nil || string(got) != string(spec) {
			t.Errorf("%s is not formatted, %v: run bextgen fmt", name, err)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, spec := range specs(f) {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, in []byte) { _ = holdFormat(t, in) }) // one that cannot be formatted is fine
}
