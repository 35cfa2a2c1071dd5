package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file finds what is free and due. It asks for each flow, so that however
// many runs are parked, those that have code are found at once.

const (
	dueRunningText = `SELECT run, wake_at FROM runs WHERE status = 'running' AND claim = 0
		AND flow = ? AND major = ? AND minor <= ? AND wake_at <= ? ORDER BY wake_at, run LIMIT ?`
	firstRunningText = `SELECT wake_at FROM runs WHERE status = 'running' AND claim = 0
		AND flow = ? AND major = ? AND minor <= ? AND wake_at < 9223372036854775807 ORDER BY wake_at LIMIT 1`
	// Of very many that are due it says the time of one: nobody waits for the others any longer.
	firstPendingText = `SELECT min(created_at) FROM (SELECT created_at FROM runs
		WHERE status = 'pending' AND claim = 0 AND blocked = 0 AND flow = ? AND major = ? AND minor <= ? LIMIT 1000)`
)

// candidate is a run that may be claimed, and how many of its key may be under way, if
// that is to be asked.
type candidate struct {
	run, limit int64
	wakeAt     int64 // of a running one
	// Of a pending one: whose turn it is, and among which.
	pending bool
	tenant  string
	level   level
}

// due are the runs that a query asks for, in its order, at most limit.
func (s *Store) due(ctx context.Context, q store.ClaimQuery, limit int) ([]candidate, error) {
	running, err := s.running(ctx, q, limit)
	if err != nil || len(running) >= limit {
		return running, err
	}
	pending, err := s.pending(ctx, q.Flows, limit-len(running))
	return append(running, pending...), err
}

// running are the running runs that are due, at most limit.
func (s *Store) running(ctx context.Context, q store.ClaimQuery, limit int) ([]candidate, error) {
	var all []candidate
	for _, f := range q.Flows {
		rows, err := s.reads.dueRunning.QueryContext(ctx, f.Flow, f.Major, f.Minor, fromTime(q.Now), limit)
		err = each(rows, err, func(scan func(...any) error) error {
			var c candidate
			err := scan(&c.run, &c.wakeAt)
			all = append(all, c)
			return err
		})
		if err != nil {
			return nil, ofFlow(f, err)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.wakeAt, b.wakeAt), cmp.Compare(a.run, b.run))
	})
	all = slices.Compact(all) // a flow that was named twice
	return all[:min(limit, len(all))], nil
}

// NextDue implements store.Store. A run that is due at once has the zero time.
func (s *Store) NextDue(ctx context.Context, flows []store.FlowVersion) (at time.Time, ok bool, err error) {
	leave, err := s.enter("look for the next run")
	if err != nil {
		return time.Time{}, false, err
	}
	defer leave()
	var earliest int64
	for _, f := range flows {
		for _, stmt := range []*sql.Stmt{s.reads.firstRunning, s.reads.firstPending, s.reads.firstStart} {
			first, found, err := s.firstOf(ctx, stmt, f)
			if err != nil {
				return time.Time{}, false, err
			}
			if found && (!ok || first < earliest) {
				earliest, ok = first, true
			}
		}
	}
	return toTime(earliest), ok, nil
}

// firstOf asks for the first time of something of a flow; ok is false if there is none.
func (s *Store) firstOf(ctx context.Context, stmt *sql.Stmt, f store.FlowVersion) (at int64, ok bool, err error) {
	rows, err := stmt.QueryContext(ctx, f.Flow, f.Major, f.Minor)
	err = each(rows, err, func(scan func(...any) error) error {
		var first sql.NullInt64
		err := scan(&first)
		at, ok = first.Int64, first.Valid
		return err
	})
	if err != nil {
		return 0, false, wrap(s.path, "look for the next run of "+f.Flow, err)
	}
	return at, ok, nil
}
