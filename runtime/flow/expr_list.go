// Reading the elements of lists and maps, and joining lists. What may not be there is
// an optional value: see expr_optional.go.

package flow

import (
	"fmt"
	"slices"
)

// Index is list[i].
func Index[T any](p *Plan, list []T, i int64) T {
	if i < 0 || i >= int64(len(list)) {
		// The index is not told: it may be made of a secret.
		p.failed(fmt.Sprintf("the index is out of range: the list's length is %d", len(list)))
		var zero T
		return zero
	}
	return list[i]
}

// Key is m[key].
func Key[T any](p *Plan, m map[string]T, key string) T {
	value, ok := m[key]
	if !ok {
		// The key is not told: it may be made of a secret.
		p.failed("the map has no such key")
	}
	return value
}

// OptIndex is list[?i]: absent if the list has no such index.
func OptIndex[T any](list []T, i int64) *T {
	if i < 0 || i >= int64(len(list)) {
		return nil
	}
	value := list[i]
	return &value
}

// OptKey is m[?key]: absent if the map has no such key.
func OptKey[T any](m map[string]T, key string) *T {
	value, ok := m[key]
	if !ok {
		return nil
	}
	return &value
}

// First is the first element of a list, absent if that is empty.
func First[T any](list []T) *T { return OptIndex(list, 0) }

// Last is the last element of a list, absent if that is empty.
func Last[T any](list []T) *T { return OptIndex(list, int64(len(list))-1) }

// Present is a list of its own of those elements that are there.
func Present[T any](list []*T) []T {
	present := []T{}
	for _, element := range list {
		if element != nil {
			present = append(present, *element)
		}
	}
	return present
}

// PresentEntries is a map of its own of those values that are there.
func PresentEntries[T any](m map[string]*T) map[string]T {
	present := map[string]T{}
	for key, value := range m {
		if value != nil {
			present[key] = *value
		}
	}
	return present
}

// Concat is a list of its own that has the elements of all lists in their
// order.
func Concat[T any](lists ...[]T) []T {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	joined := make([]T, 0, n)
	for _, list := range lists {
		joined = append(joined, list...)
	}
	return joined
}

// In says whether a list has an element that is equal to the value, in the
// sense of Equal.
func In[T any](list []T, value T) bool {
	return slices.ContainsFunc(list, func(element T) bool { return Equal(element, value) })
}

// HasKey says whether a map has the key.
func HasKey[T any](m map[string]T, key string) bool {
	_, ok := m[key]
	return ok
}
