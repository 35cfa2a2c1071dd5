package flow

import (
	"errors"
	"testing"
	"time"
)

func undoable(name string) *StepDef {
	return &StepDef{Name: name, Compensation: &CompensationDef{Name: "undo-" + name}}
}

func TestStepsRunInOrderAndTheLastCompletesTheRun(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a"}, &StepDef{Name: "b"}))
	d.completes("a")
	d.completes("b")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "2" {
		t.Errorf("output %s, want 2", got)
	}
	d.hasHistory("step a", "step b")
	if _, err := d.run.Apply(Tick{At: d.now}); !errors.Is(err, ErrStale) {
		t.Errorf("an outcome after the end: %v, want ErrStale", err)
	}
}

func TestRetriesPauseAndThenTheStepFails(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a", Policy: Policy{Retries: 2, BackoffBase: time.Second}}))
	d.fails("a", broken("one"))
	d.sleep(time.Second)
	d.fails("a", broken("two"))
	d.sleep(2 * time.Second)
	d.fails("a", broken("three"))
	d.is(StatusFailed, "three")
	d.hasHistory("step a: one", "step a: two", "step a: three")
}

func TestAPermanentErrorEndsTheRetries(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "a", Policy: Policy{Retries: 5}})
	def.MaxAttempts = 3
	d := drive(t, def)
	d.fails("a", permanent("never"))
	d.is(StatusFailed, "never")
}

func TestCompensationInReverseOrder(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}, undoable("c"), undoable("d")))
	d.completes("a")
	d.completes("b")
	d.completes("c")
	d.fails("d", broken("no"))
	if p := d.run.State().Phase; p != PhaseCompensating {
		t.Errorf("phase %s while it compensates", p)
	}
	d.completes("undo-c")
	d.completes("undo-a")
	d.is(StatusFailed, "no")
	d.hasHistory("step a", "step b", "step c", "step d: no", "rollback: no", "compensation c", "compensation a")
}

func TestACompensationHasItsOwnRetriesAndAFailedOneDoesNotStopTheOthers(t *testing.T) {
	b := undoable("b")
	b.Compensation.Policy = &Policy{Retries: 1, Backoff: Fixed, BackoffBase: time.Minute}
	d := drive(t, chainOf(nil, undoable("a"), b, &StepDef{Name: "c"}))
	d.completes("a")
	d.completes("b")
	d.fails("c", broken("no"))
	d.fails("undo-b", broken("bank is closed"))
	d.sleep(time.Minute)
	d.fails("undo-b", broken("bank is gone"))
	d.completes("undo-a")
	d.is(StatusFailed, "no")
	d.hasHistory("step a", "step b", "step c: no", "rollback: no",
		"compensation b: bank is closed", "compensation b: bank is gone", "compensation a")
}

func TestTheFlowIsTriedAgainAfterItsRollback(t *testing.T) {
	def := chainOf(nil, undoable("a"), &StepDef{Name: "b"})
	def.MaxAttempts = 2
	d := drive(t, def)
	d.completes("a")
	first := d.open[0].IdempotencyKey
	d.fails("b", broken("no"))
	d.completes("undo-a")
	d.crash() // in the pause
	d.sleep(time.Second)
	d.completes("a")
	if second := d.open[0].IdempotencyKey; first == second {
		t.Errorf("both attempts of the flow have the idempotency key %s", first)
	}
	d.fails("b", broken("no again"))
	d.completes("undo-a")
	d.is(StatusFailed, "no again")
	d.hasHistory("step a", "step b: no", "rollback: no", "compensation a", "restart: no",
		"step a", "step b: no again", "rollback: no again", "compensation a")
}

func TestADelayComesBeforeTheStepAndIsSkippedWithIt(t *testing.T) {
	d := drive(t, chainOf(map[string]bool{"b": true},
		&StepDef{Name: "a", Delay: time.Hour}, &StepDef{Name: "b", Delay: time.Hour}, &StepDef{Name: "c"}))
	if p := d.run.State().Phase; p != PhaseWaiting {
		t.Errorf("phase %s in a delay", p)
	}
	d.crash()
	d.sleep(time.Hour)
	d.completes("a")
	d.completes("c")
	d.is(StatusCompleted, "")
	d.hasHistory("delay a", "step a", "skip b", "step c")
}

