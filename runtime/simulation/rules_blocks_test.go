package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the rules about blocks, waits and signals.

func blockRules() []rule {
	return []rule{
		{"A `when` is decided once, before a `delay` or an `until` begins: a block that is skipped does not wait first.", each(decidedOnce)},
		{"So are the elements of a `foreach`, at most `limit` of them", each(foreachKeepsItsLimit)},
		{"`Signal…` returns when that is on disk", signalsAreKept},
		{"The first signal for a wait (and key) is the one that counts", each(firstSignalCounts)},
		{"One that comes before the run is at its wait is kept, and the wait is over at once.", each(earlySignalsAreKept)},
		{"One that comes within the wait's timeout while nothing runs is in time, however late a program starts again.", each(signalsInTimeCount)},
		{"one by the generated code of another major version with `runtime.ErrOtherVersion`", otherMajorsAreRefused},
		{"a second signal of the same id for the same wait (and key) is the same one", each(signalsComeOnce)},
		{"When a wait's `timeout` is over, it has failed for good, as a step does after its last attempt, or, with `onTimeout: continue`, the run goes on and the wait has no value.", each(waitsTimeOut)},
	}
}

func decidedOnce(_ *history, r *run) error {
	type place struct {
		runAttempt int
		step       string
	}
	decided, delayed := map[place]flow.Kind{}, map[place]bool{}
	for _, e := range r.log {
		at := place{e.RunAttempt, e.Step}
		switch e.Kind {
		case flow.KindDelay:
			if delayed[at] || decided[at] != "" {
				return fmt.Errorf("entry %d: %s waits a second time, or behind its beginning", e.Seq, e.Step)
			}
			delayed[at] = true
		case flow.KindSkip, flow.KindChoice, flow.KindForeach, flow.KindWait, flow.KindCall, flow.KindStep:
			if e.Kind == flow.KindStep && e.Attempt > 1 {
				continue
			}
			if decided[at] != "" {
				return fmt.Errorf("entry %d: %s was decided before", e.Seq, e.Step)
			}
			if e.Kind == flow.KindSkip && delayed[at] {
				return fmt.Errorf("entry %d: %s is skipped behind its delay", e.Seq, e.Step)
			}
			decided[at] = e.Kind
		}
	}
	return nil
}

// foreachKeepsItsLimit: an element is under way from the first to the last that
// happens in it.
func foreachKeepsItsLimit(_ *history, r *run) error {
	for _, each := range r.log {
		def := r.flow.Foreachs[nameOf(each.Step)]
		if each.Kind != flow.KindForeach || def == nil {
			continue
		}
		first, last := map[string]int64{}, map[string]int64{}
		for _, e := range r.log {
			rest, within := strings.CutPrefix(e.Step, each.Step+"[")
			if !within || e.RunAttempt != each.RunAttempt || e.Kind == flow.KindCompensation || e.Kind == flow.KindLate || e.Kind == flow.KindSkipDelay {
				continue
			}
			element, _, _ := strings.Cut(rest, "]")
			if first[element] == 0 {
				first[element] = e.Seq
			}
			last[element] = max(last[element], e.EndSeq)
		}
		for element, at := range first {
			underWay := 0
			for other := range first {
				if first[other] <= at && last[other] >= at {
					underWay++
				}
			}
			if underWay > def.Limit {
				return fmt.Errorf("when element %s of %s began, %d were under way", element, each.Step, underWay)
			}
		}
	}
	return nil
}

// signalsAreKept: what was acknowledged is in the run's log, unless the run ended
// before it could be.
func signalsAreKept(h *history) error {
	for _, a := range h.asked {
		r := h.runs[a.run]
		if a.kind != flow.KindSignal || r == nil || a.id == "" || !h.hadToObey(r, a) {
			continue
		}
		found := false
		for _, e := range r.log {
			found = found || e.Kind == flow.KindSignal && e.Step == a.signal && e.SignalID == a.id
		}
		if !found {
			return fmt.Errorf("the signal %s (%s) was acknowledged at %v and is not in the log\n%s", a.signal, a.id, a.at, r)
		}
	}
	return nil
}

