package resolve

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file loads Go packages and finds types in them.

// loadedPackages are packages by their paths, and the path of the one that is
// generated into.
type loadedPackages struct {
	own      string
	packages map[string]*packages.Package
	problems map[string]string // of packages that cannot be used
}

// longestLoad bounds how long the go command may take, which may download modules.
const longestLoad = 2 * time.Minute

// loadPackages loads packages as the one in a folder would import them. Files that
// bextgen generated are passed over: they may be out of date, or not there yet.
func loadPackages(folder, packageName string, paths []string) (loadedPackages, error) {
	loaded := loadedPackages{packages: map[string]*packages.Package{}, problems: map[string]string{}}
	full, err := filepath.Abs(folder)
	if err != nil {
		return loaded, fmt.Errorf("the folder of the package cannot be told: %w", err)
	}
	if loaded.own, err = ownPath(full); err != nil {
		return loaded, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longestLoad)
	defer cancel()
	config := packages.Config{Context: ctx, Dir: existing(full), Overlay: withoutGenerated(full, packageName)}

	config.Mode = packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps
	graph, err := packages.Load(&config, paths...)
	if err != nil {
		return loaded, fmt.Errorf("the go command failed: %s", firstLine(err.Error()))
	}
	var usable []string
	for _, pkg := range graph {
		if problem := loaded.unusable(pkg); problem != "" {
			loaded.problems[pkg.PkgPath] = problem
			continue
		}
		usable = append(usable, pkg.PkgPath)
	}
	if len(usable) == 0 {
		return loaded, nil
	}
	// Only these are read from source, so that types are found also in a package that
	// does not compile without what is yet to be generated.
	config.Mode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
		packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo
	typed, err := packages.Load(&config, usable...)
	if err != nil {
		return loaded, fmt.Errorf("the go command failed: %s", firstLine(err.Error()))
	}
	for _, pkg := range typed {
		loaded.packages[pkg.PkgPath] = pkg
	}
	return loaded, nil
}

// unusable says why the package that is generated cannot import another one; "" if it can.
func (l *loadedPackages) unusable(pkg *packages.Package) string {
	switch {
	case len(pkg.GoFiles) == 0 && len(pkg.Errors) > 0:
		return "the Go package `" + clip(pkg.PkgPath) + "` cannot be loaded: " + firstLine(pkg.Errors[0].Msg)
	case len(pkg.GoFiles) == 0:
		return "the Go package `" + clip(pkg.PkgPath) + "` has no Go files"
	case pkg.PkgPath == l.own:
		return ""
	case pkg.Name == "main":
		return "`" + clip(pkg.PkgPath) + "` is a program, which no package can import; put the type into a package of its own"
	case !visible(pkg.PkgPath, l.own):
		return "the Go package `" + clip(pkg.PkgPath) + "` is internal, and `" + clip(l.own) + "`, which is generated, cannot import it"
	case imports(pkg, l.own, map[string]bool{}):
		return "the Go package `" + clip(pkg.PkgPath) + "` imports `" + clip(l.own) + "`, which is generated and would have to import it too; put the type into a package that does not"
	}
	return ""
}

// visible says whether internal packages may be imported from another place.
func visible(importPath, from string) bool {
	padded := "/" + importPath + "/"
	at := strings.LastIndex(padded, "/internal/")
	if at < 0 {
		return true
	}
	parent := strings.TrimPrefix(padded[:at], "/")
	return parent != "" && (from == parent || strings.HasPrefix(from, parent+"/"))
}

func imports(pkg *packages.Package, wanted string, seen map[string]bool) bool {
	if seen[pkg.PkgPath] {
		return false
	}
	seen[pkg.PkgPath] = true
	for _, imported := range pkg.Imports {
		if imported.PkgPath == wanted || imports(imported, wanted, seen) {
			return true
		}
	}
	return false
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)"?`)

