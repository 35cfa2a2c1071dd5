package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how an execution writes.

// Pauses between the tries of a commit that the store refuses.
const (
	firstCommitPause = 50 * time.Millisecond
	lastCommitPause  = 5 * time.Second
)

// store commits a step, if there is something in it. It says false if the run cannot
// be written here any more.
func (x *execution) store(next step) bool {
	change, needed := x.change(next)
	if !needed {
		return true
	}
	if !x.commit(change) {
		return false
	}
	x.stored(change)
	return true
}

// change is a step as it is stored: its effects together with the head, if that has
// changed. It says false if nothing in it must be on disk before the run goes on.
func (x *execution) change(next step) (_ store.Change, needed bool) {
	effects, state := next.effects, next.state
	changed := x.updateHead(state)
	change := store.Change{
		Claim: x.claim, Entries: effects.Entries, Consumed: x.consumed, Release: next.release, Dormant: x.dormant(state),
		Children: x.children(effects.Calls), Messages: x.messages(effects, state),
	}
	if len(effects.Entries) == 0 && len(x.consumed) == 0 && len(change.Messages) == 0 && !next.release {
		// A change of the head (the run has begun) follows with the start of its first attempt.
		x.headPending = x.headPending || changed
		return store.Change{}, false
	}
	change.Entries = x.withStarts(change.Entries, effects.Attempts)
	if changed || x.headPending || next.release {
		change.Head = x.head
	}
	change.Further = x.further(&change)
	x.headPending, x.consumed = false, nil
	x.called = x.observeCalls(change.Children)
	return change, true
}

// withStarts adds to entries the starts of attempts that come before them and are not stored:
// whoever follows a run sees no sequence number before a smaller one.
func (x *execution) withStarts(entries []flow.Entry, attempts []flow.Attempt) []flow.Entry {
	var last int64
	for i := range entries {
		last = max(last, entries[i].Seq, entries[i].EndSeq)
	}
	for i := range attempts {
		if a := &attempts[i]; !a.Stored && a.Entry.Seq < last {
			a.Stored = true // so that it is not told once more, see start
			entries = append(entries, a.Entry)
		}
	}
	x.begun = slices.DeleteFunc(x.begun, func(c *call) bool {
		if c.Entry.Seq > last {
			return false
		}
		if !slices.ContainsFunc(entries, func(e flow.Entry) bool { return e.Seq == c.Entry.Seq }) {
			entries = append(entries, c.Entry)
		}
		c.untold.Store(false)
		return true
	})
	return entries
}

// stored tells those whom a change concerns that it is on disk.
func (x *execution) stored(change store.Change) {
	x.called()
	if change.Further {
		x.takeovers = 0
		x.endTrial()
	}
	for _, o := range x.observers {
		o.Stored(x.head, change.Entries)
	}
	x.logEnds(change.Entries)
	if len(change.Messages) > 0 {
		x.engine.unheard.Store(true)
	}
	if len(change.Messages) > 0 || len(change.Children) > 0 {
		x.engine.queued()
	}
}

// updateHead brings the head to the run's state, and says whether it changed.
func (x *execution) updateHead(s flow.State) bool {
	wakeAt := s.WakeAt
	if !x.run.Idle() {
		wakeAt = time.Time{} // it waits for an attempt, not for a time
	}
	if x.head.Status == s.Status && x.head.Phase == s.Phase && x.head.Attempt == s.Attempt &&
		x.head.WakeAt.Equal(wakeAt) && x.head.StartedAt.Equal(s.StartedAt) {
		return false
	}
	head := *x.head
	head.Status, head.Phase, head.Attempt = s.Status, s.Phase, s.Attempt
	head.Output, head.Error = s.Output, s.Err
	head.StartedAt, head.FinishedAt, head.EndSeq = s.StartedAt, s.FinishedAt, s.EndSeq
	head.WakeAt = wakeAt
	if keep := x.code.Definition.Retention; keep > 0 && s.Status.Final() {
		head.DeleteAt = s.FinishedAt.Add(keep)
	}
	x.head = &head
	return true
}

