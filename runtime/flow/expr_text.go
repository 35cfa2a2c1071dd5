// Patterns, and the conversions between texts and other values.

package flow

import (
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"
)

// Matches says whether some part of the text matches a pattern in the syntax of
// the package regexp.
func Matches(p *Plan, text, pattern string) bool {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		// The pattern is not told: it may be made of a secret. So are texts below.
		p.failed("the pattern is not a valid regular expression")
		return false
	}
	return compiled.MatchString(text)
}

// ParseInt is the integer that a text says.
func ParseInt(p *Plan, text string) int64 {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.failed("the text is not an integer")
		return 0
	}
	return i
}

// ParseFloat is the float that a text says.
func ParseFloat(p *Plan, text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.failed("the text is not a number")
		return 0
	}
	return f
}

// ParseBool is the boolean that a text says, such as "true", "False" or "1".
func ParseBool(p *Plan, text string) bool {
	b, err := strconv.ParseBool(text)
	if err != nil {
		p.failed("the text is not a boolean")
		return false
	}
	return b
}

// Text is bytes as a string.
func Text(p *Plan, b []byte) string {
	if !utf8.Valid(b) {
		p.failed("the bytes are not text in UTF-8")
		return ""
	}
	return string(b)
}

// FormatFloat is a float as text, as short as it can be exact.
func FormatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// FormatTime is a time as text in the form of RFC 3339, in UTC: the same text
// for the same moment.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// FormatSeconds is a duration as text in seconds, such as "5400s", which is how
// CEL writes it.
func FormatSeconds(d Duration) string {
	return strconv.FormatFloat(time.Duration(d).Seconds(), 'f', -1, 64) + "s"
}