func TestTheFlowsTimeoutCountsWaitsAndRollsBack(t *testing.T) {
	def := chainOf(nil, undoable("a"), &StepDef{Name: "b", Delay: time.Hour})
	def.Timeout, def.MaxAttempts = time.Minute, 3
	d := drive(t, def)
	d.completes("a")
	d.sleep(time.Minute)
	d.completes("undo-a")
	d.is(StatusFailed, "the run took longer than its timeout of 1m")
}

func TestAStepThatEndsAfterTheFlowsTimeoutCounts(t *testing.T) {
	def := chainOf(nil, undoable("a"), &StepDef{Name: "b"})
	def.Timeout = time.Minute
	d := drive(t, def)
	d.sleep(time.Minute)
	if len(d.stop) != 1 {
		t.Fatalf("stopped: %v, want the attempt of a", d.stop)
	}
	d.completes("a") // it was stopped, and was done nevertheless
	d.completes("undo-a")
	d.is(StatusFailed, "the run took longer than its timeout of 1m")
}

func TestTheFlowsTimeoutEndsThePauseBeforeARestart(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "a"})
	def.MaxAttempts, def.Timeout = 2, time.Minute
	def.Restart = Policy{Backoff: Fixed, BackoffBase: time.Hour}
	d := drive(t, def)
	d.fails("a", broken("no"))
	d.sleep(time.Minute)
	d.is(StatusFailed, "the run took longer than its timeout of 1m")
}

func TestCancel(t *testing.T) {
	cancel := Cancel{Reason: "changed my mind", Actor: "ann", At: epoch}
	const cancelled = "cancelled: changed my mind"
	t.Run("before it began", func(t *testing.T) {
		run := New(chainOf(nil, &StepDef{Name: "a"}), Head{ID: "run"})
		eff, err := run.Apply(cancel)
		if s := run.State(); err != nil || s.Status != StatusCancelled || !s.StartedAt.IsZero() {
			t.Fatalf("state %+v, error %v", s, err)
		}
		if len(eff.Attempts) != 0 || len(eff.Entries) != 1 || eff.Entries[0].Actor != "ann" {
			t.Errorf("effects %+v", eff)
		}
	})
	t.Run("while a step is under way", func(t *testing.T) {
		d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b", Policy: Policy{Retries: 5}}))
		d.completes("a")
		d.apply(cancel)
		d.apply(cancel) // the first one counts
		if len(d.stop) != 1 {
			t.Fatalf("stopped: %v, want the attempt of b", d.stop)
		}
		d.fails("b", broken("context canceled"))
		d.completes("undo-a")
		d.is(StatusCancelled, cancelled)
		d.hasHistory("step a", "step b: context canceled", "cancel: "+cancelled, "rollback: "+cancelled, "compensation a")
	})
	t.Run("and the process dies before the step has ended", func(t *testing.T) {
		d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}))
		d.completes("a")
		d.apply(cancel)
		d.crash()
		d.completes("undo-a")
		d.is(StatusCancelled, cancelled)
	})
	t.Run("in a delay", func(t *testing.T) {
		d := drive(t, chainOf(nil, &StepDef{Name: "a", Delay: time.Hour}))
		d.apply(cancel)
		d.is(StatusCancelled, cancelled)
	})
	t.Run("during a rollback changes nothing", func(t *testing.T) {
		d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}))
		d.completes("a")
		d.fails("b", broken("no"))
		d.apply(cancel)
		d.completes("undo-a")
		d.is(StatusFailed, "no")
	})
	t.Run("during a rollback prevents a restart", func(t *testing.T) {
		def := chainOf(nil, undoable("a"), &StepDef{Name: "b"})
		def.MaxAttempts = 2
		d := drive(t, def)
		d.completes("a")
		d.fails("b", broken("no"))
		d.apply(cancel)
		d.completes("undo-a")
		d.is(StatusCancelled, cancelled)
	})
	t.Run("in the pause before a restart", func(t *testing.T) {
		def := chainOf(nil, &StepDef{Name: "a"})
		def.MaxAttempts = 2
		d := drive(t, def)
		d.fails("a", broken("no"))
		d.apply(cancel)
		d.is(StatusCancelled, cancelled)
	})
}

