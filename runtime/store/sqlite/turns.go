package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file decides whose turn it is among the pending runs: see store.Store.Claim.
//
// Nothing is stored for it. A round goes on behind the tenant that had the last turn,
// which is kept in memory; the next tenants are found by skipping from one to the other
// in an index, so that it costs the same however many runs a tenant has.

// isFree is the condition of runs_pending and runs_pending_any, of the runs of a flow that
// the code for a version can execute.
const isFree = `status = 'pending' AND claim = 0 AND blocked = 0 AND flow = ?1 AND major = ?2 AND minor <= ?3`

// prioritiesText asks for the highest priority up to one, and for the lowest of all.
const prioritiesText = `SELECT
	(SELECT priority FROM runs WHERE ` + isFree + ` AND priority <= ?4 ORDER BY priority DESC LIMIT 1),
	(SELECT priority FROM runs WHERE ` + isFree + ` ORDER BY priority LIMIT 1)`

const ofPriority = isFree + ` AND priority = ?6`

// tenantsText asks for the oldest run of each of the next so many tenants, from one on.
func tenantsText(of string) string {
	next := `SELECT runs.tenant FROM runs WHERE ` + of + ` AND runs.tenant `
	return `WITH RECURSIVE round (tenant) AS (
			SELECT (` + next + `>= ?4 ORDER BY runs.tenant LIMIT 1)
			UNION ALL
			SELECT (` + next + `> round.tenant ORDER BY runs.tenant LIMIT 1) FROM round WHERE round.tenant IS NOT NULL
			LIMIT ?5)
		SELECT tenant, (SELECT run FROM runs WHERE ` + of + ` AND runs.tenant = round.tenant ORDER BY run LIMIT 1)
		FROM round WHERE tenant IS NOT NULL`
}

// oldestText asks for the oldest runs of a tenant.
func oldestText(of string) string {
	return `SELECT tenant, run FROM runs WHERE ` + of + ` AND tenant = ?4 ORDER BY run LIMIT ?5`
}

// level is the pending runs among which the tenants take turns: those of a priority, or all.
type level struct {
	any      bool
	priority int64
}

// turns are what became of the turns so far, of which Claim keeps account.
type turns struct {
	claimed int64            // pending runs
	last    map[level]string // the tenant that had the last turn
}

// maxLevels bounds how many levels are kept account of. Of others the round begins anew.
const maxLevels = 1000

// had notes that a pending run was claimed.
func (t *turns) had(c candidate) {
	if len(t.last) >= maxLevels {
		of := level{any: true}
		t.last = map[level]string{of: t.last[of]}
	}
	if t.last == nil {
		t.last = map[level]string{}
	}
	t.claimed++
	t.last[c.level] = c.tenant
}

// mix are at most n runs in the order of their turns: those by priority, but that some
// turns are one of any.
func (t *turns) mix(byPriority, ofAny []candidate, n int) []candidate {
	var mixed []candidate
	taken := map[int64]bool{}
	next := func(from []candidate) ([]candidate, bool) {
		for i, c := range from {
			if !taken[c.run] {
				taken[c.run] = true
				mixed = append(mixed, c)
				return from[i+1:], true
			}
		}
		return nil, false
	}
	for more := true; more && len(mixed) < n; {
		if t.isForAny(len(mixed)) {
			if ofAny, more = next(ofAny); more {
				continue
			}
		}
		byPriority, more = next(byPriority)
	}
	return mixed
}

// isForAny says whether the turn behind so many is one of any priority.
func (t *turns) isForAny(behind int) bool {
	return (t.claimed+int64(behind)+1)%store.AnyPriorityTurn == 0
}

// pending are at most n pending runs in the order of their turns.
func (s *Store) pending(ctx context.Context, flows []store.FlowVersion, n int) ([]candidate, error) {
	flows = sorted(flows)
	highest, lowest, ok, err := s.priorities(ctx, flows, math.MaxInt64)
	if err != nil || !ok {
		return nil, err
	}
	several := lowest < highest
	var byPriority []candidate
	for ok {
		some, err := s.inTurn(ctx, flows, level{priority: highest}, n-len(byPriority))
		if err != nil {
			return nil, err
		}
		byPriority = append(byPriority, some...)
		if len(byPriority) >= n || highest <= lowest {
			break
		}
		if highest, _, ok, err = s.priorities(ctx, flows, highest-1); err != nil {
			return nil, err
		}
	}
	forAny := false
	for behind := range n {
		forAny = forAny || several && s.turns.isForAny(behind)
	}
	if !forAny {
		return byPriority, nil
	}
	ofAny, err := s.inTurn(ctx, flows, level{any: true}, n)
	return s.turns.mix(byPriority, ofAny, n), err
}