// writeBegun tells the store of attempts that have begun, and waits for nothing.
func (x *execution) writeBegun() {
	change := store.Change{Claim: x.claim, Lazy: true}
	for _, c := range x.begun {
		change.Entries = append(change.Entries, c.Entry)
		c.untold.Store(false)
	}
	if x.headPending {
		change.Head = x.head
	}
	x.begun = nil
	// A run that has its place by a bound may not be pending when it has results: if the process died
	// before the lazy head was written, another run would get the place. So its next commit has the head too.
	x.headPending = x.headPending && x.head.Concurrency != nil
	if err := x.engine.store.Commit(context.Background(), change); err != nil {
		x.engine.opts.Logger.Debug("the start of a step could not be stored; its end will be", "run", x.head.ID, "error", err)
	}
}

// commit writes a change. What the store refuses is tried again until the disk
// is back (semantics.md, "What is promised"): to write a change twice is the same
// as once. It says false if that is of no use.
func (x *execution) commit(change store.Change) bool {
	for pause := firstCommitPause; ; pause = min(2*pause, lastCommitPause) {
		err := x.engine.store.Commit(context.Background(), change)
		switch {
		case err == nil:
			return true
		case isOver(err):
			x.lost(err)
			return false
		}
		x.refused(err, pause)
		if !x.sleep(pause) {
			x.cancelCalls(errClosing)
			return false
		}
	}
}

// isOver says that the run cannot be written here any more.
func isOver(err error) bool {
	return errors.Is(err, store.ErrClaimLost) || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrNotFound)
}

// lost leaves a run that another process has.
func (x *execution) lost(err error) {
	x.engine.opts.Logger.Warn("the run is not this process's any more; it leaves it", "run", x.head.ID, "error", err)
	x.cancelCalls(errStopped)
}

// refused logs what the store could not write.
func (x *execution) refused(err error, pause time.Duration) {
	x.engine.opts.Logger.Error("the store refused a change; the run waits and it is tried again",
		"run", x.head.ID, "flow", x.head.Flow, "pause", pause, "error", err)
}

// cancelCalls cancels what is under way.
func (x *execution) cancelCalls(cause error) {
	for _, c := range x.calls {
		c.cancel(cause)
	}
}

// sleep pauses; false if the process stops before that.
func (x *execution) sleep(pause time.Duration) bool {
	done := make(chan struct{})
	stop := x.engine.opts.Clock.AfterFunc(pause, func() { close(done) })
	defer stop()
	select {
	case <-done:
		return true
	case <-x.engine.cutting:
		return false
	}
}

// giveBack lets another process, or the next start of this one, go on with the run.
func (x *execution) giveBack() {
	change := store.Change{Claim: x.claim, Consumed: x.consumed, Release: true}
	if x.run != nil && x.run.Idle() {
		state := x.run.State()
		x.updateHead(state)
		change.Head, change.Dormant = x.head, x.dormant(state)
	}
	if err := x.engine.store.Commit(context.Background(), change); err != nil {
		x.engine.opts.Logger.Warn("a run could not be given back; it is found again at the next start",
			"run", x.head.ID, "error", err)
	}
}

// logEnds logs what ended: failures as warnings, the rest for debugging.
func (x *execution) logEnds(entries []flow.Entry) {
	log := x.engine.opts.Logger
	for i := range entries {
		e := &entries[i]
		if e.Open() || e.Error == nil || (e.Kind != flow.KindStep && e.Kind != flow.KindCompensation) {
			continue
		}
		attempt := log.With("run", x.head.ID, "flow", x.head.Flow, "kind", e.Kind, "step", e.Step, "attempt", e.Attempt)
		if e.WakeAt.IsZero() {
			attempt.Warn("an attempt failed, the last one", "error", e.Error.Message)
		} else {
			attempt.Warn("an attempt failed and is tried again", "error", e.Error.Message, "retry_at", e.WakeAt)
		}
	}
	if x.head.Status == flow.StatusFailed {
		log.Warn("a run failed", "run", x.head.ID, "flow", x.head.Flow, "error", x.head.Error.Message)
	}
}
