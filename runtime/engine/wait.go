package engine

import (
	"context"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// waiter is shared by all who wait for one run.
type waiter struct {
	done chan struct{} // closed when run is set
	run  *store.Run
	refs int
}

func (w *waiter) finish(run *store.Run) {
	w.run = run
	close(w.done)
}

// Wait implements Engine. It asks the store at first and, for runs of other
// processes, from time to time; a run of this process tells when it ends.
func (e *Embedded) Wait(ctx context.Context, runID string) (store.Run, error) {
	w, active := e.addWaiter(runID)
	defer e.dropWaiter(runID, w)
	run, err := e.lookAt(ctx, runID, active)
	if err != nil || run.Status.Final() {
		return run, err
	}
	defer stepAside(ctx)()
	for {
		poll := make(chan struct{})
		stop := e.opts.Clock.AfterFunc(e.opts.PollInterval, func() { close(poll) })
		select {
		case <-w.done:
			stop()
			return *w.run, nil
		case <-ctx.Done():
			stop()
			return store.Run{}, fmt.Errorf("wait for run %s: %w", runID, context.Cause(ctx))
		case <-poll:
		}
		run, err := e.lookAt(ctx, runID, e.isActive(runID))
		if err != nil || run.Status.Final() {
			return run, err
		}
	}
}

// lookAt asks the store for a run, unless it is active and tells by itself when it is over.
func (e *Embedded) lookAt(ctx context.Context, runID string, active bool) (store.Run, error) {
	if active {
		return store.Run{}, nil
	}
	run, _, err := e.store.Get(ctx, runID)
	if err != nil {
		return store.Run{}, fmt.Errorf("wait for run %s: %w", runID, err)
	}
	return run, nil
}

// addWaiter returns the run's waiter, and whether the run is executing here: it
// tells the waiter when it ends, and the store need not be asked.
func (e *Embedded) addWaiter(runID string) (w *waiter, active bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w = e.waiters[runID]
	if w == nil {
		w = &waiter{done: make(chan struct{})}
		e.waiters[runID] = w
	}
	w.refs++
	_, active = e.active[runID]
	return w, active
}

func (e *Embedded) dropWaiter(runID string, w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.refs--
	if w.refs == 0 && e.waiters[runID] == w {
		delete(e.waiters, runID)
	}
}

func (e *Embedded) isActive(runID string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, active := e.active[runID]
	return active
}
