package runtime_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about cancelling a run at an awkward moment.

func TestACancelThatWakesARunUndoesOnce(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = time.Hour
	var released atomic.Int64
	undoing, undone := make(chan struct{}, 2), make(chan struct{})
	b.open(shop{release: func(context.Context, shipment, receipt) error {
		released.Add(1)
		undoing <- struct{}{}
		<-undone
		return nil
	}})
	run := b.start(shipment{})
	b.until(run, func(d *runtime.RunDetail) bool { return !d.WakeAt.IsZero() })
	if err := run.Cancel(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	<-undoing
	close(undone)
	if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatalf("error %v", err)
	}
	if released.Load() != 1 {
		t.Errorf("the compensation ran %d times", released.Load())
	}
}

// watched is a store that tells when it has done something, before its caller knows.
type watched struct {
	store.Store
	released func()
	claimed  func([]store.Claimed)
	refuse   atomic.Bool // commits that are waited for
}

func (w *watched) Commit(ctx context.Context, c store.Change) error {
	if w.refuse.Load() && !c.Lazy {
		return errors.New("the disk is full")
	}
	err := w.Store.Commit(ctx, c)
	if c.Release && w.released != nil {
		w.released()
	}
	return err
}

func (w *watched) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	claimed, err := w.Store.Claim(ctx, q)
	if len(claimed) > 0 && w.claimed != nil {
		w.claimed(claimed)
	}
	return claimed, err
}

func (w *watched) around(s store.Store) store.Store {
	w.Store = s
	return w
}

func TestARunThatIsTakenUpBeforeItWasLeftIsStillFound(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = 150 * time.Millisecond // so long that the run goes back to the store
	paying := make(chan struct{})
	w := &watched{}
	var once atomic.Bool
	w.released = func() {
		if once.CompareAndSwap(false, true) {
			<-paying // by the next execution, while this one has not left
		}
	}
	b.wrap = w.around
	b.open(shop{pay: untilStopped(paying)})
	run := b.start(shipment{})
	<-paying
	if err := run.Cancel(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	b.cancelled(run)
}

// cancelled waits for a run that was cancelled, and not for ever.
func (b *bench) cancelled(run *runtime.Run[receipt]) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.t.Context(), 5*time.Second)
	defer stop()
	if _, err := run.Wait(ctx); !errors.Is(err, runtime.ErrRunCancelled) {
		b.t.Fatalf("error %v, want that the run was cancelled", err)
	}
}

func TestACancelBetweenTheClaimAndTheLaunchIsObeyed(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = 150 * time.Millisecond // so long that the run goes back to the store
	w := &watched{}
	w.claimed = func(claimed []store.Claimed) {
		if claimed[0].Run.Status == runtime.StatusPending {
			return // it would be found at the release
		}
		if err := b.rt.CancelRun(t.Context(), claimed[0].Run.ID, ""); err != nil {
			t.Error(err)
		}
	}
	b.wrap = w.around
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		<-ctx.Done()
		return receipt{}, ctx.Err()
	}})
	b.cancelled(b.start(shipment{}))
}

func TestASecondProcessCancelsARunThatIsExecuting(t *testing.T) {
	b := newBench(t)
	paying := make(chan struct{})
	b.open(shop{pay: untilStopped(paying)})
	run := b.start(shipment{})
	<-paying
	second := &bench{t: t, path: b.path, flow: newShipFlow()}
	second.open(shop{})
	if err := second.rt.CancelRun(t.Context(), run.ID(), "from elsewhere"); err != nil {
		t.Fatal(err)
	}
	b.cancelled(run)
}
