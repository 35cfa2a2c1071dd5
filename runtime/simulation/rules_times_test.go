package simulation

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the rules about pauses and timeouts.

// How late things may be: in a calm world only writes take time; else there are
// processes that are away for some seconds, and disks that fail.
const (
	soon     = 200 * time.Millisecond
	patience = 5 * time.Second
)

func timeRules() []rule {
	return []rule{
		{"A `when` is decided once, before a `delay` or an `until` begins", each(pausesEndInTime)},
		{"The pause before the k-th is, for base b: `fixed` b, `linear` b·k, `exponential` b·2^(k−1), never more than `backoffMax`; `jitter: 0.2` spreads it by up to 20 %.", each(pausesAreThoseOfThePolicy)},
		{"`WithStartAt` and `WithStartDelay` start a run for later: it is on disk at once, pending, and begins when its time has come.", beginsAtItsTime},
		{"Signals are kept for it, and a cancel ends it without waiting for its time.", cancelledBeforeItsTime},
		{"A result that comes so is logged and, while the run is being executed, an entry of its log (`late`).", each(lateResultsAreTold)},
		{"On a timeout the handler's context is cancelled with a cause that says so", stoppedInTime},
		{"The flow's `timeout` counts from the first step on, all pauses included. When it is over, what is under way is stopped", each(flowTimesOut)},
		{"A handler that is stopped and ignores its context holds the run up for at most", each(leftBehind)},
	}
}

// pausesEndInTime: not before their time; in a calm world, not much later either.
func pausesEndInTime(h *history, r *run) error {
	for n, log := range r.attempts() {
		failed, _ := failedAt(log)
		for i := range log {
			e := &log[i]
			end := e.FinishedAt
			switch {
			case e.WakeAt.IsZero() || e.Kind == flow.KindWait || r.isKept(e):
				continue
			case e.Kind == flow.KindDelay || e.Kind == flow.KindRestart:
				if e.EndSeq > failed { // it was stopped
					continue
				}
			default:
				next := nextAttempt(log, e)
				if next == nil {
					if e.Kind == flow.KindStep && failed == math.MaxInt64 {
						return fmt.Errorf("run attempt %d: nothing follows on entry %d", n, e.Seq)
					}
					continue
				}
				end = next.StartedAt
			}
			if end.Before(e.WakeAt) && r.skipOf(e) == nil {
				return fmt.Errorf("the pause of entry %d ended before its time, at %v", e.Seq, end)
			}
			if h.calm && end.Sub(r.dueAt(e)) > soon {
				return fmt.Errorf("the pause of entry %d ended late, at %v", e.Seq, end)
			}
		}
	}
	return nil
}

// beginsAtItsTime: in a calm world, where the clock on the wall does not jump.
func beginsAtItsTime(h *history) error {
	for _, w := range h.writes {
		if w.created == nil || w.created.WakeAt.IsZero() || !h.calm {
			continue
		}
		r := h.runs[w.created.ID]
		if r == nil || r.StartedAt.IsZero() { // it was cancelled before
			continue
		}
		if late := r.StartedAt.Sub(w.created.WakeAt); late < 0 || late > soon {
			return fmt.Errorf("the run was to begin at %v, and began %v later\n%s", w.created.WakeAt, late, r)
		}
	}
	return nil
}

// cancelledBeforeItsTime: in a calm world, of a run for later.
func cancelledBeforeItsTime(h *history) error {
	for _, a := range h.asked {
		r := h.runs[a.run]
		if r == nil || a.kind != flow.KindCancel || !h.calm {
			continue
		}
		w := h.writes[r.created]
		if w.created == nil || w.created.WakeAt.IsZero() || !a.wall.Before(w.created.WakeAt) {
			continue
		}
		if late := h.writes[h.ending(r)].at - a.at; len(r.log) == 1 && late > soon {
			return fmt.Errorf("the run was cancelled before its time, and ended %v later\n%s", late, r)
		}
	}
	return nil
}

// lateResultsAreTold: an entry tells of a call that returned behind the end of its attempt. In a
// calm world each such call has one, if something else of its run was under way and went on.
func lateResultsAreTold(h *history, r *run) error {
	told := map[string]int{}
	for _, e := range r.log {
		if e.Kind != flow.KindLate {
			continue
		}
		told[fmt.Sprint(e.Step, e.Attempt)]++
		if !slices.ContainsFunc(r.calls, func(c *call) bool { return c.step == e.Step && c.attempt == e.Attempt && c.returned && c.err == "" }) {
			return fmt.Errorf("entry %d tells of a result that no call had", e.Seq)
		}
	}
	for _, c := range r.calls {
		isLate := c.returned && c.err == "" && h.tookTooLong(c)
		if isLate && h.calm && r.isAtWork(h, c) && told[fmt.Sprint(c.step, c.attempt)] == 0 {
			return fmt.Errorf("%s returned a result at %v, too late, and no entry tells of it", c.step, c.ended)
		}
	}
	return nil
}

