package simulation

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the rules about what operators do.

func actRules() []rule {
	return []rule{
		{"Each act is stored with who did it (`runtime.WithActor`), is an entry of the run's log", actsAreKept},
		{"ends the run at once and at any time, also one that is being undone: what is under way is stopped, nothing is undone or waited for, and the run is `cancelled`.", each(terminatedAtOnce)},
		{"The runs that it called are terminated too", each(childrenAreTerminated)},
		{"what is under way goes on, and nothing begins until it is resumed: no step, retry or compensation.", each(nothingBeginsInAPause)},
		{"Time in it does not count for the flow's timeout", each(flowTimesOut)},
		{"what came due meanwhile is due when it is resumed", each(pausesEndInTime)},
		{"ends a delay, the pause before a retry or, without a block's name, the pause before the flow is tried again", each(skipsArePauses)},
		{"with the results that its last attempt had before the earliest block that failed or was undone.", each(keptIsOfTheOther)},
		{"What began after that block may depend on it and is done again.", each(keptIsBeforeTheFailure)},
		{"Signals are kept", each(signalsAreTakenOver)},
		{"the same from a block that you name; refused if one before it was undone", each(forkedAtItsBlock)},
		{"starts a new run with the same input", each(repeatsAreAlike)},
		{"deletes a finished run and its log", deletedIsGone},
		{"Finished runs stay as they ended: a new run names the old one (`RetryOf`) and has its version, input, tenant, priority and labels, but not its idempotency key.", each(repeatsAreAlike)},
	}
}

// terminated is the entry that says that somebody ended the run at once; nil for none.
func terminated(log []flow.Entry) *flow.Entry {
	for i := range log {
		if log[i].Kind == flow.KindTerminate {
			return &log[i]
		}
	}
	return nil
}

// cutOff says that an entry ended because its run was terminated.
func cutOff(r *run, e *flow.Entry) bool {
	end := terminated(r.log)
	return end != nil && e.EndSeq > end.Seq
}

// actsAreKept: what was acknowledged is in the run's log, unless it was over before, or
// the act did not fit any more when the run came to it; and nobody did what is there but
// who asked for it.
func actsAreKept(h *history) error {
	for _, a := range h.asked {
		r := h.runs[a.run]
		if r == nil || a.kind != flow.KindTerminate && a.kind != flow.KindPause || !h.hadToObey(r, a) {
			continue
		}
		if !slices.ContainsFunc(r.log, func(e flow.Entry) bool { return e.Kind == a.kind }) {
			return fmt.Errorf("%s was acknowledged at %v and is not in the log\n%s", a.who, a.at, r)
		}
	}
	for _, id := range sortedRuns(h) {
		for _, e := range h.runs[id].log {
			switch e.Kind {
			case flow.KindPause, flow.KindResume, flow.KindSkipDelay, flow.KindTerminate:
				if !strings.Contains(e.Actor, id) && h.runs[id].ParentID == "" {
					return fmt.Errorf("entry %d was done by %q, who did not ask for it\n%s", e.Seq, e.Actor, h.runs[id])
				}
			}
		}
	}
	return nil
}

func terminatedAtOnce(h *history, r *run) error {
	end := terminated(r.log)
	if end == nil {
		return nil
	}
	for i := range r.log {
		if e := &r.log[i]; e.Seq > end.Seq {
			return fmt.Errorf("entry %d began behind the end", e.Seq)
		}
	}
	switch at := h.stored(r, end.Seq, hasEnded); {
	case r.Status != flow.StatusCancelled || r.Error == nil || r.Error.Message != end.Error.Message:
		return fmt.Errorf("the run was terminated and is %s", r.Status)
	case at != h.ending(r):
		return errors.New("the run was terminated, and ended later")
	case !r.FinishedAt.Equal(end.StartedAt):
		return fmt.Errorf("the run was terminated at %v and ended at %v", end.StartedAt, r.FinishedAt)
	}
	return nil
}

// childrenAreTerminated: or have ended by themselves soon.
func childrenAreTerminated(h *history, r *run) error {
	end := terminated(r.log)
	if end == nil {
		return nil
	}
	over := h.writes[h.ending(r)].at
	for _, e := range r.childCalls() {
		child := h.runs[e.Key]
		if child == nil || !cutOff(r, e) || terminated(child.log) != nil {
			continue
		}
		if h.hadToObey(child, asked{at: over}) {
			return fmt.Errorf("the run %s, which it called, went on", e.Key)
		}
	}
	return nil
}

// heldSpan is a time in which a run was paused. Places are those of the log; without an
// end it was not resumed.
type heldSpan struct {
	from, to     int64
	began, ended time.Time
}