// ownPath is the path by which the package in a folder is imported.
func ownPath(folder string) (string, error) {
	for dir := folder; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if errors.Is(err, os.ErrNotExist) && dir != filepath.Dir(dir) {
			continue
		}
		if errors.Is(err, os.ErrNotExist) {
			return "", errors.New("there is no go.mod in the folder or above it, so that no Go type can be found; `go mod init` makes one")
		}
		if err != nil {
			return "", fmt.Errorf("the go.mod of the folder cannot be read: %w", err)
		}
		found := moduleLine.FindSubmatch(text)
		if found == nil {
			return "", errors.New("the go.mod above the folder names no module")
		}
		below, err := filepath.Rel(dir, folder)
		if err != nil {
			return "", fmt.Errorf("the path of the package cannot be told: %w", err)
		}
		return path.Join(string(found[1]), filepath.ToSlash(below)), nil
	}
}

// existing is a folder, or what is above it where it is still to be made.
func existing(folder string) string {
	for {
		if info, err := os.Stat(folder); err == nil && info.IsDir() || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// generatedFile is how a file begins that bextgen wrote.
var generatedFile = regexp.MustCompile(`^// Code generated by bextgen from .*; DO NOT EDIT\.`)

// withoutGenerated gives the files that bextgen wrote into a folder nothing but the
// package that they belong to.
func withoutGenerated(folder, packageName string) map[string][]byte {
	overlay := map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil // the folder's name is a pattern that is none; it is looked at as it is
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err == nil && generatedFile.Match(text) {
			overlay[name] = []byte("package " + packageName + "\n")
		}
	}
	return overlay
}

// firstLine is the first line of what the go command says, with the next one if that
// is announced.
func firstLine(text string) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if strings.HasSuffix(line, ":") {
		next, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
		line += " " + next
	}
	return line
}

// findType reports why a Go type cannot be used; true if it can.
func (r *resolver) findType(loaded loadedPackages, reader *goReader, g goDeclaration) bool {
	pkg := loaded.packages[g.path]
	switch problem := loaded.problems[g.path]; {
	case problem != "":
		r.badGoType(g, "%s", problem)
		return false
	case pkg == nil || pkg.Types == nil:
		r.badGoType(g, "there is no Go package `%s`", clip(g.path))
		return false
	}
	obj := pkg.Types.Scope().Lookup(g.goName)
	name, isType := obj.(*types.TypeName)
	switch {
	case obj == nil:
		r.badGoType(g, "the Go package `%s` has no type `%s`%s", clip(g.path), clip(g.goName), missingHint(g, pkg, loaded.own))
	case !isType:
		r.badGoType(g, "`%s` is no type in the Go package `%s`", g.goName, clip(g.path))
	default:
		if why := unstorable(name.Type()); why != "" {
			r.badGoType(g, "the Go type `%s` %s", g.goName, why)
			return false
		}
		g.named.Go = reader.goType(name.Type(), g.goName, pkg.Types)
		reader.known[g.path+"."+g.goName] = g.named
		return true
	}
	return false
}

// missingHint says why a type may be missing.
func missingHint(g goDeclaration, pkg *packages.Package, own string) string {
	if hint := diag.DidYouMean(g.goName, exportedTypes(pkg.Types)); hint != "" {
		return hint
	}
	for _, e := range pkg.Errors {
		if e.Kind == packages.ParseError {
			return "; one of its files cannot be read: " + firstLine(e.Msg)
		}
	}
	if g.path == own {
		return "; files that bextgen generates do not count"
	}
	return ""
}

func exportedTypes(pkg *types.Package) []string {
	var names []string
	for _, name := range pkg.Scope().Names() {
		if obj, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok && obj.Exported() {
			names = append(names, name)
		}
	}
	return names
}

// goType is where a Go type is declared.
func (g *goReader) goType(t types.Type, name string, pkg *types.Package) *model.GoType {
	m := &model.GoType{ImportPath: pkg.Path(), Package: pkg.Name(), Name: name, Unreadable: map[string]string{}}
	if m.ImportPath == g.own {
		m.ImportPath = ""
	}
	m.Validates = hasMethod(types.NewPointer(t), "Validate", isValidate) // its methods include those of t
	return m
}
