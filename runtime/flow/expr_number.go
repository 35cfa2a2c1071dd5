// Arithmetic of integers that fails where it would overflow, and the comparison
// of integers with floats.

package flow

import "math"

// What goes wrong in arithmetic.
const (
	overflow       = "the result is too large for an integer"
	divisionByZero = "division by zero"
)

// Add is a + b.
func Add[T ~int64](p *Plan, a, b T) T {
	sum := a + b
	if (sum > a) != (b > 0) {
		p.failed(overflow)
		return 0
	}
	return sum
}

// Sub is a - b.
func Sub[T ~int64](p *Plan, a, b T) T {
	difference := a - b
	if (difference < a) != (b > 0) {
		p.failed(overflow)
		return 0
	}
	return difference
}

// Mul is a * b.
func Mul(p *Plan, a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	product := a * b
	// The division undoes the product if nothing was lost; the smallest integer
	// has no negative, so -1 needs a look of its own.
	if product/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		p.failed(overflow)
		return 0
	}
	return product
}

// Div is a / b, rounded towards zero.
func Div(p *Plan, a, b int64) int64 {
	if b == 0 {
		p.failed(divisionByZero)
		return 0
	}
	if a == math.MinInt64 && b == -1 {
		p.failed(overflow)
		return 0
	}
	return a / b
}

// Mod is a % b, what is left of a / b; it has the sign of a.
func Mod(p *Plan, a, b int64) int64 {
	if b == 0 {
		p.failed(divisionByZero)
		return 0
	}
	if a == math.MinInt64 && b == -1 {
		p.failed(overflow)
		return 0
	}
	return a % b
}

// Neg is -a.
func Neg(p *Plan, a int64) int64 {
	if a == math.MinInt64 {
		p.failed(overflow)
		return 0
	}
	return -a
}

// Floats of integer value from minInt on and below beyondInt are exactly those
// that an int64 can hold.
const (
	minInt    = float64(math.MinInt64)
	beyondInt = -minInt
)

// Int is the integer of f, rounded towards zero. That of the smallest integer fails,
// as CEL has it.
func Int(p *Plan, f float64) int64 {
	if !(minInt < f && f < beyondInt) { // written so that NaN is refused
		p.failed(overflow)
		return 0
	}
	return int64(f)
}

// CompareIntFloat compares the exact values of i and f: the result is less
// than 0 if i is less, 0 if they are equal, greater than 0 if i is greater, and
// NaN, for which no comparison holds, if f is NaN.
func CompareIntFloat(i int64, f float64) float64 {
	switch {
	case math.IsNaN(f):
		return f
	case f >= beyondInt:
		return -1
	case f < minInt:
		return 1
	}
	whole := int64(f)
	if i != whole {
		return sign(i > whole)
	}
	fraction := f - float64(whole)
	if fraction == 0 {
		return 0
	}
	return sign(fraction < 0)
}

// CompareBool compares booleans, false being less than true, in the manner of
// cmp.Compare.
func CompareBool(a, b bool) int {
	if a == b {
		return 0
	}
	return int(sign(a))
}

func sign(positive bool) float64 {
	if positive {
		return 1
	}
	return -1
}
