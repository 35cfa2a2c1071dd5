package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var testStart = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func testRun(id string) store.Run {
	return store.Run{
		ID: id, Flow: "orders", Version: "1.0", Attempt: 1, Input: json.RawMessage(`{}`), CreatedAt: testStart,
	}
}

func testEntry(seq int64) flow.Entry {
	return flow.Entry{
		Seq: seq, EndSeq: seq, Kind: flow.KindStep, Step: "a", RunAttempt: 1, Attempt: 1, StartedAt: testStart, FinishedAt: testStart,
	}
}

// claimed creates a run and claims it.
func claimed(t *testing.T, s *Store, id string) store.Claim {
	t.Helper()
	created, err := s.Create(t.Context(), testRun(id), true, 0)
	if err != nil || created.Claim == nil {
		t.Fatalf("Create %s: %+v, %v; want a claim", id, created, err)
	}
	return *created.Claim
}

func logOf(t *testing.T, s *Store, id string) []flow.Entry {
	t.Helper()
	_, entries, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// failing makes some commits fail, before or after they are durable.
type failing struct {
	mu     sync.Mutex
	before int // so many of the next ones fail before
	after  int // then so many after
}

var errCommit = errors.New("a commit that fails")

func (f *failing) option(o *options) {
	o.commit = func(commit func() error) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		switch {
		case f.before > 0:
			f.before--
			return errCommit
		case f.after > 0:
			f.after--
			return errors.Join(commit(), errCommit)
		}
		return commit()
	}
}

func (f *failing) set(before, after int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

// A COMMIT that says it failed though it is durable counts as what it is.
func TestCommitFailsAfterItWasDurable(t *testing.T) {
	var f failing
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"), f.option)
	for i := range 5 {
		f.set(0, 1)
		claim := claimed(t, s, fmt.Sprint(i))
		f.set(0, 1)
		if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}, Release: true}); err != nil {
			t.Fatalf("Commit: %v", err)
		}
	}
	if f.set(0, 1); len(logOf(t, s, "4")) != 1 {
		t.Fatal("the entry is not there")
	}
}

func TestCommitFailsBeforeItIsDurable(t *testing.T) {
	var f failing
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"), f.option)
	claim := claimed(t, s, "1")
	change := store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}, Release: true}
	f.set(3, 0)
	for range 3 {
		if err := s.Commit(t.Context(), change); !errors.Is(err, errCommit) {
			t.Fatalf("Commit: %v; want the error of COMMIT", err)
		}
		if len(logOf(t, s, "1")) != 0 {
			t.Fatal("what was refused is there")
		}
	}
	if err := s.Commit(t.Context(), change); err != nil {
		t.Fatalf("Commit once more: %v; want the claim to hold still", err)
	}
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(2)}}); !errors.Is(err, store.ErrClaimLost) {
		t.Fatalf("Commit after the release: %v; want ErrClaimLost", err)
	}
}

