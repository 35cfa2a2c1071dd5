package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

// This file is about what comes together: messages with each other, with times, with
// the end of a process or with a disk that is full.

// waits is Wait that gives up after a day.
func waits(t *testing.T, run *runtime.Run[number]) (number, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	return run.Wait(ctx)
}

// send stores messages as another process does.
func send(t *testing.T, s store.Store, runID string, messages ...store.Message) {
	t.Helper()
	for _, m := range messages {
		m.RunID, m.At = runID, time.Now()
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// A run that waits is given back to the store after a moment; if the disk is full just
// then, it is found again all the same.
func TestADiskThatIsFullWhenARunIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		var faulty *storetest.Faulty
		f.wrap = func(s store.Store) store.Store {
			faulty = storetest.NewFaulty(s, nil)
			return faulty
		}
		f.open(echo, noTakeBack)
		run := f.start()
		f.until(run, flow.KindWait)
		synctest.Wait()
		faulty.SetFull(true)
		time.Sleep(3 * time.Second)
		faulty.SetFull(false)
		f.approve(run, 40)
		if out, err := waits(t, run); err != nil || out.N != 42 {
			t.Fatalf("output %+v, error %v, want 42", out, err)
		}
	})
}

// A signal that is on disk before a wait's timeout is over counts, also if nothing ran
// then, and whatever came before it.
func TestASignalThatCameInTimeWhileNothingRan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		f.approval.Timeout = 10 * time.Minute
		f.open(echo, noTakeBack)
		run := f.start()
		f.until(run, flow.KindWait)
		time.Sleep(time.Minute)
		f.close()
		db, err := sqlite.Open(f.path)
		if err != nil {
			t.Fatal(err)
		}
		send(t, db, run.ID(), store.Message{Kind: store.MessageSignal, Name: "other"},
			store.Message{Kind: store.MessageSignal, Name: "approval", Payload: []byte(`{"n":40}`)})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		f.open(echo, noTakeBack)
		again, err := runtime.GetFlow[number](t.Context(), &f.parent, run.ID())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := waits(t, again); err != nil || out.N != 42 {
			t.Fatalf("output %+v, error %v, want 42", out, err)
		}
	})
}

// A run that is cancelled before it began does not begin, whatever else came for it.
func TestACancelBehindASignalOfARunThatHasNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.flow.Concurrency.Limit = 1
		var calls atomic.Int32
		first := make(chan struct{})
		b.open(shop{reserve: func(ctx context.Context, _ shipment) (receipt, error) {
			if calls.Add(1) == 1 {
				<-first
			}
			return receipt{}, nil
		}})
		b.start(shipment{})
		synctest.Wait()
		run := b.start(shipment{})
		send(t, b.store, run.ID(), store.Message{Kind: store.MessageSignal, Name: "other"}, store.Message{Kind: store.MessageCancel})
		time.Sleep(2 * time.Second)
		if status, err := run.Status(t.Context()); err != nil || status != runtime.StatusCancelled {
			t.Errorf("the run is %s, error %v", status, err)
		}
		if calls.Load() != 1 {
			t.Error("the run was cancelled before it began, and its handler was called")
		}
		close(first)
	})
}

// A run whose child has no place yet ends when it is cancelled: the child needs none to end.
func TestACancelOfACallThatHasNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		f.child.Concurrency.Limit = 1
		var calls atomic.Int32
		f.open(func(ctx context.Context, in number) (number, error) {
			calls.Add(1)
			time.Sleep(time.Hour)
			return in, nil
		}, noTakeBack)
		f.start()
		time.Sleep(time.Second)
		run := f.start()
		last := f.start()
		time.Sleep(time.Second)
		if err := run.Cancel(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := waits(t, run); !errors.Is(err, runtime.ErrRunCancelled) || time.Since(began) > time.Minute {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
		if calls.Load() != 1 {
			t.Errorf("%d children worked, want 1", calls.Load())
		}
		f.approve(last, 1)
		if _, err := waits(t, last); err != nil || calls.Load() != 2 {
			t.Errorf("the run behind it: %v; %d children worked, want 2", err, calls.Load())
		}
	})
}

// slow is a store whose answers to changes with children come when they are over.
type slow struct {
	store.Store
	over chan struct{}
}

func (s *slow) Commit(ctx context.Context, c store.Change) error {
	err := s.Store.Commit(ctx, c)
	if len(c.Children) > 0 {
		<-s.over
	}
	return err
}

func TestAChildThatEndsBeforeItsParentKnowsOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		over := make(chan struct{})
		f.wrap = func(s store.Store) store.Store { return &slow{s, over} }
		f.open(echo, noTakeBack)
		run := f.start()
		time.Sleep(5 * time.Second)
		if child := f.detail(f.detail(run.ID()).Log[0].Key); child.Status != runtime.StatusCompleted {
			t.Fatalf("the child is %s", child.Status)
		}
		close(over)
		f.approve(run, 40)
		if out, err := waits(t, run); err != nil || out.N != 42 {
			t.Fatalf("output %+v, error %v, want 42", out, err)
		}
	})
}

