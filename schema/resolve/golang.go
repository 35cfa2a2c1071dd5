package resolve

import (
	"go/token"
	"regexp"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file declares the types that users wrote in Go. How Go code is loaded, and what
// expressions can read of a type, stand in files of their own.

// importPath is how the path of a package is written: nothing that the go command could
// take for a flag, a pattern or a folder.
var importPath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.~+-]*(/[A-Za-z0-9_][A-Za-z0-9_.~+-]*)*$`)

// isPattern says whether the go command takes a path for many packages.
func isPattern(path string) bool {
	switch path {
	case "all", "cmd", "std", "tool", "work":
		return true
	}
	return false
}

// goDeclaration is a Go type that a spec names.
type goDeclaration struct {
	named  *model.Named
	text   *parse.Text
	path   string // of its package
	goName string
}

// goTypes resolves the Go types of the package. One that cannot be used is Unknown from
// then on: what is declared with it is not wrong too.
func (r *resolver) goTypes(declared []declaredType) {
	var list []goDeclaration
	first := map[string]goDeclaration{}
	for _, d := range declared {
		if d.syntax.Go == nil {
			continue
		}
		g, ok := r.splitGoName(d)
		if before, twice := first[g.path+"."+g.goName]; ok && twice {
			r.report.AddRelated(diag.DeclaredTwice, g.text.Pos, before.text.Pos, "it stands here first",
				"types `%s` and `%s` are the same Go type; use one of them", before.named.Name, g.named.Name)
			ok = false
		}
		if !ok {
			r.types[d.model.Name].Kind = Unknown
			continue
		}
		first[g.path+"."+g.goName] = g
		list = append(list, g)
	}
	if len(list) > 0 {
		r.loadTypes(list)
	}
}

// splitGoName splits `example.com/shop/money.Amount`.
func (r *resolver) splitGoName(d declaredType) (goDeclaration, bool) {
	text := d.syntax.Go
	g := goDeclaration{named: d.model, text: text}
	dot := strings.LastIndexByte(text.Value, '.')
	g.path, g.goName = text.Value[:max(dot, 0)], text.Value[dot+1:]
	switch {
	case len(text.Value) > 4*LongestName || !importPath.MatchString(g.path) || !token.IsIdentifier(g.goName):
		r.badGoType(g, "`%s` is not the name of a Go type; write the path of its package and its name, such as `example.com/shop/money.Amount`", clip(text.Value))
		return g, false
	case isPattern(g.path):
		r.badGoType(g, "there is no Go package `%s`: the word means several packages", g.path)
		return g, false
	case !token.IsExported(g.goName):
		r.badGoType(g, "the Go type `%s` is not exported: other packages cannot use it; its name must begin with a capital", g.goName)
		return g, false
	}
	return g, true
}

func (r *resolver) badGoType(g goDeclaration, format string, args ...any) {
	r.report.Add(diag.BadGoType, g.text.Pos, format, args...)
}

// loadTypes loads the packages of Go types, and reads the types in them.
func (r *resolver) loadTypes(list []goDeclaration) {
	var paths []string
	for _, g := range list {
		if !slices.Contains(paths, g.path) {
			paths = append(paths, g.path)
		}
	}
	loaded, err := loadPackages(r.folder, r.pkg.Model.Name, paths)
	if err != nil {
		r.badGoType(list[0], "%v", err)
	}
	reader := &goReader{own: loaded.own, known: map[string]*model.Named{}, within: map[string]bool{}}
	var found []goDeclaration
	for _, g := range list {
		if err == nil && r.findType(loaded, reader, g) {
			found = append(found, g)
			continue
		}
		r.types[g.named.Name].Kind = Unknown
	}
	for _, g := range found {
		reader.read(g.named, loaded.packages[g.path].Types.Scope().Lookup(g.goName).Type())
	}
}
