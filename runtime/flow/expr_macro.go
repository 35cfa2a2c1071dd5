// What the macros of the language are made of: conditions and values that are
// computed for each element of a list.

package flow

import (
	"maps"
	"slices"
)

// AllOf is the macro all: whether the condition holds for each element. One for
// which it does not decides, whatever fails for others.
func AllOf[T any](p *Plan, list []T, condition func(T) bool) bool {
	return decide(p, false, forEach(list, condition))
}

// Exists is the macro exists: whether the condition holds for some element. One
// for which it does decides, whatever fails for others.
func Exists[T any](p *Plan, list []T, condition func(T) bool) bool {
	return decide(p, true, forEach(list, condition))
}

// forEach is the condition for each element.
func forEach[T any](list []T, condition func(T) bool) []func() bool {
	conditions := make([]func() bool, len(list))
	for i, element := range list {
		conditions[i] = func() bool { return condition(element) }
	}
	return conditions
}

// ExistsOne is the macro exists_one: whether the condition holds for exactly one
// element. It is computed for all of them, and fails if it does for one.
func ExistsOne[T any](list []T, condition func(T) bool) bool {
	return len(Filter(list, condition)) == 1
}

// Filter is a list of its own of the elements for which the condition holds.
func Filter[T any](list []T, condition func(T) bool) []T {
	kept := []T{}
	for _, element := range list {
		if condition(element) {
			kept = append(kept, element)
		}
	}
	return kept
}

// Map is the list of what is made of each element.
func Map[T, R any](list []T, value func(T) R) []R {
	values := make([]R, len(list))
	for i, element := range list {
		values[i] = value(element)
	}
	return values
}

// Keys is the keys of a map in their order, so that what is made of them is the
// same each time.
func Keys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
