package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// List implements store.Store. Newest is what was stored last. A limit out of
// range is brought into it.
func (s *Store) List(ctx context.Context, f store.Filter) (store.Page, error) {
	leave, err := s.enter("list runs")
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
	text, args := listQuery(f, before, limit+1)
	var found []runRow
	rows, err := s.readers.QueryContext(ctx, text, args...)
	err = each(rows, err, func(scan func(...any) error) error {
		r, err := scanRun(scan, false)
		found = append(found, r)
		return err
	})
	if err != nil {
		return store.Page{}, wrap(s.path, "list runs", err)
	}
	return pageOf(found, limit), nil
}

// listQuery is the query of a page. The conditions on constants let SQLite use
// the partial indexes.
func listQuery(f store.Filter, before int64, limit int) (text string, args []any) {
	var b strings.Builder
	b.WriteString(`SELECT ` + headColumns + ` FROM runs WHERE 1`)
	where := func(condition string, arg any) {
		b.WriteString(" AND " + condition)
		args = append(args, arg)
	}
	if f.Flow != "" {
		where(`flow = ?`, f.Flow)
	}
	if f.Tenant != "" {
		where(`tenant <> '' AND tenant = ?`, f.Tenant)
	}
	if f.IdempotencyKey != "" {
		where(`idempotency_key <> '' AND idempotency_key = ?`, f.IdempotencyKey)
	}
	switch f.Status {
	case "":
	case flow.StatusCompleted:
		where(`status = ?`, string(f.Status))
	default:
		where(`status <> 'completed' AND status = ?`, string(f.Status))
	}
	if before != 0 {
		where(`run < ?`, before)
	}
	b.WriteString(` ORDER BY run DESC LIMIT ?`)
	return b.String(), append(args, limit)
}

// pageOf is a page of what was found, which is one more if there is another page.
func pageOf(found []runRow, limit int) store.Page {
	page := store.Page{Runs: make([]store.Run, 0, min(limit, len(found)))}
	for _, r := range found[:min(limit, len(found))] {
		page.Runs = append(page.Runs, r.Run)
	}
	if len(found) > limit {
		page.Next = formatCursor(found[limit-1].key)
	}
	return page
}

// A cursor is the key of the last run of a page, so that a page does not move
// when runs are added.

const cursorPrefix = "r"

func formatCursor(run int64) string { return cursorPrefix + strconv.FormatInt(run, 36) }

func parseCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(cursor, cursorPrefix)
	run, err := strconv.ParseInt(text, 36, 64)
	if !ok || err != nil || run < 1 || formatCursor(run) != cursor {
		return 0, fmt.Errorf("list runs: %w: %q; use the Next of an earlier page as it is", store.ErrCursor, cursor)
	}
	return run, nil
}
