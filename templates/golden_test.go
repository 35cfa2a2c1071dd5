package templates_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/templates"
)

var update = flag.Bool("update", false, "write what the golden tests get into their files")

const (
	goldenFolder = "../testdata/gen"
	runFile      = "run.go"      // handlers, Register and Run; not generated
	historyFile  = "history.txt" // what Run prints
)

// golden is a file of testdata/gen: flow files, the Go that is generated from
// them, a play of its flows, and the history that this gives.
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
	pkg, diagnostics := schema.Load(g.specs(), schema.Options{Package: g.name, Dir: g.path})
	if len(diagnostics) > 0 {
		t.Errorf("%s is wrong:\n%s", g.path, diagnostics)
		return
	}
	files, err := templates.Go(pkg)
	if err != nil {
		t.Errorf("%s: %v", g.path, err)
	}
	for _, file := range files {
		g.got[file.Name] = file.Content
	}
}

func (g *golden) specs() fstest.MapFS {
	specs := fstest.MapFS{}
	for _, file := range g.archive.Files {
		if strings.HasSuffix(file.Name, ".yaml") {
			specs[file.Name] = &fstest.MapFile{Data: file.Data}
		}
	}
	return specs
}

// compare holds what was made against the golden file, or writes it there.
func (g *golden) compare(t *testing.T) {
	want := &txtar.Archive{Comment: g.archive.Comment}
	for _, file := range g.archive.Files {
		if strings.HasSuffix(file.Name, ".yaml") || file.Name == runFile {
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
		names = append(names, name)
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
	dir := t.TempDir()
	writeModule(t, dir)
	for _, g := range goldens {
		for name, content := range g.got {
			writeFile(t, filepath.Join(dir, g.name, name), content)
		}
		for _, file := range g.archive.Files {
			if file.Name == runFile {
				writeFile(t, filepath.Join(dir, g.name, file.Name), file.Data)
			}
		}
	}
	writeFile(t, filepath.Join(dir, "main.go"), mainProgram(goldens))

	program := filepath.Join(dir, "play")
	run(t, dir, "go", "vet", "./...")
	run(t, dir, "go", "build", "-o", program, ".")
	for _, file := range txtar.Parse(run(t, dir, program, t.TempDir())).Files {
		at := slices.IndexFunc(goldens, func(g *golden) bool { return g.name == file.Name })
		goldens[at].got[historyFile] = file.Data
	}
}

// writeModule makes a module that has this one, and what this one needs.
func writeModule(t *testing.T, dir string) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	const path = "github.com/bextgen/bextgen"
	text := strings.Replace(string(mod), "module "+path, "module golden", 1)
	text += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", path, path, root)
	writeFile(t, filepath.Join(dir, "go.mod"), []byte(text))
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "go.sum"), sum)
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

// run is what a command prints on its standard output.
func run(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes()
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
