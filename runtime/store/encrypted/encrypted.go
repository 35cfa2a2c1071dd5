// Package encrypted keeps payloads encrypted in any store: it is a store around
// another one. What goes in is sealed by a Codec, what comes out is opened, and
// whoever uses the store sees no difference.
//
// A program need not make one: runtime.WithCodec does. docs/encryption.md says what
// is encrypted and what stays clear.
package encrypted

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Codec seals payloads and opens them. Its methods are called from many goroutines at once.
type Codec interface {
	// Seal encrypts, and returns the id of the key with which it did: 1 to 64 letters,
	// digits, dots, dashes and underscores. The same plain text for the same place should
	// become the same bytes as long as the key is: a store knows a repeated write by that.
	Seal(at Place, plain []byte) (keyID string, sealed []byte, err error)
	// Open decrypts. It returns ErrNoKey for a key that it does not have, and
	// ErrNotGenuine for bytes that Seal has not made for this place with this key.
	Open(at Place, keyID string, sealed []byte) (plain []byte, err error)
}

// Place is where a payload stands. What was sealed for one place opens nowhere else.
type Place struct {
	Run  string // its id
	What string // of the run: its input, or an output of its log
}

// Why a payload cannot be opened.
var (
	// ErrNoKey says that the key is not among those that were given.
	ErrNoKey = errors.New("that key was not given")
	// ErrNotGenuine says that the bytes were changed or moved, or that another key of the
	// same id was used.
	ErrNotGenuine = errors.New("the bytes were changed or moved, or the key is another one of that id")
)

// Error says which payload of which run cannot be opened. It wraps ErrNoKey or ErrNotGenuine.
// The run is left as it is.
type Error struct {
	Place
	KeyID string
	Err   error
}

// Error names the run, the place and the key.
func (e *Error) Error() string {
	return fmt.Sprintf("run %s: the %s is encrypted with the key %q, and cannot be read: %v", e.Run, e.What, e.KeyID, e.Err)
}

// Unwrap is ErrNoKey, ErrNotGenuine, or what else the Codec returned.
func (e *Error) Unwrap() error { return e.Err }

// New is a store that keeps payloads encrypted in another one, which stays the caller's
// to close. It is a store.SQL or a store.Feed if that is one. Payloads that are there in clear are read as
// they are. Without a codec, nothing is encrypted, and what is encrypted is refused.
func New(inner store.Store, codec Codec) store.Store {
	s := &around{Store: inner, box: box{codec}}
	db, isSQL := inner.(store.SQL)
	feed, isFeed := inner.(store.Feed)
	switch {
	case isSQL && isFeed:
		return &aroundBoth{&aroundSQL{around: s, db: db}, &opened{feed: feed, box: s.box}}
	case isSQL:
		return &aroundSQL{around: s, db: db}
	case isFeed:
		return &aroundFeed{s, &opened{feed: feed, box: s.box}}
	}
	return s
}

// around is a store around another one. What it does not have itself has no payloads.
type around struct {
	store.Store
	box box
}

// Create implements store.Store.
func (s *around) Create(ctx context.Context, run store.Run, claim bool, limit int) (store.Created, error) {
	if s.box.codec == nil {
		created, err := s.Store.Create(ctx, run, claim, limit)
		if err == nil {
			err = s.box.openRun(&created.Run)
		}
		return created, err
	}
	return s.createSealed(ctx, run, claim, limit)
}

// createSealed is a function of its own, as is commitSealed: what they keep on the stack is
// large, and most programs have no codec.
func (s *around) createSealed(ctx context.Context, run store.Run, claim bool, limit int) (store.Created, error) {
	return s.create(ctx, run, func(sealed store.Run) (store.Created, error) {
		return s.Store.Create(ctx, sealed, claim, limit)
	})
}

// create creates a run with its payloads sealed. A store compares a run with one of the same id by
// their bytes. They differ if the key is another one by now; so what is in them is
// compared here, and the store asked again with the bytes that it has.
func (s *around) create(ctx context.Context, run store.Run, inner func(store.Run) (store.Created, error)) (store.Created, error) {
	sealed, err := s.box.sealNew(run)
	if err != nil {
		return store.Created{}, err
	}
	created, err := inner(sealed)
	if errors.Is(err, store.ErrExists) && s.box.codec != nil {
		there, _, getErr := s.Store.Get(ctx, run.ID)
		if getErr != nil {
			return store.Created{}, err
		}
		input, openErr := s.box.open(Place{run.ID, "input"}, there.Input)
		if openErr != nil {
			return store.Created{}, errors.Join(err, openErr)
		}
		if bytes.Equal(input, run.Input) {
			sealed.Input = there.Input
			created, err = inner(sealed)
		}
	}
	if err != nil {
		return created, err
	}
	if created.Run.ID == run.ID && bytes.Equal(created.Run.Input, sealed.Input) {
		created.Run.Input = run.Input // mostly: it is the run that was created now
	}
	return created, s.box.openRun(&created.Run)
}