// The outcome is unknown while the database cannot be asked; what was claimed
// then is found again.
func TestOutcomeUnknown(t *testing.T) {
	for _, durable := range []bool{true, false} {
		t.Run(fmt.Sprintf("durable=%v", durable), func(t *testing.T) {
			var f failing
			var gone atomic.Bool
			s := execute(t, filepath.Join(t.TempDir(), "runs.db"), f.option, func(o *options) {
				o.connect = func(*conn) error {
					if gone.Load() {
						return errors.New("the disk is gone")
					}
					return nil
				}
			})
			held := claimed(t, s, "held")
			f.set(1, 0)
			if durable {
				f.set(0, 1)
			}
			gone.Store(true)
			run := testRun("1")
			for range 2 { // then there is no connection
				if _, err := s.Create(t.Context(), run, true, 0); err == nil {
					t.Fatal("Create: no error though nobody knows")
				}
			}
			gone.Store(false)
			f.set(1, 0) // not to be taken for the transaction of before
			if err := s.Commit(t.Context(), store.Change{Claim: held, Entries: []flow.Entry{testEntry(9)}}); !errors.Is(err, errCommit) {
				t.Fatalf("Commit that fails: %v; want its error", err)
			}
			if err := s.Commit(t.Context(), store.Change{Claim: held, Entries: []flow.Entry{testEntry(1)}}); err != nil {
				t.Fatalf("Commit when the disk is back: %v", err)
			}
			if durable {
				// The run is freed behind the first transaction: before this one.
				if err := s.Commit(t.Context(), store.Change{Claim: held, Entries: []flow.Entry{testEntry(2)}}); err != nil {
					t.Fatal(err)
				}
				got, err := s.Claim(t.Context(), store.ClaimQuery{Limit: 9, Flows: []store.FlowVersion{{Flow: "orders", Major: 1}}})
				if err != nil || len(got) != 1 || got[0].Run.ID != "1" {
					t.Fatalf("Claim: %v, %v; want the run that nobody has", got, err)
				}
				return
			}
			if created, err := s.Create(t.Context(), run, true, 0); err != nil || created.Claim == nil {
				t.Fatalf("Create again: %+v, %v", created, err)
			}
		})
	}
}

// bad is a change that SQLite refuses.
type bad struct{ request }

func (b *bad) apply(batch *batch) error {
	if _, err := batch.write(stmtConsume, int64(0), int64(0)); err != nil {
		return err
	}
	return batch.w.conn.run(`INSERT INTO meta (id, epoch) VALUES (1, 1)`)
}

// holdUp keeps the writer busy until the function that it returns is called, so that a batch fills.
func holdUp(t *testing.T, s *Store) (release func()) {
	t.Helper()
	started, gate := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		if err := s.write(context.Background(), &blocking{started: started, gate: gate}); err != nil {
			t.Errorf("the change that held up the writer: %v", err)
		}
	})
	<-started
	return func() { close(gate); done.Wait() }
}

// blocking is a change that takes its time.
type blocking struct {
	request
	started, gate chan struct{}
}

func (b *blocking) apply(*batch) error {
	close(b.started)
	<-b.gate
	return nil
}

// waitForQueue waits until so many changes are queued.
func waitForQueue(s *Store, n int) {
	for len(s.writer.queue) < n {
		time.Sleep(time.Millisecond)
	}
}

func TestBadChangeDoesNotTakeOthersWithIt(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	claim := claimed(t, s, "first")
	release := holdUp(t, s)
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() { _, errs[i] = s.Create(t.Context(), testRun(fmt.Sprint(i)), true, 0) })
	}
	var badErr, commitErr error
	all.Go(func() { badErr = s.write(t.Context(), &bad{}) })
	all.Go(func() {
		commitErr = s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}, Release: true})
	})
	waitForQueue(s, 22)
	release()
	all.Wait()
	if badErr == nil || commitErr != nil || len(logOf(t, s, "first")) != 1 {
		t.Errorf("the bad change: %v; the good one: %v", badErr, commitErr)
	}
	for i, err := range errs {
		if _, _, getErr := s.Get(t.Context(), fmt.Sprint(i)); err != nil || getErr != nil {
			t.Errorf("the run %d: %v, %v", i, err, getErr)
		}
	}
}

func TestContextEndsInTheQueue(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	release := holdUp(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 1)
	go func() {
		_, err := s.Create(ctx, testRun("1"), true, 0)
		errs <- err
	}()
	waitForQueue(s, 1)
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Fatalf("Create: %v; want context.Canceled", err)
	}
	release()
	if _, _, err := s.Get(t.Context(), "1"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get: %v; want ErrNotFound, since the change was taken back", err)
	}
}

