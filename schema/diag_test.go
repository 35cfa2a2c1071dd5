package schema_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
)

var update = flag.Bool("update", false, "rewrite the expected diagnostics in testdata")

const (
	diagFolder = "../testdata/diag"
	wantFile   = "want"
)

// TestDiagnostics loads the faulty packages of testdata/diag and compares what
// is said of them. A line `package: NAME` in a file's comment is the option of that name.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(diagFolder, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 40 {
		t.Errorf("there are %d cases in %s, want at least 40", len(files), diagFolder)
	}
	seen := map[diag.Code]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			for _, d := range checkCase(t, file) {
				seen[d.Code] = true
			}
		})
	}
	for code, title := range diag.Titles() {
		if !seen[code] && !comparesVersions(code) {
			t.Errorf("no case in %s shows %s (%s)", diagFolder, code, title)
		}
	}
	for code := range seen {
		if diag.Titles()[code] == "" {
			t.Errorf("%s has no title", code)
		}
	}
}

func checkCase(t *testing.T, file string) diag.List {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spec, want := fstest.MapFS{}, ""
	var kept []txtar.File
	for _, f := range archive.Files {
		if f.Name == wantFile {
			want = string(f.Data)
			continue
		}
		kept = append(kept, f)
		spec[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	opts := options(archive)
	opts.Out = t.TempDir()
	for _, f := range kept {
		if strings.HasSuffix(f.Name, ".go") || f.Name == "go.mod" {
			writeFile(t, filepath.Join(opts.Out, f.Name), f.Data)
		}
	}
	pkg, list := schema.Load(spec, opts)
	if len(list) == 0 || pkg != nil {
		t.Fatalf("the spec is accepted; it must not be")
	}
	got := list.String()
	if *update {
		archive.Files = append(kept, txtar.File{Name: wantFile, Data: []byte(got)})
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("diagnostics differ (-want +got), rewrite them with -update:\n%s", diff)
	}
	return list
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

func options(archive *txtar.Archive) schema.Options {
	opts := schema.Options{Package: "specs"}
	for line := range strings.Lines(string(archive.Comment)) {
		if name, ok := strings.CutPrefix(line, "package: "); ok {
			opts.Package = strings.TrimSpace(name)
		}
		if dir, ok := strings.CutPrefix(line, "dir: "); ok {
			opts.Dir, opts.Package = strings.TrimSpace(dir), ""
		}
	}
	return opts
}
