package flow

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// stepStatus is how far a step is in the current attempt of the run.
type stepStatus int

const (
	stepNew       stepStatus = iota
	stepDelayed              // its delay has begun
	stepReady                // its delay is over; of a parallel, that it was entered
	stepRunning              // an attempt is under way
	stepRetrying             // it pauses before its next attempt
	stepCompleted            // it has a result
	stepSkipped              // its `when` did not hold
	stepFailed               // its last attempt failed
)

// undoStatus is how far the compensation of a step is.
type undoStatus int

const (
	undoNew undoStatus = iota
	undoRunning
	undoRetrying
	undoCompleted
	undoFailed
)

// stepState is what the log says of one step, or of another block, in the
// current attempt of the run.
type stepState struct {
	name    string
	kind    Kind     // of the entry with which it begins; empty before it was walked and has begun
	def     *StepDef // nil if it is no step, or if the flow's code has no such step any more
	status  stepStatus
	attempt int
	input   json.RawMessage
	output  json.RawMessage
	// keptKey is the idempotency key with which another run did it, of which this one
	// keeps the result.
	keptKey string

	undo        undoStatus
	undoAttempt int

	// The last that have a checkpoint: of the step, and of its compensation.
	told, undoTold *Told

	// wakeAt is the end of the pause of a step that is in Run.waiting, delay the
	// entry of a delay.
	wakeAt time.Time
	delay  *Entry
	// span is the open entry of a foreach or a wait.
	span *Entry
	// passed says that the run is behind the block and never came to it, around that it
	// never came to the block and is in it: see order.go.
	passed, around bool
}