// priorities are the highest priority of pending runs up to one, and the lowest.
func (s *Store) priorities(ctx context.Context, flows []store.FlowVersion, upTo int64) (highest, lowest int64, ok bool, err error) {
	for _, f := range flows {
		var high, low sql.NullInt64
		if err := s.reads.priorities.QueryRowContext(ctx, f.Flow, f.Major, f.Minor, upTo).Scan(&high, &low); err != nil {
			return 0, 0, false, ofFlow(f, err)
		}
		switch {
		case !high.Valid:
			continue
		case !ok:
			highest, lowest, ok = high.Int64, low.Int64, true
		}
		highest, lowest = max(highest, high.Int64), min(lowest, low.Int64)
	}
	return highest, lowest, ok, nil
}

// inTurn are at most n runs of a level in the order of their turns: the oldest of each tenant,
// then the second oldest of each, and so on.
func (s *Store) inTurn(ctx context.Context, flows []store.FlowVersion, of level, n int) ([]candidate, error) {
	first, err := s.firstOfTenants(ctx, flows, of, n)
	if err != nil || len(first) == 0 || len(first) >= n {
		return first, err
	}
	queues := make([][]candidate, len(first))
	for i, c := range first {
		// The others have a turn at least, so this is all that one can have.
		if queues[i], err = s.ofLevel(ctx, s.reads.oldest, flows, of, c.tenant, n-len(first)+1); err != nil {
			return nil, err
		}
		slices.SortFunc(queues[i], func(a, b candidate) int { return cmp.Compare(a.run, b.run) })
		queues[i] = slices.CompactFunc(queues[i], func(a, b candidate) bool { return a.run == b.run }) // of a flow with two minor versions
	}
	var all []candidate
	for round, more := 0, true; more; round++ {
		more = false
		for _, queue := range queues {
			if round < len(queue) && len(all) < n {
				all, more = append(all, queue[round]), true
			}
		}
	}
	return all, nil
}

// firstOfTenants are the oldest runs of the next n tenants, in the order of their turns.
func (s *Store) firstOfTenants(ctx context.Context, flows []store.FlowVersion, of level, n int) ([]candidate, error) {
	last, known := s.turns.last[of]
	if !known {
		return s.tenantsFrom(ctx, flows, of, "", n)
	}
	behind, err := s.tenantsFrom(ctx, flows, of, last+"\x00", n) // the first text behind it
	if err != nil || len(behind) >= n {
		return behind, err
	}
	again, err := s.tenantsFrom(ctx, flows, of, "", n-len(behind))
	for i, c := range again {
		if c.tenant > last { // those are in behind
			again = again[:i]
			break
		}
	}
	return append(behind, again...), err
}

// tenantsFrom are the oldest runs of the first n tenants from one on.
func (s *Store) tenantsFrom(ctx context.Context, flows []store.FlowVersion, of level, from string, n int) ([]candidate, error) {
	all, err := s.ofLevel(ctx, s.reads.tenants, flows, of, from, n)
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.run, b.run))
	})
	all = slices.CompactFunc(all, func(a, b candidate) bool { return a.tenant == b.tenant })
	return all[:min(n, len(all))], err
}

// byLevel is a query of each kind of level.
type byLevel struct{ ofPriority, ofAny *sql.Stmt }

// ofLevel asks for the runs of each flow.
func (s *Store) ofLevel(ctx context.Context, query byLevel, flows []store.FlowVersion, of level, tenant string, n int) ([]candidate, error) {
	var all []candidate
	for _, f := range flows {
		stmt, args := query.ofPriority, []any{f.Flow, f.Major, f.Minor, tenant, n, of.priority}
		if of.any {
			stmt, args = query.ofAny, args[:5]
		}
		rows, err := stmt.QueryContext(ctx, args...)
		err = each(rows, err, func(scan func(...any) error) error {
			c := candidate{pending: true, level: of, limit: int64(f.Limit)}
			err := scan(&c.tenant, &c.run)
			all = append(all, c)
			return err
		})
		if err != nil {
			return nil, ofFlow(f, err)
		}
	}
	return all, nil
}

func ofFlow(f store.FlowVersion, err error) error {
	return fmt.Errorf("the flow %s %d.%d: %w", f.Flow, f.Major, f.Minor, err)
}
