package resolve

import (
	"go/types"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/schema/model"
)

// This file finds out what expressions can read of a Go type: the fields that its
// JSON has, as far as there are types of the language for them.

// goReader reads Go types. Each is read once, also where types contain each other.
type goReader struct {
	own    string                  // the path of the package that is generated into
	known  map[string]*model.Named // by path and name
	within map[string]bool         // the names of types other than structs that are being read
}

// read fills in the fields of a Go type, or why it has none that can be read.
func (g *goReader) read(named *model.Named, t types.Type) {
	named.Rules = named.Go.Validates
	named.Secret = tagsSecret(t, map[types.Type]bool{})
	fields, isStruct := t.Underlying().(*types.Struct)
	switch {
	case ownJSON(t):
		named.Go.Opaque = "it makes its JSON itself"
		return
	case !isStruct:
		named.Go.Opaque = "it is no struct"
		return
	}
	for _, f := range jsonFields(fields) {
		if f.name == "" {
			continue
		}
		field, why := g.field(f, t)
		if why != "" {
			named.Go.Unreadable[f.name] = why
			if f.secret || tagsSecret(f.v.Type(), map[types.Type]bool{}) {
				named.Go.Hidden = append(named.Go.Hidden, f.name)
			}
			continue
		}
		named.Fields = append(named.Fields, field)
	}
}

// field is a field of a Go struct, or why it cannot be read.
func (g *goReader) field(f jsonField, of types.Type) (*model.Field, string) {
	if f.throughPointer {
		return nil, "it is embedded by a pointer, which may be nil"
	}
	if len(f.name) > LongestName || !celName.MatchString(f.name) || reservedInCEL(f.name) != "" {
		return nil, "its name in JSON is none that an expression can have"
	}
	goName := f.selector(of)
	if goName == "" {
		return nil, "Go cannot select it"
	}
	t, conversion, why := g.typeOf(f.v.Type())
	if why != "" {
		return nil, why
	}
	return &model.Field{Name: f.name, GoName: goName, Type: t, Conversion: conversion, Secret: f.secret}, ""
}

// celName is a name that can stand behind a dot in an expression.
var celName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// typeOf is the type of the language for one of Go, how a value of it becomes one
// of that, and why there is none.
func (g *goReader) typeOf(t types.Type) (m *model.Type, c model.Conversion, why string) {
	t = types.Unalias(t)
	if named, ok := t.(*types.Named); ok {
		return g.namedType(named)
	}
	switch t := t.(type) {
	case *types.Basic:
		return basicType(t)
	case *types.Pointer:
		return g.pointer(t)
	case *types.Slice:
		if types.Identical(t.Elem(), types.Typ[types.Byte]) {
			return &model.Type{Kind: model.Bytes}, model.AsIs, ""
		}
		return g.container(model.List, t.Elem())
	case *types.Map:
		if !types.Identical(t.Key(), types.Typ[types.String]) {
			return nil, "", "the keys of the map are no strings"
		}
		return g.container(model.Map, t.Elem())
	case *types.Struct:
		return nil, "", "its struct type has no name"
	case *types.Interface:
		return nil, "", "its type is an interface"
	}
	return nil, "", "values of its Go type cannot be read: " + clip(t.String())
}

// namedType is a type with a name: one that the language knows, or a Go type.
func (g *goReader) namedType(t *types.Named) (*model.Type, model.Conversion, string) {
	obj := t.Obj()
	if obj.Pkg() == nil {
		return nil, "", "its type is an interface" // error
	}
	name := obj.Pkg().Path() + "." + obj.Name()
	switch name {
	case "time.Time":
		return &model.Type{Kind: model.Time}, model.AsIs, ""
	case "time.Duration":
		return &model.Type{Kind: model.Duration}, model.Convert, ""
	case "encoding/json.RawMessage":
		return &model.Type{Kind: model.JSON}, model.AsIs, ""
	case "github.com/bextgen/bextgen/runtime/flow.Duration":
		return &model.Type{Kind: model.Duration}, model.AsIs, ""
	}
	if known := g.known[name]; known != nil {
		return &model.Type{Kind: model.GoStruct, Named: known}, model.AsIs, ""
	}
	if _, isStruct := t.Underlying().(*types.Struct); !isStruct && !ownJSON(t) {
		return g.renamed(name, t.Underlying())
	}
	if why := g.unnameable(t); why != "" {
		return nil, "", why
	}
	named := &model.Named{Name: name, Go: g.goType(t, obj.Name(), obj.Pkg())}
	g.known[name] = named
	g.read(named, t)
	return &model.Type{Kind: model.GoStruct, Named: named}, model.AsIs, ""
}

// renamed is a type with a name that stands for another type.
func (g *goReader) renamed(name string, underlying types.Type) (*model.Type, model.Conversion, string) {
	if g.within[name] {
		return nil, "", "its type is made of itself"
	}
	g.within[name] = true
	defer delete(g.within, name)
	m, c, why := g.typeOf(underlying)
	switch {
	case why != "":
		return nil, "", why
	case m.Kind == model.Optional:
		return nil, "", "its type is a pointer with a name"
	case c == model.AsIs:
		c = model.Convert
	}
	return m, c, ""
}

