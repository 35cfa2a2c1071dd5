package memory

import (
	"context"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file finds what is free and due, and claims it.

// Claim implements store.Store.
func (s *Store) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	leave, err := s.enter(ctx, "claim runs")
	if err != nil {
		return nil, err
	}
	defer leave()
	if s.data.owner != s {
		return nil, nil
	}
	if q.Suspect {
		return s.takeSuspect(q), nil
	}
	var claimed []store.Claimed
	running, pending := s.data.due(q)
	ending := s.data.ending(q)
	for len(claimed) < q.Limit {
		var r *run
		switch {
		case len(running) > 0:
			r, running = running[0], running[1:]
		default:
			if r = s.takeTurn(pending, q.Flows); r != nil {
				pending = slices.DeleteFunc(pending, func(other *run) bool { return other == r })
				break
			}
			if len(ending) == 0 {
				return claimed, nil
			}
			r, ending = ending[0], ending[1:]
		}
		claimed = append(claimed, s.take(r))
	}
	return claimed, nil
}

// take claims a run.
func (s *Store) take(r *run) store.Claimed {
	return store.Claimed{
		Claim: s.grant(r, false), Run: r.Run, Takeovers: r.takeovers,
		Entries: slices.Clone(r.log), Messages: slices.Clone(r.messages),
	}
}

// due are the free runs that a query asks for: those that are running, in its order, and
// those that are pending, as they were created, those too that find no place.
func (d *Data) due(q store.ClaimQuery) (running, pending []*run) {
	for _, r := range d.live {
		switch {
		case r.token != 0 || r.suspected() || versionOf(r, q.Flows) == nil:
		case r.Status == flow.StatusPending && !r.WakeAt.IsZero() && r.beginsAt().After(q.Now):
		case r.Status == flow.StatusPending:
			pending = append(pending, r)
		case !r.asleep() && !r.WakeAt.After(q.Now):
			running = append(running, r)
		}
	}
	slices.SortStableFunc(running, func(a, b *run) int { return a.WakeAt.Compare(b.WakeAt) })
	return running, pending
}

// ending are the runs without code that a query asks for.
func (d *Data) ending(q store.ClaimQuery) []*run {
	var all []*run
	for _, r := range d.live {
		if q.Ending && r.token == 0 && versionOf(r, q.Flows) == nil && r.endsWithoutCode() {
			all = append(all, r)
		}
	}
	return all
}

// endsWithoutCode says whether somebody asks for an end that undoes nothing.
func (r *run) endsWithoutCode() bool {
	return slices.ContainsFunc(r.messages, func(m store.Message) bool {
		return m.Kind == store.MessageTerminate ||
			m.Kind == store.MessageCancel && r.Status == flow.StatusPending && len(r.log) == 0
	})
}

// asleep says that only a message makes the run due.
func (r *run) asleep() bool { return r.dormant && r.WakeAt.IsZero() }

// versionOf is the one of some flows that can execute a run; nil if none can.
func versionOf(r *run, flows []store.FlowVersion) *store.FlowVersion {
	for i := range flows {
		if f := &flows[i]; f.Flow == r.Flow && f.Major == r.major && f.Minor >= r.minor {
			return f
		}
	}
	return nil
}

// mayBegin says whether the limit for the run's key leaves it a place. A run that
// has begun has one, and to be cancelled it needs none.
func (d *Data) mayBegin(r *run, limit int) bool {
	if r.Status != flow.StatusPending || r.Concurrency == nil || limit == 0 {
		return true
	}
	if r.isToEnd() {
		return true
	}
	underWay := 0
	for _, other := range d.live {
		if other != r && other.sharesPlace(r) && (other.Status == flow.StatusRunning || other.token != 0 || other.suspected()) {
			underWay++
		}
	}
	return underWay < limit
}

// overtakes says whether a new run would go ahead of one that waits for a place.
func (d *Data) overtakes(r *run, limit int) bool {
	return limit > 0 && r.Concurrency != nil && slices.ContainsFunc(d.live, func(other *run) bool {
		return other != r && other.sharesPlace(r) && other.Status == flow.StatusPending && other.token == 0 &&
			!other.suspected() && !other.beginsAt().After(r.CreatedAt)
	})
}

// isToEnd says whether there is a message that asks the run to end.
func (r *run) isToEnd() bool {
	return slices.ContainsFunc(r.messages, func(m store.Message) bool { return m.Kind.Ends() })
}

// beginsAt is when a pending run is due: to end it need not wait for its time.
func (r *run) beginsAt() time.Time {
	if r.WakeAt.IsZero() || r.isToEnd() {
		return r.CreatedAt
	}
	return r.WakeAt
}

func (r *run) sharesPlace(other *run) bool {
	return r.Flow == other.Flow && r.Concurrency != nil && *r.Concurrency == *other.Concurrency
}

// NextDue implements store.Store.
func (s *Store) NextDue(ctx context.Context, flows []store.FlowVersion) (at time.Time, ok bool, err error) {
	leave, err := s.enter(ctx, "look for the next run")
	if err != nil {
		return time.Time{}, false, err
	}
	defer leave()
	for _, r := range s.data.live {
		version := versionOf(r, flows)
		if r.token != 0 || r.suspected() || version == nil || r.asleep() || !s.data.mayBegin(r, version.Limit) {
			continue
		}
		due := r.WakeAt
		if r.Status == flow.StatusPending {
			due = r.beginsAt()
		}
		if !ok || due.Before(at) {
			at, ok = due, true
		}
	}
	return at, ok, nil
}
