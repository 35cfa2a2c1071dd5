// Optional values: a pointer, nil where the value is absent. Nobody else
// dereferences them in generated code, so nobody can get it wrong.

package flow

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

// HasValue says whether the value is there.
func HasValue[T any](v *T) bool { return v != nil }

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
