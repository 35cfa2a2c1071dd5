package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file deletes runs.

const (
	// expired says of a run that its time to be deleted has come; it has one only if it is over.
	expired = `delete_at <> 0 AND delete_at <= ?`

	expiredText = `SELECT run FROM runs WHERE ` + expired + ` ORDER BY delete_at LIMIT ?`
)

// DeleteExpired implements store.Store. The runs are chosen by the readers.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	leave, err := s.enter("delete old runs")
	if err != nil {
		return 0, err
	}
	defer leave()
	if limit < 1 {
		return 0, nil
	}
	until := fromTime(now)
	d := &deletion{stmt: stmtDeleteRun, args: []value{until}}
	rows, err := s.reads.expired.QueryContext(ctx, until, limit)
	err = each(rows, err, func(scan func(...any) error) error {
		var run int64
		err := scan(&run)
		d.runs = append(d.runs, run)
		return err
	})
	if err != nil {
		return 0, wrap(s.path, "look for old runs", err)
	}
	if len(d.runs) == 0 {
		return 0, nil
	}
	if err := s.write(ctx, d); err != nil {
		return 0, err
	}
	return d.deleted, nil
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, runID string) error {
	leave, err := s.enter("delete a run")
	if err != nil {
		return err
	}
	defer leave()
	run, err := s.readRun(ctx, s.reads.runByID, runID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("the run %q: %w", runID, store.ErrNotFound)
	case err != nil:
		return wrap(s.path, "read the run "+runID, err)
	case !run.Status.Final():
		return fmt.Errorf("the run %q: %w", runID, store.ErrNotFinal)
	}
	return s.write(ctx, &deletion{stmt: stmtDeleteEnded, runs: []int64{run.key}})
}

// deletion deletes runs with their logs. Messages they have none, since they are over.
type deletion struct {
	request
	stmt    statement // deletes a run, unless that is not to be deleted
	args    []value   // behind the run
	runs    []int64
	deleted int
}

func (d *deletion) apply(b *batch) error {
	d.deleted = 0
	for _, run := range d.runs {
		n, err := b.write(d.stmt, append([]value{run}, d.args...)...)
		if err != nil {
			return err
		}
		if n == 0 { // another was faster
			continue
		}
		d.deleted++
		if _, err := b.write(stmtDeleteLog, run); err != nil {
			return err
		}
	}
	return nil
}
