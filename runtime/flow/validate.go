package flow

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// This file is the rules that fields can have in a spec. Generated Validate methods
// say which field has which.

// Check says what is wrong with a value that comes from outside: with its enums, and
// with what its Validate method finds, if it has one. The error is an *InvalidError
// with all of it, in the order of the fields. The value must be one that can be stored: it has no cycles.
func Check(v any) error {
	var p Problems
	p.enums(v)
	p.Inside("", v)
	if len(p.found) > 1 {
		p.sort(reflect.TypeOf(v))
	}
	return p.Err()
}

// Min demands that a field is not less than a bound.
func Min[T cmp.Ordered](p *Problems, field string, value, least T) {
	if !(value >= least) { // NaN is neither
		p.demand(field, fmt.Sprintf("must be at least %v", least), fmt.Sprintf("is %v", value))
	}
}

// Max demands that a field is not more than a bound.
func Max[T cmp.Ordered](p *Problems, field string, value, most T) {
	if !(value <= most) {
		p.demand(field, fmt.Sprintf("must be at most %v", most), fmt.Sprintf("is %v", value))
	}
}

// NotBefore demands that a field is not before a time.
func (p *Problems) NotBefore(field string, value, first time.Time) {
	if value.Before(first) {
		p.demand(field, "must not be before "+moment(first), "is "+moment(value))
	}
}

// NotAfter demands that a field is not after a time.
func (p *Problems) NotAfter(field string, value, last time.Time) {
	if value.After(last) {
		p.demand(field, "must not be after "+moment(last), "is "+moment(value))
	}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// MinLength demands that a text has so many characters, or bytes, a list or a map so
// many elements, or more.
func (p *Problems) MinLength(field string, value any, least int) {
	if n, unit := length(value); n < least {
		p.demand(field, "must have at least "+count(least, unit), fmt.Sprintf("has %d", n))
	}
}

// MaxLength demands that there are no more of them.
func (p *Problems) MaxLength(field string, value any, most int) {
	if n, unit := length(value); n > most {
		p.demand(field, "must have at most "+count(most, unit), fmt.Sprintf("has %d", n))
	}
}

func length(value any) (n int, unit string) {
	switch v := value.(type) {
	case string:
		return utf8.RuneCountInString(v), "character"
	case []byte:
		return len(v), "byte"
	}
	return reflect.ValueOf(value).Len(), "element"
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// Pattern demands that some part of a text matches a pattern in the syntax of the
// package regexp.
func (p *Problems) Pattern(field, value, pattern string) {
	compiled, err := compiledPattern(pattern)
	if err != nil {
		p.add(Problem{Field: field, Problem: "has a pattern that is none: " + err.Error()})
		return
	}
	if !compiled.MatchString(value) {
		p.demand(field, "must match "+pattern, "is "+quoted(value))
	}
}

// patterns are those of generated code, compiled: a cache of pure facts.
var patterns sync.Map

func compiledPattern(pattern string) (*regexp.Regexp, error) {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp), nil
	}
	compiled, err := regexp.Compile(pattern)
	if err == nil {
		patterns.Store(pattern, compiled)
	}
	return compiled, err
}

// validator is a value that knows what is wrong with it: one of a generated type
// that holds rules, or of a type of the user's own.
type validator interface{ Validate() error }

// Inside demands what the values in a field demand, in lists, maps and optional
// values too.
func (p *Problems) Inside(field string, value any) {
	if value != nil {
		p.inside(reflect.ValueOf(value), field, field)
	}
}

// inside checks a part of a value, which is at a path in it and in a field.
func (p *Problems) inside(v reflect.Value, path, field string) {
	if own := validatorOf(v); own != nil {
		p.addAll(own.Validate(), path, field)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			p.inside(v.Elem(), path, field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			p.inside(v.Index(i), elementPath(path, i), field)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			p.inside(v.MapIndex(key), keyPath(path, key.String()), field)
		}
	}
}

// validatorOf is a value, or the pointer to it, if that is one.
func validatorOf(v reflect.Value) validator {
	switch t := v.Type(); {
	case t.Kind() == reflect.Pointer:
		return nil // what it points to is looked at
	case t.Implements(reflect.TypeFor[validator]()):
		return v.Interface().(validator)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[validator]()):
		p := reflect.New(t)
		p.Elem().Set(v)
		return p.Interface().(validator)
	}
	return nil
}

// addAll adds what a Validate method found in what is at a path.
func (p *Problems) addAll(err error, path, field string) {
	if err == nil {
		return
	}
	secret := slices.Contains(p.Secrets, field)
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		invalid = &InvalidError{Problems: []Problem{{Problem: "is wrong: " + err.Error()}}}
	}
	for _, found := range invalid.Problems {
		if found.untold == "" {
			found.untold = "is wrong: " + Hidden
		}
		found.Field = fieldPath(path, found.Field)
		if secret { // the way to it may go over the keys of a map
			found.Field, found.Problem = field, found.untold
		}
		p.add(found)
	}
	p.more += invalid.More
}
