package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"

	sqlitedriver "modernc.org/sqlite"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads runs, on the pool of connections that cannot write.

// statements are the prepared reads.
type statements struct {
	runByID, runByKey, runByRun *sql.Stmt
	log                         *sql.Stmt // of one run
	runsOf, logsOf, messagesOf  *sql.Stmt // of a JSON array of runs
	unobeyed, messagesTo        *sql.Stmt
	dueRunning, priorities      *sql.Stmt
	suspects                    *sql.Stmt
	tenants, oldest             byLevel
	firstRunning, firstPending  *sql.Stmt
	firstStart, ending          *sql.Stmt
	expired                     *sql.Stmt
	schedule                    *sql.Stmt
	definition, definitions     *sql.Stmt
	headByID, headByRun         *sql.Stmt
	lastInLog, logBetween       *sql.Stmt
	edges, commitsFrom          *sql.Stmt
	all                         []*sql.Stmt
}

const (
	runByIDText  = `SELECT ` + runColumns + ` FROM runs WHERE id = ?`
	runByKeyText = `SELECT ` + runColumns + ` FROM runs
		WHERE flow = ? AND tenant = ? AND idempotency_key = ? AND idempotency_key <> ''`
)

// maxReaders is how many reads may go on at a time.
func maxReaders() int { return max(4, runtime.GOMAXPROCS(0)) }

// openReaders opens the pool, of connections to the URI, and prepares its statements.
func (s *Store) openReaders(uri string) error {
	connector, err := sqlitedriver.NewConnector(uri)
	if err != nil {
		return err
	}
	s.readers = sql.OpenDB(connector)
	s.readers.SetMaxOpenConns(maxReaders())
	s.readers.SetMaxIdleConns(maxReaders())
	if err := s.reads.prepare(s.readers); err != nil {
		return errors.Join(err, s.reads.close(), s.readers.Close())
	}
	return nil
}

func (r *statements) prepare(db *sql.DB) error {
	const someRuns = ` IN (SELECT value FROM json_each(?))`
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&r.runByID, runByIDText},
		{&r.runByKey, runByKeyText},
		{&r.runByRun, `SELECT ` + runColumns + ` FROM runs WHERE run = ?`},
		{&r.log, `SELECT ` + entryColumns + ` FROM log WHERE run = ? ORDER BY seq`},
		{&r.runsOf, `SELECT ` + runColumns + ` FROM runs WHERE run` + someRuns},
		{&r.logsOf, `SELECT ` + entryColumns + ` FROM log WHERE run` + someRuns + ` ORDER BY run, seq`},
		{&r.messagesOf, `SELECT ` + messageColumns + ` FROM messages JOIN runs ON runs.run = messages.run
			WHERE messages.run` + someRuns + ` ORDER BY messages.id`},
		{&r.unobeyed, unobeyedText},
		{&r.messagesTo, messagesToText},
		{&r.dueRunning, dueRunningText},
		{&r.suspects, suspectsText},
		{&r.priorities, prioritiesText},
		{&r.tenants.ofPriority, tenantsText(ofPriority)},
		{&r.tenants.ofAny, tenantsText(isFree)},
		{&r.oldest.ofPriority, oldestText(ofPriority)},
		{&r.oldest.ofAny, oldestText(isFree)},
		{&r.firstRunning, firstRunningText},
		{&r.firstPending, firstPendingText},
		{&r.firstStart, firstStartText},
		{&r.ending, endingText},
		{&r.expired, expiredText},
		{&r.headByID, headByIDText},
		{&r.headByRun, headByRunText},
		{&r.lastInLog, lastInLogText},
		{&r.logBetween, logBetween},
		{&r.edges, edgesText},
		{&r.commitsFrom, commitsFromText},
		{&r.schedule, `SELECT last, last_run, sum FROM schedules WHERE flow = ? AND name = ?`},
		{&r.definition, `SELECT hash, saved_at, description FROM definitions WHERE flow = ? AND version = ?`},
		{&r.definitions, `SELECT flow, version, hash, saved_at FROM definitions ORDER BY flow, version`},
	} {
		stmt, err := db.Prepare(p.text)
		if err != nil {
			return notPrepared(p.text, err)
		}
		*p.stmt, r.all = stmt, append(r.all, stmt)
	}
	return nil
}

func (r *statements) close() error {
	var errs []error
	for _, stmt := range r.all {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, runID string) (store.Run, []flow.Entry, error) {
	leave, err := s.enter("get a run")
	if err != nil {
		return store.Run{}, nil, err
	}
	defer leave()
	run, entries, err := s.read(ctx, s.reads.runByID, runID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Run{}, nil, store.ErrNotFound // whoever asks names the run
	case err != nil:
		return store.Run{}, nil, wrap(s.path, fmt.Sprintf("read the run %q", runID), err)
	case run.ID != runID:
		err := damaged("the index of ids names it for the run %q", run.ID)
		return store.Run{}, nil, wrap(s.path, fmt.Sprintf("read the run %q", runID), err)
	}
	return run.Run, entries, nil
}

// readRun reads one run, or returns sql.ErrNoRows.
func (s *Store) readRun(ctx context.Context, stmt *sql.Stmt, args ...any) (runRow, error) {
	return scanRun(stmt.QueryRowContext(ctx, args...).Scan, true)
}

// read reads one run and its log as they were at one moment, or returns sql.ErrNoRows.
func (s *Store) read(ctx context.Context, stmt *sql.Stmt, arg any) (run runRow, entries []flow.Entry, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		run, err = scanRun(tx.StmtContext(ctx, stmt).QueryRowContext(ctx, arg).Scan, true)
		if err != nil {
			return err
		}
		rows, err := tx.StmtContext(ctx, s.reads.log).QueryContext(ctx, run.key)
		return each(rows, err, func(scan func(...any) error) error {
			_, e, err := scanEntry(scan)
			entries = append(entries, e)
			return err
		})
	})
	if err != nil {
		return runRow{}, nil, err
	}
	return run, entries, nil
}

// snapshot reads from the database as it is at one moment.
func (s *Store) snapshot(ctx context.Context, read func(*sql.Tx) error) (err error) {
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if end := tx.Rollback(); end != nil && err == nil && !errors.Is(end, sql.ErrTxDone) {
			err = end
		}
	}()
	return read(tx)
}

// each calls row for each row of a query.
func each(rows *sql.Rows, err error, row func(scan func(...any) error) error) error {
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // what went wrong is in rows.Err
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
