package templates_test

// This file compiles specs to Go and builds programs of that.

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/templates"
	"github.com/bextgen/bextgen/testdata/gen/module"
)

// specs are the flow and types files of an archive.
func specs(archive *txtar.Archive) fstest.MapFS {
	specs := fstest.MapFS{}
	for _, file := range archive.Files {
		if strings.HasSuffix(file.Name, ".yaml") {
			specs[file.Name] = &fstest.MapFile{Data: file.Data}
		}
	}
	return specs
}

// compile is the model of a package of these specs, and its Go by the names of files.
func compile(t *testing.T, options schema.Options, specs fstest.MapFS) (*model.Package, map[string][]byte) {
	t.Helper()
	pkg, diagnostics := schema.Load(specs, options)
	if len(diagnostics) > 0 {
		t.Fatalf("the package %s is wrong:\n%s", options.Package, diagnostics)
	}
	files, err := templates.Go(pkg)
	if err != nil {
		t.Fatalf("the package %s has no Go: %v", options.Package, err)
	}
	contents := map[string][]byte{}
	for _, file := range files {
		contents[file.Name] = file.Content
	}
	return pkg, contents
}

// buildProgram vets and compiles the files of a module, by their paths in it, and
// returns the path of the program. They import each other as golden/FOLDER.
func buildProgram(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := writeModule(t, files)
	program := filepath.Join(dir, "program")
	run(t, dir, "go", "vet", "./...")
	run(t, dir, "go", "build", "-o", program, ".")
	return program
}

// writeModule writes the files of a module, and returns its folder.
func writeModule(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := module.Write(dir, ".."); err != nil {
		t.Fatal(err)
	}
	for path, content := range files {
		writeFile(t, filepath.Join(dir, path), content)
	}
	return dir
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
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stderr.String(), stdout.String())
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
