package runtime_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is about starts for later, and about starts that find their run.

func TestARunBeginsAtItsTime(t *testing.T) {
	for name, test := range map[string]struct {
		option func(now time.Time) runtime.StartOption
		after  time.Duration
	}{
		"a time":              {func(now time.Time) runtime.StartOption { return runtime.WithStartAt(now.Add(time.Hour)) }, time.Hour},
		"not a moment before": {func(now time.Time) runtime.StartOption { return runtime.WithStartAt(now.Add(1500 * time.Microsecond)) }, 2 * time.Millisecond},
		"a time that is over": {func(now time.Time) runtime.StartOption { return runtime.WithStartAt(now.Add(-time.Hour)) }, 0},
		"a delay":             {func(time.Time) runtime.StartOption { return runtime.WithStartDelay(30 * time.Second) }, 30 * time.Second},
		"no delay":            {func(time.Time) runtime.StartOption { return runtime.WithStartDelay(-1) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob("job", echo)
				rt := startJobs(t, memory.New().Open(), 2, j)
				defer rt.Close(context.Background())
				began := time.Now()
				run, err := j.start(t.Context(), 1, test.option(began))
				if err != nil {
					t.Fatal(err)
				}
				d, err := rt.GetRun(t.Context(), run.ID())
				if err != nil {
					t.Fatal(err)
				}
				if later := test.after > 0; later && (d.Status != runtime.StatusPending || d.WakeAt.Sub(began) != test.after) {
					t.Errorf("before its time the run is %s until %v", d.Status, d.WakeAt)
				}
				if _, err := waits(t, run); err != nil {
					t.Fatal(err)
				}
				if d, err = rt.GetRun(t.Context(), run.ID()); err != nil {
					t.Fatal(err)
				}
				if got := d.StartedAt.Sub(began); got != test.after {
					t.Errorf("it began after %v, want %v", got, test.after)
				}
			})
		})
	}
}

// What was started for later is there when the program is, on a file and in a
// transaction of the caller's too.
func TestARunForLaterIsThereAfterARestart(t *testing.T) {
	b := txBench(t)
	s := shop{payTx: charged}
	db := b.openTx(s)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(400 * time.Millisecond)
	run := b.start(shipment{Count: 1}, runtime.WithStartAt(at), runtime.WithTx(tx))
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	never := b.start(shipment{Count: 1}, runtime.WithStartDelay(time.Hour))
	b.close()
	b.open(s)
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if d.Status == runtime.StatusPending && d.WakeAt.Sub(at).Abs() > time.Millisecond {
		t.Errorf("the run begins at %v, want %v", d.WakeAt, at)
	}
	again, err := b.flow.get(b, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err = b.rt.GetRun(t.Context(), run.ID()); err != nil || d.StartedAt.Before(at) {
		t.Errorf("it began at %v (%v), which is before its time", d.StartedAt, err)
	}
	if err := b.rt.CancelRun(t.Context(), never.ID(), "no more"); err != nil {
		t.Fatal(err)
	}
	if again, err = b.flow.get(b, never.ID()); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Errorf("the run that was cancelled before its time ended with %v", err)
	}
}

func (f *shipFlow) get(b *bench, runID string) (*runtime.Run[receipt], error) {
	return runtime.GetFlow[receipt](runtime.NewContext(b.t.Context(), b.rt), &f.Definition, runID)
}

func TestAKeyThatIsUsedWithAnotherInput(t *testing.T) {
	for name, wait := range map[string]bool{"while the run goes on": false, "when it is over": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob("job", func(_ context.Context, in number) (number, error) {
					time.Sleep(time.Minute)
					return in, nil
				})
				rt := startJobs(t, memory.New().Open(), 2, j)
				defer rt.Close(context.Background())
				key, strict := runtime.WithIdempotencyKey("k"), runtime.WithStrictIdempotency()
				run, err := j.start(t.Context(), 1, key, strict)
				if err != nil {
					t.Fatal(err)
				}
				if wait {
					if _, err := waits(t, run); err != nil {
						t.Fatal(err)
					}
				}
				same, err := j.start(t.Context(), 1, key, strict)
				if err != nil || same.ID() != run.ID() || !same.Existing() {
					t.Errorf("the same start again: %v, %v", same, err)
				}
				var other *runtime.OtherInputError
				if _, err := j.start(t.Context(), 2, key, strict); !errors.As(err, &other) || other.RunID != run.ID() || other.IdempotencyKey != "k" {
					t.Errorf("a strict start with another input: %v", err)
				}
				for range 2 {
					if found, err := j.start(t.Context(), 2, key); err != nil || found.ID() != run.ID() || !found.Existing() {
						t.Errorf("a start with another input: %v, %v", found, err)
					}
				}
				d, err := rt.GetRun(t.Context(), run.ID())
				if err != nil || d.OtherInputs != 2 || d.OtherInputAt.IsZero() {
					t.Errorf("the run tells of %d starts with another input, the last at %v (%v); want 2", d.OtherInputs, d.OtherInputAt, err)
				}
			})
		})
	}
}

// In a transaction, what a start notes on its run is part of it.
func TestAKeyThatIsUsedInATransaction(t *testing.T) {
	b := txBench(t)
	first, noted := runtime.WithIdempotencyKey("k"), make(chan error, 1)
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		if in.Count == 7 {
			_, err := b.flow.start(ctx, shipment{Count: 9}, first)
			noted <- err
		}
		return receipt{}, nil
	}})
	run := b.start(shipment{Count: 1}, first)
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		b.start(shipment{Count: 2}, first, runtime.WithTx(tx))
		if err := end(tx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.start(shipment{Count: 7}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-noted; err != nil {
		t.Fatal(err)
	}
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil || d.OtherInputs != 2 {
		t.Errorf("the run tells of %d starts with another input (%v); want those that were committed", d.OtherInputs, err)
	}
}

func TestTwoStartsAtTheSameInstantMakeOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob("job", echo)
		data := memory.New()
		var stores []store.Store
		var runtimes []*runtime.Runtime
		for range 2 {
			s := data.Open()
			stores = append(stores, s)
			runtimes = append(runtimes, startJobs(t, s, 2, j))
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		made := map[string]int{}
		for i := range 20 {
			all.Go(func() {
				ctx := runtime.NewContext(t.Context(), runtimes[i%2])
				run, err := j.start(ctx, int64(i), runtime.WithIdempotencyKey("k"))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if !run.Existing() {
					made[run.ID()]++
				}
				made[run.ID()] += 0
			})
		}
		all.Wait()
		if len(made) != 1 {
			t.Fatalf("20 starts made the runs %v", made)
		}
		for id, n := range made {
			d, err := runtimes[0].GetRun(t.Context(), id)
			if err != nil || n != 1 || d.OtherInputs != 19 {
				t.Errorf("%d starts made the run, and it tells of %d with another input (%v)", n, d.OtherInputs, err)
			}
		}
		for i := range stores {
			if err := errors.Join(runtimes[i].Close(context.Background()), stores[i].Close()); err != nil {
				t.Error(err)
			}
		}
	})
}
