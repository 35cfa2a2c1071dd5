package simulation

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bextgen/bextgen/runtime/flow"
)

// A simulation in which nothing happens finds nothing: what it is for has to come up
// in a few hundred worlds.
func TestVariety(t *testing.T) {
	seen := map[string]int{}
	for seed := uint64(1); seed <= 300; seed++ {
		synctest.Test(t, func(*testing.T) { newWorld(seed).run().sights(seen) })
	}
	for _, kind := range flow.Kinds() {
		least := 20
		switch kind {
		case flow.KindParked:
			least = 3 // only runs with a timeout have it
		case flow.KindLate:
			least = 3 // most who ignore their context are behind the end of their run
		}
		if seen[string(kind)] < least {
			t.Errorf("there are %d entries of the kind %s", seen[string(kind)], kind)
		}
	}
	for _, what := range []string{
		"run completed", "run failed", "run cancelled", "run tried again", "call that died", "call that was told to stop",
		"call that ignored its timeout", "panic", "timeout of a step", "timeout of a wait", "timeout of a flow", "retry", "retry of a compensation",
		"compensation that failed", "undone without a result", "child cancelled", "second signal", "early signal", "existing run", "started by a handler",
		"handler that waited", "start with another input", "call that ended its process", "checkpoint", "gone on from a checkpoint",
		"retry of a run", "fork of a run", "rerun of a run", "result kept", "terminated child", "deleted run", "skipped retry",
	} {
		if seen[what] < 10 {
			t.Errorf("%s: seen %d times", what, seen[what])
		}
	}
	if t.Failed() {
		t.Logf("seen: %v", seen)
	}
}

// sights counts what there is in a history.
func (h *history) sights(seen map[string]int) {
	count := func(what string, is bool) {
		if is {
			seen[what]++
		}
	}
	for _, c := range h.calls {
		count("call that died", !c.returned)
		count("handler that waited", c.waits > 0)
		count("call that ended its process", c.poisoned)
		count("call that was told to stop", c.stopped > 0)
		count("checkpoint", len(c.kept) > 0)
		count("gone on from a checkpoint", c.found != 0)
		count("undone without a result", c.undo && c.out == nil)
		count("call that ignored its timeout", c.returned && h.tookTooLong(c))
	}
	for _, s := range h.starts {
		count("existing run", s.existing)
		r := h.runs[s.got]
		count("start with another input", r != nil && string(r.Input) != fmt.Sprint(s.input))
	}
	for range h.deleted {
		count("deleted run", true)
	}
	for _, r := range h.runs {
		other, how := h.repeatedBy(r)
		count(how.how+" of a run", other != nil)
		count("result kept", len(r.kept) > 1)
		count("terminated child", r.ParentID != "" && terminated(r.log) != nil)
		count("run "+string(r.Status), true)
		count("run tried again", r.Attempt > 1)
		count("child cancelled", r.ParentID != "" && r.Status == flow.StatusCancelled)
		count("started by a handler", r.Labels[startedBy] != "")
		signals := map[string]bool{}
		for i := range r.log {
			e := &r.log[i]
			count(string(e.Kind), true)
			count("second signal", e.Kind == flow.KindSignal && signals[e.Step+e.Key])
			count("early signal", e.Kind == flow.KindWait && e.EndSeq == e.Seq+1 && e.Output != nil)
			count("compensation that failed", e.Kind == flow.KindCompensation && e.Error != nil && e.WakeAt.IsZero())
			count("retry", e.Kind == flow.KindStep && e.Attempt > 1)
			count("retry of a compensation", e.Kind == flow.KindCompensation && e.Attempt > 1)
			count("skipped retry", e.Kind == flow.KindStep && !e.WakeAt.IsZero() && r.skipOf(e) != nil)
			count("kept result undone", e.Kind == flow.KindCompensation && slices.ContainsFunc(r.kept, func(k flow.Entry) bool { return k.Step == e.Step }))
			count("timeout of a flow", e.Kind == flow.KindTimeout)
			if e.Kind == flow.KindSignal {
				signals[e.Step+e.Key] = true
			}
			if e.Error != nil {
				count("crash", e.Error.Kind == flow.ErrorCrash)
				count("panic", e.Error.Kind == flow.ErrorPanic)
				count("timeout of a "+string(e.Kind), e.Error.Kind == flow.ErrorTimeout)
			}
		}
	}
}

// tookTooLong says that a call returned behind its timeout, and did not look at its context.
func (h *history) tookTooLong(c *call) bool {
	r := h.runs[c.run]
	if r == nil || c.stopped > 0 {
		return false
	}
	timeout := r.timeoutOf(c)
	return timeout > 0 && c.ended-c.began > timeout
}
