package resolve

import (
	"slices"
	"strings"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file resolves types and fields.

// Unknown is the kind of a type that could not be resolved. It is reported, so
// no model with it is ever returned; until then nothing else is said of it.
const Unknown model.Kind = ""

// maxNesting bounds how deep types stand in one another: list<list<…>>.
const maxNesting = 16

type declaredType struct {
	model  *model.Named
	syntax *parse.Type
}

// declareTypes takes the names of all types first: a type may name one that
// comes later or in another file.
func (r *resolver) declareTypes(files []*parse.File) []declaredType {
	var list []declaredType
	for _, f := range files {
		for _, t := range f.Types {
			if !r.typeName(t.Name) || !r.claim(t.Name.Value, "type `"+t.Name.Value+"`", t.Name.Pos) {
				continue
			}
			kind := model.Struct
			switch {
			case t.Values != nil:
				kind = model.Enum
			case t.Go != nil:
				kind = model.GoStruct
			}
			named := &model.Named{Name: t.Name.Value, Doc: doc(t.Doc), Pos: t.Name.Pos}
			r.types[named.Name] = &model.Type{Kind: kind, Named: named}
			r.pkg.Model.Types = append(r.pkg.Model.Types, named)
			list = append(list, declaredType{named, t})
		}
	}
	return list
}

func (r *resolver) typeName(t *parse.Text) bool {
	if len(t.Value) > LongestName || !pascal.MatchString(t.Value) {
		r.report.Add(diag.MalformedName, t.Pos, "type `%s` must begin with a capital and have letters and digits only, such as `OrderItem`", clip(t.Value))
		return false
	}
	return true
}

// fields resolves fields. One of a wrong type stays, with the type Unknown:
// expressions that read it are not wrong too.
func (r *resolver) fields(list []*parse.Field) []*model.Field {
	var fields []*model.Field
	for _, f := range list {
		if r.report.Full() || !FieldName(f.Name, r.report) {
			continue
		}
		t := r.typeOf(f.Type)
		if t == nil {
			t = &model.Type{Kind: Unknown}
		}
		field := &model.Field{Name: f.Name.Value, Doc: doc(f.Doc), Type: t, Secret: f.Secret, Pos: f.Name.Pos}
		if isDemanding(f) {
			r.demanding = append(r.demanding, demanding{field, f})
		}
		fields = append(fields, field)
	}
	return fields
}

// FieldName checks the name of a field. A word that only Go reserves, such as
// type, is allowed: JSON has it often, and its Go name begins with a capital.
func FieldName(t *parse.Text, report *diag.Reporter) bool {
	if len(t.Value) > LongestName || !camel.MatchString(t.Value) {
		report.Add(diag.MalformedName, t.Pos, "field `%s` must be written in camelCase: letters and digits, a small one first, such as `orderId`", clip(t.Value))
		return false
	}
	if where := reservedInCEL(t.Value); where != "" {
		report.Add(diag.ReservedName, t.Pos, "`%s` cannot be the name of a field: the word is reserved %s", t.Value, where)
		return false
	}
	return true
}

// typeOf resolves a type as it is written; nil after it reported what is wrong.
func (r *resolver) typeOf(t *parse.Text) *model.Type {
	if len(t.Value) > LongestName*maxNesting {
		r.report.Add(diag.MalformedType, t.Pos, "the type is too long")
		return nil
	}
	return r.parseType(strings.TrimSpace(t.Value), t.Pos, 0)
}

func (r *resolver) parseType(text string, pos model.Pos, depth int) *model.Type {
	if depth > maxNesting {
		r.report.Add(diag.MalformedType, pos, "the type is nested more than %d levels deep", maxNesting)
		return nil
	}
	if inner, ok := strings.CutSuffix(text, "?"); ok {
		return r.container(model.Optional, inner, pos, depth)
	}
	outer, inner, generic := strings.Cut(text, "<")
	if !generic {
		return r.simpleType(text, pos)
	}
	inner, closed := strings.CutSuffix(inner, ">")
	if !closed {
		r.report.Add(diag.MalformedType, pos, "the type `%s` is not closed with `>`", clip(text))
		return nil
	}
	switch kind := model.Kind(strings.TrimSpace(outer)); kind {
	case model.List, model.Map, model.Optional:
		return r.container(kind, inner, pos, depth)
	}
	r.report.Add(diag.MalformedType, pos, "`%s<…>` is no type; there are `list<T>`, `map<T>` and `optional<T>`", clip(outer))
	return nil
}

func (r *resolver) container(kind model.Kind, inner string, pos model.Pos, depth int) *model.Type {
	inner = strings.TrimSpace(inner)
	if kind == model.Map && strings.Contains(inner, ",") {
		r.report.Add(diag.MalformedType, pos, "a map has string keys always: write `map<T>` with the type of its values alone")
		return nil
	}
	if inner == "" {
		r.report.Add(diag.MalformedType, pos, "a type is missing: write `T?`, `list<T>`, `map<T>` or `optional<T>`")
		return nil
	}
	elem := r.parseType(inner, pos, depth+1)
	if elem == nil {
		return nil
	}
	if elem.Kind == Unknown { // a Go type that cannot be used
		return elem
	}
	if kind == model.Optional && elem.Kind == model.Optional {
		r.report.Add(diag.MalformedType, pos, "this type is optional twice; once is enough")
		return nil
	}
	return &model.Type{Kind: kind, Elem: elem}
}

// Scalars are the types that need no declaration.
func Scalars() []string {
	return []string{"string", "bool", "int", "float", "bytes", "time", "duration", "json"}
}

func (r *resolver) simpleType(text string, pos model.Pos) *model.Type {
	if slices.Contains(Scalars(), text) {
		return &model.Type{Kind: model.Kind(text)}
	}
	if declared := r.types[text]; declared != nil {
		return &model.Type{Kind: declared.Kind, Named: declared.Named}
	}
	r.report.Add(diag.UnknownType, pos, "unknown type `%s`%s", clip(text), r.typeHint(text))
	return nil
}

// typeHint says what an unknown type may have been meant to be.
func (r *resolver) typeHint(text string) string {
	switch strings.ToLower(text) {
	case "integer", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "long":
		return "; did you mean `int`?"
	case "number", "double", "float32", "float64", "decimal":
		return "; did you mean `float`?"
	case "boolean":
		return "; did you mean `bool`?"
	case "timestamp", "date", "datetime":
		return "; did you mean `time`?"
	case "any", "object":
		return "; did you mean `json`?"
	case "list", "array", "map", "optional":
		return "; write what is in it: `list<T>`, `map<T>` or `optional<T>`"
	}
	if elem := strings.TrimSuffix(strings.TrimPrefix(text, "[]"), "[]"); elem != text { // of Go and of TypeScript
		return "; did you mean `list<" + clip(elem) + ">`?"
	}
	names := Scalars()
	for _, t := range r.pkg.Model.Types {
		names = append(names, t.Name)
	}
	if hint := diag.DidYouMean(text, names); hint != "" {
		return hint
	}
	return "; declare it under `types`"
}

// refuseEndless reports types that contain themselves with nothing between
// that may be absent or empty: no value of them would have an end.
func (r *resolver) refuseEndless() {
	done := map[*model.Named]bool{}
	for _, t := range r.pkg.Model.Types {
		r.walkEndless(t, nil, done)
	}
}

func (r *resolver) walkEndless(t *model.Named, path []*model.Named, done map[*model.Named]bool) {
	if at := slices.Index(path, t); at >= 0 {
		var circle []string
		for _, on := range append(slices.Clone(path[at:]), t) {
			circle = append(circle, on.Name)
		}
		r.report.Add(diag.EndlessType, t.Pos, "type `%s` contains itself without end (%s); make a field optional (`T?`) or a list", t.Name, way(circle))
		return
	}
	if done[t] {
		return
	}
	for _, f := range t.Fields {
		if f.Type.Kind == model.Struct {
			r.walkEndless(f.Type.Named, append(path, t), done)
		}
	}
	done[t] = true
}

// way is the names on a way that ends where it began, of a long one the first few.
func way(circle []string) string {
	const most = 8
	if last := len(circle) - 1; last > most {
		circle = append(slices.Clone(circle[:most]), "…", circle[last])
	}
	return strings.Join(circle, " → ")
}

func doc(t *parse.Text) string {
	if t == nil {
		return ""
	}
	return strings.TrimSpace(t.Value)
}
