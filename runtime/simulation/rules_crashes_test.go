package simulation

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the rules about what a crash does not change, and about keys.

func crashRules() []rule {
	return []rule{
		{"A step that was under way runs again, with the same attempt number", each(callsAreOfAttempts)},
		{"After the tenth time (`runtime.WithMaxTakeovers`) the step that was under way has failed for good", each(crashesInARow)},
		{"and nothing else begins until it has got further", suspectsAreAlone},
		{"its result counts **exactly once**", each(endsNeverChange)},
		{"It is the same for all attempts of a step", keysAreUnique},
		{"A compensation finds the key of what it undoes in `runtime.Info(ctx).StepKey`", keysAreUnique},
		{"`Checkpoint(value)` returns when the value, as JSON, is on disk. It takes the place of the checkpoint before.", each(goesOnFromCheckpoints)},
		{"in the same attempt, in the one that runs again after a crash, and in the further attempts of the step.", each(goesOnFromCheckpoints)},
		{"no run is lost; no step whose result is stored runs again", each(storedNeverRunsAgain)},
	}
}

// crashesInARow: a run has failed of crashes only if the process died again and again while one step of it
// was under way: nearly ten times, for some of them may have died before they came to it.
func crashesInARow(_ *history, r *run) error {
	died := map[string]int{}
	most := 0
	for _, c := range r.calls {
		if !c.returned {
			what := fmt.Sprint(c.step, c.undo, c.runAttempt, c.attempt)
			died[what]++
			most = max(most, died[what])
		}
	}
	for _, e := range r.log {
		isAttempt := e.Kind == flow.KindStep || e.Kind == flow.KindCompensation
		if isAttempt && e.Error != nil && e.Error.Kind == flow.ErrorCrash && (most < 6 || !e.Error.Permanent) {
			return fmt.Errorf("%s has failed (%s), and the process died at most %d times under a step of the run", e.Step, e.Error.Message, most)
		}
	}
	return nil
}

// suspectsAreAlone: while the handler of a suspect is at work, and it is still its time,
// its process claims no other run.
func suspectsAreAlone(h *history) error {
	for _, s := range h.claims {
		if !s.suspect {
			continue
		}
		until := s.at + 250*time.Millisecond
		for range s.times - 3 {
			until += 2 * (until - s.at)
		}
		for _, c := range h.calls {
			if h.runs[c.run] == nil || c.run != s.runs[0] || c.process != s.process || c.began < s.at || !c.poisoned && !c.returned {
				continue
			}
			ended := c.ended
			if c.poisoned {
				ended = c.began
			}
			if c.waits > 0 {
				ended = min(ended, c.waits)
			}
			for _, at := range h.runs[c.run].writes {
				if one := h.writes[at]; one.process == s.process && one.at >= s.at {
					ended = min(ended, one.at)
				}
			}
			for _, other := range h.claims {
				if other.process == s.process && other.at > c.began && other.at < min(until, ended) {
					return fmt.Errorf("%v were claimed at %v, while the suspect %s was at work from %v to %v", other.runs, other.at, c.run, c.began, ended)
				}
			}
		}
	}
	return nil
}

// callsAreOfAttempts: each call is of an attempt, and all of a step get the same input.
// Of an attempt that began just before a crash nobody may know, if the run then failed or
// was terminated.
func callsAreOfAttempts(_ *history, r *run) error {
	inputs := map[string]int64{}
	attempts := r.attempts()
	for _, c := range r.calls {
		failed, _ := failedAt(attempts[c.runAttempt])
		if r.entryOf(c) == nil && (failed == math.MaxInt64 || c.undo && terminated(r.log) == nil) {
			return fmt.Errorf("%s was called for attempt %d, which is not in the log", c.step, c.attempt)
		}
		what := fmt.Sprint(c.step, c.runAttempt)
		if before, known := inputs[what]; known && before != c.in {
			return fmt.Errorf("%s was called with %d and then with %d", c.step, before, c.in)
		}
		inputs[what] = c.in
	}
	return nil
}

