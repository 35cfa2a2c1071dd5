package templates_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/check"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
	"github.com/bextgen/bextgen/templates"
)

// BenchmarkCompile is what each part of the compiler takes for a package of 100 flows
// of 20 steps.
func BenchmarkCompile(b *testing.B) {
	const flows, steps = 100, 20
	specs, names := fstest.MapFS{}, []string{}
	for i := range flows {
		name := fmt.Sprintf("flow-%d", i)
		specs[name+".flow.yaml"] = &fstest.MapFile{Data: chainSpec(name, steps)}
		names = append(names, name+".flow.yaml")
	}
	pkg, diagnostics := schema.Load(specs, schema.Options{Package: "flows"})
	if len(diagnostics) > 0 {
		b.Fatal(diagnostics)
	}
	read := func() []*parse.File {
		var files []*parse.File
		for _, name := range names {
			files = append(files, parse.Read(name, specs[name].Data, new(diag.Reporter)))
		}
		return files
	}
	parsed := read()
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read()
		}
	})
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			report := new(diag.Reporter)
			if err := check.Check(resolve.Resolve("flows", "", parsed, report), report); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("emit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := templates.Go(pkg); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// chainSpec is a flow of steps of which each reads the one before.
func chainSpec(name string, steps int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "flow: %s\nversion: \"1.0\"\ndoc: Goes from step to step.\ninput: {n: int, name: string}\nsteps:\n", name)
	before := "input.n"
	for i := range steps {
		fmt.Fprintf(&b, `  - step: step-%d
    doc: Adds one to what came before.
    in: {x: %[2]s + 1, name: input.name, odd: %[2]s %% 2 == 1}
    out: {v: int}
    retries: 2
    timeout: 10s
    compensate: undo-%[1]d
`, i, before)
		before = fmt.Sprintf("step%d.v", i)
	}
	return []byte(b.String())
}

// TestLongFlow holds that the Go of a flow of as many steps as there may be compiles.
func TestLongFlow(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	_, files := compile(t, schema.Options{Package: "long"}, fstest.MapFS{"long.flow.yaml": {Data: chainSpec("long", 1000)}})
	sources := map[string][]byte{"main.go": []byte("package main\n\nimport _ \"golden/long\"\n\nfunc main() {}\n")}
	for name, content := range files {
		sources["long/"+name] = content
	}
	buildProgram(t, sources)
}
