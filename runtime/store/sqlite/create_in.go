package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file creates runs in the transactions of others.

// CreateIn implements store.SQL.
func (s *Store) CreateIn(ctx context.Context, tx store.Tx, run store.Run) (store.Created, error) {
	leave, err := s.enter("create a run in a transaction")
	if err != nil {
		return store.Created{}, err
	}
	defer leave()
	row, err := encodeNewRun(&run)
	if err != nil {
		return store.Created{}, fmt.Errorf("create the run %q: %w", run.ID, err)
	}
	if err := s.isOurs(ctx, tx); err != nil {
		return store.Created{}, fmt.Errorf("create the run %q in a transaction: %w", run.ID, err)
	}
	inserted, err := insertRunIn(context.WithValue(ctx, ownKey{}, true), tx, &row)
	switch {
	case err != nil:
		return store.Created{}, wrap(s.path, "create a run in a transaction", err)
	case inserted:
		return store.Created{Run: asCreated(run)}, nil
	}
	_, created, err := s.whatExists(asCreated(run), func(text string, args ...any) (runRow, error) {
		return scanRun(tx.QueryRowContext(ctx, text, args...).Scan, true)
	})
	return created, err
}

// insertRunIn is batch.insertRun on another's transaction, without a claim.
func insertRunIn(ctx context.Context, tx store.Tx, row *newRunRow) (inserted bool, err error) {
	args := make([]any, 0, maxArgs)
	for _, v := range row.values {
		args = append(args, v)
	}
	args = append(args, int64(0))
	statement := stmtInsertRun
	if !row.plain() {
		statement = stmtInsertOtherRun
		for _, v := range row.rest() {
			args = append(args, v)
		}
	}
	result, err := tx.ExecContext(ctx, statementTexts[statement], args...)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	key, err := result.LastInsertId()
	if err != nil {
		return false, err
	}
	return true, noteRunIn(ctx, tx, key, row)
}

// noteRunIn writes what else is kept of a new run: that there is one more, and where it is. The numbers go
// into their tables at once: only the writer's transactions have a row of commits, and so it is the writer who
// comes to each number at which rows are folded and deleted.
func noteRunIn(ctx context.Context, tx store.Tx, key int64, row *newRunRow) error {
	write := func(s statement, values ...value) error {
		args := make([]any, len(values))
		for i, v := range values {
			args[i] = v
		}
		_, err := tx.ExecContext(ctx, statementTexts[s], args...)
		return err
	}
	t := newTally()
	t.created(row)
	if err := t.write(write); err != nil {
		return err
	}
	return write(stmtNoteChunk, key>>chunkBits, row.flow(), row.created(), row.created())
}

// isOurs says whether a transaction is one on the store's file.
func (s *Store) isOurs(ctx context.Context, tx store.Tx) error {
	if l, ok := tx.(*loan); ok && l.path == s.path {
		return nil
	}
	if _, ok := tx.(*sql.DB); ok {
		return fmt.Errorf("a *sql.DB is no transaction; begin one with its BeginTx: %w", store.ErrNotOurs)
	}
	var file string
	const mainFile = `SELECT file FROM pragma_database_list WHERE name = 'main'`
	if err := tx.QueryRowContext(ctx, mainFile).Scan(&file); err != nil {
		if errors.Is(err, sql.ErrTxDone) || ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("it is not on SQLite, and the runtime's database is %s: %w: %w", s.path, store.ErrNotOurs, err)
	}
	if file == "" {
		return fmt.Errorf("it is on a database in memory, and the runtime's is %s: %w", s.path, store.ErrNotOurs)
	}
	theirs, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("the transaction's database: %w", err)
	}
	ours, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("the runtime's database: %w", err)
	}
	if !os.SameFile(theirs, ours) {
		return fmt.Errorf("it is on %s, and the runtime's database is %s: %w", file, s.path, store.ErrNotOurs)
	}
	return nil
}
