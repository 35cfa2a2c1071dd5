package simulation

import (
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the rules about runs for which the process that executes has no code.

func codeRules() []rule {
	return []rule{
		{"A run is `parked` if no code for its flow and version is registered, or only older code of its major version. It stays as it is", each(parkedStaysAsItIs)},
		{"The time in which one executed that had no code for it does not count for the flow's timeout, as time paused does not (in the log: `parked`).", each(parkedTimeDoesNotCount)},
		{"A run that is parked is cancelled too if it has done nothing yet, and can be terminated at any time, by whatever process executes. If it has done something, a cancel waits for its code", each(endedWithoutCode)},
	}
}

// parkedStaysAsItIs: no process calls its handlers, or writes what happens in it, but those with
// the code.
func parkedStaysAsItIs(h *history, r *run) error {
	for _, c := range r.calls {
		if code := h.codeFor(c.process, r); code == nil || code.at > c.began {
			return fmt.Errorf("%s was called in process %d, which had no code for the run", c.step, c.process)
		}
	}
	for _, at := range r.writes {
		one := h.writes[at]
		if code := h.codeFor(one.process, r); code != nil && code.at <= one.at || one.change.Head != nil && one.change.Head.Status.Final() {
			continue
		}
		if len(one.change.Entries) > 0 || len(one.change.Consumed) > 0 {
			return fmt.Errorf("process %d wrote to the run at %v, and had no code for it", one.process, one.at)
		}
	}
	return nil
}

// span is a time by the clock on the wall.
type span struct{ from, to time.Time }

// within is how much of a span is in another one.
func (s span) within(other span) time.Duration {
	if other.from.After(s.from) {
		s.from = other.from
	}
	if other.to.Before(s.to) {
		s.to = other.to
	}
	return max(s.to.Sub(s.from), 0)
}

// parked are the times in which a process executed that had no code for the run, until
// some time. If longer, each lasts until it has: that is as much as anybody can think who knows
// only who began to execute when.
func (h *history) parked(r *run, end time.Time, longer bool) (spans []span) {
	for i, t := range h.turns {
		s := span{t.from, t.to}
		switch {
		case longer && i+1 < len(h.turns):
			s.to = h.turns[i+1].from
		case longer || s.to.IsZero():
			s.to = end
		}
		if !longer && h.faults > 0 {
			s.from = s.from.Add(patience) // with a disk that fails it has the right, and does not begin yet
		}
		if code := h.codeFor(t.process, r); code != nil && code.wall.Before(s.to) {
			s.to = code.wall
		}
		if s.to.After(s.from) {
			spans = append(spans, s)
		}
	}
	return spans
}

// parkedTimeDoesNotCount: where the clock was never set back, and so tells how much time it was.
func parkedTimeDoesNotCount(h *history, r *run) error {
	timeout := r.flow.Definition.Timeout
	if h.setBack {
		return nil
	}
	var logged time.Duration
	for _, e := range r.log {
		whole := span{r.StartedAt, e.StartedAt}
		if e.Kind == flow.KindParked {
			logged += e.FinishedAt.Sub(e.StartedAt)
			most := soon
			for _, s := range h.parked(r, e.FinishedAt, true) {
				most += s.within(span{r.StartedAt, e.FinishedAt})
			}
			if logged > most && h.faults == 0 {
				return fmt.Errorf("up to entry %d the run was parked for %v, and can have been for %v at most", e.Seq, logged, most)
			}
		}
		if e.Kind != flow.KindTimeout {
			continue
		}
		lasted := whole.to.Sub(whole.from) - r.pausedUntil(e.Seq)
		for _, s := range h.parked(r, whole.to, false) {
			lasted -= s.within(whole)
			for _, held := range r.held() {
				lasted += s.within(span{held.began, held.ended})
			}
		}
		if lasted < timeout-soon {
			return fmt.Errorf("entry %d: the run was stopped after %v in which there was code for it", e.Seq, lasted)
		}
	}
	return nil
}

// askedAgain is up to how long a process that works as it should does not ask for runs to end without their code.
const askedAgain = 2*pollInterval + soon

// endedWithoutCode: by a process that has none, a run ends as one that was terminated, or was
// cancelled before anything; and soon.
func endedWithoutCode(h *history, r *run) error {
	ending := h.ending(r)
	if ending == len(h.writes) {
		return nil
	}
	end := h.writes[ending]
	if code := h.codeFor(end.process, r); code == nil || code.at > end.at {
		for _, e := range r.log {
			if e.Kind != flow.KindCancel && e.Kind != flow.KindTerminate && !cutOff(r, &e) && h.stored(r, e.Seq, hasEnded) == ending {
				return fmt.Errorf("the run was ended by process %d, which had no code for it, with the entry %d", end.process, e.Seq)
			}
			if e.Kind == flow.KindCancel && e.Seq > 2 && terminated(r.log) == nil {
				return fmt.Errorf("the run was cancelled by process %d, which had no code to undo what it did", end.process)
			}
		}
	}
	if h.faults > 0 || h.poison || !h.room {
		return nil // who has other troubles need not be quick
	}
	for _, a := range h.asked {
		if a.run != r.ID || a.kind != flow.KindTerminate && (a.kind != flow.KindCancel || h.hasBegun(r, a.at)) {
			continue
		}
		for _, t := range h.turns {
			from, until := max(t.at, a.at), t.until
			if code := h.codeFor(t.process, r); code != nil {
				until = min(until, code.at)
			}
			if until-from > askedAgain && end.at > from+askedAgain {
				return fmt.Errorf("somebody asked for its end at %v, and process %d had no code for it and let it wait until %v", a.at, t.process, end.at)
			}
		}
	}
	return nil
}

// hasBegun says whether anything of a run was done before a time.
func (h *history) hasBegun(r *run, before time.Duration) bool {
	if len(r.kept) > 0 || len(r.calls) > 0 && r.calls[0].began <= before {
		return true
	}
	for _, at := range r.writes {
		if h.writes[at].at <= before {
			return true
		}
	}
	return false
}
