package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	lib "modernc.org/sqlite/lib"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads pages of runs. How the runs of a filter are found stands in filter.go.

// maxLooked is about how many runs are looked at for one page: some 30 ms.
const maxLooked = 32 * chunkSize

// List implements store.Store. Newest is what was stored last.
func (s *Store) List(ctx context.Context, f store.Filter) (store.Page, error) {
	leave, err := s.enter("list runs")
	if err != nil {
		return store.Page{}, err
	}
	defer leave()
	before, err := f.CursorKey()
	if err != nil {
		return store.Page{}, fmt.Errorf("list runs: %w", err)
	}
	var page store.Page
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		page, err = listIn(ctx, tx, &f, before)
		return err
	})
	if err != nil {
		if code(err) == lib.SQLITE_ERROR { // the queries fit the layout
			err = damaged("its tables, or what stands in them, are not of this layout: %v", err)
		}
		return store.Page{}, wrap(s.path, "list runs", err)
	}
	return page, nil
}

// listIn reads the runs of a page, one more if there are, and where it ends.
func listIn(ctx context.Context, tx *sql.Tx, f *store.Filter, before int64) (store.Page, error) {
	l, err := newListing(ctx, tx, f, before)
	if err != nil || l.low >= l.high {
		return store.Page{}, err
	}
	end, err := l.end(ctx, tx)
	if err != nil {
		return store.Page{}, err
	}
	limit := f.PageSize()
	var found []runRow
	for _, source := range l.sources {
		text, args := source.page(l.rest, keys{end, l.high}, limit+1)
		rows, err := tx.QueryContext(ctx, text, args...)
		err = each(rows, err, func(scan func(...any) error) error {
			r, err := scanRun(scan, false)
			found = append(found, r)
			return err
		})
		if err != nil {
			return store.Page{}, err
		}
	}
	if len(l.sources) > 1 {
		slices.SortFunc(found, func(a, b runRow) int { return cmp.Compare(b.key, a.key) })
	}
	return pageOf(f, found, end, l.low), nil
}

// pageOf is a page of what was found down to a key, of all down to low.
func pageOf(f *store.Filter, found []runRow, end, low int64) store.Page {
	limit := f.PageSize()
	page := store.Page{Runs: make([]store.Run, 0, min(limit, len(found)))}
	for _, r := range found[:min(limit, len(found))] {
		page.Runs = append(page.Runs, r.Run)
	}
	switch {
	case len(found) > limit:
		page.Next = f.CursorAt(found[limit-1].key)
	case end > low:
		page.Next = f.CursorAt(end)
	}
	return page
}

// end is the lowest key that a page looks at, so that it does not look at too many runs
// that have what is in the sources and not the rest.
func (l *listing) end(ctx context.Context, tx *sql.Tx) (int64, error) {
	end := l.low
	if len(l.rest) == 0 {
		return end, nil
	}
	for _, source := range l.sources {
		text, args := source.nth(keys{l.low, l.high}, maxLooked/len(l.sources))
		var key int64
		switch err := tx.QueryRowContext(ctx, text, args...).Scan(&key); {
		case err == nil:
			end = max(end, key)
		case !errors.Is(err, sql.ErrNoRows):
			return 0, err
		}
	}
	return end, nil
}
