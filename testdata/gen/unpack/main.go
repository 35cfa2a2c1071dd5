// Command unpack writes the Go of the golden files into a folder, as a module that
// linters can read.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/testdata/gen/module"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./testdata/gen/unpack FOLDER")
		os.Exit(2)
	}
	if err := unpack("testdata/gen", os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "unpack: %v\n", err)
		os.Exit(1)
	}
}

// unpack writes each golden file into a package of its own.
func unpack(from, dir string) error {
	paths, err := filepath.Glob(filepath.Join(from, "*.txtar"))
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("there are no golden files in %s; run this in the folder of the module (%w)", from, err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		pkg := filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".txtar"))
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) != ".go" {
				continue
			}
			to := filepath.Join(pkg, file.Name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, file.Data, 0o644)); err != nil {
				return fmt.Errorf("unpacking %s: %w", path, err)
			}
			// What a flow embeds is there, whatever it says: most goldens do not show it.
			if embedded, isFlow := strings.CutSuffix(to, ".flow.go"); isFlow {
				if err := os.WriteFile(embedded+".flow.json", []byte("{}\n"), 0o644); err != nil {
					return fmt.Errorf("unpacking %s: %w", path, err)
				}
			}
		}
	}
	return module.Write(dir, ".")
}
