// Equality of values for which Go's == does not say what the language means:
// lists, maps, structs, optional values and JSON.

package flow

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"
)

// Equal says whether two values are equal: lists by their elements, in order;
// maps by their keys and values; structs by their fields; optional values if
// both are absent, or both there and equal; times if they are the same moment;
// JSON by what it says and not by how it is written. NaN equals nothing, itself
// included.
func Equal[T any](a, b T) bool {
	return equal(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

func equal(a, b reflect.Value) bool {
	switch x := a.Interface().(type) {
	case time.Time:
		return x.Equal(b.Interface().(time.Time))
	case json.RawMessage:
		return equalJSON(x, b.Interface().(json.RawMessage))
	}
	switch a.Kind() {
	case reflect.Slice:
		return equalLists(a, b)
	case reflect.Map:
		return equalMaps(a, b)
	case reflect.Struct:
		return equalStructs(a, b)
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	default:
		return a.Equal(b)
	}
}

func equalLists(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !equal(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func equalMaps(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for key, value := range a.Seq2() {
		other := b.MapIndex(key)
		if !other.IsValid() || !equal(value, other) {
			return false
		}
	}
	return true
}

func equalStructs(a, b reflect.Value) bool {
	for i := range a.NumField() {
		if !equal(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

func equalJSON(a, b json.RawMessage) bool {
	x, errA := decodeAny(a)
	y, errB := decodeAny(b)
	if errA != nil || errB != nil {
		return bytes.Equal(a, b)
	}
	return equalAny(x, y)
}

// decodeAny keeps numbers as text, so that large integers stay exact. No JSON
// at all is what a field has that was never set; it is null.
func decodeAny(data json.RawMessage) (any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

func equalAny(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		return ok && equalNumbers(x, y)
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equalAny(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for key, value := range x {
			other, found := y[key]
			if !found || !equalAny(value, other) {
				return false
			}
		}
		return true
	default: // nil, bool and string
		return a == b
	}
}

// equalNumbers compares integers exactly, and others as floats.
func equalNumbers(a, b json.Number) bool {
	i, errI := a.Int64()
	j, errJ := b.Int64()
	f, _ := a.Float64() // out of range is an infinity: as large as floats can tell
	g, _ := b.Float64()
	switch {
	case errI == nil && errJ == nil:
		return i == j
	case errI == nil:
		return CompareIntFloat(i, g) == 0
	case errJ == nil:
		return CompareIntFloat(j, f) == 0
	default:
		return f == g
	}
}
