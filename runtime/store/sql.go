package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// This file is the part of the port that only stores in SQL databases have: their
// transactions, lent to handlers, and those of callers.

// What a caller of a SQL store may have to decide on.
var (
	// ErrRolledBack says that a transaction that was lent is undone because of a statement
	// in it: one that was cut short, or that asked for it (INSERT OR ROLLBACK).
	ErrRolledBack = errors.New("the transaction was rolled back")
	// ErrNotOurs says that a transaction is not one on the store's database.
	ErrNotOurs = errors.New("it is not a transaction on the runtime's database")
)

// Tx is what can be done in a transaction. *sql.Tx is one.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Loan is the store's own transaction in the hands of a handler.
type Loan interface {
	Tx
	// End takes the transaction back: what is under way in it is cut short, and from
	// then on all that is asked of it returns sql.ErrTxDone. It returns ErrRolledBack if the transaction
	// is undone already, and the store's own error if the disk is why. A second End says the same.
	End() error
}

// SQL is a store whose database has transactions for others than the store.
type SQL interface {
	Store

	// Lend calls do with a transaction, and commits the change that it returns together with all
	// that was written through the loan: both are on disk, or neither is. If do returns an error, neither
	// is, and Lend returns that error as it is. Any other error is the store's, as of Commit; if do
	// had returned a change, it may be on disk all the same, and only a Claim can tell.
	//
	// It is the caller's to bound the time that do takes: on SQLite nobody else can
	// write meanwhile, so do must not wait for another call that writes. Between two
	// loans the changes of others get their turn. The end of ctx counts until do is called.
	Lend(ctx context.Context, claim Claim, do func(loan Loan) (Change, error)) error

	// CreateIn is a Create, without a claim, through a transaction on the store's database: of
	// the caller's own or a Loan. The run is there when that commits. It returns
	// ErrNotOurs for a transaction on anything else.
	CreateIn(ctx context.Context, tx Tx, run Run) (Created, error)

	// NoteOtherInputIn is NoteOtherInput through such a transaction.
	NoteOtherInputIn(ctx context.Context, tx Tx, runID string, at time.Time) error
}
