package flow

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
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

// CheckEnums says which field in a value, at any depth, is an enum that has none
// of its values. The value must be one that can be stored: it has no cycles.
func CheckEnums(v any) error {
	if v == nil || !holdsEnum(reflect.TypeOf(v)) {
		return nil
	}
	return checkEnums(reflect.ValueOf(v), "", false)
}

// checkEnums checks a part of a value, which is at a path in it.
func checkEnums(v reflect.Value, path string, secret bool) error {
	if !holdsEnum(v.Type()) {
		return nil
	}
	if e, ok := v.Interface().(Enum); ok && v.Kind() == reflect.String {
		return checkEnum(e.EnumValues(), v.String(), path, secret)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return checkEnums(v.Elem(), path, secret)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := checkEnums(v.Index(i), path+"["+strconv.Itoa(i)+"]", secret); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			if err := checkEnums(v.MapIndex(key), path+"["+strconv.Quote(key.String())+"]", secret); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return checkFields(v, path, secret)
	}
	return nil
}

func checkFields(v reflect.Value, path string, secret bool) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if path != "" {
			name = path + "." + name
		}
		if err := checkEnums(v.Field(i), name, secret || field.Tag.Get("secret") == "true"); err != nil {
			return err
		}
	}
	return nil
}

func checkEnum(values []string, text, path string, secret bool) error {
	if slices.Contains(values, text) {
		return nil
	}
	if path == "" {
		path = "it"
	}
	shown := strconv.Quote(text)
	if secret {
		shown = Hidden
	}
	const most = 20
	if len(values) > most {
		values = append(slices.Clip(values[:most]), "…")
	}
	return fmt.Errorf("%s is %s, and must be one of %s", path, shown, strings.Join(values, ", "))
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
