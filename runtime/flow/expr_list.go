// Reading the elements of lists and maps, and joining lists.

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
