package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/bextgen/bextgen/runtime/store"
)

// Store keeps runs in a SQLite file. It is a store.Store.
type Store struct {
	path    string // resolved
	gate    gate
	writer  *writer // nil: the store only reads
	claims  *claims
	readers *sql.DB
	reads   statements

	acquiring sync.Mutex   // held by Acquire
	lock      *flock.Flock // nil if the store only reads

	claiming sync.Mutex // held by Claim
	unread   error      // what kept an earlier Claim from returning a run
	turns    turns      // those that Claim gave
	alone    bool       // a suspect was claimed, and nobody asked for another one since

	closing  sync.Once
	closeErr error
}

var _ store.Store = (*Store)(nil)

// Synchronous is how sure a transaction is to be on disk when it is acknowledged.
type Synchronous string

// The levels of Synchronous.
const (
	// Full syncs every transaction: what was acknowledged survives a loss of power.
	Full Synchronous = "FULL"
	// Normal leaves that to the operating system: what was acknowledged survives
	// the end of the process, but a loss of power may take the last of it.
	Normal Synchronous = "NORMAL"
)

// options are what an Option sets.
type options struct {
	synchronous Synchronous
	observe     func(changes int, took time.Duration, err error) // nil for nobody
	// For tests: how large the WAL may become, what is around every COMMIT, and on every new
	// connection of the writer.
	walLimit int64
	commit   func(commit func() error) error
	connect  func(*conn) error
	keep     keeping // of what became visible
}

// Option changes how a store is opened.
type Option func(*options)

// WithSynchronous sets the level; the default is Full.
func WithSynchronous(level Synchronous) Option {
	return func(o *options) { o.synchronous = level }
}

// WithCommitObserver calls a function after each transaction that wrote something or
// failed, with how many changes shared it, how long it took and why it failed. It is
// called by the goroutine that writes, which goes on when it returns.
func WithCommitObserver(observe func(changes int, took time.Duration, err error)) Option {
	return func(o *options) { o.observe = observe }
}

// Open opens the database at path, or makes it; the folder must exist. It
// returns store.ErrDamaged for a file that is damaged or is no database of
// bextgen, which it leaves alone, and store.ErrNewer for one of a newer bextgen.
func Open(path string, opts ...Option) (*Store, error) {
	o := options{synchronous: Full, walLimit: walLimit, keep: keeping{commits: 100_000, moves: 1_000_000}}
	for _, option := range opts {
		option(&o)
	}
	if o.synchronous != Full && o.synchronous != Normal {
		return nil, fmt.Errorf("%s: the synchronous level %q is neither %s nor %s", path, o.synchronous, Full, Normal)
	}
	name, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if err := prepareFile(name); err != nil {
		return nil, wrap(path, "open the database", unreadable(err))
	}
	s := &Store{path: name, claims: &claims{}, lock: flock.New(lockPath(name), flock.SetPermissions(0o600))}
	s.writer = newWriter(name, o, newWriterID(), s.claims)
	if err := s.writer.ready(); err != nil {
		return nil, wrap(path, "open the database", err)
	}
	if err := s.openReaders(readerURI(name)); err != nil {
		s.writer.disconnect()
		return nil, wrap(path, "open the database", err)
	}
	go s.writer.loop()
	return s, nil
}

// newWriterID is a random number greater than 0.
func newWriterID() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return int64(binary.LittleEndian.Uint64(b[:])>>1) | 1
}

// write hands a change to the writer and waits for what became of it.
func (s *Store) write(ctx context.Context, c change) error {
	if s.writer == nil {
		return fmt.Errorf("%s: %w", s.path, store.ErrReadOnly)
	}
	return s.writer.submit(ctx, c)
}

// enter begins a call; the function that it returns ends it.
func (s *Store) enter(doing string) (leave func(), err error) {
	if !s.gate.enter() {
		return nil, fmt.Errorf("%s: %s: %w", s.path, doing, store.ErrClosed)
	}
	return s.gate.leave, nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.gate.close()
		// The writing connection goes last: so it puts the WAL into the database and
		// removes it, which readers cannot.
		readers := errors.Join(s.reads.close(), s.readers.Close())
		if s.writer == nil {
			s.closeErr = readers
			return
		}
		close(s.writer.queue)
		<-s.writer.ended
		s.claims.lose()
		s.closeErr = errors.Join(readers, s.lock.Unlock())
	})
	return s.closeErr
}
