package flow

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
)

// This file is how values become stored bytes and come back. A value that was
// stored and read is the same as one that was not: absent lists and maps are
// stored as [] and {}, and what JSON cannot hold (NaN, infinities) is refused.

// Encode is the stored form of a value.
func Encode(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("null"), nil
	}
	rv := reflect.ValueOf(v)
	if holdsNilable(rv.Type()) {
		v = filled(rv).Interface()
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // the bytes are data, and shown to people; pages escape on their own
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// Decode reads a stored value into v, a pointer. Fields that v does not have
// are passed over: a newer minor version may have stored them.
func Decode(raw []byte, v any) error {
	if len(raw) == 0 {
		return nil // a step without a result stores none
	}
	return json.Unmarshal(raw, v)
}

// nilable is what holdsNilable found for a reflect.Type: a cache of pure facts.
var nilable sync.Map

// holdsNilable says whether a value of the type may hold a nil slice or map
// that filled would replace.
func holdsNilable(t reflect.Type) bool {
	if known, ok := nilable.Load(t); ok {
		return known.(bool)
	}
	holds := findNilable(t, map[reflect.Type]bool{})
	nilable.Store(t, holds)
	return holds
}

func findNilable(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || ownEncoding(t) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return true
	case reflect.Pointer, reflect.Array:
		return findNilable(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && findNilable(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// ownEncoding says that the type's JSON is its own affair.
func ownEncoding(t reflect.Type) bool {
	p := reflect.PointerTo(t) // its methods include those of t
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// filled is a copy of v with empty lists and maps in place of nil ones. What v
// points to is never written: it belongs to the handler that returned it.
func filled(v reflect.Value) reflect.Value {
	t := v.Type()
	if !holdsNilable(t) {
		return v
	}
	switch t.Kind() {
	case reflect.Slice:
		return filledSlice(v)
	case reflect.Map:
		return filledMap(v)
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(t.Elem())
		p.Elem().Set(filled(v.Elem()))
		return p
	case reflect.Struct:
		c := reflect.New(t).Elem()
		c.Set(v)
		for i := range t.NumField() {
			if f := c.Field(i); t.Field(i).IsExported() {
				f.Set(filled(f))
			}
		}
		return c
	}
	return v
}

func filledSlice(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return reflect.MakeSlice(v.Type(), 0, 0)
	}
	if !holdsNilable(v.Type().Elem()) {
		return v
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		c.Index(i).Set(filled(v.Index(i)))
	}
	return c
}

func filledMap(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return reflect.MakeMap(v.Type())
	}
	if !holdsNilable(v.Type().Elem()) {
		return v
	}
	c := reflect.MakeMapWithSize(v.Type(), v.Len())
	for it := v.MapRange(); it.Next(); {
		c.SetMapIndex(it.Key(), filled(it.Value()))
	}
	return c
}
