package simulation

import (
	"sync/atomic"
	"time"
)

// clock is the clock on the wall: it follows the virtual time, and is set forward and
// back. Pauses are not affected by that, as with the clock of a machine.
type clock struct{ offset atomic.Int64 }

// Now implements engine.Clock.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// AfterFunc implements engine.Clock.
func (c *clock) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

// jump sets the clock.
func (c *clock) jump(d time.Duration) { c.offset.Add(int64(d)) }
