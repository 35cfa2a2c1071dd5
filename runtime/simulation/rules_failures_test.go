package simulation

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the rules about failures, and about what is undone.

func failureRules() []rule {
	return []rule{
		{"When a step in a branch or element fails for good, the others are stopped", each(nothingBeginsBehindAFailure)},
		{"An attempt has failed when the handler returns an error, panics (the stack is kept), or takes longer than the step's `timeout`.", each(resultsAreThoseOfHandlers)},
		{"With `retries: N`, up to N attempts follow.", each(attemptsAreCounted)},
		{"end the retries at once", each(permanentEndsRetries)},
		{"When a step has failed for good, the steps that completed are undone in the reverse order of their completion, one at a time", each(undoneInReverse)},
		{"by its `compensate` handler with retries", each(compensationsGetWhatTheyUndo)},
		{"undone first, by a handler that gets no result. The start of such a step is on disk before its handler is called.", each(attemptedIsStoredFirst)},
		{"Then the flow is tried again from its first step, with the same input, after the flow's backoff, if `maxAttempts` allows it and the error was not permanent. Otherwise the run is `failed`, with the error of the step.", each(triedAgain)},
		{"`CancelRun` stores the wish and returns", cancelsAreKept},
		{"the completed steps are undone, and the run is `cancelled`. A cancel that comes while a failed attempt is being undone changes nothing about that, but the flow is not tried again.", each(cancelled)},
	}
}

// failedAt is the place in one attempt of the run from which on it does not go forward,
// and why; the largest one if there is none.
func failedAt(log []flow.Entry) (at int64, why *flow.Error) {
	at = math.MaxInt64
	note := func(seq int64, err *flow.Error) {
		if seq < at {
			at, why = seq, err
		}
	}
	for _, e := range log {
		switch {
		case e.Error == nil || e.Kind == flow.KindCompensation || e.Kind == flow.KindRestart:
		case e.Kind == flow.KindCancel, e.Kind == flow.KindTimeout, e.Kind == flow.KindTerminate:
			note(e.Seq, e.Error)
		case e.Kind == flow.KindRollback:
			note(e.Seq, e.Error)
		case e.Kind == flow.KindWait || e.WakeAt.IsZero():
			note(e.EndSeq, e.Error)
		}
	}
	return at, why
}

func nothingBeginsBehindAFailure(_ *history, r *run) error {
	for _, log := range r.attempts() {
		at, _ := failedAt(log)
		for _, e := range log {
			switch e.Kind {
			case flow.KindStep, flow.KindCall, flow.KindWait, flow.KindEnter, flow.KindChoice, flow.KindForeach, flow.KindDelay, flow.KindSkip:
				if e.Seq > at {
					return fmt.Errorf("entry %d began behind the failure at %d", e.Seq, at)
				}
			}
		}
	}
	return nil
}

// resultsAreThoseOfHandlers: a result is that of a call of this very attempt, which did
// not take longer than its timeout; and so is an error.
func resultsAreThoseOfHandlers(_ *history, r *run) error {
	for i := range r.log {
		e := &r.log[i]
		if e.Kind != flow.KindStep && e.Kind != flow.KindCompensation || r.isKept(e) || e.Error != nil && isOurs(e.Error.Kind) {
			continue
		}
		c := r.callOf(e)
		switch timeout := r.policyOf(e).Timeout; {
		case c == nil:
			return fmt.Errorf("entry %d ended as no call of its handler did", e.Seq)
		case timeout > 0 && c.ended-c.began > timeout:
			return fmt.Errorf("entry %d ended as a call that took %v did", e.Seq, c.ended-c.began)
		}
	}
	return nil
}

// isOurs says that the engine made an error of the kind, and no handler.
func isOurs(kind flow.ErrorKind) bool {
	return kind == flow.ErrorTimeout || kind == flow.ErrorCancelled || kind == flow.ErrorCrash
}

// callOf is the call that ended as an entry says; nil for none.
func (r *run) callOf(e *flow.Entry) *call {
	for _, c := range slices.Backward(r.calls) { // those that a crash cut off are before it
		if !c.returned || r.entryOf(c) != e {
			continue
		}
		switch {
		case e.Error == nil && c.err == "" && (c.undo || string(e.Output) == fmt.Sprint(c.output)):
			return c
		case e.Error != nil && e.Error.Kind == flow.ErrorPanic && c.err == errPanic.Error():
			return c
		case e.Error != nil && c.err != "" && strings.Contains(e.Error.Message, c.err):
			return c
		}
	}
	return nil
}

