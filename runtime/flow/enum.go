package flow

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// This file checks values that come from Go code: a Go string type takes any
// text, an enum of the language does not.

// Enum is a value of an enum. Generated code has a type for each.
type Enum interface {
	// EnumValues are the texts that it can be.
	EnumValues() []string
}

// CheckEnums says which fields in a value, at any depth, are enums that have none
// of their values, in an *InvalidError. The value must be one that can be stored: it has no cycles.
func CheckEnums(v any) error {
	var p Problems
	p.enums(v)
	return p.Err()
}

func (p *Problems) enums(v any) {
	if v != nil && holdsEnum(reflect.TypeOf(v)) {
		p.checkEnums(reflect.ValueOf(v), "", false)
	}
}

// checkEnums checks a part of a value, which is at a path in it.
func (p *Problems) checkEnums(v reflect.Value, path string, secret bool) {
	if !holdsEnum(v.Type()) {
		return
	}
	if e, ok := v.Interface().(Enum); ok && v.Kind() == reflect.String {
		p.checkEnum(e.EnumValues(), v.String(), path, secret)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			p.checkEnums(v.Elem(), path, secret)
		}
	case reflect.Slice:
		for i := range v.Len() {
			p.checkEnums(v.Index(i), elementPath(path, i), secret)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			next := path + "[" + Hidden + "]"
			if !secret {
				next = keyPath(path, key.String())
			}
			p.checkEnums(v.MapIndex(key), next, secret)
		}
	case reflect.Struct:
		p.checkEnumFields(v, path, secret)
	}
}

func (p *Problems) checkEnumFields(v reflect.Value, path string, secret bool) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		p.checkEnums(v.Field(i), fieldPath(path, jsonName(field)), secret || field.Tag.Get("secret") == "true")
	}
}

func (p *Problems) checkEnum(values []string, text, path string, secret bool) {
	if slices.Contains(values, text) {
		return
	}
	shown := quoted(text)
	if secret {
		shown = Hidden
	}
	p.add(Problem{Field: path, Problem: "must be " + anyOf(values) + ", it is " + shown})
}

// anyOf is a choice of values: small, medium or large.
func anyOf(values []string) string {
	const most = 20
	switch n := len(values); {
	case n > most:
		return "one of " + strings.Join(values[:most], ", ") + ", …"
	case n > 1:
		return strings.Join(values[:n-1], ", ") + " or " + values[n-1]
	default:
		return strings.Join(values, "")
	}
}

// sortedKeys are the keys of a map in their order, so that of several errors it is
// always the same one that is told.
func sortedKeys(v reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int {
		return strings.Compare(a.String(), b.String())
	})
}

// enumHolders is what holdsEnum found for a reflect.Type: a cache of pure facts.
var enumHolders sync.Map

// holdsEnum says whether a value of the type may hold an enum, at any depth.
func holdsEnum(t reflect.Type) bool {
	if known, ok := enumHolders.Load(t); ok {
		return known.(bool)
	}
	holds := findEnum(t, map[reflect.Type]bool{})
	enumHolders.Store(t, holds)
	return holds
}

func findEnum(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if t.Kind() == reflect.String {
		return t.Implements(reflect.TypeFor[Enum]())
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return findEnum(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && findEnum(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
