package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the process of TestKills.

// tripsChild is the process that is killed, or with finish the last one.
func tripsChild(ctx context.Context, rt *runtime.Runtime, dir string, diary *os.File, finish bool) error {
	signalled, err := os.OpenFile(filepath.Join(dir, "signalled"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f := newTrip()
	if err := f.register(rt, diary); err != nil {
		return err
	}
	n, err := countUnderWay(ctx, rt)
	if err != nil {
		return err
	}
	fmt.Println(found, n)
	if !finish && n >= underWay {
		fmt.Println(busy) // what follows, it may not live to see
	}
	if err := rt.Start(ctx); err != nil {
		return err
	}
	if finish {
		return errors.Join(f.signalOpen(ctx, rt, signalled), waitForAll(ctx, rt))
	}
	failed := make(chan error)
	var count atomic.Int64
	for range max(enough-n, starters) {
		go func() { failed <- f.travel(ctx, &count, signalled) }() // until it is killed
	}
	go func() {
		if err := f.signalOpen(ctx, rt, signalled); err != nil {
			failed <- err
		}
	}()
	if n < underWay {
		go func() { failed <- sayWhenBusy(ctx, rt) }()
	}
	for err == nil {
		err = <-failed
	}
	return err
}

// sayWhenBusy says when enough runs are under way.
func sayWhenBusy(ctx context.Context, rt *runtime.Runtime) error {
	for {
		n, err := countUnderWay(ctx, rt)
		if err != nil {
			return err
		}
		if n >= underWay+starters {
			fmt.Println(busy)
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// countUnderWay counts the runs that have begun and are not over.
func countUnderWay(ctx context.Context, rt *runtime.Runtime) (n int, err error) {
	err = listed(ctx, rt, runtime.RunFilter{Statuses: []runtime.Status{runtime.StatusRunning}}, func(runtime.RunSummary) error {
		n++
		return nil
	})
	return n, err
}

// travel starts trips for ever, one after the other.
func (f *trip) travel(ctx context.Context, count *atomic.Int64, signalled *os.File) error {
	for {
		n := count.Add(1)
		run, err := runtime.StartFlow[[]int64](ctx, &f.Definition, number{n}, runtime.WithLabels(map[string]string{"n": strconv.FormatInt(n, 10)}))
		if err != nil {
			return err
		}
		fmt.Println(started, run.ID())
		time.Sleep(rand.N(120 * time.Millisecond)) // at times the run is out of memory by then
		if err := f.signalAll(ctx, run.ID(), n, signalled); err != nil {
			return err
		}
		run.Wait(ctx) //nolint:errcheck // how it ends is read from the database
	}
}

// signalAll sends a trip all that it waits for, again if that was done before, and
// writes down that it was.
func (f *trip) signalAll(ctx context.Context, runID string, n int64, signalled *os.File) error {
	var errs []error
	for i := range seatsOf(n) {
		key := strconv.Itoa(i)
		errs = append(errs, runtime.SignalFlow(ctx, &f.Definition, &f.ready, runID, key, number{n}, runtime.WithSignalID("ready")))
	}
	errs = append(errs, runtime.SignalFlow(ctx, &f.Definition, &f.approval, runID, "", nil, runtime.WithSignalID("approval")))
	for _, err := range errs {
		if err != nil && !errors.Is(err, store.ErrFinal) {
			return err
		}
	}
	_, err := fmt.Fprintln(signalled, runID)
	return err
}

// signalOpen does that for all trips for which an earlier process did not.
func (f *trip) signalOpen(ctx context.Context, rt *runtime.Runtime, signalled *os.File) error {
	raw, err := os.ReadFile(signalled.Name())
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for id := range strings.FieldsSeq(string(raw)) {
		done[id] = true
	}
	open := runtime.RunFilter{Flow: f.Flow, Statuses: []runtime.Status{runtime.StatusPending, runtime.StatusRunning}}
	return listed(ctx, rt, open, func(r runtime.RunSummary) error {
		n, err := strconv.ParseInt(r.Labels["n"], 10, 64)
		if err != nil || done[r.ID] {
			return err
		}
		return f.signalAll(ctx, r.ID, n, signalled)
	})
}
