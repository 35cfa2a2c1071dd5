package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads runs, and keeps where schedules are.

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, runID string) (store.Run, []flow.Entry, error) {
	leave, err := s.enter(ctx, "get a run")
	if err != nil {
		return store.Run{}, nil, err
	}
	defer leave()
	r := s.data.runs[runID]
	if r == nil {
		return store.Run{}, nil, fmt.Errorf("the run %q: %w", runID, store.ErrNotFound)
	}
	return r.Run, slices.Clone(r.log), nil
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, f store.Filter) (store.Page, error) {
	leave, err := s.enter(ctx, "list runs")
	if err != nil {
		return store.Page{}, err
	}
	defer leave()
	before, err := f.CursorKey()
	if err != nil {
		return store.Page{}, fmt.Errorf("list runs: %w", err)
	}
	var page store.Page
	for _, r := range slices.Backward(s.data.order) {
		if before != 0 && r.key >= before || !matches(r, &f) {
			continue
		}
		if len(page.Runs) == f.PageSize() {
			page.Next = f.CursorAt(last(page, s.data).key)
			break
		}
		head := r.Run
		head.Input, head.Output, head.Trace = nil, nil, ""
		page.Runs = append(page.Runs, head)
	}
	return page, nil
}

func last(page store.Page, d *Data) *run { return d.runs[page.Runs[len(page.Runs)-1].ID] }

func matches(r *run, f *store.Filter) bool {
	for key, value := range f.Labels {
		if have, ok := r.Labels[key]; !ok || have != value {
			return false
		}
	}
	return (f.Flow == "" || r.Flow == f.Flow) &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, r.Status)) &&
		(f.Phase == "" || r.Phase == f.Phase) &&
		(f.Tenants == nil || slices.Contains(f.Tenants, r.Tenant)) &&
		(f.IdempotencyKey == "" || r.IdempotencyKey == f.IdempotencyKey) &&
		(f.ParentID == "" || r.ParentID == f.ParentID) &&
		(f.RetryOf == "" || r.RetryOf == f.RetryOf) &&
		(f.Since.IsZero() || !r.CreatedAt.Before(f.Since)) && (f.Until.IsZero() || r.CreatedAt.Before(f.Until)) &&
		errorMatches(r, f)
}

// errorMatches says whether the error of a run has the texts of a filter.
func errorMatches(r *run, f *store.Filter) bool {
	if f.ErrorText == "" && f.ErrorType == "" {
		return true
	}
	if r.Error == nil || r.Status == flow.StatusCompleted {
		return false
	}
	kind := cmp.Or(r.Error.Name, string(r.Error.Kind))
	return (contains(r.Error.Message, f.ErrorText) || contains(kind, f.ErrorText)) && contains(kind, f.ErrorType)
}

// contains says whether a text stands in another one, whatever the case of ASCII letters.
func contains(text, part string) bool { return strings.Contains(lower(text), lower(part)) }

func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// Schedule implements store.Store.
func (s *Store) Schedule(ctx context.Context, flowName, name string) (store.Schedule, error) {
	leave, err := s.enter(ctx, "read a schedule")
	if err != nil {
		return store.Schedule{}, err
	}
	defer leave()
	saved := s.data.schedules[scheduleKey{flowName, name}]
	saved.Flow, saved.Name = flowName, name
	return saved, nil
}

// SaveSchedule implements store.Store.
func (s *Store) SaveSchedule(ctx context.Context, saved store.Schedule) error {
	leave, err := s.enter(ctx, "save a schedule")
	if err != nil {
		return err
	}
	defer leave()
	saved.Last = stored(saved.Last)
	s.data.schedules[scheduleKey{saved.Flow, saved.Name}] = saved
	return nil
}
