package flow

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// goOn is a new run that goes on where another one ended.
func (d *driver) goOn(from string) *driver {
	d.t.Helper()
	log, err := Kept("run", d.log, from, "ann", d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	again := &driver{t: d.t, def: d.def, now: d.now, log: log}
	again.crash()
	return again
}

func TestRetryGoesOnFromWhatFailed(t *testing.T) {
	d := drive(t, chainOf(map[string]bool{"b": true}, &StepDef{Name: "a"}, &StepDef{Name: "b"}, &StepDef{Name: "c"}, &StepDef{Name: "d"}))
	d.completes("a")
	d.completes("c")
	d.fails("d", broken("boom"))
	again := d.goOn("")
	again.hasHistory("retry", "step a", "skip b", "step c", "step d …")
	again.completes("d")
	again.is(StatusCompleted, "")
}

func TestRetryGoesOnFromTheEarliestThatWasUndone(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a"}, undoable("b"), &StepDef{Name: "c"}, &StepDef{Name: "d"}))
	d.completes("a")
	d.completes("b")
	d.completes("c") // it may depend on b
	d.fails("d", broken("boom"))
	d.completes("undo-b")
	again := d.goOn("")
	again.hasHistory("retry", "step a", "step b …")
}

// What undoes a kept step asks a service for what was done under the key of the run that did it.
func TestWhatIsKeptIsUndoneWithTheKeyOfTheRunThatDidIt(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}, &StepDef{Name: "c"}))
	d.completes("a")
	d.completes("b")
	d.completes("c")
	log := d.log
	for from, block := range []string{"b", ""} { // the second run keeps what the first one kept
		var err error
		if log, err = Kept([]string{"first", "second"}[from], log, block, "ann", d.now); err != nil {
			t.Fatal(err)
		}
		again := &driver{t: t, def: d.def, now: d.now, log: log}
		again.crash()
		again.fails("b", broken("boom"))
		if undo := again.open[0]; undo.StepKey != "first.1.a.do" || undo.IdempotencyKey != "run.1.a.undo" {
			t.Errorf("from %q, a is undone with the key %q for what was done with %q", block, undo.IdempotencyKey, undo.StepKey)
		}
	}
}

func TestForkGoesOnFromABlock(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a"}, &StepDef{Name: "b"}, &StepDef{Name: "c"}))
	d.completes("a")
	d.completes("b")
	d.completes("c")
	d.goOn("b").hasHistory("retry", "step a", "step b …")
	if _, err := Kept("run", d.log, "x", "", d.now); !errors.Is(err, ErrNoBlock) {
		t.Errorf("from a block that there is not: %v", err)
	}
}

func TestForkBehindWhatWasUndoneIsRefused(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}))
	d.completes("a")
	d.fails("b", broken("boom"))
	d.completes("undo-a")
	if _, err := Kept("run", d.log, "b", "", d.now); !errors.Is(err, ErrCompensated) {
		t.Errorf("from behind what was undone: %v", err)
	}
	d.goOn("a").hasHistory("retry", "step a …")
}

func TestRetryKeepsElementsAndSignals(t *testing.T) {
	d := drive(t, treeOf(sequenceOf(
		&node{kind: "wait", wait: &WaitDef{Name: "approval"}},
		&node{kind: "foreach", items: 3, each: &ForeachDef{Name: "each", Limit: 1}, parts: []*node{stepNode(&StepDef{Name: "s"})}},
	)))
	d.signal("approval", "", "", "40")
	d.completes("s")
	d.fails("s", broken("boom"))
	again := d.goOn("")
	again.hasHistory("retry", "wait approval", "signal approval", "foreach each …", "step each[0].s", "step each[1].s …")
	again.completes("s")
	again.completes("s")
	again.is(StatusCompleted, "")
}

// A run may wait for long for its turn, or for somebody to have its code.
func TestTheTimeoutOfARetryBeginsWithIt(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "a"}, &StepDef{Name: "b"})
	def.Timeout = time.Hour
	d := drive(t, def)
	d.completes("a")
	d.fails("b", broken("boom"))
	log, err := Kept("run", d.log, "", "ann", d.now)
	if err != nil {
		t.Fatal(err)
	}
	again := &driver{t: t, def: def, now: d.now.Add(2 * time.Hour), log: log}
	again.restore()
	if s := again.run.State(); s.Status != StatusPending || !s.StartedAt.IsZero() {
		t.Errorf("the run has not begun, and is %s since %v", s.Status, s.StartedAt)
	}
	again.crash()
	again.crash() // of which the head is not stored
	again.now = again.now.Add(30 * time.Minute)
	again.apply(Tick{At: again.now})
	again.completes("b")
	again.is(StatusCompleted, "")
}

// A parallel has no entry of its own behind its delay.
func TestRetryDoesNotWaitAgainForAParallel(t *testing.T) {
	def := treeOf(&node{kind: "parallel", parts: []*node{
		stepNode(&StepDef{Name: "stopped", Delay: 2 * time.Hour}),
		{kind: "parallel", block: &BlockDef{Name: "both", Delay: time.Hour}, parts: []*node{stepNode(&StepDef{Name: "a"}), stepNode(&StepDef{Name: "b"})}},
	}})
	d := drive(t, def)
	d.sleep(time.Hour)
	d.fails("a", broken("boom"))
	d.fails("b", broken("boom")) // it was told to stop
	again := d.goOn("")
	again.hasHistory("retry", "delay both", "delay stopped …", "step a …", "step b …")
}

// Whatever happened to a run: one that goes on with what it kept ends, does not do again
// what was kept, and keeps nothing that was undone.
func TestRunsGoOn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drive(t, randomFlow(rt))
		for range 4000 {
			if d.run.State().Status.Final() {
				break
			}
			d.happen(rt)
		}
		again := d.goOn("")
		var keptSteps []string
		for _, e := range again.log {
			if (e.Kind == KindStep || e.Kind == KindCall) && !e.Open() {
				keptSteps = append(keptSteps, e.Step)
			}
		}
		last := d.run.State().Attempt
		for _, e := range d.log {
			if e.Kind == KindCompensation && e.RunAttempt == last && slices.Contains(keptSteps, e.Step) {
				rt.Fatalf("%s was undone and is kept; log: %v", e.Step, d.history())
			}
		}
		for range 4000 {
			if again.run.State().Status.Final() {
				break
			}
			again.goWell(rt, keptSteps)
		}
		if s := again.run.State(); s.Status != StatusCompleted && s.Err.Kind != ErrorTimeout {
			rt.Fatalf("the run that goes on is %s (%v); log: %v", s.Status, s.Err, again.history())
		}
	})
}

// goWell lets the next thing happen as it should.
func (d *driver) goWell(t *rapid.T, kept []string) {
	switch {
	case len(d.open) > 0:
		if a := d.open[0]; a.Entry.RunAttempt == 1 && a.Entry.Kind == KindStep && slices.Contains(kept, a.Entry.Step) {
			t.Fatalf("%s was kept and is done again; log: %v", a.Entry.Step, d.history())
		}
		d.endAt(0, "1", nil)
	case len(d.children) > 0:
		d.childEnds("1", nil)
	case !d.run.State().WakeAt.IsZero():
		d.now = d.run.State().WakeAt
		d.apply(Tick{At: d.now})
	default:
		for _, w := range d.def.Waits {
			for _, key := range []string{"", "0", "1", "2", "3"} {
				if w.Keyed == (key != "") && !d.run.State().Status.Final() {
					d.signal(w.Name, key, "", "1")
				}
			}
		}
	}
	d.now = d.now.Add(time.Millisecond)
}
