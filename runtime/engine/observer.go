package engine

import (
	"context"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how metrics and traces learn what happens. The engine knows neither; an
// engine without observers does nothing for them.

// Observer is told of what happens to runs. Its methods must return at once: who waits
// for a run waits for them too. They may be called from many goroutines.
type Observer interface {
	// Starting is told of a run that is about to be created, with the context of who
	// starts it. It may set run.Trace, which is stored with the run, and nothing else. What it
	// returns, if that is not nil, is told what became of the start.
	Starting(ctx context.Context, run *store.Run) func(created store.Created, err error)

	// Taken is told that this process begins to execute a run, or goes on with one. What
	// it returns, if that is not nil, is told of this execution.
	Taken(t Taken) RunObserver
}

// Taken is a run that a process takes to execute it.
type Taken struct {
	Run *store.Run // not to be changed
	// Queued says that the run waited in the store; else it was taken when it was created.
	Queued bool
	At     time.Time
	// DueAt is since when it was due; zero where that is not known, as for a run to which a message came.
	DueAt time.Time
}

// RunObserver is told of one execution of a run. Its methods are called by one
// goroutine after the other. What is handed to them is not to be changed.
type RunObserver interface {
	// Calling is told of a run that this one is about to call, as Observer.Starting is of
	// others. What it returns, if that is not nil, is called when the called run is on disk.
	Calling(child *store.Run) func()
	// Begins is told of an attempt that begins, also of one that begins again after a
	// crash. It returns the context for its handler: ctx, or one made of it.
	Begins(ctx context.Context, a *flow.Attempt) context.Context
	// Stored is told of what was committed: the head of the run, and the entries of its
	// log that began, changed or ended.
	Stored(run *store.Run, entries []flow.Entry)
	// Left is told that the execution is over, because the run is, or because it waits
	// for long, or because it does not go on here. Attempts that have not ended begin again elsewhere.
	Left(run *store.Run)
}

// observeStart tells the observers of a start. The run that it returns is the one to
// create; the function is to be told what became of it.
func (e *Embedded) observeStart(ctx context.Context, run store.Run) (store.Run, func(store.Created, error)) {
	var told []func(store.Created, error)
	for _, o := range e.opts.Observers {
		if f := o.Starting(ctx, &run); f != nil {
			told = append(told, f)
		}
	}
	return run, func(created store.Created, err error) {
		for _, f := range told {
			f(created, err)
		}
	}
}

// observe tells the observers of an execution that begins.
func (x *execution) observe(queued bool) {
	if len(x.engine.opts.Observers) == 0 {
		return
	}
	t := Taken{Run: x.head, Queued: queued, At: x.now(), DueAt: x.head.WakeAt}
	if x.head.Status == flow.StatusPending {
		t.DueAt = x.head.CreatedAt
		if x.head.WakeAt.After(t.DueAt) {
			t.DueAt = x.head.WakeAt // it was started for later
		}
	}
	for _, o := range x.engine.opts.Observers {
		if w := o.Taken(t); w != nil {
			x.observers = append(x.observers, w)
		}
	}
}

// observeCalls tells the observers of the runs that are to be called. The function
// that it returns is to be called when they are on disk.
func (x *execution) observeCalls(children []store.Run) func() {
	if len(children) == 0 || len(x.observers) == 0 {
		return func() {}
	}
	var told []func()
	for i := range children {
		for _, o := range x.observers {
			if f := o.Calling(&children[i]); f != nil {
				told = append(told, f)
			}
		}
	}
	return func() {
		for _, f := range told {
			f()
		}
	}
}
