package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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
	limit := f.Limit
	if limit == 0 {
		limit = store.DefaultPage
	}
	limit = min(max(limit, 1), store.MaxPage)
	before, err := parseCursor(f.Cursor)
	if err != nil {
		return store.Page{}, err
	}
	var page store.Page
	for _, r := range slices.Backward(s.data.order) {
		if before != 0 && r.key >= before || !matches(r, f) {
			continue
		}
		if len(page.Runs) == limit {
			page.Next = cursorPrefix + strconv.FormatInt(last(page, s.data).key, 10)
			break
		}
		head := r.Run
		head.Input, head.Output, head.Trace = nil, nil, ""
		page.Runs = append(page.Runs, head)
	}
	return page, nil
}

func matches(r *run, f store.Filter) bool {
	return (f.Flow == "" || r.Flow == f.Flow) && (f.Tenant == "" || r.Tenant == f.Tenant) &&
		(f.Status == "" || r.Status == f.Status) && (f.IdempotencyKey == "" || r.IdempotencyKey == f.IdempotencyKey)
}

func last(page store.Page, d *Data) *run { return d.runs[page.Runs[len(page.Runs)-1].ID] }

// A cursor is the key of the last run of a page, so that a page does not move when
// runs are added.
const cursorPrefix = "r"

func parseCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(cursor, cursorPrefix)
	key, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || key < 1 || cursorPrefix+strconv.FormatInt(key, 10) != cursor {
		return 0, fmt.Errorf("list runs: %w: %q; use the Next of an earlier page as it is", store.ErrCursor, cursor)
	}
	return key, nil
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
