package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

var errNotBuilt = errors.New("not built")

// Schedule implements store.Store.
func (s *Store) Schedule(context.Context, string, string) (store.Schedule, error) {
	return store.Schedule{}, errNotBuilt
}

// SaveSchedule implements store.Store.
func (s *Store) SaveSchedule(context.Context, store.Schedule) error { return errNotBuilt }

// DeleteExpired implements store.Store.
func (s *Store) DeleteExpired(context.Context, time.Time, int) (int, error) { return 0, errNotBuilt }
