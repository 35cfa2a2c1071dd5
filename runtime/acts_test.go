package runtime_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about what operators do to runs.

func TestAPausedRunGoesOnWhenItIsResumed(t *testing.T) {
	b := newBench(t)
	paying, paid := make(chan struct{}), make(chan struct{})
	var ships atomic.Int64
	b.open(shop{
		pay: func(context.Context, shipment) (receipt, error) {
			close(paying)
			<-paid
			return receipt{"p"}, nil
		},
		ship: func(context.Context, shipment) error { ships.Add(1); return nil },
	})
	run := b.start(shipment{Count: 1})
	<-paying
	if err := b.rt.PauseRun(t.Context(), run.ID(), "look at it", runtime.WithActor("ann")); err != nil {
		t.Fatal(err)
	}
	b.until(run, func(d *runtime.RunDetail) bool { return d.Phase == flow.PhasePaused })
	close(paid)
	b.until(run, func(d *runtime.RunDetail) bool {
		return len(d.Steps) > 1 && d.Steps[1].Status == runtime.StatusCompleted
	})
	b.close()
	b.open(shop{ship: func(context.Context, shipment) error { ships.Add(1); return nil }})
	if ships.Load() != 0 {
		t.Fatal("a paused run went on")
	}
	run = b.get(run.ID())
	if err := b.rt.ResumeRun(t.Context(), run.ID(), runtime.WithActor("bob")); err != nil {
		t.Fatal(err)
	}
	b.waitFor(run)
	if ships.Load() != 1 {
		t.Errorf("shipped %d times", ships.Load())
	}
	actors := ""
	for _, e := range b.detail(run).Log {
		if e.Actor != "" {
			actors += string(e.Kind) + " by " + e.Actor + "; "
		}
	}
	if actors != "pause by ann; resume by bob; " {
		t.Errorf("the acts are %q", actors)
	}
	if err := b.rt.ResumeRun(t.Context(), run.ID()); !errors.Is(err, store.ErrFinal) {
		t.Errorf("resume a run that is over: %v", err)
	}
}

func TestTerminateStopsAtOnce(t *testing.T) {
	b := newBench(t)
	paying, stopped := make(chan struct{}), make(chan struct{})
	b.open(shop{
		pay: func(ctx context.Context, _ shipment) (receipt, error) {
			close(paying)
			<-ctx.Done()
			close(stopped)
			return receipt{}, ctx.Err()
		},
		release: func(context.Context, shipment, receipt) error { t.Error("something was undone"); return nil },
	})
	run := b.start(shipment{})
	<-paying
	if err := b.rt.TerminateRun(t.Context(), run.ID(), "no use"); err != nil {
		t.Fatal(err)
	}
	_, err := run.Wait(t.Context())
	if !errors.Is(err, runtime.ErrRunCancelled) || !strings.Contains(err.Error(), "terminated: no use") {
		t.Fatalf("error %v", err)
	}
	<-stopped
}

func TestSkipDelay(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = time.Hour
	b.open(shop{})
	run := b.start(shipment{})
	b.until(run, func(d *runtime.RunDetail) bool { return !d.WakeAt.IsZero() })
	if err := b.rt.SkipDelay(t.Context(), run.ID(), "reserve"); !errors.Is(err, runtime.ErrNoPause) {
		t.Errorf("skip what does not pause: %v", err)
	}
	if err := b.rt.SkipDelay(t.Context(), run.ID(), "pay"); err != nil {
		t.Fatal(err)
	}
	b.waitFor(run)
}

