package templates_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/testdata/gen/module"
)

var update = flag.Bool("update", false, "write what the golden tests get into their files")

const (
	goldenFolder = "../testdata/gen"
	historyFile  = "history.txt" // what Run prints
)

// golden is a file of testdata/gen: flow files, the Go that is generated from
// them, run.go with handlers, Register and Run, and the history that this gives. The
// description of a flow stands only in the files that have one already: an empty
// NAME.flow.json asks for it.
type golden struct {
	name    string
	path    string
	archive *txtar.Archive
	got     map[string][]byte
}

func readGoldens(t testing.TB) []*golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(goldenFolder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	var goldens []*golden
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		goldens = append(goldens, &golden{name: name, path: path, archive: archive, got: map[string][]byte{}})
	}
	return goldens
}

// TestGolden generates the Go of all golden files, then compiles, vets and runs
// it, and compares the Go and the histories with what the files say.
func TestGolden(t *testing.T) {
	goldens := readGoldens(t)
	for _, g := range goldens {
		g.generate(t)
	}
	if t.Failed() {
		return
	}
	t.Run("run", func(t *testing.T) { play(t, goldens) })
	for _, g := range goldens {
		t.Run(g.name, g.compare)
	}
}

// generate is the Go of the flow files.
func (g *golden) generate(t *testing.T) {
	options := schema.Options{Package: g.name, Dir: g.path, Out: g.folder(t)}
	_, g.got = compile(t, options, specs(g.archive))
}

// folder is where the package would be written, with the Go that is there already.
func (g *golden) folder(t *testing.T) string {
	dir := t.TempDir()
	if err := module.Write(dir, ".."); err != nil {
		t.Fatal(err)
	}
	for _, file := range g.archive.Files {
		if isOwnGo(file.Name) {
			writeFile(t, filepath.Join(dir, g.name, file.Name), file.Data)
		}
	}
	return filepath.Join(dir, g.name)
}

// isOwnGo says whether a file of an archive is Go that was not generated.
func isOwnGo(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".flow.go") && !strings.HasSuffix(name, ".types.go")
}

func isDescription(name string) bool { return strings.HasSuffix(name, ".flow.json") }

// shows says whether a file is in the archive.
func (g *golden) shows(name string) bool {
	return slices.ContainsFunc(g.archive.Files, func(f txtar.File) bool { return f.Name == name })
}

// compare holds what was made against the golden file, or writes it there.
func (g *golden) compare(t *testing.T) {
	want := &txtar.Archive{Comment: g.archive.Comment}
	for _, file := range g.archive.Files {
		if strings.HasSuffix(file.Name, ".yaml") || isOwnGo(file.Name) {
			want.Files = append(want.Files, file)
		}
	}
	if _, played := g.got[historyFile]; !played { // -short
		for _, file := range g.archive.Files {
			if file.Name == historyFile {
				g.got[historyFile] = file.Data
			}
		}
	}
	names := make([]string, 0, len(g.got))
	for name := range g.got {
		if !isDescription(name) || g.shows(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		want.Files = append(want.Files, txtar.File{Name: name, Data: g.got[name]})
	}
	got := txtar.Format(want)
	if *update {
		if err := os.WriteFile(g.path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(g.archive)), string(got)); diff != "" {
		t.Errorf("%s is not current (-want +got); if the change is meant, run the test with -update:\n%s", g.path, diff)
	}
}

// play builds a program of all the golden files, vets it and runs it.
func play(t *testing.T, goldens []*golden) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	files := map[string][]byte{"main.go": mainProgram(goldens)}
	for _, g := range goldens {
		for name, content := range g.got {
			files[g.name+"/"+name] = content
		}
		for _, file := range g.archive.Files {
			if isOwnGo(file.Name) {
				files[g.name+"/"+file.Name] = file.Data
			}
		}
	}
	program := buildProgram(t, files)
	for _, file := range txtar.Parse(run(t, ".", program, t.TempDir())).Files {
		at := slices.IndexFunc(goldens, func(g *golden) bool { return g.name == file.Name })
		goldens[at].got[historyFile] = file.Data
	}
}

func mainProgram(goldens []*golden) []byte {
	var imports, plays strings.Builder
	for i, g := range goldens {
		fmt.Fprintf(&imports, "p%d \"golden/%s\"\n", i, g.name)
		fmt.Fprintf(&plays, "golden.Play{Name: %q, Register: p%d.Register, Run: p%d.Run},\n", g.name, i, i)
	}
	return fmt.Appendf(nil, "package main\n\nimport (\n\"github.com/bextgen/bextgen/testdata/gen/golden\"\n%s)\n\n"+
		"func main() {\ngolden.Main(\n%s)\n}\n", imports.String(), plays.String())
}
