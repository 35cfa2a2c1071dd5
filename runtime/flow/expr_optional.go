// Optional values: a pointer, nil where the value is absent. Nobody else
// dereferences them in generated code, so nobody can get it wrong.

package flow

import (
	"encoding/json"
	"reflect"
	"time"
)

// Get reads a field of an optional struct. The result is absent if the struct
// is.
func Get[S, F any](s *S, field func(*S) F) *F {
	if s == nil {
		return nil
	}
	value := field(s)
	return &value
}

// GetOptional reads an optional field of an optional struct. The result is
// absent if either is: one optional, not two.
func GetOptional[S, F any](s *S, field func(*S) *F) *F {
	if s == nil {
		return nil
	}
	return field(s)
}

// Flat is one optional where there was one in another.
func Flat[T any](v **T) *T {
	if v == nil {
		return nil
	}
	return *v
}

// OptMap is the macro optMap: what is made of a value, if that is there.
func OptMap[T, R any](v *T, value func(T) R) *R {
	if v == nil {
		return nil
	}
	result := value(*v)
	return &result
}

// OptFlatMap is the macro optFlatMap: what is made of a value, which may be absent
// too.
func OptFlatMap[T, R any](v *T, value func(T) *R) *R {
	if v == nil {
		return nil
	}
	return value(*v)
}

// HasValue says whether the value is there.
func HasValue[T any](v *T) bool { return v != nil }

// Holds says whether the value is there and is equal to another one, in the sense of
// Equal.
func Holds[T any](v *T, other T) bool { return v != nil && Equal(*v, other) }

// Absent is optional.none().
func Absent[T any]() *T { return nil }

// NonZero is a value as an optional one, absent if it is the zero of its type: false,
// 0, the time of year 1, a text, list or map that is empty, a struct of nothing else.
func NonZero[T any](value T) *T {
	if isZero(reflect.ValueOf(&value).Elem()) {
		return nil
	}
	return &value
}

func isZero(v reflect.Value) bool {
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case time.Time:
			return x.IsZero()
		case json.RawMessage:
			return equalJSON(x, nil)
		}
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if !isZero(v.Field(i)) {
				return false
			}
		}
		return true
	default:
		return v.IsZero()
	}
}

// Some is a value as an optional one.
func Some[T any](value T) *T { return &value }

// FirstOf is the first of two optional values that is there.
func FirstOf[T any](v, otherwise *T) *T {
	if v == nil {
		return otherwise
	}
	return v
}

// FirstOfFunc is an optional value if it is there, or else another one, which is
// only computed then.
func FirstOfFunc[T any](v *T, otherwise func() *T) *T {
	if v == nil {
		return otherwise()
	}
	return v
}

// OrValue is the value, or another one where it is absent.
func OrValue[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

// OrValueFunc is the value, or one that is only computed where it is absent.
func OrValueFunc[T any](v *T, otherwise func() T) T {
	if v == nil {
		return otherwise()
	}
	return *v
}
