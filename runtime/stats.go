package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the numbers about runs.

// StatsQuery asks for numbers.
type StatsQuery struct {
	// Window is the time before now of which to tell what happened. It is an hour where it is 0,
	// and SlotsKept at most; it begins with a whole Slot.
	Window time.Duration
	// Tenants are those whose runs count, "" being nobody's. Nil are all tenants, and a list without any is none.
	Tenants []string
}

// How time is divided, and for how long numbers of what happened are kept.
const (
	SlotLength = store.SlotLength
	SlotsKept  = store.SlotsKept
)

const defaultWindow = time.Hour

// MaxParked is up to how many parked runs of a flow are counted: which runs those are is not stored, so
// they are looked for.
const MaxParked = 1000

// Stats are the numbers of all flows at one moment. They are kept as runs change, and
// are as quick to read with a million runs as with ten.
type Stats struct {
	// What happened did so from Since on, until At.
	Since, At time.Time
	All       FlowStats   // of all flows together; its Flow is empty
	Flows     []FlowStats // by name; those of which there are or were runs
}

// FlowStats are the numbers of a flow.
type FlowStats struct {
	Flow string
	// The runs that there are now. Those that were deleted do not count.
	Pending, Running, Completed, Failed, Cancelled int64
	// Due are the running ones that could go on and wait for a process that executes them, 10,000 at most of a flow.
	Due int64
	// Parked are the pending and running ones for which no code is registered with this runtime, MaxParked at
	// most of a flow. They wait until there is.
	Parked int64
	// OldestPending is since when a pending run waits that may begin: since it was created, or
	// since the time for which it was started. Zero if there is none.
	OldestPending time.Time
	// Happened is what happened since Stats.Since, also to runs that were deleted meanwhile.
	Happened Happened
	// P50, P95 and P99 are about how long the runs that completed took from their first
	// step, pauses included: half of them took P50 at most. They are less than an eighth off, and 0 if none completed.
	P50, P95, P99 time.Duration
	// Slots are what happened, in the order of time; slots without anything are left out.
	Slots []Slot
}

// Happened is how many runs were started, by anybody and by calls, and how many ended.
type Happened struct {
	Started, Completed, Failed, Cancelled int64
}

// Slot is what happened in SlotLength.
type Slot struct {
	At time.Time // its beginning
	Happened
}

// Stats returns the numbers about runs. What happened to runs of very many tenants in one Slot (more than
// 100) counts for all tenants together, and not for each.
func (rt *Runtime) Stats(ctx context.Context, q StatsQuery) (Stats, error) {
	if q.Window <= 0 {
		q.Window = defaultWindow
	}
	now := rt.clock.Now().UTC()
	since := store.SlotOf(now.Add(-min(q.Window, SlotsKept)))
	read, err := rt.engine.Stats(ctx, store.StatsQuery{Now: now, Since: since, Tenants: q.Tenants})
	if err != nil {
		return Stats{}, fmt.Errorf("read the numbers of runs: %w", err)
	}
	stats := Stats{Since: since, At: now}
	var parked int64
	all := store.FlowStats{}
	for i := range read.Flows {
		f := &read.Flows[i]
		all.Add(f)
		one := flowStats(f)
		if one.Parked, err = rt.countParked(ctx, f, q.Tenants); err != nil {
			return Stats{}, fmt.Errorf("count the parked runs of %s: %w", f.Flow, err)
		}
		parked += one.Parked
		stats.Flows = append(stats.Flows, one)
	}
	stats.All = flowStats(&all)
	stats.All.Parked = parked
	return stats, nil
}

// countParked counts the parked runs of a flow, in as many pages as hold MaxParked runs.
func (rt *Runtime) countParked(ctx context.Context, f *store.FlowStats, tenants []string) (parked int64, err error) {
	if f.Pending+f.Running == 0 {
		return 0, nil
	}
	filter := RunFilter{Flow: f.Flow, Phase: flow.PhaseParked, Tenants: tenants, Limit: store.MaxPage}
	for range MaxParked / store.MaxPage {
		page, err := rt.ListRuns(ctx, filter)
		if err != nil {
			return 0, err
		}
		parked += int64(len(page.Runs))
		if filter.Cursor = page.NextCursor; filter.Cursor == "" {
			break
		}
	}
	return parked, nil
}

// PerSecond is the rate of so many runs in the time of the numbers.
func (s *Stats) PerSecond(runs int64) float64 {
	return float64(runs) / s.At.Sub(s.Since).Seconds()
}

func flowStats(f *store.FlowStats) FlowStats {
	out := FlowStats{
		Flow: f.Flow, Pending: f.Pending, Running: f.Running, Completed: f.Completed, Failed: f.Failed, Cancelled: f.Cancelled,
		Due: f.Due, OldestPending: f.OldestPending,
	}
	completed := store.Durations{}
	for i := range f.Slots {
		slot := &f.Slots[i]
		h := Happened{slot.Started, slot.Completed.Runs(), slot.Failed.Runs(), slot.Cancelled.Runs()}
		out.Slots = append(out.Slots, Slot{slot.At, h})
		out.Happened.Started += h.Started
		out.Happened.Completed += h.Completed
		out.Happened.Failed += h.Failed
		out.Happened.Cancelled += h.Cancelled
		completed.Add(slot.Completed)
	}
	out.P50, out.P95, out.P99 = completed.Quantile(0.5), completed.Quantile(0.95), completed.Quantile(0.99)
	return out
}
