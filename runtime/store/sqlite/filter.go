package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file turns a filter into queries. One thing that it says is read from an index, in
// the order of the keys; for the rest the runs found there are looked at.

// listing is how the runs of a filter are found.
type listing struct {
	sources []source    // each with runs of its own
	rest    []condition // what the sources leave open
	keys                // between which all of the runs are
}

// keys are those from low on, below high.
type keys struct{ low, high int64 }

// condition is one on columns of runs.
type condition struct {
	text string
	args []any
}

// source is what is read of the table, newest first.
type source struct {
	condition
	index string // how SQLite is to read it
	flow  string // if it is the runs of a flow: those of its chunks are read
}

// claimedIndex has the runs that are claimed: as many as are executed at a time, so they are sorted.
const claimedIndex = "INDEXED BY runs_claimed"

// maxSources is how many sources a page has at most: for more tenants, all runs are looked at.
const maxSources = 16

func newListing(ctx context.Context, tx *sql.Tx, f *store.Filter, before int64) (*listing, error) {
	l := &listing{keys: keys{1, math.MaxInt64}}
	if before != 0 {
		l.high = before
	}
	if f.Tenants != nil && len(f.Tenants) == 0 {
		l.high = 0
		return l, nil
	}
	l.plan(f)
	return l, l.bound(ctx, tx, f)
}

// plan decides what is read from an index.
func (l *listing) plan(f *store.Filter) {
	open := *f // what of it is not in the sources
	statuses, tenants := statusesOf(f), distinct(f.Tenants)
	switch {
	case f.IdempotencyKey != "":
		l.add("INDEXED BY runs_key", `idempotency_key <> '' AND idempotency_key = ?`, f.IdempotencyKey)
		open.IdempotencyKey = ""
	case f.ParentID != "":
		l.add("INDEXED BY runs_parent", `parent_id = ?`, f.ParentID)
		open.ParentID = ""
	case f.RetryOf != "":
		l.add("INDEXED BY runs_retry", `retry_of = ?`, f.RetryOf)
		open.RetryOf = ""
	case len(statuses) > 0 && !slices.Contains(statuses, flow.StatusCompleted):
		for _, status := range statuses {
			l.add("INDEXED BY runs_status", `status <> 'completed' AND claim <= 0 AND status = ?`, string(status))
			if !status.Final() {
				l.add(claimedIndex, `claim <> 0 AND claim > 0 AND status = ?`, string(status))
			}
		}
		open.Statuses = nil
	case len(tenants) > 0 && len(tenants) <= maxSources && !slices.Contains(tenants, ""):
		for _, tenant := range tenants {
			l.add("INDEXED BY runs_tenant", `tenant <> '' AND tenant = ?`, tenant)
		}
		open.Tenants = nil
	case f.Flow != "":
		l.add("NOT INDEXED", `flow = ?`, f.Flow)
		l.sources[0].flow, open.Flow = f.Flow, ""
	default:
		l.add("NOT INDEXED", "1")
	}
	l.rest = conditionsOf(&open)
}

func (l *listing) add(index, text string, args ...any) {
	l.sources = append(l.sources, source{condition: condition{text, args}, index: index})
}

// statusesOf are the statuses that a run can have for the filter; none are all.
func statusesOf(f *store.Filter) []flow.Status {
	switch {
	case len(f.Statuses) > 0:
		return distinct(f.Statuses)
	case f.Phase != "":
		return []flow.Status{flow.StatusRunning}
	case f.ErrorText != "" || f.ErrorType != "":
		return []flow.Status{flow.StatusRunning, flow.StatusFailed, flow.StatusCancelled}
	}
	return nil
}

