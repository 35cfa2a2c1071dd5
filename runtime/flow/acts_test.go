package flow

import (
	"errors"
	"testing"
	"time"
)

func TestAPausedRunBeginsNothing(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "first"}, &StepDef{Name: "second", Delay: time.Hour})
	def.Timeout = 2 * time.Hour
	d := drive(t, def)
	d.apply(Pause{Reason: "look", Actor: "ann", At: d.now})
	d.completes("first") // was under way
	d.runs()
	if s := d.run.State(); s.Phase != PhasePaused || !s.WakeAt.IsZero() || !d.run.Awaits() {
		t.Fatalf("%+v: a paused run waits for somebody", s)
	}
	d.crash()
	d.now = d.now.Add(24 * time.Hour) // does not count for the timeout
	d.apply(Resume{Actor: "ann", At: d.now})
	d.sleep(time.Hour)
	d.completes("second")
	d.is(StatusCompleted, "")
}

func TestTimeWithoutCodeDoesNotCountForTheTimeout(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "first"}, &StepDef{Name: "second", Delay: time.Hour})
	def.Timeout = 2 * time.Hour
	d := drive(t, def)
	d.completes("first")
	d.now = d.now.Add(24 * time.Hour)
	d.apply(Parked{For: 24 * time.Hour, At: d.now})
	d.crash()
	d.completes("second")
	d.is(StatusCompleted, "")
}

func TestALateResultChangesNothing(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "first", Policy: Policy{Retries: 1, Backoff: Fixed, BackoffBase: time.Second}}))
	d.fails("first", broken("boom"))
	d.sleep(time.Second)
	d.apply(Late{Step: "first", Attempt: 1, At: d.now})
	d.crash()
	d.completes("first")
	d.is(StatusCompleted, "")
}

func TestAPauseThatWasSkippedIsOverAlsoWhenTheClockIsSetBack(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a", Delay: time.Hour}))
	d.apply(Pause{At: d.now})
	d.apply(SkipDelay{Step: "a", At: d.now})
	d.crash()
	d.apply(Resume{At: d.now.Add(-time.Minute)})
	d.completes("a")
	d.is(StatusCompleted, "")
}

func TestASignalInAPauseIsInTime(t *testing.T) {
	d := drive(t, waiting(&WaitDef{Name: "approval", Timeout: time.Hour}))
	d.completes("first")
	d.apply(Pause{At: d.now})
	d.signal("approval", "", "", "40")
	d.now = d.now.Add(2 * time.Hour)
	d.apply(Resume{At: d.now})
	d.completes("last")
	d.is(StatusCompleted, "")
}

// The signal that was in time may be what the run is told next.
func TestActsLetNoWaitTimeOut(t *testing.T) {
	for name, acts := range map[string]func(now time.Time) []Outcome{
		"a skip":   func(now time.Time) []Outcome { return []Outcome{SkipDelay{Step: "b", At: now}} },
		"a resume": func(now time.Time) []Outcome { return []Outcome{Pause{At: now}, Resume{At: now}} },
		"a skip in a pause": func(now time.Time) []Outcome {
			return []Outcome{Pause{At: now}, SkipDelay{Step: "b", At: now}, Resume{At: now}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, treeOf(&node{kind: "parallel", parts: []*node{
				{kind: "step", step: &StepDef{Name: "b", Delay: 2 * time.Hour}},
				{kind: "wait", wait: &WaitDef{Name: "approval", Timeout: time.Hour}},
			}}))
			d.now = d.now.Add(2 * time.Hour)
			for _, act := range acts(d.now) {
				d.apply(act)
			}
			d.signal("approval", "", "", "40")
			d.apply(Tick{At: d.now})
			d.completes("b")
			d.is(StatusCompleted, "")
		})
	}
}

func TestACancelEndsAPause(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b", Delay: time.Hour}))
	d.completes("a")
	d.apply(Pause{At: d.now})
	d.apply(Cancel{At: d.now})
	d.completes("undo-a")
	d.is(StatusCancelled, "cancelled")
}

func TestTerminateUndoesNothing(t *testing.T) {
	for _, when := range []string{"forward", "compensating", "paused"} {
		t.Run(when, func(t *testing.T) {
			d := drive(t, chainOf(nil, undoable("a"), undoable("b")))
			d.completes("a")
			switch when {
			case "compensating":
				d.fails("b", broken("boom"))
			case "paused":
				d.apply(Pause{At: d.now})
			}
			d.apply(Terminate{Reason: "no use", Actor: "ann", At: d.now})
			d.is(StatusCancelled, "terminated: no use")
			if len(d.stop) != 1 {
				t.Errorf("stopped: %v, want what was under way", d.stop)
			}
		})
	}
}

func TestTerminateReachesTheChildren(t *testing.T) {
	d := drive(t, calling(&StepDef{}))
	d.completes("first")
	eff, err := d.run.Apply(Terminate{At: d.now})
	if err != nil || len(eff.TerminateCalls) != 1 || eff.TerminateCalls[0] != d.children[0].ID {
		t.Fatalf("%+v, %v: want the child terminated", eff, err)
	}
}

func TestSkippedPauses(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "a", Delay: time.Hour, Policy: Policy{Retries: 1, BackoffBase: time.Hour}})
	def.MaxAttempts, def.Restart = 2, Policy{BackoffBase: time.Hour}
	d := drive(t, def)
	skip := func(step string) {
		t.Helper()
		d.apply(SkipDelay{Step: step, Actor: "ann", At: d.now})
		d.crash()
	}
	skip("a")
	d.fails("a", broken("boom"))
	skip("a")
	d.fails("a", broken("boom"))
	skip("")
	skip("a")
	d.completes("a")
	d.is(StatusCompleted, "")
	if d.now != epoch {
		t.Errorf("that took %v, want no time", d.now.Sub(epoch))
	}
	if _, err := d.run.Apply(SkipDelay{Step: "a", At: d.now}); !errors.Is(err, ErrStale) {
		t.Errorf("a pause of a run that is over: %v", err)
	}
}
