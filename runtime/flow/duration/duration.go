// Package duration reads and writes the durations of the language, such as
// 1d12h or 200ms. The compiler reads spec files with it and the runtime reads
// JSON with it: both take the same text, so it stands in a package without
// dependencies that both can import.
package duration

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// unit is a unit of the language with its name.
type unit struct {
	name string
	size time.Duration
}

// units are from large to small, the order in which they stand in a text.
func units() []unit {
	return []unit{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}
}

// maxText is longer than every text that means a duration of 64 bits.
const maxText = 100

// Parse reads a duration: numbers with the units d, h, m, s and ms, from large
// to small, each at most once, with fractions if need be: 1d12h, 1.5h, 200ms.
// A leading minus makes it negative. A duration that is no whole number of
// nanoseconds, or that does not fit 64 bits (about 292 years), is an error.
func Parse(text string) (time.Duration, error) {
	if len(text) > maxText {
		return 0, fmt.Errorf("a duration of %d characters is too long", len(text))
	}
	rest, negative := strings.CutPrefix(text, "-")
	if rest == "" {
		return 0, fmt.Errorf("%q is not a duration: write a number and a unit, such as 30s or 1d12h", text)
	}
	var total uint64
	left := units()
	for rest != "" {
		number, name, tail := next(rest)
		at, err := find(left, text, number, name)
		if err != nil {
			return 0, err
		}
		part, err := multiply(text, number, left[at])
		if err != nil {
			return 0, err
		}
		sum, carry := bits.Add64(total, part, 0)
		if carry != 0 {
			return 0, tooLong(text)
		}
		total, rest, left = sum, tail, left[at+1:]
	}
	return signed(text, total, negative)
}

// next cuts a number and a unit's name from the front of the text.
func next(text string) (number, name, rest string) {
	isNumber := func(r rune) bool { return r >= '0' && r <= '9' || r == '.' }
	n := strings.IndexFunc(text, func(r rune) bool { return !isNumber(r) })
	if n < 0 {
		return text, "", ""
	}
	number, rest = text[:n], text[n:]
	n = strings.IndexFunc(rest, isNumber)
	if n < 0 {
		return number, rest, ""
	}
	return number, rest[:n], rest[n:]
}

// find is the place of a unit among those that may still come.
func find(left []unit, text, number, name string) (int, error) {
	if number == "" {
		return 0, fmt.Errorf("%q is not a duration: a number is missing before %q", text, name)
	}
	if name == "" {
		return 0, fmt.Errorf("%q is not a duration: a unit is missing behind %q; the units are d, h, m, s and ms", text, number)
	}
	for i, u := range left {
		if u.name == name {
			return i, nil
		}
	}
	for _, u := range units() {
		if u.name == name {
			return 0, fmt.Errorf("%q is not a duration: units go from large to small, each once: d, h, m, s, ms", text)
		}
	}
	return 0, fmt.Errorf("%q is not a duration: %q is no unit; the units are d, h, m, s and ms", text, name)
}

// multiply is number·unit in nanoseconds, exactly.
func multiply(text, number string, u unit) (uint64, error) {
	whole, fraction, dotted := strings.Cut(number, ".")
	if whole == "" || dotted && fraction == "" || strings.Contains(fraction, ".") {
		return 0, fmt.Errorf("%q is not a duration: %q is no number", text, number)
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil {
		return 0, tooLong(text)
	}
	high, total := bits.Mul64(n, uint64(u.size))
	part, ok := multiplyFraction(strings.TrimRight(fraction, "0"), u)
	if !ok {
		return 0, fmt.Errorf("%q is finer than a nanosecond", text)
	}
	total, carry := bits.Add64(total, part, 0)
	if high != 0 || carry != 0 {
		return 0, tooLong(text)
	}
	return total, nil
}

// multiplyFraction is 0.digits·unit in nanoseconds; not ok if that is no whole number.
func multiplyFraction(digits string, u unit) (nanoseconds uint64, ok bool) {
	if digits == "" {
		return 0, true
	}
	scale := uint64(1)
	for range digits {
		if scale > math.MaxUint64/100 {
			return 0, false // more than 18 digits: no unit has that many
		}
		scale *= 10
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	high, low := bits.Mul64(n, uint64(u.size))
	quotient, remainder := bits.Div64(high, low, scale) // high < scale, for n < scale and size < 2^64
	return quotient, remainder == 0
}

func signed(text string, nanoseconds uint64, negative bool) (time.Duration, error) {
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if nanoseconds > limit {
		return 0, tooLong(text)
	}
	if negative {
		return -time.Duration(nanoseconds), nil // 2^63 wraps to the smallest duration, as it should
	}
	return time.Duration(nanoseconds), nil
}

func tooLong(text string) error {
	return fmt.Errorf("the duration %q is too long: at most 106751d (about 292 years)", text)
}

// Format writes a duration so that Parse reads exactly the same again: 1d12h,
// 1m1.5s, 200ms, 0s.
func Format(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	rest := uint64(d)
	if d < 0 {
		b.WriteByte('-')
		rest = -rest // two's complement: right for the smallest duration too
	}
	for _, u := range units() {
		size := uint64(u.size)
		if rest < size && u.name != "ms" {
			continue
		}
		if u.name == "s" || u.name == "ms" { // the rest, with its fraction
			b.WriteString(decimal(rest, size) + u.name)
			break
		}
		b.WriteString(strconv.FormatUint(rest/size, 10) + u.name)
		if rest %= size; rest == 0 {
			break
		}
	}
	return b.String()
}

// decimal is n/size, where size is a power of ten, without trailing zeros.
func decimal(n, size uint64) string {
	whole := strconv.FormatUint(n/size, 10)
	if n%size == 0 {
		return whole
	}
	digits := len(strconv.FormatUint(size, 10)) - 1
	return whole + "." + strings.TrimRight(fmt.Sprintf("%0*d", digits, n%size), "0")
}
