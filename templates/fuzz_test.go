package templates_test

import (
	"bytes"
	"go/format"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/templates"
)

// FuzzGo generates the Go of any spec that is accepted: it parses, it is
// formatted, and it says what it was generated from. So does the description.
func FuzzGo(f *testing.F) {
	for _, g := range readGoldens(f) {
		for _, file := range g.archive.Files {
			if strings.HasSuffix(file.Name, ".flow.yaml") {
				f.Add(file.Data)
			}
		}
	}
	out := f.TempDir() // in no module, so that the go command is never asked
	f.Fuzz(func(t *testing.T, spec []byte) {
		const name = "fuzz.flow.yaml"
		pkg, diagnostics := schema.Load(fstest.MapFS{name: {Data: spec}}, schema.Options{Package: "fuzz", Dir: ".", Out: out})
		if len(diagnostics) > 0 {
			return
		}
		files, err := templates.Go(pkg)
		if err != nil {
			t.Fatalf("an accepted spec has no Go: %v", err)
		}
		for _, file := range files {
			if source, ok := templates.SourceOf(file.Content); !ok || source != name {
				t.Fatalf("%s says that it was generated from %q", file.Name, source)
			}
			if isDescription(file.Name) {
				holdDescription(t, file)
				continue
			}
			if _, err := parser.ParseFile(token.NewFileSet(), file.Name, file.Content, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				t.Fatalf("the Go does not parse: %v\n%s", err, file.Content)
			}
			if formatted, err := format.Source(file.Content); err != nil || !bytes.Equal(formatted, file.Content) {
				t.Fatalf("the Go is not formatted (%v):\n%s", err, file.Content)
			}
		}
	})
}
