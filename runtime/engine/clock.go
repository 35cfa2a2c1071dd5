package engine

import "time"

// Clock is where an engine has the time from.
type Clock interface {
	// Now is what the clock on the wall says. It may be set forward and back, so times of it
	// are no measure of how much has passed.
	Now() time.Time
	// AfterFunc calls f in its own goroutine after d, whatever becomes of the clock on the wall. The
	// returned function prevents that, and says whether it did.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// SystemClock is the clock of the machine.
type SystemClock struct{}

// Now is the time of the machine.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (SystemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
