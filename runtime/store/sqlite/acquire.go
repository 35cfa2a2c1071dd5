package sqlite

import (
	"context"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// Acquire implements store.Store.
func (s *Store) Acquire(ctx context.Context) (bool, error) {
	leave, err := s.enter("acquire the right to execute")
	if err != nil {
		return false, err
	}
	defer leave()
	if s.writer == nil {
		return false, nil
	}
	s.acquiring.Lock()
	defer s.acquiring.Unlock()
	if s.claims.current() != 0 {
		return true, nil
	}
	// A lock that is left from a right that was lost may be one on a file that is there no more.
	if err := s.lock.Unlock(); err != nil {
		return false, fmt.Errorf("%s: unlock: %w", s.lock.Path(), err)
	}
	locked, err := s.lock.TryLock()
	if err != nil {
		return false, fmt.Errorf("%s: lock: %w", s.lock.Path(), err)
	}
	if !locked {
		return false, nil
	}
	if err := s.write(ctx, &acquiring{}); err != nil {
		// Without an epoch the lock is of no use; if it stays, the next Acquire unlocks it.
		_ = s.lock.Unlock()
		return false, err
	}
	return true, nil
}

// acquiring begins an epoch and frees the claims of earlier ones.
type acquiring struct {
	request
	epoch int64
}

func (a *acquiring) apply(b *batch) error {
	epoch, ok, err := b.w.conn.number(`UPDATE meta SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch`)
	if err != nil {
		return err
	}
	if !ok {
		return damaged("the table meta is empty")
	}
	a.epoch, b.wrote = epoch, true
	// The suspect that was tried on its own, if it was when the process died.
	alone, _, err := b.w.conn.number(`SELECT run FROM runs WHERE run = (SELECT alone FROM meta WHERE id = 1)
		AND claim > 0 AND claim <> ?`, epoch)
	if err != nil {
		return err
	}
	if _, err := b.write(stmtFreeNow, epoch, alone, int64(store.SuspectAfter)); err != nil {
		return err
	}
	_, err = b.write(stmtTryAlone, int64(0), int64(0))
	return err
}

func (a *acquiring) committed(w *writer) { w.claims.begin(a.epoch) }