func TestAfterACrashTheAttemptUnderWayRunsAgainWithItsNumber(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a", Policy: Policy{Retries: 1, Backoff: Fixed}}))
	d.fails("a", broken("one"))
	d.sleep(time.Second)
	before := d.open[0]
	d.crash()
	if got := d.open[0].Entry; got.Seq != before.Entry.Seq || got.Attempt != 2 {
		t.Errorf("after the crash %+v, want attempt 2 again", got)
	}
	d.fails("a", broken("two"))
	d.is(StatusFailed, "two")
}

func TestAStaleOutcomeIsRefusedAndChangesNothing(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a"}, &StepDef{Name: "b"}))
	first := d.open[0].Entry.Seq
	d.completes("a")
	for _, seq := range []int64{first, 0, 99} {
		if _, err := d.run.Apply(Ended{Seq: seq, At: d.now}); !errors.Is(err, ErrStale) {
			t.Errorf("the end of attempt %d: %v, want ErrStale", seq, err)
		}
	}
	d.completes("b")
	d.is(StatusCompleted, "")
}

func TestAResultThatDoesNotFitItsTypeFailsTheRun(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}))
	d.end(`"text"`, nil)
	d.completes("undo-a")
	d.is(StatusFailed, "the stored result of step a does not fit its type: "+
		"json: cannot unmarshal string into Go value of type int")
}

// failing is a machine whose only step has an input that cannot be computed.
type failing struct{ step Step[int, int] }

var failingStep = StepDef{Name: "a", Policy: Policy{Retries: 3}}

func (f *failing) Next(p *Plan) bool {
	return f.step.Run(p, &failingStep, func() int {
		first := At(p, "x.flow.yaml:7: input.n / 0", func() int64 { return Div(p, 1, 0) })
		second := At(p, "x.flow.yaml:7: second", func() int64 { return Div(p, 2, 0) })
		return int(first + second)
	})
}

func (f *failing) Output(*Plan) any { return nil }

func TestAnExpressionThatFailsFailsItsStepForGood(t *testing.T) {
	d := drive(t, &Definition{
		Flow: "failing", Version: "1.0", Steps: []*StepDef{&failingStep}, MaxAttempts: 2,
		New: func([]byte) (Machine, error) { return new(failing), nil },
	})
	d.is(StatusFailed, "x.flow.yaml:7: input.n / 0: division by zero")
	if e := d.log[0]; e.Step != "a" || e.Error.Kind != ErrorExpression || e.Open() {
		t.Errorf("the log says %+v", e)
	}
}

func TestRestoreRefusesALogThatNoRunWrote(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "a"})
	log := []Entry{
		{Seq: 2, EndSeq: 3, Kind: KindStep, Step: "a", RunAttempt: 1, Attempt: 1, StartedAt: epoch},
		{Seq: 3, Kind: KindStep, Step: "a", RunAttempt: 1, Attempt: 2, StartedAt: epoch},
	}
	if _, err := Restore(def, Head{ID: "run"}, log); err == nil {
		t.Error("a log with one sequence number twice was accepted")
	}
}

func TestACancelBeforeBeginDoesNotStartAnAttemptTwice(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b", Delay: time.Hour}))
	d.completes("a")
	run, err := Restore(d.def, Head{ID: "run", Input: []byte("1")}, d.log)
	if err != nil {
		t.Fatal(err)
	}
	d.run = run
	d.apply(Cancel{At: d.now})
	d.apply(Begin{At: d.now})
	d.completes("undo-a")
	d.is(StatusCancelled, "cancelled")
}

func TestACompensationWhoseCodeIsGoneIsNotTheStep(t *testing.T) {
	a, b, c := undoable("a"), undoable("b"), &StepDef{Name: "c"}
	b.Policy = Policy{Retries: 1}
	d := drive(t, chainOf(nil, a, b, c))
	d.completes("a")
	d.completes("b")
	d.fails("c", broken("no"))
	d.fails("undo-b", broken("not now"))
	d.def = chainOf(nil, a, &StepDef{Name: "b"}, c)
	d.now = d.now.Add(time.Hour)
	d.crash()
	for _, attempt := range d.open {
		if attempt.Handler == "b" {
			t.Error("the step is done again in place of its compensation")
		}
	}
}