// Claim implements store.Store. A run that cannot be opened is claimed all the same.
func (s *around) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	claimed, err := s.Store.Claim(ctx, q)
	for i := range claimed {
		c := &claimed[i]
		c.Err = errors.Join(c.Err, s.box.openAll(&c.Run, c.Entries, c.Messages))
	}
	return claimed, err
}

// Commit implements store.Store.
func (s *around) Commit(ctx context.Context, c store.Change) error {
	if s.box.codec == nil {
		return s.Store.Commit(ctx, c)
	}
	return s.commitSealed(ctx, c)
}

func (s *around) commitSealed(ctx context.Context, c store.Change) error {
	sealed, err := s.box.sealChange(c.Claim.RunID, c)
	if err != nil {
		return fmt.Errorf("commit a change of the run %q: %w", c.Claim.RunID, err)
	}
	return s.Store.Commit(ctx, sealed)
}

// Send implements store.Store.
func (s *around) Send(ctx context.Context, m store.Message) (store.Message, error) {
	sealed, err := s.box.sealMessage(m)
	if err != nil {
		return m, fmt.Errorf("send a message to the run %q: %w", m.RunID, err)
	}
	sent, err := s.Store.Send(ctx, sealed)
	sent.Payload, sent.Reason, sent.Error = m.Payload, m.Reason, m.Error
	return sent, err
}

// Unobeyed implements store.Store. Messages that cannot be opened are not among those
// that it returns, and are in its error.
func (s *around) Unobeyed(ctx context.Context) ([]store.Message, error) {
	return s.openMessages(s.Store.Unobeyed(ctx))
}

// Messages implements store.Store, as Unobeyed.
func (s *around) Messages(ctx context.Context, runID string) ([]store.Message, error) {
	return s.openMessages(s.Store.Messages(ctx, runID))
}

func (s *around) openMessages(messages []store.Message, err error) ([]store.Message, error) {
	errs := []error{err}
	opened := messages[:0]
	for _, m := range messages {
		if err := s.box.openMessage(&m); err != nil {
			errs = append(errs, err)
			continue
		}
		opened = append(opened, m)
	}
	return opened, errors.Join(errs...)
}

// Get implements store.Store.
func (s *around) Get(ctx context.Context, runID string) (store.Run, []flow.Entry, error) {
	run, log, err := s.Store.Get(ctx, runID)
	if err != nil {
		return run, log, err
	}
	if err := s.box.openAll(&run, log, nil); err != nil {
		return store.Run{}, nil, err
	}
	return run, log, nil
}

// aroundSQL is an around of a store in a SQL database.
type aroundSQL struct {
	*around
	db store.SQL
}

// That all of the port is here is found out when this is compiled: else the store would
// have no transactions, and nobody would be told before a flow is registered.
var _ store.SQL = (*aroundSQL)(nil)

// NoteOtherInputIn implements store.SQL. There is no payload in it.
func (s *aroundSQL) NoteOtherInputIn(ctx context.Context, tx store.Tx, runID string, at time.Time) error {
	return s.db.NoteOtherInputIn(ctx, tx, runID, at)
}

// Lend implements store.SQL.
func (s *aroundSQL) Lend(ctx context.Context, claim store.Claim, do func(store.Loan) (store.Change, error)) error {
	return s.db.Lend(ctx, claim, func(loan store.Loan) (store.Change, error) {
		change, err := do(loan)
		if err != nil {
			return change, err
		}
		return s.box.sealChange(claim.RunID, change)
	})
}

// CreateIn implements store.SQL.
func (s *aroundSQL) CreateIn(ctx context.Context, tx store.Tx, run store.Run) (store.Created, error) {
	return s.create(ctx, run, func(sealed store.Run) (store.Created, error) {
		return s.db.CreateIn(ctx, tx, sealed)
	})
}
