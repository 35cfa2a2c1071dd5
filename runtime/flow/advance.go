package flow

import (
	"fmt"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
)

// This file decides what a run does next.

// advance goes on from the present state as far as it can without waiting.
func (r *Run) advance(now time.Time) {
	for !r.status.Final() && r.pausedAt.IsZero() {
		var moved bool
		switch {
		case r.failure == nil && r.restart != nil:
			moved = r.leavePause(now)
		case r.failure == nil:
			moved = r.forward(now)
		case !r.unwound:
			moved = r.unwind(now)
		default:
			moved = r.conclude(now)
		}
		if !moved {
			return
		}
	}
}

// forward walks the machine. It says whether there is more to do at once.
func (r *Run) forward(now time.Time) bool {
	if r.machine == nil {
		m, err := r.def.New(r.input)
		if err != nil {
			r.fail(&Error{
				Kind: ErrorPayload, Permanent: true,
				Message: fmt.Sprintf("the input does not fit the flow's type: %v", err),
			})
			return true
		}
		r.machine = m
	}
	p := &r.plan
	*p = Plan{run: r, now: now, RunInfo: r.info}
	p.Attempt = int64(r.attempt)
	done := r.machine.Next(p)
	if p.err != nil {
		r.failAt(p.at, p.err, now)
		return true
	}
	if !done {
		return false
	}
	return r.complete(p, now)
}

// failAt is the failure of what could not be computed: of the block whose input
// or condition it was, else of the run.
func (r *Run) failAt(st *stepState, err *Error, now time.Time) {
	if st == nil || st.status == stepCompleted {
		r.fail(err)
		return
	}
	err.Step = st.name
	e := Entry{Kind: st.kind, Step: st.name, Error: err}
	switch {
	case st.span != nil: // of a foreach: it has begun, and ends
		st.span.Error = err
		r.recordEnd(st.span, now)
		return
	case st.kind == KindStep, st.kind == KindCall:
		e.Attempt = 1
	}
	r.recordMoment(e, now)
}

// complete ends a run whose machine is done.
func (r *Run) complete(p *Plan, now time.Time) bool {
	out := r.machine.Output(p)
	if p.err == nil {
		raw, err := Encode(out)
		if err == nil {
			err = r.checkSize("the output", raw)
		}
		if err == nil {
			r.output = raw
			r.over(StatusCompleted, nil, now)
			return true
		}
		p.err = &Error{
			Kind: ErrorPayload, Permanent: true,
			Message: fmt.Sprintf("the flow's output cannot be stored: %v", err),
		}
	}
	r.fail(p.err)
	return true
}

// over ends the run.
func (r *Run) over(status Status, err *Error, now time.Time) {
	r.status, r.err, r.finishedAt = status, r.bounded(err), now
	r.seq++
	r.endSeq = r.seq
}

// unwind stops what is under way and undoes what was completed, in the reverse
// order of completion and one at a time (semantics.md, "Failures").
func (r *Run) unwind(now time.Time) bool {
	if r.rollback == nil && !r.stop(now) {
		return false // attempts under way have to end first
	}
	st := r.nextUndo()
	switch {
	case st == nil && r.rollback == nil:
		r.unwound = true
	case st == nil:
		r.recordEnd(r.rollback, now)
	case r.rollback == nil:
		r.record(Entry{Kind: KindRollback, Error: r.failure}, now)
	case st.undo == undoNew:
		r.undo(st, now)
		return false
	default:
		return false // it is under way, or pauses
	}
	return true
}

// stop ends what waits, and asks for what is under way to be stopped. It says
// whether nothing is under way any more.
func (r *Run) stop(now time.Time) bool {
	for _, st := range slices.Clone(r.waiting) {
		if st.delay != nil { // retries do not wait any more, see fail; waits are spans
			r.recordEnd(st.delay, now)
		}
	}
	for _, e := range slices.Clone(r.spans) {
		e.Error = r.stopped()
		r.recordEnd(e, now)
	}
	if r.restart != nil {
		r.recordEnd(r.restart, now)
	}
	if !r.stopAsked {
		r.stopAsked = true // once: nothing begins after a failure
		for _, e := range slices.Clone(r.open) {
			if r.isChanged(e) { // it was to begin now, beside what failed
				if e.Attempt == 1 {
					e.Input = nil // it was never tried
				}
				r.finish(e, Ended{Err: r.stopped()}, now)
				continue
			}
			r.effects.Stop = append(r.effects.Stop, e.Seq)
		}
		r.stopCalls(now)
	}
	return len(r.open) == 0 && len(r.calls) == 0
}

