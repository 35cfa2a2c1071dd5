package engine

import (
	"context"
	"errors"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the scheduler: it claims runs that are due while there is room, and
// sees to what is to be done from time to time.

// schedule is the scheduler's goroutine. It looks when it is kicked, when the
// next run is due, and from time to time for what other processes wrote.
func (e *Embedded) schedule() {
	defer e.scheduler.Done()
	defer e.giveUnbegunBack()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the scheduler
		select {
		case <-e.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		pause := e.look(ctx)
		stop := e.opts.Clock.AfterFunc(pause, e.kick)
		select {
		case <-e.kicks:
		case <-e.closing:
		}
		stop()
		if closed(e.closing) {
			return
		}
	}
}

// look does what is due, and says how long there is nothing more to do.
func (e *Embedded) look(ctx context.Context) time.Duration {
	if !e.mayExecute(ctx) {
		e.recurring, e.swept = nil, time.Time{} // who executes meanwhile sees to them
		clear(e.defined)
		e.coverage = coverage{}
		return e.opts.PollInterval
	}
	if !e.cover(ctx) {
		return e.opts.PollInterval
	}
	e.saveDefinitions(ctx)
	e.deliverUnheard(ctx)
	pause := min(e.startRecurring(ctx), e.sweep(ctx))
	if !e.trySuspects(ctx) {
		return pause
	}
	return min(pause, e.claimDue(ctx))
}

// claimDue claims runs that are due, and says how long there are no more.
func (e *Embedded) claimDue(ctx context.Context) time.Duration {
	for {
		flows := e.versions()
		e.backlog.Store(false)
		room := e.room()
		if room == 0 {
			return e.untilRoom(ctx, flows)
		}
		now := e.opts.Clock.Now()
		ending := now.Sub(e.endedAt).Abs() >= e.opts.PollInterval
		if ending {
			e.endedAt = now
		}
		claimed, err := e.store.Claim(ctx, store.ClaimQuery{Now: now, Limit: room, Flows: flows, Ending: ending})
		if err != nil {
			e.logStoreError("claim runs", err)
			e.backlog.Store(true)
			return e.opts.PollInterval
		}
		for _, c := range claimed {
			e.launchClaimed(c)
		}
		if len(claimed) < room {
			return e.untilNext(ctx, flows)
		}
	}
}

// untilRoom is untilNext while there is no room. If somebody waits for it, an execution that ends
// kicks; if nobody does, a run that is created then has its turn at once.
func (e *Embedded) untilRoom(ctx context.Context, flows []store.FlowVersion) time.Duration {
	pause := e.untilNext(ctx, flows)
	if pause <= time.Millisecond {
		e.backlog.Store(true)
		return e.opts.PollInterval
	}
	return pause
}

// untilNext is the time until the next run is due, at most the poll interval.
func (e *Embedded) untilNext(ctx context.Context, flows []store.FlowVersion) time.Duration {
	at, ok, err := e.store.NextDue(ctx, flows)
	if err != nil {
		e.logStoreError("look for the next run", err)
	}
	if err != nil || !ok {
		return e.opts.PollInterval
	}
	return min(max(at.Sub(e.opts.Clock.Now()), time.Millisecond), e.opts.PollInterval)
}

// mayExecute says whether this process has the right to execute. It asks for it
// again and again: without it, to take over; with it, since it can be lost.
func (e *Embedded) mayExecute(ctx context.Context) bool {
	ok, err := e.store.Acquire(ctx)
	if err != nil {
		e.logStoreError("ask for the right to execute", err)
		return false
	}
	e.mu.Lock()
	before := e.executing
	e.executing = ok
	e.suspected = e.suspected || ok && !before
	e.mu.Unlock()
	switch {
	case ok && !before:
		e.trials = trials{first: true} // what was claimed before is not ours any more
		e.opts.Logger.Info("this process executes the runs of this database from now on")
	case before && !ok:
		e.opts.Logger.Warn("another process executes the runs of this database now; standing by")
	}
	return ok
}

// deliverUnheard hands out messages that found no execution: their senders are
// other processes, or were there between a claim and its launch.
func (e *Embedded) deliverUnheard(ctx context.Context) {
	now := e.opts.Clock.Now()
	e.listening.Store(true)
	defer e.listening.Store(false)
	if !e.unheard.Swap(false) && now.Sub(e.listened).Abs() < e.opts.PollInterval {
		return
	}
	e.listened = now
	messages, err := e.store.Unobeyed(ctx)
	if err != nil {
		e.logStoreError("look for messages", err)
		e.unheard.Store(len(messages) == 0) // else some came that can be read, and others that cannot
	}
	for _, m := range messages {
		e.deliver(m)
	}
}

// deliver hands a message to the execution of its run, and says whether there is one.
func (e *Embedded) deliver(m store.Message) bool {
	e.mu.Lock()
	x := e.active[m.RunID]
	e.mu.Unlock()
	if x != nil {
		x.deliver(m)
	}
	return x != nil
}

func (e *Embedded) logStoreError(what string, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) {
		return // the engine is closing
	}
	e.opts.Logger.Error("the store refused; it is asked again", "what", what, "error", err)
}

// queued notes that the store has a run for the scheduler.
func (e *Embedded) queued() {
	e.backlog.Store(true)
	e.kick()
}

// kick makes the scheduler look.
func (e *Embedded) kick() {
	signal(e.kicks)
}

// room is how many more runs may be claimed.
func (e *Embedded) room() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return max(e.opts.Concurrency-e.busy, 0)
}

// reserve takes room for a run that is being created, if there is some and if
// no other run waits for it.
func (e *Embedded) reserve() bool {
	if e.backlog.Load() {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != started || !e.executing || e.suspected || e.busy >= e.opts.Concurrency {
		return false
	}
	e.busy++
	return true
}

// unreserve gives the room back.
func (e *Embedded) unreserve() {
	e.mu.Lock()
	e.busy--
	e.mu.Unlock()
	if e.backlog.Load() {
		e.kick()
	}
}

// retake takes room for a run that goes on after it rested, also where there is none:
// it is there, and others wait for it.
func (e *Embedded) retake() {
	e.mu.Lock()
	e.busy++
	e.mu.Unlock()
}

// launchClaimed begins the execution of a run that the scheduler claimed.
func (e *Embedded) launchClaimed(c store.Claimed) *execution {
	if c.Err != nil { // it stays claimed: to give it back would be to claim it again at once
		e.opts.Logger.Error("what is stored of a run cannot be read; the run is left as it is until the program starts again",
			"run", c.Run.ID, "flow", c.Run.Flow, "error", c.Err)
		e.unreadable = append(e.unreadable, c.Claim)
		e.acquit(c)
		return nil
	}
	e.mu.Lock()
	e.busy++
	e.mu.Unlock()
	code := e.codeFor(c.Run.Flow, c.Run.Version)
	if code == nil {
		e.end(c)
		return nil
	}
	return e.launch(code, c, true, e.parked(code, &c))
}
