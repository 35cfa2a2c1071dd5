package engine

import (
	"context"
	"time"
)

// This file deletes runs that are over for as long as their flow says.

const (
	// sweepInterval is how often the store is asked for them.
	sweepInterval = time.Minute
	// sweepSize is how many are deleted at a time, so that other writes come in between.
	sweepSize = 100
	// sweepPause is how long the store is left in peace when there are more.
	sweepPause = 10 * time.Millisecond
)

// sweep deletes some of the runs that may be deleted, if it is time to, and says how
// long there is nothing more to do, at most the poll interval.
func (e *Embedded) sweep(ctx context.Context) time.Duration {
	now := e.opts.Clock.Now()
	if !e.swept.IsZero() && now.Sub(e.swept).Abs() < sweepInterval {
		return e.opts.PollInterval
	}
	deleted, err := e.store.DeleteExpired(ctx, now, sweepSize)
	if err != nil {
		e.logStoreError("delete old runs", err)
	}
	if deleted < sweepSize {
		e.swept = now
		return e.opts.PollInterval
	}
	return min(sweepPause, e.opts.PollInterval)
}
