package engine

import (
	"slices"
	"sync"
	"time"
)

// This file finds attempts that last long enough for the store to be told that they began. Most have
// ended before: then their start and their end are written at once.

// tellAfter is how long an attempt lasts before the store is told; it may be twice that.
const tellAfter = 2 * time.Millisecond

// teller wakes the executions of such attempts. There is one timer for all: one for each attempt would
// cost more than all else that it costs to wait for it.
type teller struct {
	clock Clock

	mu   sync.Mutex
	runs bool    // the timer
	came []*call // since it began to run
	old  []*call // before that
}

// told notes that the store is not to be told of a call by itself: its start is stored with something else.
func (x *execution) told(c *call) {
	c.untold.Store(false)
	x.begun = slices.DeleteFunc(x.begun, func(b *call) bool { return b == c })
}

// add takes an attempt that has begun.
func (t *teller) add(c *call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.came = append(t.came, c)
	if !t.runs {
		t.runs = true
		t.clock.AfterFunc(tellAfter, t.tick)
	}
}

// tick is the end of the timer: those who were there when it began to run have waited long enough.
func (t *teller) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.old {
		if c.untold.Load() {
			c.execution.tells.Store(true)
			signal(c.execution.woken)
		}
	}
	clear(t.old)
	t.old, t.came = t.came, t.old[:0]
	t.runs = len(t.old) > 0
	if t.runs {
		t.clock.AfterFunc(tellAfter, t.tick)
	}
}