// unnameable says why generated code cannot write the name of a type.
func (g *goReader) unnameable(t *types.Named) string {
	obj := t.Obj()
	switch own := obj.Pkg().Path() == g.own; {
	case unstorable(t) != "":
		return "its Go type " + unstorable(t)
	case !obj.Exported() && !own:
		return "its Go type is not exported"
	case obj.Parent() != obj.Pkg().Scope():
		return "its Go type is declared in a function"
	case !own && !visible(obj.Pkg().Path(), g.own):
		return "its Go type is in an internal package"
	}
	return ""
}

func basicType(t *types.Basic) (*model.Type, model.Conversion, string) {
	switch t.Kind() {
	case types.String:
		return &model.Type{Kind: model.String}, model.AsIs, ""
	case types.Bool:
		return &model.Type{Kind: model.Bool}, model.AsIs, ""
	case types.Int64:
		return &model.Type{Kind: model.Int}, model.AsIs, ""
	case types.Int, types.Int8, types.Int16, types.Int32, types.Uint8, types.Uint16, types.Uint32:
		return &model.Type{Kind: model.Int}, model.Convert, ""
	case types.Uint, types.Uint64, types.Uintptr:
		return &model.Type{Kind: model.Int}, model.ConvertUnsigned, ""
	case types.Float64:
		return &model.Type{Kind: model.Float}, model.AsIs, ""
	case types.Float32:
		return &model.Type{Kind: model.Float}, model.Convert, ""
	case types.Invalid:
		return nil, "", "its Go type cannot be told; it must compile without the generated code"
	}
	return nil, "", "values of its Go type cannot be read: " + t.Name()
}

func (g *goReader) container(kind model.Kind, elem types.Type) (*model.Type, model.Conversion, string) {
	t, c, why := g.typeOf(elem)
	switch {
	case why != "":
		return nil, "", "of its elements: " + why
	case c != model.AsIs:
		return nil, "", "its elements are of the Go type " + clip(types.TypeString(elem, packageNames)) + ", and would have to be converted one by one"
	}
	return &model.Type{Kind: kind, Elem: t}, model.AsIs, ""
}

// pointer is an optional value.
func (g *goReader) pointer(t *types.Pointer) (*model.Type, model.Conversion, string) {
	elem, c, why := g.typeOf(t.Elem())
	switch {
	case why != "":
		return nil, "", why
	case elem.Kind == model.Optional:
		return nil, "", "it is a pointer to a pointer"
	case c == model.ConvertUnsigned || c == model.Convert && !isScalar(elem.Kind):
		return nil, "", "it is a pointer to the Go type " + clip(types.TypeString(t.Elem(), packageNames)) + ", which would have to be converted"
	}
	return &model.Type{Kind: model.Optional, Elem: elem}, c, ""
}

// isScalar says whether what a pointer of this kind points to can be converted.
func isScalar(k model.Kind) bool {
	switch k {
	case model.String, model.Bool, model.Int, model.Float, model.Duration:
		return true
	}
	return false
}

func packageNames(pkg *types.Package) string { return pkg.Name() }

// unstorable says why no value of a type can be stored; "" if it can.
func unstorable(t types.Type) string {
	if n, ok := types.Unalias(t).(*types.Named); ok && (n.TypeParams().Len() > 0 || n.TypeArgs().Len() > 0) {
		return "is generic; declare a type of your own that is not"
	}
	if a, ok := t.(*types.Alias); ok && a.TypeParams().Len() > 0 {
		return "is generic; declare a type of your own that is not"
	}
	switch {
	case ownJSONOfValue(t):
		return ""
	case ownJSON(t):
		return "makes its JSON by a method of its pointer, so that a value of it would be stored otherwise; declare a struct of your own that has a pointer to it"
	}
	switch t := t.Underlying().(type) {
	case *types.Interface:
		return "is an interface: what was stored could not be read back"
	case *types.Pointer:
		return "is a pointer; name what it points to, and make fields optional with `T?`"
	case *types.Chan, *types.Signature:
		return "cannot be stored as JSON"
	case *types.Basic:
		if t.Info()&types.IsComplex != 0 || t.Kind() == types.UnsafePointer {
			return "cannot be stored as JSON"
		}
		if t.Kind() == types.Invalid {
			return "does not compile by itself; it must, without the generated code"
		}
	case *types.Struct:
		if holdsLock(t) {
			return "holds a lock, which may not be copied, as values of a flow are"
		}
		if t.NumFields() > 0 && len(jsonFields(t)) == 0 {
			return "has no field that JSON would hold, so that nothing of a value would be stored"
		}
		for _, f := range jsonFields(t) {
			switch f.v.Type().Underlying().(type) {
			case *types.Chan, *types.Signature:
				return "cannot be stored as JSON: its field `" + f.v.Name() + "` cannot; give it the tag `json:\"-\"`"
			}
		}
	}
	return ""
}

