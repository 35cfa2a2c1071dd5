package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file knows how long runs were parked: the time in which some process executed, and
// had no code for them. It does not count for their flow's timeout. The store is told
// whenever the flows for which there is code are others than before, so that nothing has to be
// written for each run, of which there may be many.

// coverage is of the scheduler alone.
type coverage struct {
	known bool // it was read since this process executes
	all   []store.Coverage
}

// cover notes for which flows there is code now. It says false while the store refuses.
func (e *Embedded) cover(ctx context.Context) bool {
	c := &e.coverage
	if !c.known {
		all, err := e.store.Coverage(ctx)
		if err != nil {
			e.logStoreError("read for which flows there was code", err)
			return false
		}
		c.all, c.known = all, true
	}
	now := e.opts.Clock.Now().UTC().Truncate(time.Millisecond)
	for _, change := range c.changes(now, e.covered()) {
		if err := e.store.SaveCoverage(ctx, change); err != nil {
			e.logStoreError("store for which flows there is code", err)
			return false
		}
		c.put(change)
	}
	return true
}

// changes are what is to be stored so that from now on there is code for some flows. What is
// known of times to come is of before the clock was set back, and does not hold any more.
func (c *coverage) changes(now time.Time, flows []store.FlowVersion) (all []store.Coverage) {
	begins := true
	for i := len(c.all) - 1; i >= 0; i-- {
		known := c.all[i]
		same := slices.Equal(known.Flows, flows)
		if !known.Since.After(now) {
			begins = !same
			break
		}
		if !same {
			all = append(all, store.Coverage{Since: known.Since, Flows: flows})
		}
	}
	if begins {
		all = append(all, store.Coverage{Since: now, Flows: flows})
	}
	return all
}

// put notes what was stored, in the order of time.
func (c *coverage) put(change store.Coverage) {
	i, found := slices.BinarySearchFunc(c.all, change.Since, func(known store.Coverage, at time.Time) int { return known.Since.Compare(at) })
	if found {
		c.all[i] = change
		return
	}
	c.all = slices.Insert(c.all, i, change)
}

// covered are the flows for which there is code, in an order of their own.
func (e *Embedded) covered() []store.FlowVersion {
	flows := e.versions()
	for i := range flows {
		flows[i].Limit = 0
	}
	slices.SortFunc(flows, func(a, b store.FlowVersion) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Major, b.Major))
	})
	return flows
}

// parked is how long a run that was claimed was parked since it was last executed, or since
// its flow's timeout runs; zero for one of a flow without a timeout.
func (e *Embedded) parked(code *code, c *store.Claimed) time.Duration {
	if code.Definition.Timeout <= 0 || c.Run.StartedAt.IsZero() {
		return 0
	}
	from := c.Run.StartedAt
	for i := range c.Entries {
		if entry := &c.Entries[i]; (entry.Kind == flow.KindParked || entry.Kind == flow.KindResume) && entry.FinishedAt.After(from) {
			from = entry.FinishedAt
		}
	}
	now := e.opts.Clock.Now()
	var sum time.Duration
	for i, span := range e.coverage.all {
		until := now
		if i+1 < len(e.coverage.all) && e.coverage.all[i+1].Since.Before(now) {
			until = e.coverage.all[i+1].Since
		}
		begin := span.Since
		if begin.Before(from) {
			begin = from
		}
		if until.After(begin) && !covers(span.Flows, &c.Run) {
			sum += until.Sub(begin)
		}
	}
	return sum
}

// covers says whether there was code for a run.
func covers(flows []store.FlowVersion, run *store.Run) bool {
	major, minor, err := flow.ParseVersion(run.Version)
	return err != nil || slices.ContainsFunc(flows, func(f store.FlowVersion) bool {
		return f.Flow == run.Flow && f.Major == major && f.Minor >= minor
	})
}
