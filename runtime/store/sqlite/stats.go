package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads the numbers about runs. Those that are not kept (tally.go) are found at
// the front of an index.

// Stats implements store.Store.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (store.Stats, error) {
	leave, err := s.enter("read the numbers of runs")
	if err != nil {
		return store.Stats{}, err
	}
	defer leave()
	if q.Tenants != nil && len(q.Tenants) == 0 {
		return store.Stats{}, nil
	}
	flows := map[string]*store.FlowStats{}
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		if err := readCounts(ctx, tx, q, flows); err != nil {
			return err
		}
		if err := readSlots(ctx, tx, q, flows); err != nil {
			return err
		}
		if err := addUnfolded(ctx, tx, q, flows); err != nil {
			return err
		}
		for _, f := range flows {
			if err := readQueue(ctx, tx, q, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return store.Stats{}, wrap(s.path, "read the numbers of runs", err)
	}
	var stats store.Stats
	for _, name := range slices.Sorted(maps.Keys(flows)) {
		stats.Flows = append(stats.Flows, *flows[name])
	}
	return stats, nil
}

// flowOf are the numbers of a flow.
func flowOf(flows map[string]*store.FlowStats, name string) *store.FlowStats {
	if flows[name] == nil {
		flows[name] = &store.FlowStats{Flow: name}
	}
	return flows[name]
}

// ofTenants is the condition that rows are of the query's tenants.
func ofTenants(q store.StatsQuery) condition {
	if q.Tenants == nil {
		return condition{text: "1"}
	}
	text, args := oneOf("tenant", q.Tenants)
	return condition{text, args}
}

func readCounts(ctx context.Context, tx *sql.Tx, q store.StatsQuery, flows map[string]*store.FlowStats) error {
	of := ofTenants(q)
	rows, err := tx.QueryContext(ctx, `SELECT flow, sum(pending), sum(running), sum(completed), sum(failed), sum(cancelled)
		FROM run_counts WHERE `+of.text+` GROUP BY flow`, of.args...)
	return each(rows, err, func(scan func(...any) error) error {
		var f store.FlowStats
		err := scan(&f.Flow, &f.Pending, &f.Running, &f.Completed, &f.Failed, &f.Cancelled)
		flows[f.Flow] = &f
		return err
	})
}

func readSlots(ctx context.Context, tx *sql.Tx, q store.StatsQuery, flows map[string]*store.FlowStats) error {
	of := ofTenants(q)
	if q.Tenants != nil {
		of.text += ` AND others = 0`
	}
	rows, err := tx.QueryContext(ctx, `SELECT flow, slot, bucket, sum(started), sum(completed), sum(failed), sum(cancelled)
		FROM run_slots WHERE slot >= ? AND `+of.text+` GROUP BY flow, slot, bucket ORDER BY flow, slot`,
		append([]any{fromTime(store.SlotOf(q.Since))}, of.args...)...)
	return each(rows, err, func(scan func(...any) error) error {
		var (
			name   string
			at     int64
			bucket int
			h      happened
		)
		if err := scan(&name, &at, &bucket, &h[0], &h[1], &h[2], &h[3]); err != nil {
			return err
		}
		addHappened(slotOf(flowOf(flows, name), toTime(at)), bucket, h)
		return nil
	})
}

// addUnfolded adds the numbers that are not in the tables yet.
func addUnfolded(ctx context.Context, tx *sql.Tx, q store.StatsQuery, flows map[string]*store.FlowStats) error {
	t := newTally()
	rows, err := tx.QueryContext(ctx, unfoldedText)
	err = each(rows, err, func(scan func(...any) error) error {
		var encoded []byte
		if err := scan(&encoded); err != nil {
			return err
		}
		return t.add(encoded)
	})
	if err != nil {
		return err
	}
	for key, c := range t.counts {
		if q.Tenants == nil || slices.Contains(q.Tenants, key.tenant) {
			f := flowOf(flows, key.flow)
			f.Pending, f.Running = f.Pending+c[0], f.Running+c[1]
			f.Completed, f.Failed, f.Cancelled = f.Completed+c[2], f.Failed+c[3], f.Cancelled+c[4]
		}
	}
	since := fromTime(store.SlotOf(q.Since))
	for key, h := range t.slots {
		if key.slot >= since && (q.Tenants == nil || !key.others && slices.Contains(q.Tenants, key.tenant)) {
			addHappened(slotOf(flowOf(flows, key.flow), toTime(key.slot)), key.bucket, h)
		}
	}
	return nil
}

