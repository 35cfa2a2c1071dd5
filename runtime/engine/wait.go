package engine

import (
	"context"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// waiter is shared by all who wait for one run.
type waiter struct {
	done chan struct{} // closed when run is set
	left chan struct{} // closed, and made anew, when the run is not executed here any more, and is not over
	run  *store.Run
	refs int
}

func (w *waiter) finish(run *store.Run) {
	w.run = run
	close(w.done)
}

func (w *waiter) leave() {
	close(w.left)
	w.left = make(chan struct{})
}

// Wait implements Engine. It asks the store at first and, for runs of other
// processes, from time to time; a run of this process tells when it ends.
func (e *Embedded) Wait(ctx context.Context, runID string) (store.Run, error) {
	w, here := e.addWaiter(runID)
	defer e.dropWaiter(runID, w)
	run, err := e.lookAt(ctx, runID, here)
	if err != nil || run.Status.Final() {
		return run, err
	}
	defer stepAside(ctx)()
	for {
		next, stop := here, func() bool { return true }
		if here == nil {
			next, stop = e.poll()
		}
		select {
		case <-w.done:
			stop()
			return *w.run, nil
		case <-ctx.Done():
			stop()
			return store.Run{}, fmt.Errorf("wait for run %s: %w", runID, context.Cause(ctx))
		case <-next:
		}
		here = e.here(runID, w)
		run, err := e.lookAt(ctx, runID, here)
		if err != nil || run.Status.Final() {
			return run, err
		}
	}
}

// poll is a channel that is closed when it is time to ask the store again.
func (e *Embedded) poll() (again <-chan struct{}, stop func() bool) {
	c := make(chan struct{})
	return c, e.opts.Clock.AfterFunc(e.opts.PollInterval, func() { close(c) })
}

// lookAt asks the store for a run, unless it is executed here and tells by itself when it is over.
func (e *Embedded) lookAt(ctx context.Context, runID string, here <-chan struct{}) (store.Run, error) {
	if here != nil {
		return store.Run{}, nil
	}
	run, _, err := e.store.Get(ctx, runID)
	if err != nil {
		return store.Run{}, fmt.Errorf("wait for run %s: %w", runID, err)
	}
	return run, nil
}

// addWaiter returns the run's waiter, and what here returns.
func (e *Embedded) addWaiter(runID string) (w *waiter, here <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w = e.waiters[runID]
	if w == nil {
		w = &waiter{done: make(chan struct{}), left: make(chan struct{})}
		e.waiters[runID] = w
	}
	w.refs++
	return w, e.hereLocked(runID, w)
}

func (e *Embedded) dropWaiter(runID string, w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.refs--
	if w.refs == 0 && e.waiters[runID] == w {
		delete(e.waiters, runID)
	}
}

// isActive says whether a run is executed here.
func (e *Embedded) isActive(runID string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active[runID] != nil
}

// here is closed when the run is not executed here any more; nil if it is not. While it is, it
// tells the waiter when it is over, and the store need not be asked.
func (e *Embedded) here(runID string, w *waiter) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hereLocked(runID, w)
}

func (e *Embedded) hereLocked(runID string, w *waiter) <-chan struct{} {
	if e.active[runID] == nil {
		return nil
	}
	return w.left
}
