// Package schema is the language of flows: it reads the flow files of a folder
// and checks them like a compiler. See docs/language.md.
package schema

import (
	"cmp"
	"fmt"
	"go/token"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/bextgen/bextgen/schema/check"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// Options say how a folder is loaded.
type Options struct {
	// Package is the name of the Go package to generate. If it is empty, the
	// name is made from the last element of Dir.
	Package string
	// Dir is the folder as the user typed it; the files in diagnostics begin with it.
	Dir string
	// Out is the folder that the package is generated into, where the Go types that the
	// specs name are looked for; Dir if it is empty.
	Out string
}

// Load reads and checks the package that is the root folder of fsys: all its
// *.flow.yaml and *.types.yaml files, in the order of their names. All the
// errors of a package come in one run; the model is nil if there is one. What
// cannot be read is a diagnostic too.
func Load(fsys fs.FS, opts Options) (*model.Package, diag.List) {
	pkg, list := Look(fsys, opts)
	if len(list) > 0 {
		pkg = nil
	}
	return pkg, list
}

// Look is Load for editors, in which a package is wrong most of the time. Where something
// is, the model has gaps: what could not be read is nil, and types may be of no kind. It is
// nil where a file is no YAML.
func Look(fsys fs.FS, opts Options) (*model.Package, diag.List) {
	report := new(diag.Reporter)
	names := fileNames(fsys, report)
	pkg := load(fsys, names, opts, report)
	return pkg, below(opts.Dir, report.List().Sorted(names))
}

// Specs are the files that Load would read, as they are now; ok is false where it would report
// something before it looked at what they say.
func Specs(fsys fs.FS) (specs []model.Spec, ok bool) {
	report := new(diag.Reporter)
	for _, name := range fileNames(fsys, report) {
		text, _ := readFile(fsys, name, report) // why it cannot be read is in the report
		specs = append(specs, model.Spec{Name: name, Text: string(text)})
	}
	return specs, report.Len() == 0
}

// load is the passes. Those behind parsing mark what is wrong and go on around
// it; a file that could not be parsed at all would make errors out of nothing in them.
func load(fsys fs.FS, names []string, opts Options, report *diag.Reporter) *model.Package {
	name := packageName(opts, report)
	var files []*parse.File
	var specs []model.Spec
	for _, n := range names {
		text, ok := readFile(fsys, n, report)
		if !ok {
			continue
		}
		if f := parse.Read(n, text, report); f != nil {
			files = append(files, f)
			specs = append(specs, model.Spec{Name: n, Text: string(text)})
		}
	}
	if len(files) < len(names) || len(files) == 0 {
		return nil
	}
	resolved := resolve.Resolve(name, cmp.Or(opts.Out, opts.Dir), files, report)
	resolved.Model.Specs = specs
	if err := check.Check(resolved, report); err != nil {
		report.Add(diag.Unreadable, model.Pos{}, "bextgen itself has a fault: %v", err)
	}
	return resolved.Model
}

// fileNames is the files of the package, sorted.
func fileNames(fsys fs.FS, report *diag.Reporter) []string {
	entries, err := fs.ReadDir(fsys, ".") // sorted by name
	if err != nil {
		report.Add(diag.Unreadable, model.Pos{}, "the folder cannot be read: %v", err)
		return nil
	}
	var names []string
	for _, e := range entries {
		n := e.Name()
		isSpec := strings.HasSuffix(n, parse.FlowSuffix) || strings.HasSuffix(n, parse.TypesSuffix)
		switch {
		case isSpec && e.IsDir():
			report.Add(diag.Unreadable, model.Pos{File: n}, "this is a folder; a flow file was expected by its name")
		case isSpec:
			names = append(names, n)
		case strings.HasSuffix(n, ".flow.yml"), strings.HasSuffix(n, ".types.yml"):
			report.Add(diag.NoFlowFile, model.Pos{File: n}, "a flow file ends in .yaml, not .yml; rename it to %s", strings.TrimSuffix(n, "yml")+"yaml")
		}
	}
	if len(names) == 0 && report.Len() == 0 {
		report.Add(diag.NoFlowFile, model.Pos{}, "the folder has no *%s file", parse.FlowSuffix)
	}
	return names
}

// readFile reads a file, at most a little more than one may have; it says false after it
// reported that the file cannot be read.
func readFile(fsys fs.FS, name string, report *diag.Reporter) (text []byte, ok bool) {
	info, err := fs.Stat(fsys, name)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for whoever writes to it
		report.Add(diag.Unreadable, model.Pos{File: name}, "this is no regular file; a flow file was expected by its name")
		return nil, false
	}
	f, err := fsys.Open(name)
	if err != nil {
		report.Add(diag.Unreadable, model.Pos{File: name}, "the file cannot be read: %v", err)
		return nil, false
	}
	defer f.Close() //nolint:errcheck // it was only read
	text, err = io.ReadAll(io.LimitReader(f, parse.MaxSize+1))
	if err != nil {
		report.Add(diag.Unreadable, model.Pos{File: name}, "the file cannot be read: %v", err)
		return nil, false
	}
	return text, true
}

// packageName is the name of the Go package: the one that was asked for, or the
// folder's, with small letters and digits only.
func packageName(opts Options, report *diag.Reporter) string {
	if opts.Package != "" {
		refusePackage(opts.Package, report)
		return opts.Package
	}
	folder, err := folderName(opts.Dir)
	if err != nil {
		report.Add(diag.PackageName, model.Pos{}, "the name of the Go package cannot be told: %v; give it with --package", err)
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(folder))
	if !token.IsIdentifier(name) || name == ignoredPackage {
		report.Add(diag.PackageName, model.Pos{}, "no Go package can be named after the folder `%s`; give a name with --package", folder)
	}
	return name
}

// ignoredPackage is the package whose files the go command passes over.
const ignoredPackage = "documentation"

// refusePackage reports a name that a Go package cannot have.
func refusePackage(name string, report *diag.Reporter) {
	switch {
	case token.IsKeyword(name):
		report.Add(diag.PackageName, model.Pos{}, "`%s` is no name for a Go package: the word is reserved in Go; give another with --package", name)
	case name == ignoredPackage:
		report.Add(diag.PackageName, model.Pos{}, "`%s` is no name for a Go package with code: Go passes over its files; give another with --package", name)
	case !token.IsIdentifier(name) || name == "_":
		report.Add(diag.PackageName, model.Pos{}, "`%s` is no name for a Go package; use small letters, and digits behind them", name)
	}
}

// folderName is the last element of a folder's path, also of "." and "..".
func folderName(dir string) (string, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the folder: %w", err)
	}
	return filepath.Base(full), nil
}

// below puts the folder before the files of diagnostics; what is about no file
// is about the folder.
func below(dir string, list diag.List) diag.List {
	if dir == "" {
		return list
	}
	for i := range list {
		d := &list[i]
		d.File = path.Join(filepath.ToSlash(dir), d.File)
		for j := range d.Related {
			d.Related[j].File = path.Join(filepath.ToSlash(dir), d.Related[j].File)
		}
	}
	return list
}