func TestRetryForkAndRerun(t *testing.T) {
	b := newBench(t)
	var reserved, paid, broken atomic.Int64
	broken.Store(1)
	b.open(shop{
		reserve: func(context.Context, shipment) (receipt, error) { reserved.Add(1); return receipt{"r"}, nil },
		pay:     func(context.Context, shipment) (receipt, error) { paid.Add(1); return receipt{"p"}, nil },
		ship: func(context.Context, shipment) error {
			if broken.Load() == 1 {
				return errors.New("no carrier")
			}
			return nil
		},
	})
	run := b.start(shipment{Count: 1}, runtime.WithTenant("acme"), runtime.WithLabels(map[string]string{"a": "b"}))
	if _, err := run.Wait(t.Context()); err == nil {
		t.Fatal("the run did not fail")
	}
	broken.Store(0)
	again := func(id string, err error, reserves, pays int64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		r := b.get(id)
		b.waitFor(r)
		if reserved.Load() != reserves || paid.Load() != pays {
			t.Errorf("reserved %d times and paid %d times, want %d and %d", reserved.Load(), paid.Load(), reserves, pays)
		}
		if d := b.detail(r); d.RetryOf != run.ID() || d.Tenant != "acme" || d.Labels["a"] != "b" || d.Log[0].Actor != "ann" {
			t.Errorf("the new run is %+v", d.RunSummary)
		}
	}
	ann := runtime.WithActor("ann")
	id, err := b.rt.RetryRun(t.Context(), run.ID(), ann)
	again(id, err, 2, 2) // what was reserved was undone
	id, err = b.rt.ForkRun(t.Context(), run.ID(), "reserve", ann)
	again(id, err, 3, 3)
	id, err = b.rt.RerunRun(t.Context(), run.ID(), ann)
	again(id, err, 4, 4)
	if _, err := b.rt.ForkRun(t.Context(), run.ID(), "pay"); !errors.Is(err, flow.ErrCompensated) {
		t.Errorf("fork from behind what was undone: %v", err)
	}
	if _, err := b.rt.ForkRun(t.Context(), run.ID(), "nowhere"); !errors.Is(err, flow.ErrNoBlock) {
		t.Errorf("fork from a block that there is not: %v", err)
	}
	if d := b.detail(run); d.Status != runtime.StatusFailed || len(d.Log) != 5 {
		t.Errorf("the old run did not stay as it ended: %+v", d)
	}
}

func TestRetryKeepsWhatCompleted(t *testing.T) {
	b := newBench(t)
	var reserved atomic.Int64
	shipping := make(chan struct{}, 2)
	b.open(shop{
		reserve: func(context.Context, shipment) (receipt, error) { reserved.Add(1); return receipt{"r"}, nil },
		ship: func(ctx context.Context, _ shipment) error {
			shipping <- struct{}{}
			if reserved.Add(1) == 2 {
				<-ctx.Done()
			}
			return ctx.Err()
		},
	})
	run := b.start(shipment{Count: 1})
	<-shipping
	if err := b.rt.TerminateRun(t.Context(), run.ID(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatalf("error %v", err)
	}
	id, err := b.rt.RetryRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	again := b.get(id)
	b.waitFor(again)
	if got, want := b.history(again), "retry  0\nstep reserve 1\nstep pay 1\nstep ship 1\n"; got != want || reserved.Load() != 3 {
		t.Errorf("history:\n%swant:\n%s", got, want)
	}
}

func TestRunsThatAreNotOverAreNotRepeatedAndNotDeleted(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = time.Hour
	b.open(shop{})
	run := b.start(shipment{})
	if _, err := b.rt.RetryRun(t.Context(), run.ID()); !errors.Is(err, store.ErrNotFinal) {
		t.Errorf("retry: %v", err)
	}
	if err := b.rt.DeleteRun(t.Context(), run.ID()); !errors.Is(err, store.ErrNotFinal) {
		t.Errorf("delete: %v", err)
	}
	if err := b.rt.DeleteRun(t.Context(), "01ARZ3NDEKTSV4RRFFQ69G5FAV"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("delete what there is not: %v", err)
	}
}

func TestActsOnAllRunsThatAFilterSelects(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = time.Hour
	b.open(shop{})
	var runs []*runtime.Run[receipt]
	for range 5 {
		runs = append(runs, b.start(shipment{}, runtime.WithTenant("acme")))
	}
	other := b.start(shipment{}, runtime.WithTenant("other"))
	result, err := b.rt.ForRuns(t.Context(), runtime.RunFilter{Tenants: []string{"acme"}, Limit: 2}, func(ctx context.Context, id string) error {
		return b.rt.CancelRun(ctx, id, "all of acme", runtime.WithActor("ann"))
	})
	if err != nil || result.Done != 5 || len(result.Failed) != 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, run := range runs {
		if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
			t.Errorf("error %v", err)
		}
	}
	result, err = b.rt.ForRuns(t.Context(), runtime.RunFilter{}, func(ctx context.Context, id string) error {
		return b.rt.DeleteRun(ctx, id)
	})
	if err != nil || result.Done != 5 || !errors.Is(result.Failed[other.ID()], store.ErrNotFinal) {
		t.Fatalf("%+v, %v", result, err)
	}
}

func (b *bench) get(id string) *runtime.Run[receipt] {
	b.t.Helper()
	run, err := runtime.GetFlow[receipt](b.t.Context(), &b.flow.Definition, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

func (b *bench) waitFor(run *runtime.Run[receipt]) {
	b.t.Helper()
	if _, err := run.Wait(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) detail(run *runtime.Run[receipt]) *runtime.RunDetail {
	b.t.Helper()
	d, err := b.rt.GetRun(b.t.Context(), run.ID())
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}
