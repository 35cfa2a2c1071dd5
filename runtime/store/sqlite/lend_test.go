package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lib "modernc.org/sqlite/lib"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// lendOne writes a row and an entry through a loan.
func lendOne(t *testing.T, s *Store, claim store.Claim) error {
	t.Helper()
	return s.Lend(t.Context(), claim, func(loan store.Loan) (store.Change, error) {
		_, err := loan.ExecContext(t.Context(), `INSERT INTO own (n) VALUES (1)`)
		return store.Change{Entries: []flow.Entry{testEntry(1)}}, err
	})
}

// ownRows counts the rows of the table own.
func ownRows(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.readers.QueryRow(`SELECT count(*) FROM own`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const makeOwn = `CREATE TABLE own (n, t TEXT)`

// A COMMIT that fails takes the handler's writes and the change, or none of both.
func TestCommitOfALoanFails(t *testing.T) {
	var f failing
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path, f.option)
	edit(t, path, makeOwn)
	claim := claimed(t, s, "1")
	f.set(1, 0)
	if err := lendOne(t, s, claim); !errors.Is(err, errCommit) {
		t.Fatalf("Lend: %v; want the error of COMMIT", err)
	}
	if rows, log := ownRows(t, s), logOf(t, s, "1"); rows != 0 || len(log) != 0 {
		t.Fatalf("%d rows and %d entries are there; want none", rows, len(log))
	}
	f.set(0, 1)
	if err := lendOne(t, s, claim); err != nil {
		t.Fatalf("Lend with a COMMIT that fails after it was durable: %v; want none", err)
	}
	if rows, log := ownRows(t, s), logOf(t, s, "1"); rows != 1 || len(log) != 1 {
		t.Fatalf("%d rows and %d entries are there; want one of each", rows, len(log))
	}
}

// A disk that is full while a handler writes is the store's trouble, and not the handler's.
func TestTheDiskIsFullDuringALoan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	edit(t, path, makeOwn)
	claim := claimed(t, s, "1")
	err := s.Lend(t.Context(), claim, func(loan store.Loan) (store.Change, error) {
		ctx := context.WithValue(t.Context(), ownKey{}, true) // a handler may not set a pragma
		if _, err := loan.ExecContext(ctx, `PRAGMA max_page_count = 40`); err != nil {
			t.Error(err)
		}
		_, err := loan.ExecContext(t.Context(), `INSERT INTO own (t) VALUES (?)`, strings.Repeat("x", 1<<20))
		if code(err) != lib.SQLITE_FULL {
			t.Errorf("the insert: %v; want a full disk", err)
		}
		if end := loan.End(); errors.Is(end, store.ErrRolledBack) || code(end) != lib.SQLITE_FULL {
			t.Errorf("End: %v; want a full disk", end)
		}
		return store.Change{Entries: []flow.Entry{testEntry(1)}}, nil // though it failed
	})
	if code(err) != lib.SQLITE_FULL {
		t.Fatalf("Lend: %v; want a full disk", err)
	}
	if rows, log := ownRows(t, s), logOf(t, s, "1"); rows != 0 || len(log) != 0 {
		t.Fatalf("%d rows and %d entries are there; want none", rows, len(log))
	}
}

// A handler whose process has lost the right to execute was called, once, and has written nothing.
func TestTheRightIsLostBeforeALoan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	claim := claimed(t, s, "1")
	edit(t, path, makeOwn, `UPDATE meta SET epoch = epoch + 1`)
	calls := 0
	err := s.Lend(t.Context(), claim, func(loan store.Loan) (store.Change, error) {
		calls++
		_, err := loan.ExecContext(t.Context(), `INSERT INTO own (n) VALUES (1)`)
		return store.Change{Entries: []flow.Entry{testEntry(1)}}, err
	})
	if !errors.Is(err, store.ErrClaimLost) || calls != 1 {
		t.Errorf("Lend: %v in %d calls; want %v in one", err, calls, store.ErrClaimLost)
	}
	if rows, log := ownRows(t, s), logOf(t, s, "1"); rows != 0 || len(log) != 0 {
		t.Errorf("%d rows and %d entries are there; want none", rows, len(log))
	}
}

// Between two loans the changes of others are written.
func TestOthersHaveTheirTurnBetweenLoans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	first, second := claimed(t, s, "1"), claimed(t, s, "2")
	errs := make(chan error, 2)
	release := holdUp(t, s)
	var between int
	go func() {
		errs <- s.Lend(t.Context(), first, func(store.Loan) (store.Change, error) {
			go func() { _, err := s.Create(t.Context(), testRun("3"), false, 0); errs <- err }()
			waitForQueue(s, 1)
			return store.Change{Entries: []flow.Entry{testEntry(1)}}, nil
		})
	}()
	waitForQueue(s, 1)
	done := make(chan error)
	go func() {
		done <- s.Lend(t.Context(), second, func(loan store.Loan) (store.Change, error) {
			err := loan.QueryRowContext(t.Context(), `SELECT count(*) FROM runs WHERE id = '3'`).Scan(&between)
			return store.Change{Entries: []flow.Entry{testEntry(1)}}, err
		})
	}()
	waitForQueue(s, 2)
	release()
	if err := errors.Join(<-errs, <-errs, <-done); err != nil || between != 1 {
		t.Fatalf("the second loan saw %d of the run that was created during the first, %v", between, err)
	}
}

// All tables of a new database are among those that handlers may not write.
func TestOwnTables(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "runs.db"))
	var tables []string
	rows, err := s.readers.Query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	err = each(rows, err, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		tables = append(tables, name)
		return err
	})
	if err != nil || !slices.Equal(tables, ownTables) {
		t.Fatalf("the tables are %q, %v; ownTables says %q", tables, err, ownTables)
	}
}
