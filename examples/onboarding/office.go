// The office: it follows all customers, says what the file says about them when its time
// has come, and moves the clock over the hours in which nothing happens.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// How often the office looks at its customers: often if it waits for a moment in which the
// clock can be moved.
const (
	lookEvery     = 5 * time.Millisecond
	lookRealEvery = time.Second
)

// customerCase is a customer with the run that onboards them.
type customerCase struct {
	customer
	runID   string
	decided bool               // the decision of the file was sent
	told    time.Time          // until when it waits, as was said last
	ended   *runtime.RunDetail // nil until the run is over
}

// office is who works here.
type office struct {
	rt       *runtime.Runtime
	clock    *clock
	realTime bool
	cases    []*customerCase
	out      io.Writer
}

// resumeClock moves the clock to where it was when the program ended before, so that no
// run sees time go back.
func (o *office) resumeClock(ctx context.Context) error {
	for _, c := range o.cases {
		run, err := o.rt.GetRun(ctx, c.runID)
		if err != nil {
			return fmt.Errorf("look at %s: %w", c.Customer.CustomerID, err)
		}
		for _, e := range run.Log {
			o.clock.skipTo(e.StartedAt)
			o.clock.skipTo(e.FinishedAt)
		}
	}
	return nil
}

// work takes all customers to the end of their onboarding.
func (o *office) work(ctx context.Context) error {
	every := lookEvery
	if o.realTime {
		every = lookRealEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		next, over, err := o.look(ctx)
		if ctx.Err() != nil {
			return errors.New("interrupted; start the program again, and the customers go on")
		}
		if err != nil || over {
			return err
		}
		if !o.realTime {
			o.clock.skipTo(next)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// look sends the decisions that are due. It returns when something will happen next, or
// no time while something is under way, and whether all customers are at their end.
func (o *office) look(ctx context.Context) (next time.Time, over bool, err error) {
	over = true
	busy := false
	for _, c := range o.cases {
		if c.ended != nil {
			continue
		}
		run, err := o.rt.GetRun(ctx, c.runID)
		if err != nil {
			return time.Time{}, false, fmt.Errorf("look at %s: %w", c.Customer.CustomerID, err)
		}
		if run.Status.Final() {
			c.ended = run
			continue
		}
		over = false
		at, err := o.attend(ctx, c, run)
		if err != nil {
			return time.Time{}, false, err
		}
		switch {
		case at.IsZero():
			busy = true
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	if busy {
		next = time.Time{}
	}
	return next, over, nil
}

// attend sends the customer's decision if it is due. It returns when something will happen
// to the customer next, or no time while something is under way.
func (o *office) attend(ctx context.Context, c *customerCase, run *runtime.RunDetail) (time.Time, error) {
	now, due := o.clock.Now(), run.CreatedAt.Add(time.Duration(c.DecidedAfter))
	switch {
	case c.decided:
		return time.Time{}, nil
	case c.Decision != nil && !due.After(now):
		c.decided = true
		err := decide(ctx, c.runID, *c.Decision, runtime.WithSignalID("the file"))
		if errors.Is(err, store.ErrFinal) {
			err = nil // the run has got it before this program was started again, and has ended meanwhile
		}
		return time.Time{}, err
	case run.Phase != flow.PhaseWaiting || !run.WakeAt.After(now):
		return time.Time{}, nil
	case o.realTime && !c.told.Equal(run.WakeAt):
		c.told = run.WakeAt
		fmt.Fprintf(o.out, "%s waits, until %s if nobody decides\n", c.Customer.CustomerID, run.WakeAt.Format(time.RFC3339))
	case c.Decision != nil && due.Before(run.WakeAt):
		return due, nil
	}
	return run.WakeAt, nil
}
