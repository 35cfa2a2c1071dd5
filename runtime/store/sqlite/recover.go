package sqlite

import (
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about what to do when it is not plain what became of a transaction.

// errUnknown says that nobody knows whether a transaction is durable.
var errUnknown = errors.New("whether it was written is not known; it can be repeated safely")

// afterFailedCommit asks the database whether a transaction is there whose
// COMMIT failed: its row of commits says so.
func (w *writer) afterFailedCommit(number int64, cause error) (verdict, error) {
	w.disconnect() // which rolls back what is not committed
	there, err := w.isThere(number)
	switch {
	case err != nil:
		w.disconnect()
		w.orphans = true
		return unavailable, fmt.Errorf("commit: %w: %w", errUnknown, errors.Join(cause, err))
	case there:
		return settled, nil
	}
	return unavailable, fmt.Errorf("commit: %w", cause)
}

// isThere says whether a transaction of this writer is on disk. If it is not, another one may have its number.
func (w *writer) isThere(number int64) (bool, error) {
	if err := w.ready(); err != nil {
		return false, err
	}
	writer, ok, err := w.conn.number(`SELECT writer FROM commits WHERE number = ?`, number)
	if err != nil || ok {
		return writer == w.id, err
	}
	newest, _, err := w.conn.number(`SELECT coalesce(max(number), 0) FROM commits`)
	if err == nil && newest > number {
		err = errors.New("its row of commits is deleted already")
	}
	return false, err
}

// freeOrphans frees the runs that are claimed in our epoch though nobody here
// has a claim: those of a transaction whose fate was unknown.
func (w *writer) freeOrphans() {
	epoch := w.claims.current()
	if epoch == 0 {
		w.orphans = false
		return
	}
	var orphans []change
	err := w.conn.query(`SELECT run FROM runs WHERE claim <> 0 AND claim > 0`, nil, func(row []value) error {
		if run, ok := row[0].(int64); ok && !w.claims.has(run) {
			orphans = append(orphans, &freeing{run: run, epoch: epoch})
		}
		return nil
	})
	if err == nil && len(orphans) > 0 {
		_, err = w.transact(orphans, never)
	}
	w.orphans = err != nil
}

// freeing gives a run back that nobody here has.
type freeing struct {
	request
	run, epoch int64
}

func (f *freeing) apply(b *batch) error {
	_, err := b.write(stmtFree, f.run, f.epoch, int64(store.SuspectAfter))
	return err
}
