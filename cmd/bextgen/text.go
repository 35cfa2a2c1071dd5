// Values of the command line and of terminals.

package main

import (
	"errors"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
)

// moment is a time as one types it: a time, a date, or how long ago.
func moment(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateTime, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	ago, err := duration.Parse(text)
	if err != nil {
		return time.Time{}, errors.New("write a time such as 2026-11-27T08:00:00Z, a date, or how long ago, such as 2h or 3d")
	}
	return now.Add(-ago), nil
}
