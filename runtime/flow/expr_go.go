// Reading fields of Go types of the user's own, where they have other numbers, texts
// and durations than the language.

package flow

import (
	"math"
	"time"
)

// Unsigned is an unsigned integer as an int, which fails where it is too large.
func Unsigned[N ~uint | ~uint64 | ~uintptr](p *Plan, n N) int64 {
	if uint64(n) > math.MaxInt64 {
		p.failed("the number is too large for an integer")
		return 0
	}
	return int64(n)
}

// OptionalInt is what a pointer to an integer points to, as an optional int.
func OptionalInt[N ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32](v *N) *int64 {
	return Get(v, func(v *N) int64 { return int64(*v) })
}

// OptionalFloat is what a pointer to a float points to, as an optional float.
func OptionalFloat[N ~float32 | ~float64](v *N) *float64 {
	return Get(v, func(v *N) float64 { return float64(*v) })
}

// OptionalString is what a pointer to a text points to, as an optional string.
func OptionalString[S ~string](v *S) *string {
	return Get(v, func(v *S) string { return string(*v) })
}

// OptionalBool is what a pointer to a bool points to, as an optional bool.
func OptionalBool[B ~bool](v *B) *bool {
	return Get(v, func(v *B) bool { return bool(*v) })
}

// OptionalDuration is what a pointer to a duration points to, as an optional duration.
func OptionalDuration(v *time.Duration) *Duration {
	return Get(v, func(v *time.Duration) Duration { return Duration(*v) })
}