// A context that ends when the change is being written does not hide what becomes of it.
func TestContextEndsInTheTransaction(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release := holdUp(t, s)
	done := make(chan error, 1)
	started, gate := make(chan struct{}), make(chan struct{})
	go func() { done <- s.write(ctx, &blocking{started: started, gate: gate}) }()
	waitForQueue(s, 1)
	release()
	<-started
	cancel()
	close(gate)
	if err := <-done; err != nil {
		t.Fatalf("the change that was being written: %v; want its own answer", err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	release := holdUp(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range maxQueue + 10 {
		all.Go(func() {
			err := s.write(ctx, &freeing{run: 1})
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	waitForQueue(s, maxQueue)
	cancel()
	all.Wait()
	release()
}

// A store whose right was taken from it writes for no run any more.
func TestRightIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	claim := claimed(t, s, "1")
	lazy := claimed(t, s, "2")
	if err := s.Commit(t.Context(), store.Change{Claim: lazy, Entries: []flow.Entry{testEntry(1)}, Lazy: true}); err != nil {
		t.Fatal(err)
	}
	edit(t, path, `UPDATE meta SET epoch = epoch + 1`) // as another process does that got a lock
	for range 2 {
		if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}}); !errors.Is(err, store.ErrClaimLost) {
			t.Fatalf("Commit: %v; want ErrClaimLost", err)
		}
	}
	if created, err := s.Create(t.Context(), testRun("3"), true, 0); err != nil || created.Claim != nil {
		t.Fatalf("Create: %+v, %v; want a run without a claim", created, err)
	}
	if ok, err := s.Acquire(t.Context()); err != nil || !ok {
		t.Fatalf("Acquire again: %v, %v", ok, err)
	}
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}}); !errors.Is(err, store.ErrClaimLost) {
		t.Fatalf("Commit with a claim of before: %v; want ErrClaimLost", err)
	}
	got, err := s.Claim(t.Context(), store.ClaimQuery{Now: testStart, Limit: 9, Flows: []store.FlowVersion{{Flow: "orders", Major: 1}}})
	if err != nil || len(got) != 3 {
		t.Fatalf("Claim: %d runs, %v; want all 3", len(got), err)
	}
}

func TestLargeBatchesAreSplit(t *testing.T) {
	var commits atomic.Int32
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"), func(o *options) {
		o.commit = func(commit func() error) error { commits.Add(1); return commit() }
	})
	release := holdUp(t, s)
	commits.Store(0)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			run := testRun(fmt.Sprint(i))
			run.Input = json.RawMessage(`"` + strings.Repeat("x", maxBatchBytes/2) + `"`)
			if _, err := s.Create(t.Context(), run, false, 0); err != nil {
				t.Error(err)
			}
		})
	}
	waitForQueue(s, 6)
	release()
	all.Wait()
	if n := commits.Load(); n != 3 {
		t.Errorf("%d transactions; want 3", n)
	}
}

// looking asks, on the writer's goroutine, whether a transaction is there.
type looking struct {
	request
	number int64
	there  bool
	err    error
}

func (l *looking) apply(b *batch) error {
	l.there, l.err = b.w.isThere(l.number)
	return nil
}

func (l *looking) committed(*writer) {}

// The number of a transaction that was rolled back may be another store's by the time at which one asks.
func TestWhetherATransactionIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	ours, theirs := open(t, path), open(t, path)
	for i, s := range []*Store{ours, theirs} {
		if _, err := s.Create(t.Context(), testRun(fmt.Sprint(i)), false, 0); err != nil {
			t.Fatal(err)
		}
	}
	is := func(number int64) (bool, error) {
		l := &looking{number: number}
		if err := ours.write(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		return l.there, l.err
	}
	for number, want := range map[int64]bool{1: true, 2: false, 3: false} {
		if there, err := is(number); err != nil || there != want {
			t.Errorf("transaction %d: %v, %v; want %v", number, there, err, want)
		}
	}
	edit(t, path, `DELETE FROM commits WHERE number = 1`)
	if _, err := is(1); err == nil {
		t.Error("of a transaction whose row is deleted it is said whether it is there")
	}
}
