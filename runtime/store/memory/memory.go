// Package memory keeps runs in memory, for tests: what a program writes is gone
// with it. It promises what package store asks for, but for being durable.
//
// Data is what a database file is to another store. Each Store on it stands for a
// process that has it open: Close ends one in good order, Kill as a crash does.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Data is what was committed. It is shared by all stores that it opened.
type Data struct {
	mu        sync.Mutex
	runs      map[string]*run
	keys      map[startKey]*run // by idempotency key
	order     []*run            // as they were created
	live      []*run            // those that are not over, in the same order
	schedules map[scheduleKey]store.Schedule
	coverage  []store.Coverage
	slots     map[slotKey]*store.Slot // what happened when
	// definitions are by flow and version.
	definitions map[definitionKey]store.Definition
	owner       *Store // which has the right to execute; nil for none
	alone       *run   // the suspect that is tried on its own; nil for none

	changes feed

	lastKey, lastToken, lastMessage int64 // those that were given last
}

type (
	startKey    struct{ flow, tenant, key string }
	scheduleKey struct{ flow, name string }

	definitionKey struct{ flow, version string }
)

// run is a run with all that belongs to it.
type run struct {
	store.Run
	key          int64
	major, minor int
	log          []flow.Entry    // by Seq
	last         int64           // of its sequence numbers
	messages     []store.Message // by ID
	token        int64           // of the claim on it; 0: it is free
	// fresh says that the claim was given by Create and nothing was written with it:
	// the answer may have been lost, and a repeated Create may have it again.
	fresh bool
	// dormant says that nothing but a message makes the run due, if it has no WakeAt.
	dormant bool
	// ending is the change that ended the latest claim: to apply it again changes nothing.
	ending *store.Change
	// takeovers is how often the process that executed the run died since the run got further.
	takeovers int
}

// New is data without a run.
func New() *Data {
	return &Data{
		runs: map[string]*run{}, keys: map[startKey]*run{}, slots: map[slotKey]*store.Slot{},
		schedules: map[scheduleKey]store.Schedule{}, definitions: map[definitionKey]store.Definition{},
	}
}

// Open opens the data, as a process would.
func (d *Data) Open() *Store {
	return &Store{data: d, lazy: map[string]*lazyChange{}, turns: turns{last: map[level]string{}}}
}

// Store is a store.Store on data in memory.
type Store struct {
	data *Data
	// What follows is guarded by data.mu.
	closed bool
	lazy   map[string]*lazyChange // by run id: what is not committed yet, see lazy.go
	flush  *time.Timer            // commits that; nil if there is none
	turns  turns                  // those that Claim gave
}

var _ store.Store = (*Store)(nil)

// enter begins a call; the function that it returns ends it.
func (s *Store) enter(ctx context.Context, doing string) (leave func(), err error) {
	s.data.mu.Lock()
	err = ctx.Err()
	if s.closed {
		err = store.ErrClosed
	}
	if err != nil {
		s.data.mu.Unlock()
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return s.data.mu.Unlock, nil
}

// Acquire implements store.Store.
func (s *Store) Acquire(ctx context.Context) (bool, error) {
	leave, err := s.enter(ctx, "acquire the right to execute")
	if err != nil {
		return false, err
	}
	defer leave()
	d := s.data
	if d.owner != nil {
		return d.owner == s, nil
	}
	d.owner = s
	if d.alone != nil && d.alone.token == 0 {
		d.alone = nil
	}
	for _, r := range d.live {
		if r.token != 0 {
			r.free()
			if d.alone == nil || d.alone == r {
				r.takeovers++
			}
		}
	}
	d.alone = nil
	return true, nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	if !s.closed {
		s.writeLazy()
	}
	s.end()
	return nil
}

// Kill ends the store as the end of its process would: what was lazy is lost, and
// further calls return store.ErrClosed and change nothing.
func (s *Store) Kill() {
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	s.end()
}

// end gives up the right to execute, and forgets what is lazy.
func (s *Store) end() {
	s.closed = true
	clear(s.lazy)
	if s.flush != nil {
		s.flush.Stop()
	}
	if s.data.owner == s {
		s.data.owner = nil
	}
}

// held is the run of a claim; nil if the claim is over.
func (s *Store) held(c store.Claim) *run {
	r := s.data.runs[c.RunID]
	if r == nil || s.data.owner != s || r.token == 0 || r.token != c.Token || r.key != c.Key {
		return nil
	}
	return r
}

// grant gives a claim on a run; one before it is over.
func (s *Store) grant(r *run, fresh bool) store.Claim {
	s.data.lastToken++
	r.token, r.fresh = s.data.lastToken, fresh
	return store.Claim{RunID: r.ID, Key: r.key, Token: r.token}
}

// free makes a run due at once.
func (r *run) free() {
	r.token, r.fresh, r.dormant, r.WakeAt = 0, false, false, time.Time{}
}

// stored is a time as it is kept: in whole milliseconds and in UTC.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}
