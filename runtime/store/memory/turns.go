package memory

import (
	"cmp"
	"slices"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file decides whose turn it is among the pending runs: see store.Store.Claim.

// level is the pending runs among which the tenants take turns: those of a priority, or all.
type level struct {
	any      bool
	priority int
}

// turns are what became of the turns so far, of which Claim keeps account.
type turns struct {
	claimed int              // pending runs
	last    map[level]string // the tenant that had the last turn
}

// takeTurn is the pending run whose turn it is, of those that find a place; nil for none.
func (s *Store) takeTurn(pending []*run, flows []store.FlowVersion) *run {
	if len(pending) == 0 {
		return nil
	}
	byPriority := func(a, b *run) int { return cmp.Compare(a.Priority, b.Priority) }
	several := slices.MinFunc(pending, byPriority).Priority < slices.MaxFunc(pending, byPriority).Priority
	forAny := several && (s.turns.claimed+1)%store.AnyPriorityTurn == 0
	of := func(r *run) level {
		if forAny {
			return level{any: true}
		}
		return level{priority: r.Priority}
	}
	turn := slices.Clone(pending)
	slices.SortStableFunc(turn, func(a, b *run) int {
		if !forAny && a.Priority != b.Priority {
			return byPriority(b, a)
		}
		return cmp.Or(s.turns.laps(of(a), a)-s.turns.laps(of(b), b), cmp.Compare(a.Tenant, b.Tenant))
	})
	for _, r := range turn {
		if s.data.mayBegin(r, versionOf(r, flows).Limit) {
			s.turns.claimed++
			s.turns.last[of(r)] = r.Tenant
			return r
		}
	}
	return nil
}

// laps says whether the tenant of a run comes in this round, 0, or in the next one.
func (t *turns) laps(of level, r *run) int {
	if last, known := t.last[of]; known && r.Tenant <= last {
		return 1
	}
	return 0
}