// held are the times in which the run was paused. What ends the run ends a pause too.
func (r *run) held() (all []heldSpan) {
	for _, e := range r.log {
		last := len(all) - 1
		open := last >= 0 && all[last].to == math.MaxInt64
		switch {
		case e.Kind == flow.KindPause && !open:
			all = append(all, heldSpan{from: e.Seq, to: math.MaxInt64, began: e.StartedAt})
		case open && (e.Kind == flow.KindResume || e.Kind == flow.KindCancel || e.Kind == flow.KindTerminate):
			all[last].to, all[last].ended = e.Seq, e.StartedAt
		}
	}
	return all
}

// pausedUntil is how long the run was paused before a place in its log.
func (r *run) pausedUntil(seq int64) (sum time.Duration) {
	for _, h := range r.held() {
		if h.to < seq {
			sum += h.ended.Sub(h.began)
		}
	}
	return sum
}

func nothingBeginsInAPause(_ *history, r *run) error {
	for _, h := range r.held() {
		for _, e := range r.log {
			switch e.Kind {
			case flow.KindPause, flow.KindSignal, flow.KindSkipDelay, flow.KindLate:
				continue
			}
			if e.Seq > h.from && e.Seq < h.to {
				return fmt.Errorf("entry %d began while the run was paused by %d", e.Seq, h.from)
			}
		}
	}
	return nil
}

// dueAt is when the run may go on behind a pause in it: somebody may have ended that, and
// if the run was paused itself then, or before it could go on, when it was resumed.
func (r *run) dueAt(e *flow.Entry) time.Time {
	due := e.WakeAt
	if skip := r.skipOf(e); skip != nil && skip.StartedAt.Before(due) {
		due = skip.StartedAt
	}
	for _, h := range r.held() {
		if h.to > pauseBegan(e) && h.ended.After(due) && !h.began.After(due.Add(soon)) {
			due = h.ended
		}
	}
	return due
}

// pauseBegan is where the pause of an entry begins: a delay is one, and a failed attempt
// has one behind it.
func pauseBegan(e *flow.Entry) int64 {
	if e.Kind == flow.KindDelay || e.Kind == flow.KindRestart {
		return e.Seq
	}
	return e.EndSeq
}

// skipOf is the entry that says that somebody ended a pause; nil for none.
func (r *run) skipOf(e *flow.Entry) *flow.Entry {
	from, to := pauseBegan(e), int64(math.MaxInt64)
	if e.Kind == flow.KindDelay || e.Kind == flow.KindRestart {
		to = e.EndSeq
	} else {
		for i := range r.log {
			if o := &r.log[i]; o.Kind == e.Kind && o.Step == e.Step && o.RunAttempt == e.RunAttempt && o.Attempt == e.Attempt+1 {
				to = o.Seq
			}
		}
	}
	for i := range r.log {
		if s := &r.log[i]; s.Kind == flow.KindSkipDelay && s.Step == e.Step && s.Seq > from && s.Seq < to {
			return s
		}
	}
	return nil
}

// skipsArePauses: each is of a pause in which the run was then.
func skipsArePauses(_ *history, r *run) error {
	for i := range r.log {
		skip := &r.log[i]
		if skip.Kind != flow.KindSkipDelay {
			continue
		}
		if !slices.ContainsFunc(r.log, func(e flow.Entry) bool {
			return e.Step == skip.Step && !e.WakeAt.IsZero() && pauseBegan(&e) < skip.Seq && e.Kind != flow.KindWait
		}) {
			return fmt.Errorf("entry %d ends a pause of %q, and there was none", skip.Seq, skip.Step)
		}
	}
	return nil
}

// repeatedBy is the run that this one repeats, as far as it is known, and how; nil if it
// repeats none. Who asked for it is the actor of its first entry.
func (h *history) repeatedBy(r *run) (other *run, how repeated) {
	if r.RetryOf == "" || len(r.kept) == 0 {
		return nil, how
	}
	how = h.repeats[r.kept[0].Actor]
	if other = h.runs[how.of]; other == nil {
		other = h.deleted[how.of]
	}
	return other, how
}

func repeatsAreAlike(h *history, r *run) error {
	other, how := h.repeatedBy(r)
	switch {
	case r.RetryOf == "":
		return nil
	case other == nil || r.RetryOf != how.of:
		return fmt.Errorf("the run repeats %s, and nobody asked for that", r.RetryOf)
	case r.Flow != other.Flow || r.Version != other.Version || string(r.Input) != string(other.Input) || r.Tenant != other.Tenant ||
		r.Priority != other.Priority || !reflect.DeepEqual(r.Labels, other.Labels):
		return fmt.Errorf("the run is not like the one that it repeats\n%s", other)
	case r.IdempotencyKey != "" || r.Attempt > 1 && r.flow.Definition.MaxAttempts == 1:
		return errors.New("the run has the key or the attempts of the one that it repeats")
	case how.how == "rerun" && len(r.kept) != 1:
		return errors.New("the run begins with results of the one that it repeats, and was to begin anew")
	}
	return nil
}

