package memory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how runs come to be.

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, created store.Run, claim bool, limit int) (store.Created, error) {
	leave, err := s.enter(ctx, "create a run")
	if err != nil {
		return store.Created{}, err
	}
	defer leave()
	if err := check(&created); err != nil {
		return store.Created{}, fmt.Errorf("create the run %q: %w", created.ID, err)
	}
	kept := created.Kept
	created = asCreated(created)
	if key, ok := keyOf(&created); ok {
		if found := s.data.keys[key]; found != nil && !sameCreation(&found.Run, &created) {
			return store.Created{Run: found.Run, Existing: true}, nil
		}
	}
	r := s.data.runs[created.ID]
	switch {
	case r == nil:
		r = s.data.insert(created)
		for _, e := range kept {
			r.put(e)
		}
		s.data.moved(r, 0)
	case sameCreation(&r.Run, &created): // a repeated Create
		if r.Status != flow.StatusPending || r.token != 0 && !r.fresh {
			return store.Created{Run: r.Run}, nil
		}
	case sameStart(&r.Run, &created):
		return store.Created{Run: r.Run, Existing: true}, nil
	default:
		return store.Created{}, fmt.Errorf("create the run %q: %w and is another one; choose another id", created.ID, store.ErrExists)
	}
	answer := store.Created{Run: r.Run}
	if claim && r.WakeAt.IsZero() && s.data.owner == s && s.data.mayBegin(r, limit) && !s.data.overtakes(r, limit) {
		c := s.grant(r, true)
		answer.Claim = &c
	}
	return answer, nil
}

// NoteOtherInput implements store.Store.
func (s *Store) NoteOtherInput(ctx context.Context, runID string, at time.Time) error {
	leave, err := s.enter(ctx, "note a start with another input")
	if err != nil {
		return err
	}
	defer leave()
	if r := s.data.runs[runID]; r != nil {
		r.OtherInputs++
		r.OtherInputAt = stored(at)
	}
	return nil
}

// insert adds a run.
func (d *Data) insert(created store.Run) *run {
	d.lastKey++
	r := &run{Run: created, key: d.lastKey}
	r.major, r.minor, _ = flow.ParseVersion(created.Version) // checked
	d.runs[r.ID] = r
	if key, ok := keyOf(&created); ok {
		d.keys[key] = r
	}
	d.order = append(d.order, r)
	d.live = append(d.live, r)
	d.slotOf(r.CreatedAt, &r.Run).Started++
	return r
}

// check says why something cannot be a run.
func check(r *store.Run) error {
	switch {
	case r.ID == "":
		return errors.New("it has no id")
	case r.Flow == "":
		return errors.New("it has no flow")
	}
	_, _, err := flow.ParseVersion(r.Version)
	return err
}

// asCreated is a run as it is read back after it was created.
func asCreated(r store.Run) store.Run {
	if len(r.Labels) == 0 {
		r.Labels = nil
	}
	return store.Run{
		ID: r.ID, Flow: r.Flow, Version: r.Version, Tenant: r.Tenant, Priority: r.Priority,
		IdempotencyKey: r.IdempotencyKey, Labels: maps.Clone(r.Labels), Status: flow.StatusPending,
		Attempt: r.Attempt, Input: r.Input, CreatedAt: stored(r.CreatedAt),
		ParentID: r.ParentID, RetryOf: r.RetryOf, Concurrency: r.Concurrency, Trace: r.Trace,
		WakeAt: stored(r.WakeAt),
	}
}

func keyOf(r *store.Run) (startKey, bool) {
	return startKey{r.Flow, r.Tenant, r.IdempotencyKey}, r.IdempotencyKey != ""
}

// sameCreation says whether two runs were created with the same call.
func sameCreation(a, b *store.Run) bool { return sameStart(a, b) && a.CreatedAt.Equal(b.CreatedAt) }

// sameStart says whether two runs were started with the same id, options and input.
func sameStart(a, b *store.Run) bool {
	return a.ID == b.ID && a.Flow == b.Flow && a.Version == b.Version && a.Tenant == b.Tenant &&
		a.Priority == b.Priority && a.IdempotencyKey == b.IdempotencyKey && maps.Equal(a.Labels, b.Labels) &&
		string(a.Input) == string(b.Input) && a.ParentID == b.ParentID
}