func distinct[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// conditionsOf is what a filter says, but for when the runs were created.
func conditionsOf(f *store.Filter) []condition {
	var all []condition
	add := func(text string, args ...any) { all = append(all, condition{text, args}) }
	for _, c := range []struct{ column, value string }{
		{"flow", f.Flow},
		{"phase", string(f.Phase)},
		{"idempotency_key", f.IdempotencyKey},
		{"parent_id", f.ParentID},
		{"retry_of", f.RetryOf},
	} {
		if c.value != "" {
			add(c.column+` = ?`, c.value)
		}
	}
	if len(f.Statuses) > 0 {
		text, args := oneOf("status", f.Statuses)
		add(text, args...)
	}
	if len(f.Tenants) > 0 {
		text, args := oneOf("tenant", f.Tenants)
		add(text, args...)
	}
	for key, value := range f.Labels {
		add(`EXISTS (SELECT 1 FROM json_each(labels) AS label WHERE label.key = ? AND label.value = ?)`, key, value)
	}
	const kind = `coalesce(error ->> '$.name', error ->> '$.kind', '')`
	if f.ErrorText != "" {
		add(`status <> 'completed' AND instr(lower((error ->> '$.message') || char(10) || `+kind+`), lower(?)) > 0`, f.ErrorText)
	}
	if f.ErrorType != "" {
		add(`status <> 'completed' AND instr(lower(`+kind+`), lower(?)) > 0`, f.ErrorType)
	}
	return all
}

// oneOf says that a column has one of some values.
func oneOf[T ~string](column string, values []T) (text string, args []any) {
	for _, v := range values {
		args = append(args, string(v))
	}
	return column + ` IN (?` + strings.Repeat(`, ?`, len(values)-1) + `)`, args
}

// bound adds when the runs were created, and brings the keys between those of that time.
func (l *listing) bound(ctx context.Context, tx *sql.Tx, f *store.Filter) error {
	if f.Since.IsZero() && f.Until.IsZero() {
		return nil
	}
	since, until := int64(0), int64(math.MaxInt64)
	if !f.Since.IsZero() {
		since = ceiling(f.Since)
		l.rest = append(l.rest, condition{`created_at >= ?`, []any{since}})
	}
	if !f.Until.IsZero() {
		until = ceiling(f.Until)
		l.rest = append(l.rest, condition{`created_at < ?`, []any{until}})
	}
	var first, last sql.NullInt64
	err := tx.QueryRowContext(ctx, chunksOfTimeText, since, until, f.Flow, f.Flow).Scan(&first, &last)
	if err != nil {
		return err
	}
	if !first.Valid { // there is none
		l.high = 0
		return nil
	}
	l.low = max(l.low, first.Int64<<chunkBits)
	l.high = min(l.high, (last.Int64+1)<<chunkBits)
	return nil
}

// chunksOfTimeText are the first and the last chunk with runs of a time, of one flow or of all.
const chunksOfTimeText = `SELECT min(chunk), max(chunk) FROM run_chunks
	WHERE latest >= ? AND earliest < ? AND (? = '' OR flow = ?)`

// ceiling is the first whole millisecond that is not before a time.
func ceiling(t time.Time) int64 {
	return t.Add(time.Millisecond - time.Nanosecond).UnixMilli()
}

// from is what a page reads, with the runs between some keys.
func (s *source) from(k keys) (text string, args []any) {
	if s.flow == "" {
		return `FROM runs ` + s.index + ` WHERE run >= ? AND run < ? AND ` + s.text, append([]any{k.low, k.high}, s.args...)
	}
	return `FROM (SELECT chunk FROM run_chunks WHERE flow = ? AND chunk >= ? AND chunk <= ?) CROSS JOIN runs NOT INDEXED
		WHERE run >= chunk << ? AND run < (chunk + 1) << ? AND run >= ? AND run < ? AND ` + s.text,
		append([]any{s.flow, k.low >> chunkBits, (k.high - 1) >> chunkBits, chunkBits, chunkBits, k.low, k.high}, s.args...)
}

// page is the query of the source's runs for a page.
func (s *source) page(rest []condition, k keys, limit int) (text string, args []any) {
	from, args := s.from(k)
	var b strings.Builder
	b.WriteString(`SELECT ` + headColumns + ` ` + from)
	for _, c := range rest {
		b.WriteString(` AND ` + c.text)
		args = append(args, c.args...)
	}
	b.WriteString(` ORDER BY ` + s.order() + ` LIMIT ?`)
	return b.String(), append(args, limit)
}

// order is that of the keys, as SQLite finds it in what it reads.
func (s *source) order() string {
	if s.flow == "" {
		return `run DESC`
	}
	return `chunk DESC, run DESC`
}

// nth is the query of the key behind so many runs of the source; there may be none. In a
// flow's chunks all runs count.
func (s *source) nth(k keys, n int) (text string, args []any) {
	if s.flow == "" {
		from, args := s.from(k)
		return `SELECT run ` + from + ` ORDER BY run DESC LIMIT 1 OFFSET ?`, append(args, n)
	}
	return `SELECT chunk << ? FROM run_chunks WHERE flow = ? AND chunk >= ? AND chunk <= ? ORDER BY chunk DESC LIMIT 1 OFFSET ?`,
		[]any{chunkBits, s.flow, k.low >> chunkBits, (k.high - 1) >> chunkBits, n / chunkSize}
}