// stepDef is the definition of the step at a path.
func (r *Run) stepDef(path string) *StepDef {
	name := blockName(path)
	if r.defs != nil {
		return r.defs[name]
	}
	for _, s := range r.def.Steps {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// blockName is the name of the block at a path: names are unique in a flow.
func blockName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// step is the state of a step; it is made where there is none.
func (r *Run) step(name string) *stepState {
	st := r.steps[name]
	if st == nil {
		st = &stepState{name: name, def: r.stepDef(name)}
		r.steps[name] = st
	}
	return st
}

// started folds the beginning of an entry into the state. Together with ended it
// is all that a replay does: the state is a function of the log.
func (r *Run) started(e *Entry) {
	r.seq = max(r.seq, e.Seq)
	switch e.Kind {
	case KindStep, KindEnter, KindChoice, KindForeach, KindWait, KindCall:
		r.step(e.Step).kind = e.Kind
	}
	switch e.Kind {
	case KindStep:
		st := r.step(e.Step)
		st.status, st.attempt, st.input = stepRunning, e.Attempt, e.Input
		st.keep(e)
		r.unwait(st)
		r.open = append(r.open, e)
	case KindSkip:
		r.step(e.Step).status = stepSkipped
	case KindEnter:
		r.step(e.Step).status = stepReady
		r.blockFailed(e)
	case KindChoice:
		st := r.step(e.Step)
		st.status, st.output = stepCompleted, e.Output
		r.blockFailed(e)
	case KindForeach:
		st := r.step(e.Step)
		st.status, st.input, st.span = stepRunning, e.Input, e
		r.spans = append(r.spans, e)
	case KindWait:
		st := r.step(e.Step)
		st.status, st.span = stepRunning, e
		r.spans = append(r.spans, e)
		if !e.WakeAt.IsZero() {
			r.wait(st, e.WakeAt)
		}
	case KindSignal:
		r.signalled(e)
	case KindCall:
		st := r.step(e.Step)
		st.status, st.attempt, st.input = stepRunning, e.Attempt, e.Input
		r.calls = append(r.calls, e)
	case KindDelay:
		st := r.step(e.Step)
		st.status, st.delay = stepDelayed, e
		r.wait(st, e.WakeAt)
	case KindRollback:
		r.rollback = e
		r.fail(e.Error)
	case KindCompensation:
		st := r.step(e.Step)
		st.undo, st.undoAttempt = undoRunning, e.Attempt
		st.keep(e)
		r.unwait(st)
		r.open = append(r.open, e)
	case KindRestart:
		r.attempt = e.RunAttempt
		r.reset()
		r.restart, r.restartNow = e, false
	case KindTimeout:
		r.fail(e.Error)
	case KindPause:
		r.pausedAt = e.StartedAt
	case KindResume:
		r.pausedFor += e.StartedAt.Sub(r.pausedAt)
		r.pausedAt = time.Time{}
	case KindSkipDelay:
		r.delaySkipped(e)
	case KindCancel, KindTerminate:
		r.cancelled = e.Error
		r.fail(e.Error)
	}
}

// ended folds the end of an entry into the state.
func (r *Run) ended(e *Entry) {
	r.seq = max(r.seq, e.EndSeq)
	switch e.Kind {
	case KindStep:
		r.open = without(r.open, e)
		r.stepEnded(r.step(e.Step), e)
	case KindForeach:
		st := r.step(e.Step)
		st.status, st.output, st.span = stepCompleted, e.Output, nil
		r.spans = without(r.spans, e)
		r.blockFailed(e)
	case KindWait:
		st := r.step(e.Step)
		st.span = nil
		r.spans = without(r.spans, e)
		r.unwait(st)
		r.waitEnded(st, e)
	case KindCall:
		r.calls = without(r.calls, e)
		r.stepEnded(r.step(e.Step), e)
	case KindDelay:
		st := r.step(e.Step)
		st.status, st.delay = stepReady, nil
		r.unwait(st)
	case KindCompensation:
		r.open = without(r.open, e)
		r.undoEnded(r.step(e.Step), e)
	case KindRollback:
		r.rollback, r.unwound = nil, true
	case KindRestart:
		r.restart = nil
	case KindParked:
		r.pausedFor += e.FinishedAt.Sub(e.StartedAt)
	case KindLate, KindSkip, KindEnter, KindChoice, KindSignal, KindTimeout, KindPause, KindResume, KindSkipDelay, KindCancel, KindTerminate, KindRetry: // of one moment: all was said when they started
	}
}

func (r *Run) stepEnded(st *stepState, e *Entry) {
	switch {
	case e.Error == nil:
		st.status, st.output = stepCompleted, e.Output
		if e.Kind == KindStep {
			st.keptKey = e.Key
		}
		r.undoable = append(r.undoable, st)
	case !e.WakeAt.IsZero():
		st.status = stepRetrying
		r.wait(st, e.WakeAt)
	default:
		st.status = stepFailed
		if e.Error.Kind != ErrorCancelled { // else it was stopped for a reason that stands elsewhere
			r.fail(e.Error)
		}
		if e.Input != nil { // else it never began
			r.attempted(st)
		}
	}
}

// blockFailed folds the failure of a block that is no step: an expression of it
// failed, or it was stopped.
func (r *Run) blockFailed(e *Entry) {
	if e.Error == nil {
		return
	}
	r.step(e.Step).status = stepFailed
	if e.Error.Kind != ErrorCancelled { // else it was stopped for a reason that stands elsewhere
		r.fail(e.Error)
	}
}

// attempted notes a step that was tried and has not completed, if that is to be undone.
func (r *Run) attempted(st *stepState) {
	if st.def.undoneIfAttempted() {
		r.undoable = append(r.undoable, st)
	}
}

func (r *Run) undoEnded(st *stepState, e *Entry) {
	switch {
	case e.Error == nil:
		st.undo = undoCompleted
	case !e.WakeAt.IsZero():
		st.undo = undoRetrying
		r.wait(st, e.WakeAt)
	default:
		st.undo = undoFailed
	}
}

// fail notes why the run does not go forward any more; the first reason stays.
// There are no further attempts of steps from then on.
func (r *Run) fail(err *Error) {
	if r.failure != nil {
		return
	}
	r.failure = r.bounded(err)
	for _, st := range slices.Clone(r.waiting) {
		if st.status == stepRetrying {
			st.status = stepFailed
			r.unwait(st)
			r.attempted(st)
		}
	}
}

// reset forgets what the attempt of the run that failed did.
func (r *Run) reset() {
	r.steps = make(map[string]*stepState, len(r.def.Steps))
	r.open, r.waiting, r.undoable, r.calls = nil, nil, nil, nil
	r.failure, r.stopAsked, r.unwound, r.machine = nil, false, false, nil
	r.spans, r.toUndo = nil, 0
}

// without takes an entry off a list of those under way. It may be another copy of
// the one in the list: they are the same by their Seq.
func without(list []*Entry, e *Entry) []*Entry {
	return slices.DeleteFunc(list, func(o *Entry) bool { return o.Seq == e.Seq })
}

func (r *Run) wait(st *stepState, until time.Time) {
	st.wakeAt = until
	r.waiting = append(r.waiting, st)
}

func (r *Run) unwait(st *stepState) {
	for i, w := range r.waiting {
		if w == st {
			r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
			return
		}
	}
}