// slotOf is a flow's slot of a time.
func slotOf(f *store.FlowStats, at time.Time) *store.Slot {
	i, found := slices.BinarySearchFunc(f.Slots, at, func(s store.Slot, at time.Time) int { return s.At.Compare(at) })
	if !found {
		f.Slots = slices.Insert(f.Slots, i, store.NewSlot(at))
	}
	return &f.Slots[i]
}

func addHappened(slot *store.Slot, bucket int, h happened) {
	slot.Started += h[0]
	slot.Completed.Count(bucket, h[1])
	slot.Failed.Count(bucket, h[2])
	slot.Cancelled.Count(bucket, h[3])
}

// readQueue reads what waits of a flow.
func readQueue(ctx context.Context, tx *sql.Tx, q store.StatsQuery, f *store.FlowStats) error {
	of := ofTenants(q)
	if f.Pending > 0 {
		var err error
		if f.OldestPending, err = readOldest(ctx, tx, q, f.Flow); err != nil {
			return err
		}
	}
	if f.Running == 0 {
		return nil
	}
	for major := int64(-1); ; {
		var next sql.NullInt64
		if err := tx.QueryRowContext(ctx, nextMajorText, f.Flow, major).Scan(&next); err != nil || !next.Valid {
			return err
		}
		major = next.Int64
		var n int64
		text := `SELECT count(*) FROM (` + dueText + `) WHERE ` + of.text
		args := append([]any{f.Flow, major, fromTime(q.Now), store.MaxDue - f.Due}, of.args...)
		if err := tx.QueryRowContext(ctx, text, args...).Scan(&n); err != nil {
			return err
		}
		f.Due += n
	}
}

const (
	// nextMajorText is the next major version of a flow of which runs are running and free.
	nextMajorText = `SELECT min(major) FROM runs WHERE status = 'running' AND claim = 0 AND flow = ? AND major > ?`
	dueText       = `SELECT tenant FROM runs WHERE status = 'running' AND claim = 0 AND flow = ? AND major = ? AND wake_at <= ? LIMIT ?`

	// firstPendingRun is the pending run of all flows that was stored first.
	firstPendingRun = `SELECT run FROM runs INDEXED BY runs_status WHERE status <> 'completed' AND claim <= 0 AND status = 'pending' ORDER BY run LIMIT 1`

	// firstOfFlowText are those of a flow that were stored first. It goes through the chunks of
	// the flow that may have one.
	firstOfFlowText = `SELECT tenant, created_at, wake_at FROM (
			SELECT chunk FROM run_chunks WHERE flow = ? AND chunk >= (` + firstPendingRun + `) >> ?)
		CROSS JOIN runs INDEXED BY runs_status
		WHERE status <> 'completed' AND claim <= 0 AND status = 'pending' AND run >= chunk << ? AND run < (chunk + 1) << ? AND flow = ?
		ORDER BY chunk, run LIMIT ?`

	// oldestFreeText is the oldest one, of all that could begin now.
	oldestFreeText = `SELECT min(created_at) FROM runs WHERE status = 'pending' AND claim = 0 AND blocked = 0 AND flow = ?`
)

// maxOldest is among how many pending runs the oldest one is looked for, before all are
// looked at that are free: others were started for later, and there may be very many.
const maxOldest = 1000

// readOldest reads since when a pending run waits, not counting the time before it may begin.
func readOldest(ctx context.Context, tx *sql.Tx, q store.StatsQuery, flowName string) (time.Time, error) {
	of := ofTenants(q)
	var since sql.NullInt64
	args := append([]any{flowName, chunkBits, chunkBits, chunkBits, flowName, maxOldest, fromTime(q.Now)}, of.args...)
	err := tx.QueryRowContext(ctx, `SELECT min(max(created_at, wake_at)) FROM (`+firstOfFlowText+`)
		WHERE wake_at <= ? AND `+of.text, args...).Scan(&since)
	if err == nil && !since.Valid {
		err = tx.QueryRowContext(ctx, oldestFreeText+` AND `+of.text, append([]any{flowName}, of.args...)...).Scan(&since)
	}
	return toTime(since.Int64), err
}