// hadToObey says that the run was written more often behind a wish than there was to
// obey: then it was there to be obeyed, and did not come together with the run's end.
func (h *history) hadToObey(r *run, a asked) bool {
	writes := 0
	for _, at := range r.writes {
		if h.writes[at].at > a.at+patience {
			writes++
		}
	}
	for _, other := range h.asked {
		if other.run == r.ID {
			writes--
		}
	}
	return writes-len(r.childCalls()) > 1
}

func firstSignalCounts(_ *history, r *run) error {
	for _, wait := range r.log {
		if wait.Kind != flow.KindWait || wait.Output == nil {
			continue
		}
		first := r.firstSignal(&wait)
		if first == nil || first.Seq > wait.EndSeq || !bytes.Equal(first.Output, wait.Output) {
			return fmt.Errorf("entry %d: the wait %s did not get the first signal", wait.Seq, wait.Step)
		}
	}
	return nil
}

// firstSignal is the first that came for a wait; nil for none.
func (r *run) firstSignal(wait *flow.Entry) *flow.Entry {
	for i := range r.log {
		if e := &r.log[i]; e.Kind == flow.KindSignal && e.Step == nameOf(wait.Step) && e.Key == wait.Key {
			return e
		}
	}
	return nil
}

func earlySignalsAreKept(_ *history, r *run) error {
	for _, wait := range r.log {
		if wait.Kind != flow.KindWait {
			continue
		}
		if first := r.firstSignal(&wait); first != nil && first.Seq < wait.Seq && (wait.EndSeq != wait.Seq+1 || wait.Output == nil) {
			return fmt.Errorf("entry %d: the wait %s is not over at once", wait.Seq, wait.Step)
		}
	}
	return nil
}

// signalsInTimeCount: no process that began behind a signal lets the wait's timeout be
// over that was not when it came.
func signalsInTimeCount(h *history, r *run) error {
	for _, wait := range r.log {
		if wait.Kind != flow.KindWait || wait.Output != nil || wait.WakeAt.IsZero() || wait.Error != nil && wait.Error.Kind != flow.ErrorTimeout {
			continue
		}
		at := h.stored(r, wait.Seq, hasEnded)
		if at == len(h.writes) {
			continue
		}
		for _, a := range h.asked {
			if a.run == r.ID && a.signal == nameOf(wait.Step) && a.key == wait.Key && a.at < h.boots[h.writes[at].process] && a.wall.Before(wait.WakeAt) {
				return fmt.Errorf("entry %d: the wait %s timed out, and its signal was there at %v", wait.Seq, wait.Step, a.at)
			}
		}
	}
	return nil
}

func otherMajorsAreRefused(h *history) error {
	for _, err := range h.refusals {
		if !errors.Is(err, runtime.ErrOtherVersion) && !errors.Is(err, store.ErrNotFound) {
			return errors.Join(errors.New("a signal by the code of another major version was not refused"), err)
		}
	}
	return nil
}

func signalsComeOnce(_ *history, r *run) error {
	known := map[string]bool{}
	for _, e := range r.log {
		id := e.Step + " " + e.SignalID
		if e.Kind == flow.KindSignal && e.SignalID != "" && known[id] {
			return fmt.Errorf("entry %d: the signal %s came before", e.Seq, e.SignalID)
		}
		known[id] = e.Kind == flow.KindSignal
	}
	return nil
}

func waitsTimeOut(_ *history, r *run) error {
	for _, e := range r.log {
		def := r.flow.Waits[nameOf(e.Step)]
		if e.Kind != flow.KindWait || def == nil || r.isKept(&e) || e.WakeAt.IsZero() && e.Error != nil {
			continue
		}
		timedOut := e.Output == nil && (e.Error == nil || e.Error.Kind == flow.ErrorTimeout)
		switch {
		case def.Timeout > 0 && !e.WakeAt.Equal(e.StartedAt.Add(def.Timeout)):
			return fmt.Errorf("entry %d waits until %v", e.Seq, e.WakeAt)
		case timedOut && (def.Timeout == 0 || e.FinishedAt.Before(e.WakeAt)):
			return fmt.Errorf("entry %d timed out before its time", e.Seq)
		case timedOut && def.Continue != (e.Error == nil):
			return fmt.Errorf("entry %d: the wait failed: %w", e.Seq, e.Error)
		case timedOut && e.Error != nil && r.Status == flow.StatusCompleted && e.RunAttempt == r.Attempt:
			return errors.New("a wait timed out, and the run completed")
		}
	}
	return nil
}
