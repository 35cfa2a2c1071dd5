package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the numbers about runs. How many there are is counted when somebody asks; what
// happened is kept, since runs are deleted.

type slotKey struct {
	at           time.Time
	flow, tenant string
}

// slotOf is what happened at a time to runs like this one.
func (d *Data) slotOf(at time.Time, r *store.Run) *store.Slot {
	key := slotKey{store.SlotOf(at), r.Flow, r.Tenant}
	if d.slots[key] == nil {
		slot := store.NewSlot(key.at)
		d.slots[key] = &slot
		maps.DeleteFunc(d.slots, func(old slotKey, _ *store.Slot) bool { return old.at.Before(key.at.Add(-store.SlotsKept)) })
	}
	return d.slots[key]
}

// noteEnd counts a run that is over.
func (d *Data) noteEnd(r *store.Run) {
	bucket := store.NoDuration
	if !r.StartedAt.IsZero() {
		bucket = store.BucketOf(r.FinishedAt.Sub(r.StartedAt))
	}
	slot := d.slotOf(r.FinishedAt, r)
	switch r.Status {
	case flow.StatusCompleted:
		slot.Completed.Count(bucket, 1)
	case flow.StatusFailed:
		slot.Failed.Count(bucket, 1)
	case flow.StatusCancelled:
		slot.Cancelled.Count(bucket, 1)
	}
}

// Stats implements store.Store.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (store.Stats, error) {
	leave, err := s.enter(ctx, "read the numbers of runs")
	if err != nil {
		return store.Stats{}, err
	}
	defer leave()
	flows := map[string]*store.FlowStats{}
	of := func(name string) *store.FlowStats {
		if flows[name] == nil {
			flows[name] = &store.FlowStats{Flow: name}
		}
		return flows[name]
	}
	isAsked := func(tenant string) bool { return q.Tenants == nil || slices.Contains(q.Tenants, tenant) }
	for _, r := range s.data.order {
		if isAsked(r.Tenant) {
			r.addTo(of(r.Flow), q.Now)
		}
	}
	for key, slot := range s.data.slots {
		if isAsked(key.tenant) && !key.at.Before(store.SlotOf(q.Since)) {
			of(key.flow).AddSlot(slot)
		}
	}
	var stats store.Stats
	for _, name := range slices.Sorted(maps.Keys(flows)) {
		stats.Flows = append(stats.Flows, *flows[name])
	}
	return stats, nil
}

// addTo counts the run among those of its flow.
func (r *run) addTo(f *store.FlowStats, now time.Time) {
	switch r.Status {
	case flow.StatusPending:
		f.Pending++
		since := r.CreatedAt
		if r.WakeAt.After(since) {
			since = r.WakeAt
		}
		if r.token == 0 && !r.WakeAt.After(now) && (f.OldestPending.IsZero() || since.Before(f.OldestPending)) {
			f.OldestPending = since
		}
	case flow.StatusRunning:
		f.Running++
		if r.token == 0 && !r.asleep() && !r.WakeAt.After(now) {
			f.Due = min(f.Due+1, store.MaxDue)
		}
	case flow.StatusCompleted:
		f.Completed++
	case flow.StatusFailed:
		f.Failed++
	case flow.StatusCancelled:
		f.Cancelled++
	}
}
