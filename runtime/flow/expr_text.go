// Patterns, and the conversions between texts and other values.

package flow

import (
	"regexp"
	"slices"
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

// ParseEnum is the value of an enum that a text says.
func ParseEnum[E interface {
	~string
	Enum
}](p *Plan, text string,
) E {
	if !slices.Contains(E(text).EnumValues(), text) {
		p.failed("the text is no value of the enum")
		return ""
	}
	return E(text)
}

// timeForm is the form of RFC 3339, of which the package time takes others too.
var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseTime is the time, in UTC, that a text says in the form of RFC 3339.
func ParseTime(p *Plan, text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !timeForm.MatchString(text) {
		p.failed("the text is not a time such as 2026-01-31T12:00:00Z")
		return time.Time{}
	}
	return inYears(p, t.UTC())
}

// ParseDuration is the duration that a text says in CEL's form, such as "1h30m".
func ParseDuration(p *Plan, text string) Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		p.failed("the text is not a duration such as 1h30m")
		return 0
	}
	return Duration(d)
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
