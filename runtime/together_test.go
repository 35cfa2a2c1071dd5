package runtime_test

import (
	"context"
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
