package simulation

import (
	"fmt"
	"math"
	"reflect"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the rules about what a crash does not change, and about keys.

func crashRules() []rule {
	return []rule{
		{"A step that was under way runs again, with the same attempt number", each(callsAreOfAttempts)},
		{"its result counts **exactly once**", each(endsNeverChange)},
		{"It is the same for all attempts of a step", keysAreUnique},
		{"A compensation finds the key of what it undoes in `runtime.Info(ctx).StepKey`", keysAreUnique},
		{"no run is lost; no step whose result is stored runs again", each(storedNeverRunsAgain)},
	}
}

// callsAreOfAttempts: each call is of an attempt, and all of a step get the same input.
// Of an attempt that began just before a crash nobody may know, if the run then failed.
func callsAreOfAttempts(_ *history, r *run) error {
	inputs := map[string]int64{}
	attempts := r.attempts()
	for _, c := range r.calls {
		failed, _ := failedAt(attempts[c.runAttempt])
		if r.entryOf(c) == nil && (failed == math.MaxInt64 || c.undo) {
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
		did := keys[fmt.Sprint(c.run, " ", c.runAttempt, " ", c.step, " ", false)]
		if c.undo && did != "" && c.stepKey != did {
			return fmt.Errorf("what undoes %s of %s was told the key %s, and it was done with %s", c.step, c.run, c.stepKey, did)
		}
	}
	return nil
}

func storedNeverRunsAgain(h *history, r *run) error {
	for _, c := range r.calls {
		if own := r.entryOf(c); own != nil && h.stored(r, own.Seq, hasEnded) < c.writes {
			return fmt.Errorf("%s was called again at %v, behind its end", c.step, c.began)
		}
	}
	return nil
}