// holdsLock says whether a type is what go vet lets nobody copy: a lock, or what has one
// in a field.
func holdsLock(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Array:
		return holdsLock(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			if holdsLock(u.Field(i).Type()) {
				return true
			}
		}
	default:
		return false
	}
	noMore := func(s *types.Signature) bool { return s.Params().Len() == 0 && s.Results().Len() == 0 }
	pointer := types.NewPointer(t)
	return hasMethod(pointer, "Lock", noMore) && hasMethod(pointer, "Unlock", noMore) && !hasMethod(t, "Lock", noMore)
}

// ownJSON says whether values of a type, or pointers to them, make their JSON themselves.
func ownJSON(t types.Type) bool { return ownJSONOfValue(types.NewPointer(t)) }

func ownJSONOfValue(t types.Type) bool {
	for _, name := range []string{"MarshalJSON", "MarshalText", "MarshalJSONTo"} {
		if hasMethod(t, name, func(*types.Signature) bool { return true }) {
			return true
		}
	}
	return false
}

func hasMethod(t types.Type, name string, fits func(*types.Signature) bool) bool {
	selection := types.NewMethodSet(t).Lookup(nil, name)
	if selection == nil {
		return false
	}
	signature, ok := selection.Type().(*types.Signature)
	return ok && fits(signature)
}

func isValidate(s *types.Signature) bool {
	return s.Params().Len() == 0 && s.Results().Len() == 1 &&
		types.Identical(s.Results().At(0).Type(), types.Universe.Lookup("error").Type())
}

// jsonField is a field as encoding/json sees it.
type jsonField struct {
	name           string // "" for an embedded struct whose fields count as its parent's
	tagged         bool
	path           []*types.Var // the embedded structs on the way
	v              *types.Var
	throughPointer bool
	secret         bool // its tag says so
}

// selector is what stands behind the dot in Go: a name, or several where the name alone
// means another field or none.
func (f jsonField) selector(of types.Type) string {
	if found, _, _ := types.LookupFieldOrMethod(of, true, f.v.Pkg(), f.v.Name()); found == f.v {
		return f.v.Name()
	}
	names := make([]string, 0, len(f.path)+1)
	for _, v := range append(slices.Clone(f.path), f.v) {
		if !v.Exported() {
			return ""
		}
		names = append(names, v.Name())
	}
	return strings.Join(names, ".")
}

// jsonFields are the fields that encoding/json writes for a struct: of those with the same
// name the least embedded one, or the only one of these with a tag; else none of them.
func jsonFields(t *types.Struct) []jsonField {
	var all []jsonField
	collect(t, nil, false, map[types.Type]bool{}, &all)
	var kept []jsonField
	for i, f := range all {
		if !slices.ContainsFunc(all[:i], func(before jsonField) bool { return before.name == f.name }) {
			if best, ok := dominant(all, f.name); ok {
				kept = append(kept, best)
			}
		}
	}
	return kept
}

func dominant(all []jsonField, name string) (jsonField, bool) {
	var best []jsonField
	for _, f := range all {
		if f.name != name {
			continue
		}
		switch {
		case len(best) == 0 || len(f.path) < len(best[0].path):
			best = []jsonField{f}
		case len(f.path) > len(best[0].path) || best[0].tagged && !f.tagged:
		case f.tagged && !best[0].tagged:
			best = []jsonField{f}
		default:
			best = append(best, f)
		}
	}
	return best[0], len(best) == 1
}

func collect(t *types.Struct, path []*types.Var, throughPointer bool, seen map[types.Type]bool, all *[]jsonField) {
	if seen[t] {
		return
	}
	seen[t] = true
	defer delete(seen, t)
	for i := range t.NumFields() {
		v := t.Field(i)
		tag := reflect.StructTag(t.Tag(i)).Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		if v.Embedded() && name == "" {
			target, isPointer := v.Type(), false
			if p, ok := target.Underlying().(*types.Pointer); ok {
				target, isPointer = p.Elem(), true
			}
			if inner, ok := target.Underlying().(*types.Struct); ok {
				collect(inner, append(slices.Clone(path), v), throughPointer || isPointer, seen, all)
				continue
			}
		}
		if !v.Exported() {
			continue
		}
		*all = append(*all, jsonField{
			name: orElse(name, v.Name()), tagged: name != "", path: path, v: v,
			throughPointer: throughPointer, secret: hasSecretTag(t, i),
		})
	}
}

// hasSecretTag says whether a field is marked as a secret in Go, as generated structs mark theirs.
func hasSecretTag(t *types.Struct, i int) bool {
	return reflect.StructTag(t.Tag(i)).Get("secret") == "true"
}

// tagsSecret says whether a Go type has a field that is marked as a secret, at any depth.
func tagsSecret(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return tagsSecret(u.Elem(), seen)
	case *types.Slice:
		return tagsSecret(u.Elem(), seen)
	case *types.Array:
		return tagsSecret(u.Elem(), seen)
	case *types.Map:
		return tagsSecret(u.Elem(), seen)
	case *types.Struct:
		for i := range u.NumFields() {
			if hasSecretTag(u, i) || tagsSecret(u.Field(i).Type(), seen) {
				return true
			}
		}
	}
	return false
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