// A second process sends what a run waits for, or ends it.
func TestMessagesOfAnotherProcess(t *testing.T) {
	for name, c := range map[string]struct {
		send store.Message
		out  int64
		err  error
	}{
		"signal": {store.Message{Kind: store.MessageSignal, Name: "approval", Payload: []byte(`{"n":40}`)}, 42, nil},
		"cancel": {store.Message{Kind: store.MessageCancel}, 0, runtime.ErrRunCancelled},
	} {
		for _, after := range []time.Duration{0, 50 * time.Millisecond, 100 * time.Millisecond, time.Minute} {
			t.Run(fmt.Sprint(name, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFamily(t)
					f.open(echo, func(context.Context, number, number) error { return nil })
					other, err := sqlite.Open(f.path)
					if err != nil {
						t.Fatal(err)
					}
					defer other.Close()
					run := f.start()
					f.until(run, flow.KindWait)
					time.Sleep(after) // in memory, leaving it, and not any more
					send(t, other, run.ID(), c.send)
					began := time.Now()
					if out, err := waits(t, run); !errors.Is(err, c.err) || out.N != c.out || time.Since(began) > 3*time.Second {
						t.Fatalf("output %+v, error %v after %v", out, err, time.Since(began))
					}
				})
			})
		}
	}
}

// slowClaims is a store that lets something happen behind a Claim that found a run, before anybody
// knows, and then before the next time is asked for.
type slowClaims struct {
	store.Store
	claimed, launched func()
}

func (s *slowClaims) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	claimed, err := s.Store.Claim(ctx, q)
	if len(claimed) > 0 && s.claimed != nil {
		s.claimed()
	}
	return claimed, err
}

func (s *slowClaims) NextDue(ctx context.Context, flows []store.FlowVersion) (time.Time, bool, error) {
	if s.launched != nil {
		s.launched()
	}
	return s.Store.NextDue(ctx, flows)
}

// Two signals are taken in the order in which they were sent, also if the run is taken up
// between them.
func TestSignalsDoNotOvertakeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		slow := &slowClaims{}
		f.wrap = func(s store.Store) store.Store {
			slow.Store = s
			return slow
		}
		f.open(echo, noTakeBack)
		run := f.start()
		f.until(run, flow.KindWait)
		time.Sleep(time.Minute) // it is in memory no more
		slow.claimed = func() {
			slow.claimed = nil
			f.approve(run, 1)
			slow.launched = func() {
				slow.launched = nil
				f.approve(run, 2)
				synctest.Wait() // long enough for the run to take it
			}
		}
		send(t, f.db, run.ID(), store.Message{Kind: store.MessageSignal, Name: "other"})
		if out, err := waits(t, run); err != nil || out.N != 3 {
			t.Fatalf("output %+v, error %v; want that of the first signal, 3", out, err)
		}
	})
}

// A child may be deleted before what it did is taken back.
func TestACallIsTakenBackWhenItsRunIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		f.child.Retention = time.Hour
		var back atomic.Int64
		f.open(echo, func(_ context.Context, in, out number) error {
			back.Store(10*in.N + out.N)
			return nil
		})
		run := f.start()
		child := f.until(run, flow.KindCall).Key
		time.Sleep(2 * time.Hour)
		if _, err := f.rt.GetRun(t.Context(), child); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the child: %v, want that it is deleted", err)
		}
		if err := run.Cancel(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := waits(t, run); !errors.Is(err, runtime.ErrRunCancelled) || back.Load() != 12 {
			t.Errorf("error %v, taken back with %d, want the input 1 and the output 2", err, back.Load())
		}
	})
}

// The flow's timeout also comes to a run that waits for a signal and is nowhere in memory.
func TestAFlowTimesOutWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		f.parent.Timeout = 10 * time.Minute
		f.open(echo, func(context.Context, number, number) error { return nil })
		run := f.start()
		began := time.Now()
		_, err := waits(t, run)
		if err == nil || !strings.Contains(err.Error(), "longer than its timeout of 10m") {
			t.Errorf("error %v", err)
		}
		if took := time.Since(began); took < 10*time.Minute || took > 10*time.Minute+2*time.Second {
			t.Errorf("that took %v", took)
		}
	})
}

// A signal, a cancel and the end of the wait at one moment: the run ends, in one of the
// ways that are asked for, and takes back its call if it does not complete.
func TestASignalACancelAndATimeoutAtOnce(t *testing.T) {
	for i := range 8 {
		synctest.Test(t, func(t *testing.T) {
			f := newFamily(t)
			f.approval.Timeout = time.Duration(50+15*i) * time.Millisecond // out of memory after 100
			var back atomic.Int32
			f.open(echo, func(context.Context, number, number) error { back.Add(1); return nil })
			run := f.start()
			wait := f.until(run, flow.KindWait)
			time.Sleep(time.Until(wait.WakeAt))
			var all sync.WaitGroup
			all.Go(func() {
				err := runtime.SignalFlow(t.Context(), &f.parent, &f.approval, run.ID(), "", number{40})
				if err != nil && !errors.Is(err, store.ErrFinal) {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := run.Cancel(t.Context(), ""); err != nil && !errors.Is(err, store.ErrFinal) {
					t.Error(err)
				}
			})
			all.Wait()
			out, err := waits(t, run)
			status, _ := run.Status(t.Context())
			if got := fmt.Sprintln(status, out.N, back.Load()); got != "completed 42 0\n" && got != "failed 0 1\n" && got != "cancelled 0 1\n" {
				t.Errorf("the run ended with %s, error %v", got, err)
			}
		})
	}
}