// endsNeverChange: an entry that has ended is at the end as it was stored first.
func endsNeverChange(h *history, r *run) error {
	final := map[int64]*flow.Entry{}
	for i := range r.log {
		final[r.log[i].Seq] = &r.log[i]
	}
	for _, at := range r.writes {
		for _, e := range h.writes[at].change.Entries {
			if now := final[e.Seq]; now == nil || !e.Open() && !sameEnd(&e, now) {
				return fmt.Errorf("entry %d was stored at %v, and is another one now", e.Seq, h.writes[at].at)
			}
		}
	}
	return nil
}

func sameEnd(a, b *flow.Entry) bool {
	return a.Kind == b.Kind && a.Step == b.Step && a.EndSeq == b.EndSeq && a.Attempt == b.Attempt && a.RunAttempt == b.RunAttempt &&
		string(a.Output) == string(b.Output) && reflect.DeepEqual(a.Error, b.Error) && a.FinishedAt.Equal(b.FinishedAt)
}

// keysAreUnique: one for each step, attempt of the run, and do or undo.
func keysAreUnique(h *history) error {
	of, keys := map[string]string{}, map[string]string{}
	for _, c := range h.calls {
		what := fmt.Sprint(c.run, " ", c.runAttempt, " ", c.step, " ", c.undo)
		if before := of[c.key]; before != "" && before != what {
			return fmt.Errorf("the key %s is that of %s and of %s", c.key, before, what)
		}
		if before := keys[what]; before != "" && before != c.key {
			return fmt.Errorf("%s has the keys %s and %s", what, before, c.key)
		}
		of[c.key], keys[what] = what, c.key
	}
	for _, c := range h.calls {
		run, runAttempt := h.didIt(c)
		did := keys[fmt.Sprint(run, " ", runAttempt, " ", c.step, " ", false)]
		if c.undo && did != "" && c.stepKey != did {
			return fmt.Errorf("what undoes %s of %s was told the key %s, and it was done with %s", c.step, c.run, c.stepKey, did)
		}
	}
	return nil
}

// didIt is the run, and its attempt, that did what a call undoes: where the result was
// kept, the other run in its last attempt.
func (h *history) didIt(c *call) (run string, runAttempt int) {
	r := h.runs[c.run]
	if r == nil || !slices.ContainsFunc(r.kept, func(k flow.Entry) bool { return c.runAttempt == 1 && k.Step == c.step && k.Kind == flow.KindStep }) {
		return c.run, c.runAttempt
	}
	if other, _ := h.repeatedBy(r); other != nil {
		return other.ID, other.Attempt
	}
	return "", 0
}

// goesOnFromCheckpoints: each call of a step finds the last checkpoint that an earlier one
// stored, or one of which that one did not hear whether it was.
func goesOnFromCheckpoints(_ *history, r *run) error {
	last, perhaps := map[string]int64{}, map[string][]int64{}
	for _, c := range r.calls {
		what := fmt.Sprint(c.step, c.undo, c.runAttempt)
		if looked := c.found != 0 || len(c.tried) > 0 || len(c.kept) > 0; looked && c.found != last[what] && !slices.Contains(perhaps[what], c.found) {
			return fmt.Errorf("the call of %s at %v went on from the checkpoint %d, want %d", c.step, c.began, c.found, last[what])
		}
		if n := len(c.kept); n > 0 {
			last[what], perhaps[what] = c.kept[n-1], nil
		}
		perhaps[what] = append(perhaps[what], c.tried...)
	}
	return nil
}

// storedNeverRunsAgain: no handler is called behind the end of its attempt. One that waits for its place
// while the end of its run is being written does not know of that yet.
func storedNeverRunsAgain(h *history, r *run) error {
	for _, c := range r.calls {
		own := r.entryOf(c)
		if own != nil && own.Error != nil && own.Error.Kind == flow.ErrorCancelled {
			continue
		}
		if own != nil && h.stored(r, own.Seq, hasEnded) < c.writes {
			return fmt.Errorf("%s was called again at %v, behind its end", c.step, c.began)
		}
	}
	return nil
}
