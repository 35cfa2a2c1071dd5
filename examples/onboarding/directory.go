// The company's own database: the accounts, domains, workspaces, plans and seats that its
// systems have, and the mails that were sent.
//
// Every call that does something takes the idempotency key of the step that asks. The
// key is unique in its table, so a handler that runs twice has done its work once.

package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed directory.sql
var directorySchema string

// The kinds of entries.
const (
	kindAccount   = "account"
	kindDomain    = "domain"
	kindWorkspace = "workspace"
	kindPlan      = "plan"
	kindBilling   = "billing"
	kindSeat      = "seat"
)

var errTaken = errors.New("is taken")

// directory is that database.
type directory struct{ db *sql.DB }

// asker is who wants something done: a step of a run, with its idempotency key, or the
// compensation that undoes it, which has both.
type asker struct{ key, stepKey, runID string }

func openDirectory(ctx context.Context, path string) (*directory, error) {
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
		"&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open the directory %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer, and the company is small
	if _, err := db.ExecContext(ctx, directorySchema); err != nil {
		return nil, errors.Join(fmt.Errorf("set up the directory %s: %w", path, err), db.Close())
	}
	return &directory{db: db}, nil
}

func (d *directory) close() error { return d.db.Close() }

// create makes an entry and returns its id, such as workspace-3. What stands under that
// name already is errTaken, unless it is of the same asker.
func (d *directory) create(ctx context.Context, by asker, kind, name string) (string, error) {
	var id int64
	err := d.db.QueryRowContext(ctx, `
		INSERT INTO entries (created_by, run_id, kind, name)
		SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (
			SELECT * FROM entries WHERE kind = ?3 AND name = ?4 AND created_by <> ?1 AND removed_by IS NULL)
		ON CONFLICT (created_by) DO UPDATE SET created_by = created_by
		RETURNING id`, by.key, by.runID, kind, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("the %s %s %w", kind, name, errTaken)
	}
	return fmt.Sprintf("%s-%d", kind, id), err
}

// remove takes away what the step that is undone has created, if it has.
func (d *directory) remove(ctx context.Context, by asker) error {
	_, err := d.db.ExecContext(ctx, `
		UPDATE entries SET removed_by = ? WHERE created_by = ? AND removed_by IS NULL`, by.key, by.stepKey)
	return err
}

// mail sends a mail.
func (d *directory) mail(ctx context.Context, by asker, address, subject string) error {
	_, err := d.db.ExecContext(ctx, `
		INSERT INTO mails (sent_by, run_id, address, subject) VALUES (?, ?, ?, ?)
		ON CONFLICT (sent_by) DO NOTHING`, by.key, by.runID, address, subject)
	return err
}