// policyOf is that of a step or a compensation.
func (r *run) policyOf(e *flow.Entry) flow.Policy {
	def := r.step(e.Step)
	if e.Kind == flow.KindCompensation && def.Compensation.Policy != nil {
		return *def.Compensation.Policy
	}
	return def.Policy
}

// timeoutOf is how long a call may take; 0 is without end.
func (r *run) timeoutOf(c *call) time.Duration {
	return r.policyOf(&flow.Entry{Kind: c.kind(), Step: c.step}).Timeout
}

func attemptsAreCounted(_ *history, r *run) error {
	last := map[string]int{}
	for i := range r.log {
		e := &r.log[i]
		if e.Kind != flow.KindStep && e.Kind != flow.KindCompensation || r.isKept(e) {
			continue
		}
		what := fmt.Sprint(e.Kind, e.RunAttempt, e.Step)
		if e.Attempt != last[what]+1 {
			return fmt.Errorf("entry %d is attempt %d, behind attempt %d", e.Seq, e.Attempt, last[what])
		}
		last[what] = e.Attempt
		if most := r.policyOf(e).Retries + 1; e.Attempt > most {
			return fmt.Errorf("entry %d is attempt %d of at most %d", e.Seq, e.Attempt, most)
		}
	}
	return nil
}

// permanentEndsRetries: there is another attempt behind each failed one but the last,
// unless the error was permanent or the run had failed.
func permanentEndsRetries(_ *history, r *run) error {
	for runAttempt, log := range r.attempts() {
		failed, _ := failedAt(log)
		for i := range log {
			e := &log[i]
			if e.Kind != flow.KindStep && e.Kind != flow.KindCompensation || e.Error == nil {
				continue
			}
			stopped := e.Kind == flow.KindStep && e.EndSeq > failed
			again := !e.Error.Permanent && e.Attempt <= r.policyOf(e).Retries && !stopped
			if again == e.WakeAt.IsZero() {
				return fmt.Errorf("run attempt %d, entry %d: whether it is tried again: %v, want %v", runAttempt, e.Seq, !again, again)
			}
		}
	}
	return nil
}

func undoneInReverse(_ *history, r *run) error {
	for n, log := range r.attempts() {
		if failed, _ := failedAt(log); failed == math.MaxInt64 || terminated(log) != nil {
			continue
		}
		want, got, err := r.undone(log)
		if err != nil {
			return err
		}
		if !slices.Equal(want, got) {
			return fmt.Errorf("in run attempt %d %v is undone, want %v", n, got, want)
		}
	}
	return nil
}

// undone is what has to be undone in one attempt of the run, in which order, and what was.
func (r *run) undone(log []flow.Entry) (want, got []string, err error) {
	type ended struct {
		step    string
		at, and int64
	}
	var done []ended
	last := map[string]flow.Entry{} // attempts of steps that did not complete, but were tried
	failed, _ := failedAt(log)
	under := int64(0) // the end of the compensation before
	for _, e := range log {
		switch def := r.step(e.Step); {
		case e.Kind == flow.KindCompensation:
			if e.Seq < under {
				return nil, nil, fmt.Errorf("entry %d began while another step was being undone", e.Seq)
			}
			under = e.EndSeq
			if e.WakeAt.IsZero() {
				got = append(got, e.Step)
			}
		case e.Kind != flow.KindStep && e.Kind != flow.KindCall || def.Compensation == nil:
		case e.Error == nil:
			done = append(done, ended{step: e.Step, at: e.EndSeq})
			delete(last, e.Step)
		case def.Compensation.Attempted && (e.Input != nil):
			last[e.Step] = e
		}
	}
	for step, e := range last {
		one := ended{step: step, at: e.EndSeq, and: e.EndSeq}
		if !e.WakeAt.IsZero() {
			one.at = failed - 1 // its next attempt was given up when the run failed
		}
		done = append(done, one)
	}
	slices.SortFunc(done, func(a, b ended) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.and, a.and)) })
	for _, one := range done {
		want = append(want, one.step)
	}
	return want, got, nil
}

