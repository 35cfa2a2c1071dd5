package engine

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is what a handler tells of its attempt while it is at work: its progress,
// which the store gets from time to time, and checkpoints, which it gets at once.

// ErrAttemptOver says that an attempt cannot store a checkpoint any more: it has ended,
// or timed out, or its run does not go on in this process.
var ErrAttemptOver = errors.New("the attempt is over")

// ErrOneCommit says that a step in a transaction has no checkpoints: all that it does is
// one commit, and nothing of it is there before.
var ErrOneCommit = errors.New("a step in a transaction has no checkpoints")

// progressInterval is how often, at most, the progress of a run's attempts is stored.
const progressInterval = 500 * time.Millisecond

// Notes is how a handler tells of its attempt.
type Notes interface {
	// Progress says how far the attempt is. It returns at once, and what it says may be
	// replaced by the next call before it is stored.
	Progress(fraction float64, text string)
	// Checkpoint stores a value to go on from. It returns when that is on disk, or
	// ErrAttemptOver, ErrOneCommit, or a *flow.SizeError.
	Checkpoint(value json.RawMessage) error
	// LastCheckpoint is the last value that was stored, by this attempt or one before it
	// of the same piece of work; nil for none.
	LastCheckpoint() json.RawMessage
}

// saving is a checkpoint on its way to the execution.
type saving struct {
	call  *call
	value json.RawMessage
	done  chan error // has room for the answer
}

// Progress implements Notes.
func (c *call) Progress(fraction float64, text string) {
	x := c.execution
	c.progress.Store(&flow.Progress{Fraction: fraction, Text: flow.Blot(text, c.secrets()), At: x.now()})
	if !x.progressed.Swap(true) {
		signal(x.woken)
	}
}

// LastCheckpoint implements Notes.
func (c *call) LastCheckpoint() json.RawMessage {
	if own := c.saved.Load(); own != nil {
		return *own
	}
	if c.Before != nil {
		return c.Before.Checkpoint
	}
	return nil
}

// Checkpoint implements Notes. It does not heed the attempt's context: when the process
// stops, there is still time to say how far the work is.
func (c *call) Checkpoint(value json.RawMessage) error {
	if err := flow.CheckSize("the checkpoint", len(value), c.execution.engine.opts.MaxPayload); err != nil {
		return err
	}
	if c.loan != nil {
		return ErrOneCommit
	}
	x := c.execution
	s := &saving{call: c, value: value, done: make(chan error, 1)}
	select {
	case x.arrivals <- s:
	case <-x.gone:
		return ErrAttemptOver
	}
	var err error
	select {
	case err = <-s.done:
	case <-x.gone:
		select {
		case err = <-s.done: // it was answered and then the execution ended
		default:
			return ErrAttemptOver
		}
	}
	if err == nil {
		c.saved.Store(&value)
	}
	return err
}

// arrive implements arrival: a checkpoint is an outcome. Its caller is answered when that is stored.
func (s *saving) arrive(x *execution) (flow.Outcome, bool) {
	x.answering = s.done
	c := s.call
	x.told(c) // its start is stored with this
	return flow.Noted{Seq: c.Entry.Seq, Checkpoint: s.value, Progress: c.progress.Swap(nil), At: x.now()}, true
}

// answer tells who waits for a checkpoint, if somebody does, what became of it.
func (x *execution) answer(err error) {
	if x.answering != nil {
		x.answering <- err
		x.answering = nil
	}
}

// progressAt is when the store is to be told of the progress of attempts; zero if
// there is nothing new.
func (x *execution) progressAt(now time.Time) time.Time {
	switch {
	case !x.progressed.Load():
		return time.Time{}
	case x.progressTold.After(now): // the clock was set back
		return now
	}
	return x.progressTold.Add(progressInterval)
}

// writeProgress tells the store how far the attempts are, and waits for nothing.
func (x *execution) writeProgress(now time.Time) {
	x.progressed.Store(false) // before what is new is looked at
	x.progressTold = now
	if len(x.begun) > 0 {
		x.writeBegun()
	}
	change := store.Change{Claim: x.claim, Lazy: true}
	for _, seq := range slices.Sorted(maps.Keys(x.calls)) {
		change.Entries = append(change.Entries, x.takeProgress(x.calls[seq])...)
	}
	if len(change.Entries) == 0 {
		return
	}
	if err := x.engine.store.Commit(context.Background(), change); err != nil {
		x.engine.opts.Logger.Debug("the progress of a step could not be stored", "run", x.head.ID, "error", err)
	}
}

// takeProgress applies what is new of a call's progress, and returns its entry if
// something is. It is stored with the end of the attempt, if not before.
func (x *execution) takeProgress(c *call) []flow.Entry {
	p := c.progress.Swap(nil)
	if p == nil {
		return nil
	}
	effects, err := x.run.Apply(flow.Noted{Seq: c.Entry.Seq, Progress: p, At: x.now()})
	if err != nil { // it is over for the run
		return nil
	}
	return effects.Entries
}