// keptIsOfTheOther: what the run began with is of the other one's last attempt, and no
// handler is called for it.
func keptIsOfTheOther(h *history, r *run) error {
	other, _ := h.repeatedBy(r)
	if other == nil {
		return nil
	}
	for i := range r.kept {
		k := &r.kept[i]
		if k.Kind == flow.KindRetry || k.Kind == flow.KindSignal {
			continue
		}
		if !slices.ContainsFunc(other.log, func(e flow.Entry) bool {
			return e.Kind == k.Kind && e.Step == k.Step && e.RunAttempt == other.Attempt && e.Attempt == k.Attempt &&
				string(e.Input) == string(k.Input) && (k.Open() || string(e.Output) == string(k.Output))
		}) {
			return fmt.Errorf("the run began with entry %d, which is not of the one that it repeats\n%s", k.Seq, other)
		}
		for _, c := range r.calls {
			if c.step == k.Step && !c.undo && c.runAttempt == 1 && k.Kind == flow.KindStep {
				return fmt.Errorf("%s was called, and its result was kept", c.step)
			}
		}
	}
	return nil
}

// brokenAt is where in a run the earliest block began that failed or was undone in its
// last attempt.
func brokenAt(r *run) int64 {
	at := int64(math.MaxInt64)
	for _, e := range r.log {
		fails := e.Error != nil && (e.WakeAt.IsZero() || e.Kind == flow.KindWait) && !(e.Kind == flow.KindForeach && e.Input != nil)
		if e.RunAttempt == r.Attempt && e.Step != "" && (e.Kind == flow.KindCompensation || fails) {
			at = min(at, r.beganAt(e.Step))
		}
	}
	return at
}

// beganAt is where in the last attempt of a run a block began, its delay included.
func (r *run) beganAt(path string) int64 {
	for _, e := range r.log {
		if e.RunAttempt == r.Attempt && e.Step == path && e.Kind != flow.KindSignal && e.Kind != flow.KindSkipDelay {
			return e.Seq
		}
	}
	return math.MaxInt64
}

// keptIsBeforeTheFailure: that, all of it, and nothing else.
func keptIsBeforeTheFailure(h *history, r *run) error {
	other, how := h.repeatedBy(r)
	if other == nil || how.how == "rerun" {
		return nil
	}
	cut := brokenAt(other)
	if how.how == "fork" {
		cut = other.beganAt(how.step)
	}
	kept := map[string]bool{}
	for _, k := range r.kept {
		if k.Kind == flow.KindStep || k.Kind == flow.KindCall || k.Kind == flow.KindWait {
			kept[k.Step] = true
		}
	}
	for _, e := range other.log {
		if e.RunAttempt != other.Attempt || e.Kind != flow.KindStep && e.Kind != flow.KindCall && e.Kind != flow.KindWait || e.Error != nil {
			continue
		}
		if before := other.beganAt(e.Step) < cut; before != kept[e.Step] {
			return fmt.Errorf("of the run that it repeats, %s completed before what failed: %v; kept: %v\n%s", e.Step, before, kept[e.Step], other)
		}
	}
	return nil
}

func signalsAreTakenOver(h *history, r *run) error {
	other, how := h.repeatedBy(r)
	if other == nil || how.how == "rerun" {
		return nil
	}
	var all, kept []string
	for _, e := range other.log {
		if e.Kind == flow.KindSignal {
			all = append(all, e.Step+e.Key+e.SignalID+string(e.Output))
		}
	}
	for _, e := range r.kept {
		if e.Kind == flow.KindSignal {
			kept = append(kept, e.Step+e.Key+e.SignalID+string(e.Output))
		}
	}
	if !slices.Equal(all, kept) {
		return fmt.Errorf("the run has the signals %v of the one that it repeats, want %v", kept, all)
	}
	return nil
}

func forkedAtItsBlock(h *history, r *run) error {
	other, how := h.repeatedBy(r)
	if other == nil || how.how != "fork" {
		return nil
	}
	at := other.beganAt(how.step)
	for _, e := range other.log {
		if e.Kind == flow.KindCompensation && e.RunAttempt == other.Attempt && other.beganAt(e.Step) < at {
			return fmt.Errorf("the run goes on from %s, and %s before it was undone", how.step, e.Step)
		}
	}
	for _, k := range r.kept {
		if k.Step == how.step && k.Kind != flow.KindSignal {
			return fmt.Errorf("the run was to go on from %s, and keeps it", how.step)
		}
	}
	return nil
}

func deletedIsGone(h *history) error {
	for id, r := range h.deleted {
		switch {
		case h.runs[id] != nil:
			return fmt.Errorf("the run %s was deleted, and is there", id)
		case !r.Status.Final():
			return fmt.Errorf("the run %s was deleted, and was %s", id, r.Status)
		}
	}
	return nil
}
