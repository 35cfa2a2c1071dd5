package flow

import (
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

// calling is a flow that calls another one, beside a step.
func calling(pay *StepDef) *Definition {
	pay.Name, pay.Calls = "pay", &CallDef{Flow: "payment", Version: "2.3"}
	return treeOf(&node{kind: "sequence", parts: []*node{
		{kind: "step", step: &StepDef{Name: "first", Compensation: &CompensationDef{Name: "undo-first"}}},
		{kind: "parallel", parts: []*node{
			{kind: "call", step: pay},
			{kind: "step", step: &StepDef{Name: "beside"}},
		}},
		{kind: "step", step: &StepDef{Name: "last"}},
	}})
}

func TestACallStartsARunAndTakesItsOutput(t *testing.T) {
	d := drive(t, calling(&StepDef{}))
	d.completes("first")
	if len(d.children) != 1 {
		t.Fatalf("the runs that were called are %v, want one", d.children)
	}
	c := d.children[0]
	if c.Flow != "payment" || c.Version != "2.3" || string(c.Input) != "1" {
		t.Errorf("what was called is %+v", c)
	}
	if id, err := ulid.ParseStrict(c.ID); err != nil || !ulid.Time(id.Time()).Equal(d.now) {
		t.Errorf("the id of what was called is %s, want a ULID of this moment (%v)", c.ID, err)
	}
	d.completes("beside")
	if s := d.run.State(); s.Phase != PhaseWaiting || !d.run.Idle() {
		t.Errorf("the phase is %s while a call is all that is under way", s.Phase)
	}
	d.crash()
	if len(d.children) != 1 {
		t.Fatal("a crash starts what was called once more")
	}
	d.childEnds("39", nil)
	d.completes("last")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "42" {
		t.Errorf("the output is %s, want the sum 42", got)
	}
}

func TestAFailedChildFailsItsCall(t *testing.T) {
	d := drive(t, calling(&StepDef{}))
	d.completes("first")
	d.completes("beside")
	id := d.children[0].ID
	d.childEnds("", &Error{Kind: ErrorHandler, Step: "charge", Message: "no money", Name: "declined", Fields: []byte(`{"a":1}`)})
	d.completes("undo-first")
	d.is(StatusFailed, "run "+id+" of payment did not complete at step charge: no money")
	if err := d.run.State().Err; err.Name != "declined" || err.Step != "pay" {
		t.Errorf("the error is %+v, want the declared one of the child, at the call", err)
	}
}

func TestAChildThatWasCancelledByItselfFailsItsCall(t *testing.T) {
	d := drive(t, calling(&StepDef{}))
	d.completes("first")
	d.completes("beside")
	id := d.children[0].ID
	d.childEnds("", &Error{Kind: ErrorCancelled, Permanent: true, Message: "cancelled: by hand"})
	d.completes("undo-first")
	d.is(StatusFailed, "run "+id+" of payment did not complete: cancelled: by hand")
}

func TestChildrenAreCancelledFirst(t *testing.T) {
	d := drive(t, calling(&StepDef{}))
	d.completes("first")
	d.completes("beside")
	d.apply(Cancel{At: d.now})
	if len(d.cancelled) != 1 || d.cancelled[0] != d.children[0].ID {
		t.Fatalf("asked to end: %v, want the run that was called", d.cancelled)
	}
	d.runs() // undoing waits for the child
	d.crash()
	if len(d.cancelled) != 2 {
		t.Fatal("after a crash, the child is not asked again to end")
	}
	d.childEnds("", &Error{Kind: ErrorCancelled, Permanent: true, Message: "cancelled"})
	d.completes("undo-first")
	d.is(StatusCancelled, "cancelled")
}

func TestAChildThatCompletesAfterAllIsUndone(t *testing.T) {
	d := drive(t, calling(&StepDef{Compensation: &CompensationDef{Name: "pay-back"}}))
	d.completes("first")
	d.fails("beside", permanent("boom"))
	d.childEnds("7", nil)
	if in, out := string(d.open[0].Input), string(d.open[0].Output); in != "1" || out != "7" {
		t.Errorf("the compensation gets %s and %s, want the call's input and what it returned", in, out)
	}
	d.completes("pay-back")
	d.completes("undo-first")
	d.is(StatusFailed, "boom")
}

func TestACallThatWasToBeginBesideAFailureDoesNot(t *testing.T) {
	def := treeOf(&node{kind: "call", step: &StepDef{Name: "pay", Calls: &CallDef{Flow: "payment", Version: "1.0"}}})
	newTree := def.New
	def.New = func(input []byte) (Machine, error) {
		m, err := newTree(input)
		return failingBranch{m}, err
	}
	d := drive(t, def)
	if len(d.children) != 0 {
		t.Errorf("a run that has failed called %v", d.children)
	}
	if s := d.run.State(); s.Status != StatusFailed {
		t.Errorf("the run is %s, want failed", s.Status)
	}
}

// A run that was never started is not undone, also where what was only tried is.
func TestAfterAttemptedOfACallThatDidNotBegin(t *testing.T) {
	def := treeOf(&node{kind: "call", step: &StepDef{
		Name: "pay", Calls: &CallDef{Flow: "payment", Version: "1.0"}, Compensation: &CompensationDef{Name: "pay-back", Attempted: true},
	}})
	newTree := def.New
	def.New = func(input []byte) (Machine, error) {
		m, err := newTree(input)
		return failingBranch{m}, err
	}
	d := drive(t, def)
	d.runs()
	if s := d.run.State(); s.Status != StatusFailed {
		t.Errorf("the run is %s, want failed", s.Status)
	}
}

func TestAfterAttempted(t *testing.T) {
	charge := &StepDef{Name: "charge", Compensation: &CompensationDef{Name: "refund", Attempted: true}}
	reserve := &StepDef{Name: "reserve", Compensation: &CompensationDef{Name: "release"}}
	d := drive(t, chainOf(nil, reserve, charge))
	d.completes("reserve")
	if !d.open[0].Stored || d.open[0].Handler != "charge" {
		t.Errorf("%+v: its start has to be on disk before it begins", d.open[0])
	}
	d.fails("charge", broken("timeout"))
	if d.open[0].Handler != "refund" || d.open[0].Output != nil {
		t.Errorf("first comes %+v, want the refund of what was tried, without a result", d.open[0])
	}
	if a := d.open[0]; a.StepKey != "run.1.charge.do" || a.IdempotencyKey != "run.1.charge.undo" {
		t.Errorf("the refund has the keys %s and %s, want that of the charge and its own", a.StepKey, a.IdempotencyKey)
	}
	d.completes("refund")
	d.completes("release")
	d.is(StatusFailed, "timeout")
}

func TestAfterAttemptedButNeverTried(t *testing.T) {
	charge := &StepDef{Name: "charge", Delay: time.Hour, Compensation: &CompensationDef{Name: "refund", Attempted: true}}
	d := drive(t, chainOf(nil, charge))
	d.apply(Cancel{At: d.now})
	d.is(StatusCancelled, "cancelled")
}
