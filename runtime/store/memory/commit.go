package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how a claimed run is written.

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, c store.Change) error {
	leave, err := s.enter(ctx, "commit a change")
	if err != nil {
		return err
	}
	defer leave()
	err = checkChange(&c)
	if err == nil {
		err = s.commit(&c)
	}
	if err != nil {
		return fmt.Errorf("commit a change of the run %q: %w", c.Claim.RunID, err)
	}
	return nil
}

func (s *Store) commit(c *store.Change) error {
	r := s.held(c.Claim)
	if r == nil {
		if s.isRepeated(c) {
			return nil
		}
		return store.ErrClaimLost
	}
	r.fresh = false
	if c.Lazy && !c.Further && len(c.Consumed) == 0 && len(c.Children) == 0 && len(c.Messages) == 0 && !endsClaim(c) {
		s.delay(c)
		return nil
	}
	before := r.last
	s.replaceLazy(c)
	for _, e := range c.Entries {
		r.put(e)
	}
	for _, child := range c.Children {
		if s.data.runs[child.ID] == nil {
			s.data.insert(asCreated(child))
		}
	}
	for _, m := range c.Messages {
		s.data.send(m)
	}
	r.messages = slices.DeleteFunc(r.messages, func(m store.Message) bool { return slices.Contains(c.Consumed, m.ID) })
	if c.Head != nil {
		r.setHead(c.Head)
	}
	if c.Bound != nil && r.Concurrency == nil {
		r.Concurrency = c.Bound
	}
	if c.Further || c.Release && c.Head != nil {
		r.takeovers = 0
	}
	if endsClaim(c) {
		s.data.release(r, c)
	}
	s.data.moved(r, before)
	return nil
}

// isRepeated says that a change ended its claim before, and its answer was lost.
func (s *Store) isRepeated(c *store.Change) bool {
	r := s.data.runs[c.Claim.RunID]
	return r != nil && s.data.owner == s && endsClaim(c) && reflect.DeepEqual(r.ending, c)
}

// endsClaim says whether the claim is over when the change is committed.
func endsClaim(c *store.Change) bool {
	return c.Release || c.Head != nil && c.Head.Status.Final()
}

// release ends the claim on a run with a change.
func (d *Data) release(r *run, c *store.Change) {
	wakeAt := r.WakeAt
	r.free()
	r.ending = c
	switch {
	case r.Status.Final():
		d.noteEnd(&r.Run)
		r.WakeAt, r.messages = wakeAt, nil
		d.live = slices.DeleteFunc(d.live, func(other *run) bool { return other == r })
	case c.Head != nil && len(r.messages) == 0: // else it is due at once
		r.WakeAt, r.dormant = wakeAt, c.Dormant
	}
}

// setHead replaces what a change of the head may replace.
func (r *run) setHead(h *store.Run) {
	r.Status, r.Phase, r.Attempt, r.Output, r.Error = h.Status, h.Phase, h.Attempt, h.Output, h.Error
	r.StartedAt, r.FinishedAt, r.WakeAt = stored(h.StartedAt), stored(h.FinishedAt), stored(h.WakeAt)
	r.EndSeq = h.EndSeq
	r.sees(h.EndSeq)
	if !h.StartedAt.IsZero() {
		r.sees(1)
	}
	if h.Status.Final() {
		r.DeleteAt = stored(h.DeleteAt)
	}
}

// put writes an entry, over one of the same place.
func (r *run) put(e flow.Entry) {
	e.StartedAt, e.FinishedAt, e.WakeAt = stored(e.StartedAt), stored(e.FinishedAt), stored(e.WakeAt)
	r.sees(max(e.Seq, e.EndSeq))
	i, found := r.find(e.Seq)
	if found {
		r.log[i] = e
		return
	}
	r.log = slices.Insert(r.log, i, e)
}

// find is the place of an entry in the log.
func (r *run) find(seq int64) (i int, found bool) {
	return slices.BinarySearchFunc(r.log, seq, func(e flow.Entry, seq int64) int { return int(e.Seq - seq) })
}

// checkChange refuses what a store that writes JSON could not write.
func checkChange(c *store.Change) error {
	var errs []error
	for i := range c.Entries {
		errs = append(errs, checkError(c.Entries[i].Error))
	}
	for i := range c.Children {
		errs = append(errs, check(&c.Children[i]))
		if c.Children[i].IdempotencyKey != "" {
			errs = append(errs, fmt.Errorf("the child %q has an idempotency key", c.Children[i].ID))
		}
	}
	for i := range c.Messages {
		errs = append(errs, checkMessage(&c.Messages[i]))
	}
	if c.Head != nil {
		errs = append(errs, checkError(c.Head.Error))
	}
	return errors.Join(errs...)
}

func checkError(e *flow.Error) error {
	if e != nil && e.Fields != nil && !json.Valid(e.Fields) {
		return fmt.Errorf("the fields of the error %q are no JSON", e.Message)
	}
	return nil
}

// DeleteExpired implements store.Store.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	leave, err := s.enter(ctx, "delete old runs")
	if err != nil {
		return 0, err
	}
	defer leave()
	d := s.data
	var expired []*run
	for _, r := range d.order {
		if r.Status.Final() && !r.DeleteAt.IsZero() && !r.DeleteAt.After(now) {
			expired = append(expired, r)
		}
	}
	slices.SortStableFunc(expired, func(a, b *run) int { return a.DeleteAt.Compare(b.DeleteAt) })
	expired = expired[:min(len(expired), max(limit, 0))]
	d.delete(expired...)
	return len(expired), nil
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, runID string) error {
	leave, err := s.enter(ctx, "delete a run")
	if err != nil {
		return err
	}
	defer leave()
	r := s.data.runs[runID]
	switch {
	case r == nil:
		return fmt.Errorf("the run %q: %w", runID, store.ErrNotFound)
	case !r.Status.Final():
		return fmt.Errorf("the run %q: %w", runID, store.ErrNotFinal)
	}
	s.data.delete(r)
	return nil
}

func (d *Data) delete(runs ...*run) {
	for _, r := range runs {
		delete(d.runs, r.ID)
		if key, ok := keyOf(&r.Run); ok {
			delete(d.keys, key)
		}
	}
	d.order = slices.DeleteFunc(d.order, func(r *run) bool { return slices.Contains(runs, r) })
}
