package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// Fault is what a Faulty store does to a write.
type Fault int

// The faults.
const (
	// None lets the write through.
	None Fault = iota
	// Before returns ErrInjected and writes nothing.
	Before
	// After writes, and returns ErrInjected all the same: the caller cannot know.
	After
)

// ErrInjected is the error of a Faulty store.
var ErrInjected = errors.New("injected fault")

// ErrFull is the error of a Faulty store while it is full.
var ErrFull = errors.New("injected fault: the disk is full")

// Faulty is a store of which some writes fail. Writes are Create, Send, SaveSchedule,
// Lend and Commit, but for lazy ones, counted from 1. DeleteExpired is not counted, since
// who calls it does so at any time.
type Faulty struct {
	store.Store
	fault func(n int) Fault

	mu     sync.Mutex
	writes int
	full   bool
}

// NewFaulty makes a store that asks fault about each of its writes; nil is no fault.
func NewFaulty(s store.Store, fault func(n int) Fault) *Faulty {
	if fault == nil {
		fault = func(int) Fault { return None }
	}
	return &Faulty{Store: s, fault: fault}
}

// FailNth fails one write: the n-th.
func FailNth(n int, f Fault) func(int) Fault {
	return func(write int) Fault {
		if write == n {
			return f
		}
		return None
	}
}

// Writes is how many writes there were, failed ones too.
func (f *Faulty) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// SetFull makes the disk full, or gives it room again. While it is full, all
// writes, DeleteExpired, Acquire and Claim fail before anything is written; lazy changes do not,
// since nobody waits for them.
func (f *Faulty) SetFull(full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full = full
}

// next counts a write and says what becomes of it.
func (f *Faulty) next() (Fault, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	if f.full {
		return Before, ErrFull
	}
	return f.fault(f.writes), ErrInjected
}

// isFull is ErrFull while the disk is full.
func (f *Faulty) isFull() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return ErrFull
	}
	return nil
}

// Create implements store.Store.
func (f *Faulty) Create(ctx context.Context, run store.Run, claim bool, limit int) (store.Created, error) {
	fault, injected := f.next()
	if fault == Before {
		return store.Created{}, injected
	}
	created, err := f.Store.Create(ctx, run, claim, limit)
	if err == nil && fault == After {
		return store.Created{}, errors.Join(injected, f.giveBack(created))
	}
	return created, err
}

// giveBack does what a store does that could not answer: nobody knows of the claim.
func (f *Faulty) giveBack(created store.Created) error {
	if created.Claim == nil {
		return nil
	}
	return f.Store.Commit(context.Background(), store.Change{Claim: *created.Claim, Release: true})
}

// Commit implements store.Store.
func (f *Faulty) Commit(ctx context.Context, c store.Change) error {
	if c.Lazy {
		return f.Store.Commit(ctx, c)
	}
	fault, injected := f.next()
	if fault == Before {
		return injected
	}
	err := f.Store.Commit(ctx, c)
	if err == nil && fault == After {
		return injected
	}
	return err
}

// Lend implements store.SQL, if the store does. It is one write.
func (f *Faulty) Lend(ctx context.Context, claim store.Claim, do func(store.Loan) (store.Change, error)) error {
	db, err := f.db()
	if err != nil {
		return err
	}
	fault, injected := f.next()
	if fault == Before {
		return injected
	}
	err = db.Lend(ctx, claim, do)
	if err == nil && fault == After {
		return injected
	}
	return err
}

// CreateIn implements store.SQL, if the store does. It does not fail: the transaction is not the store's.
func (f *Faulty) CreateIn(ctx context.Context, tx store.Tx, run store.Run) (store.Created, error) {
	db, err := f.db()
	if err != nil {
		return store.Created{}, err
	}
	return db.CreateIn(ctx, tx, run)
}

// NoteOtherInputIn implements store.SQL, if the store does. It does not fail either.
func (f *Faulty) NoteOtherInputIn(ctx context.Context, tx store.Tx, runID string, at time.Time) error {
	db, err := f.db()
	if err != nil {
		return err
	}
	return db.NoteOtherInputIn(ctx, tx, runID, at)
}

func (f *Faulty) db() (store.SQL, error) {
	db, ok := f.Store.(store.SQL)
	if !ok {
		return nil, fmt.Errorf("a %T is no store.SQL", f.Store)
	}
	return db, nil
}

// Send implements store.Store.
func (f *Faulty) Send(ctx context.Context, m store.Message) (store.Message, error) {
	fault, injected := f.next()
	if fault == Before {
		return store.Message{}, injected
	}
	sent, err := f.Store.Send(ctx, m)
	if err == nil && fault == After {
		return store.Message{}, injected
	}
	return sent, err
}

// SaveDefinition implements store.Store. It is not counted among the writes: it is one only where
// there is something new.
func (f *Faulty) SaveDefinition(ctx context.Context, d store.Definition) error {
	if err := f.isFull(); err != nil {
		return err
	}
	return f.Store.SaveDefinition(ctx, d)
}

// SaveSchedule implements store.Store.
func (f *Faulty) SaveSchedule(ctx context.Context, s store.Schedule) error {
	fault, injected := f.next()
	if fault == Before {
		return injected
	}
	err := f.Store.SaveSchedule(ctx, s)
	if err == nil && fault == After {
		return injected
	}
	return err
}

// DeleteExpired implements store.Store.
func (f *Faulty) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if err := f.isFull(); err != nil {
		return 0, err
	}
	return f.Store.DeleteExpired(ctx, now, limit)
}

// Claim implements store.Store.
func (f *Faulty) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	if err := f.isFull(); err != nil {
		return nil, err
	}
	return f.Store.Claim(ctx, q)
}

// Acquire implements store.Store.
func (f *Faulty) Acquire(ctx context.Context) (bool, error) {
	if err := f.isFull(); err != nil {
		return false, err
	}
	return f.Store.Acquire(ctx)
}
