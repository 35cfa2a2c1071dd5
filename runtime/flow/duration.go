package flow

import (
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
)

// Duration is a time.Duration that is text in JSON, in the words of the flow
// language: "1d12h", "250ms".
type Duration time.Duration

// String is the duration in the words of the flow language.
func (d Duration) String() string { return duration.Format(time.Duration(d)) }

// MarshalText is the duration in the words of the flow language.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration in the words of the flow language.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := duration.Parse(string(text))
	if err != nil {
		return err
	}
	*d = Duration(v)
	return nil
}
