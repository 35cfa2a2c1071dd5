// Go types of the user's own: their names, and how their fields are read.

package templates

import (
	gotypes "go/types"
	"path"
	"regexp"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// goStruct is the name of a Go type, with the import that it needs.
func goStruct(t *model.GoType) *jen.Statement {
	if t.ImportPath == "" {
		return jen.Id(t.Name)
	}
	return jen.Qual(t.ImportPath, t.Name)
}

// nameImports says the names of the packages of Go types, so that an import is written
// without one where that is how the package is called.
func nameImports(f *jen.File, pkg *model.Package) {
	seen := map[*model.Named]bool{}
	for _, t := range pkg.Types {
		nameImport(f, t, seen)
	}
}

func nameImport(f *jen.File, t *model.Named, seen map[*model.Named]bool) {
	if t == nil || t.Go == nil || seen[t] {
		return
	}
	seen[t] = true
	switch imported := t.Go.ImportPath; {
	case imported == "":
	case isTaken(t.Go.Package, imported):
		f.ImportAlias(imported, t.Go.Package+"pkg")
	case path.Base(imported) != t.Go.Package: // a reader could not tell where the name comes from
		f.ImportAlias(imported, t.Go.Package)
	default:
		f.ImportName(imported, t.Go.Package)
	}
	for _, fd := range t.Fields {
		at := fd.Type
		for at.Elem != nil {
			at = at.Elem
		}
		nameImport(f, at.Named, seen)
	}
}

// elementVar is the name of a variable for an element, also one in others.
var elementVar = regexp.MustCompile(`^[a-z][0-9]*$`)

// isTaken says whether a package of this name would be hidden by a variable or a
// parameter of generated code, hide a name of Go, or be taken for a package that
// generated code imports anyway.
func isTaken(name, path string) bool {
	locals := []string{
		"chosen", "ctx", "data", "in", "input", "key", "opts", "out", "payload", "plain", "rt", "runID", "steps", "verb",
	}
	imported := map[string]string{
		"flow": flowPath, "runtime": runtimePath, "json": "encoding/json", "slog": "log/slog", "utf8": "unicode/utf8",
	}
	for _, own := range []string{"bytes", "context", "fmt", "math", "reflect", "regexp", "slices", "strconv", "strings", "time"} {
		imported[own] = own
	}
	return slices.Contains(locals, name) || elementVar.MatchString(name) || gotypes.Universe.Lookup(name) != nil ||
		imported[name] != "" && imported[name] != path
}

// converted is the value of a field as one of the field's type.
func converted(fd *model.Field, value goExpr) goExpr {
	switch {
	case fd.Conversion == model.AsIs:
		return value
	case fd.Conversion == model.ConvertUnsigned:
		return planCall("Unsigned", value)
	case fd.Type.Kind == model.Optional:
		return flowCall(optionals[fd.Type.Elem.Kind], value)
	default:
		return call(typed(fd.Type), value)
	}
}

// optionals are the functions of runtime/flow that convert what a pointer points to.
var optionals = map[model.Kind]string{
	model.Int:      "OptionalInt",
	model.Float:    "OptionalFloat",
	model.String:   "OptionalString",
	model.Bool:     "OptionalBool",
	model.Duration: "OptionalDuration",
}