func compensationsGetWhatTheyUndo(_ *history, r *run) error {
	for _, c := range r.calls {
		if !c.undo {
			continue
		}
		var step *flow.Entry
		for i := range r.log {
			e := &r.log[i]
			if (e.Kind == flow.KindStep || e.Kind == flow.KindCall) && e.Step == c.step && e.RunAttempt == c.runAttempt {
				step = e
			}
		}
		switch {
		case step == nil:
			return fmt.Errorf("%s is undone and was never done", c.step)
		case string(step.Input) != fmt.Sprint(c.in):
			return fmt.Errorf("what undoes %s got the input %d", c.step, c.in)
		case (c.out == nil) != (step.Error != nil):
			return fmt.Errorf("what undoes %s got a result, and there is none, or the other way round", c.step)
		case c.out != nil && string(step.Output) != fmt.Sprint(*c.out):
			return fmt.Errorf("what undoes %s got the result %d", c.step, *c.out)
		}
	}
	return nil
}

func attemptedIsStoredFirst(h *history, r *run) error {
	for _, c := range r.calls {
		def := r.step(c.step)
		if c.undo || def.Compensation == nil || !def.Compensation.Attempted {
			continue
		}
		own := r.entryOf(c)
		if own == nil || h.stored(r, own.Seq, func(*flow.Entry) bool { return true }) >= c.writes {
			return fmt.Errorf("%s was called before its start was on disk", c.step)
		}
	}
	return nil
}

func triedAgain(_ *history, r *run) error {
	attempts := r.attempts()
	for n := 1; n < r.Attempt; n++ {
		failed, why := failedAt(attempts[n])
		switch {
		case failed == math.MaxInt64:
			return fmt.Errorf("attempt %d of the run did not fail, and there is another", n)
		case why.Permanent:
			return fmt.Errorf("attempt %d of the run failed for good, and there is another", n)
		case n >= r.flow.Definition.MaxAttempts:
			return fmt.Errorf("there is an attempt behind number %d of the run", n)
		}
	}
	failed, why := failedAt(attempts[r.Attempt])
	cancelled := slices.ContainsFunc(r.log, func(e flow.Entry) bool { return e.Kind == flow.KindCancel })
	switch {
	case r.Status == flow.StatusCompleted && failed != math.MaxInt64:
		return errors.New("the run failed, and completed all the same")
	case r.Status != flow.StatusFailed:
		return nil
	case failed == math.MaxInt64:
		return errors.New("the run has failed for no reason")
	case r.Error == nil || r.Error.Message != why.Message:
		return fmt.Errorf("the run's error is not that of its step: %w", why)
	case !why.Permanent && r.Attempt < r.flow.Definition.MaxAttempts && !cancelled:
		return errors.New("the flow was not tried again")
	}
	return nil
}

func cancelsAreKept(h *history) error {
	for _, a := range h.asked {
		r := h.runs[a.run]
		if a.kind != flow.KindCancel || r == nil || !h.hadToObey(r, a) {
			continue
		}
		if !slices.ContainsFunc(r.log, func(e flow.Entry) bool { return e.Kind == flow.KindCancel }) {
			return fmt.Errorf("a cancel was acknowledged at %v and is not in the log\n%s", a.at, r)
		}
	}
	return nil
}

func cancelled(_ *history, r *run) error {
	for i, e := range r.log {
		if e.Kind != flow.KindCancel || terminated(r.log) != nil {
			continue
		}
		failed, why := failedAt(r.attempts()[e.RunAttempt])
		ends := flow.StatusCancelled
		if failed < e.Seq && (why.Permanent || e.RunAttempt >= r.flow.Definition.MaxAttempts) {
			ends = flow.StatusFailed
		}
		switch {
		case slices.ContainsFunc(r.log[i:], func(e flow.Entry) bool { return e.Kind == flow.KindRestart }):
			return errors.New("the run was cancelled, and the flow tried again")
		case r.Status != ends && why.Kind != flow.ErrorCancelled:
			return fmt.Errorf("the run was cancelled and is %s, want %s", r.Status, ends)
		}
		return nil
	}
	return nil
}
