// A clock that can be moved forward.

package main

import (
	"sync"
	"time"
)

// clock is the machine's clock until it is moved; then it is ahead of it. The runtime
// takes its time from it, so a day that is skipped is over for every run.
type clock struct {
	mu     sync.Mutex
	ahead  time.Duration
	timers map[*timer]bool // that have not fired
}

type timer struct {
	due  time.Time // on this clock
	real *time.Timer
}

func newClock() *clock { return &clock{timers: map[*timer]bool{}} }

// Now is the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time { return time.Now().Add(c.ahead) }

// AfterFunc calls f in its own goroutine after d. The returned function prevents
// that, and says whether it did.
func (c *clock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{due: c.now().Add(d)}
	t.real = time.AfterFunc(d, func() {
		if c.take(t) {
			f()
		}
	})
	c.timers[t] = true
	return func() bool {
		t.real.Stop()
		return c.take(t)
	}
}

// take says whether the timer was still to fire: whoever takes it decides.
func (c *clock) take(t *timer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.timers[t]
	delete(c.timers, t)
	return waiting
}

// skipTo moves the clock forward, and fires what is due then. It never moves it back.
func (c *clock) skipTo(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	skipped := at.Sub(c.now())
	if skipped <= 0 {
		return
	}
	c.ahead += skipped
	for t := range c.timers {
		t.real.Reset(max(t.due.Sub(c.now()), 0))
	}
}