// stopped is the error of an attempt that was stopped because of r.failure.
func (r *Run) stopped() *Error {
	return &Error{
		Kind: ErrorCancelled, Permanent: true,
		Message: "stopped because the run does not go on: " + r.failure.Message,
	}
}

// nextUndo is the step whose compensation is under way or comes next.
func (r *Run) nextUndo() *stepState {
	for ; r.toUndo < len(r.undoable); r.toUndo++ {
		st := r.undoable[len(r.undoable)-1-r.toUndo]
		if st.def != nil && st.def.Compensation != nil && st.undo != undoCompleted && st.undo != undoFailed {
			return st
		}
	}
	return nil
}

// undo begins the next attempt of a step's compensation.
func (r *Run) undo(st *stepState, now time.Time) {
	r.record(Entry{Kind: KindCompensation, Step: st.name, Attempt: st.undoAttempt + 1}, now)
}

// conclude decides, when all is undone, whether the flow is tried again.
func (r *Run) conclude(now time.Time) bool {
	switch {
	case r.failure.Kind == ErrorCancelled:
		r.over(StatusCancelled, r.failure, now)
	case r.failure.Permanent || r.attempt >= max(r.def.MaxAttempts, 1):
		r.over(StatusFailed, r.failure, now)
	case r.cancelled != nil:
		// A cancel does not change a rollback, but it does prevent another attempt.
		r.over(StatusCancelled, r.cancelled, now)
	default:
		pause := r.def.Restart.Pause(r.attempt, r.id)
		r.record(Entry{Kind: KindRestart, Error: r.failure, WakeAt: now.Add(pause).Truncate(time.Millisecond)}, now)
	}
	return true
}

// leavePause ends the pause before an attempt of the flow if it is time.
func (r *Run) leavePause(now time.Time) bool {
	if now.Before(r.restart.WakeAt) && !r.restartNow {
		return false
	}
	r.recordEnd(r.restart, now)
	return true
}

// cancel notes that somebody wants the run to end. The first one counts.
func (r *Run) cancel(o Cancel, now time.Time) {
	switch {
	case r.status != StatusPending:
	case r.seq > 0:
		r.begin(now) // to undo what it has from another run
	default:
		r.begin(time.Time{}) // it never started
	}
	if r.cancelled != nil {
		return
	}
	if !r.pausedAt.IsZero() { // to undo is to go on
		r.recordMoment(Entry{Kind: KindResume, Actor: o.Actor}, now)
	}
	err := &Error{Kind: ErrorCancelled, Permanent: true, Message: withReason("cancelled", o.Reason)}
	r.recordMoment(Entry{Kind: KindCancel, Error: err, Actor: o.Actor}, now)
}

// wake goes on with what paused until now, in the order in which it was due.
func (r *Run) wake(now time.Time) {
	if !r.pausedAt.IsZero() {
		return
	}
	if r.failure == nil && r.late(now) {
		r.recordMoment(Entry{Kind: KindTimeout, Error: r.timeout()}, now)
		return
	}
	r.wakeUntil(now, now)
}

// wakeUntil goes on with what paused until a time at most.
func (r *Run) wakeUntil(due, now time.Time) {
	for {
		st := r.earliest()
		if st == nil || due.Before(st.wakeAt) {
			return
		}
		switch {
		case st.status == stepDelayed:
			r.recordEnd(st.delay, now)
		case st.undo == undoRetrying:
			r.undo(st, now)
		case st.status == stepRunning && r.signalFor(st.span) != nil:
			r.unwait(st) // it came while the run was paused, and is taken now
		case st.status == stepRunning:
			r.waitTimedOut(st, now)
		default:
			r.record(Entry{Kind: KindStep, Step: st.name, Attempt: st.attempt + 1, Input: st.input}, now)
		}
	}
}

// earliest is the waiting step that is due first.
func (r *Run) earliest() *stepState {
	var first *stepState
	for _, st := range r.waiting {
		if first == nil || st.wakeAt.Before(first.wakeAt) {
			first = st
		}
	}
	return first
}

// deadline is when the flow's timeout is over; zero if it has none.
func (r *Run) deadline() time.Time {
	if r.def.Timeout <= 0 || r.info.StartedAt.IsZero() {
		return time.Time{}
	}
	return r.info.StartedAt.Add(r.def.Timeout + r.pausedFor)
}

func (r *Run) late(now time.Time) bool {
	d := r.deadline()
	return !d.IsZero() && !now.Before(d)
}

func (r *Run) timeout() *Error {
	return &Error{
		Kind: ErrorTimeout, Permanent: true,
		Message: "the run took longer than its timeout of " + duration.Format(r.def.Timeout),
	}
}
