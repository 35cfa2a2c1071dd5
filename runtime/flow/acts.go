package flow

import (
	"slices"
	"time"
)

// This file is what operators do to a run, but for a cancel (semantics.md, "What
// operators can do"). Each act is an entry with who did it.

// act applies what somebody did to the run.
func (r *Run) act(o Outcome, now time.Time) error {
	switch o := o.(type) {
	case Terminate:
		r.terminate(o, now)
	case Pause:
		return r.pause(o, now)
	case Resume:
		return r.unpause(o, now)
	case SkipDelay:
		return r.skipDelay(o, now)
	}
	return nil
}

// terminate ends a run at once: nothing is undone, and nothing is waited for.
func (r *Run) terminate(o Terminate, now time.Time) {
	if r.status == StatusPending {
		r.begin(time.Time{}) // it never started
	}
	err := &Error{Kind: ErrorCancelled, Permanent: true, Message: withReason("terminated", o.Reason)}
	r.recordMoment(Entry{Kind: KindTerminate, Error: err, Actor: o.Actor}, now)
	for _, e := range slices.Clone(r.open) {
		r.effects.Stop = append(r.effects.Stop, e.Seq)
		r.cutOff(e, now)
	}
	for _, e := range slices.Clone(r.calls) {
		r.effects.TerminateCalls = append(r.effects.TerminateCalls, e.Key)
		r.cutOff(e, now)
	}
	for _, e := range slices.Clone(r.spans) {
		r.cutOff(e, now)
	}
	for _, st := range slices.Clone(r.waiting) {
		if st.delay != nil {
			r.recordEnd(st.delay, now)
		}
	}
	for _, e := range []*Entry{r.restart, r.rollback} {
		if e != nil {
			r.recordEnd(e, now)
		}
	}
	r.over(StatusCancelled, err, now)
}

// cutOff ends what was under way when the run was terminated.
func (r *Run) cutOff(e *Entry, now time.Time) {
	e.Error = r.stopped()
	if e.Error.Step == "" {
		e.Error.Step = e.Step
	}
	r.recordEnd(e, now)
}

// pause holds a run: what is under way goes on, and nothing begins.
func (r *Run) pause(o Pause, now time.Time) error {
	if !r.pausedAt.IsZero() {
		return ErrStale
	}
	if r.status == StatusPending {
		r.begin(now)
	}
	e := Entry{Kind: KindPause, Actor: o.Actor}
	if o.Reason != "" {
		reason, err := Encode(CutText(o.Reason, MaxMessage))
		if err != nil {
			return err
		}
		e.Output = reason
	}
	r.recordMoment(e, now)
	return nil
}

// unpause lets a paused run go on. What came due in the pause is due at the next Tick.
func (r *Run) unpause(o Resume, now time.Time) error {
	if r.pausedAt.IsZero() {
		return ErrStale
	}
	r.recordMoment(Entry{Kind: KindResume, Actor: o.Actor}, now)
	r.wakeUntil(longOver, now)
	return nil
}

// skipDelay ends a pause before its time: that before a block or a retry, or without a
// path that before the flow is tried again.
func (r *Run) skipDelay(o SkipDelay, now time.Time) error {
	if !r.pauses(o.Step) {
		return ErrStale
	}
	r.recordMoment(Entry{Kind: KindSkipDelay, Step: o.Step, Actor: o.Actor}, now)
	if r.pausedAt.IsZero() {
		r.wakeUntil(longOver, now)
	}
	return nil
}

// pauses says whether there is a pause that can be skipped.
func (r *Run) pauses(path string) bool {
	if path == "" {
		return r.restart != nil
	}
	st := r.steps[path]
	return st != nil && st.status != stepRunning && slices.Contains(r.waiting, st)
}

// longOver is the end of a pause that somebody ended: it is over whatever the clock is set
// to before the run is resumed.
var longOver = time.UnixMilli(1).UTC()

// delaySkipped folds a skipped pause into the state.
func (r *Run) delaySkipped(e *Entry) {
	if e.Step == "" {
		r.restartNow = true
		return
	}
	r.step(e.Step).wakeAt = longOver
}

func withReason(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}