// isAtWork says whether a call was under way when another one ended, and its run not over soon.
func (r *run) isAtWork(h *history, ended *call) bool {
	return h.writes[h.ending(r)].at > ended.ended+soon && slices.ContainsFunc(r.calls, func(c *call) bool {
		own := r.entryOf(c)
		if own == nil || own.Open() || c == ended || c.began > ended.ended {
			return false
		}
		over := h.stored(r, own.Seq, hasEnded)
		return over < len(h.writes) && h.writes[over].at > ended.ended+soon
	})
}

// nextAttempt is the attempt behind one; nil for none.
func nextAttempt(log []flow.Entry, e *flow.Entry) *flow.Entry {
	for i := range log {
		if o := &log[i]; o.Kind == e.Kind && o.Step == e.Step && o.Attempt == e.Attempt+1 {
			return o
		}
	}
	return nil
}

func pausesAreThoseOfThePolicy(_ *history, r *run) error {
	for i := range r.log {
		e := &r.log[i]
		if e.WakeAt.IsZero() {
			continue
		}
		var policy flow.Policy
		k, from := e.Attempt, e.FinishedAt
		switch e.Kind {
		case flow.KindStep, flow.KindCompensation:
			policy = r.policyOf(e)
		case flow.KindRestart:
			policy, k, from = r.flow.Definition.Restart, e.RunAttempt-1, e.StartedAt
		default:
			continue
		}
		least, most := pauseOf(policy, k)
		if pause := e.WakeAt.Sub(from); pause < least-time.Millisecond || pause > most {
			return fmt.Errorf("the pause behind entry %d is %v, want one from %v to %v", e.Seq, pause, least, most)
		}
	}
	return nil
}

// pauseOf is how long the pause before the k-th retry may be. It is told here a second
// time, in the words of the page.
func pauseOf(p flow.Policy, k int) (least, most time.Duration) {
	pause := float64(p.BackoffBase)
	switch p.Backoff {
	case flow.Fixed:
	case flow.Linear:
		pause *= float64(k)
	default:
		pause *= math.Pow(2, float64(k-1))
	}
	limit := float64(time.Hour)
	if p.BackoffMax > 0 {
		limit = float64(p.BackoffMax)
	}
	pause = min(pause, limit)
	return time.Duration(pause * (1 - p.Jitter)), time.Duration(min(pause*(1+p.Jitter), limit))
}

// stoppedInTime: who heeds its context sees when the attempt's time is over.
func stoppedInTime(h *history) error {
	for _, c := range h.calls {
		r := h.runs[c.run]
		if r == nil || c.stopped == 0 {
			continue
		}
		timeout := r.timeoutOf(c)
		if timeout > 0 && h.calm && c.stopped-c.began > timeout+soon {
			return fmt.Errorf("the call of %s from %v on saw the end of its context only after %v\n%s", c.step, c.began, c.stopped-c.began, r)
		}
	}
	return nil
}

func flowTimesOut(h *history, r *run) error {
	timeout := r.flow.Definition.Timeout
	for i, e := range r.log {
		if e.Kind != flow.KindTimeout {
			continue
		}
		if timeout == 0 || e.StartedAt.Sub(r.StartedAt)-r.pausedUntil(e.Seq) < timeout {
			return fmt.Errorf("entry %d: the run was stopped before its time", e.Seq)
		}
		if terminated(r.log) == nil && (r.Status != flow.StatusFailed || r.Error.Kind != flow.ErrorTimeout) {
			return fmt.Errorf("the run timed out and is %s", r.Status)
		}
		for _, later := range r.log[i:] {
			if later.Kind == flow.KindRestart {
				return fmt.Errorf("the run timed out, and was tried again")
			}
		}
	}
	if h.calm && timeout > 0 && r.Status == flow.StatusCompleted && r.FinishedAt.Sub(r.StartedAt)-r.pausedUntil(math.MaxInt64) > timeout+soon {
		return fmt.Errorf("the run completed after %v", r.FinishedAt.Sub(r.StartedAt))
	}
	return nil
}

// leftBehind: what is under way at a failure has ended after the grace.
func leftBehind(h *history, r *run) error {
	if !h.calm {
		return nil
	}
	for _, log := range r.attempts() {
		failed, _ := failedAt(log)
		var when time.Time
		for i := range log {
			if log[i].Seq == failed || log[i].EndSeq == failed {
				when = log[i].FinishedAt
			}
			if log[i].Seq == failed {
				when = log[i].StartedAt
			}
		}
		for _, h := range r.held() {
			if h.from < failed && failed < h.to && h.ended.After(when) { // a paused run goes on to its end when it is resumed
				when = h.ended
			}
		}
		for i := range log {
			e := &log[i]
			if e.Kind == flow.KindStep && e.EndSeq > failed && e.FinishedAt.Sub(when) > stopGrace+soon {
				return fmt.Errorf("entry %d held the run up for %v", e.Seq, e.FinishedAt.Sub(when))
			}
		}
	}
	return nil
}
