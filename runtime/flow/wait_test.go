package flow

import (
	"testing"
	"time"
)

// waiting is a flow that waits for a signal between two steps.
func waiting(w *WaitDef) *Definition {
	return treeOf(&node{kind: "sequence", parts: []*node{
		{kind: "step", step: &StepDef{Name: "first", Compensation: &CompensationDef{Name: "undo-first"}}},
		{kind: "wait", wait: w},
		{kind: "step", step: &StepDef{Name: "last"}},
	}})
}

func TestASignalEndsAWait(t *testing.T) {
	d := drive(t, waiting(&WaitDef{Name: "approval"}))
	d.completes("first")
	d.runs()
	if s := d.run.State(); s.Phase != PhaseWaiting || !s.WakeAt.IsZero() || !d.run.Idle() {
		t.Fatalf("phase %s, wakes at %v; a run that waits for a signal waits for no time", s.Phase, s.WakeAt)
	}
	d.crash()
	d.signal("approval", "", "", "40")
	d.completes("last")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "42" {
		t.Errorf("the output is %s, want the sum 42", got)
	}
	d.hasHistory("step first", "wait approval", "signal approval", "step last")
}

func TestAnEarlySignalIsKeptAndASecondOneIgnored(t *testing.T) {
	d := drive(t, waiting(&WaitDef{Name: "approval"}))
	d.signal("approval", "", "a", "40")
	d.signal("approval", "", "b", "50")
	d.completes("first")
	d.completes("last")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "42" {
		t.Errorf("the output is %s, want that with the first signal: 42", got)
	}
}

func TestASignalThatComesBeforeTheRunBegins(t *testing.T) {
	def := waiting(&WaitDef{Name: "approval"})
	d := &driver{t: t, def: def, now: epoch, run: New(def, Head{ID: "run", Input: []byte("1")})}
	d.signal("approval", "", "", "40")
	d.apply(Begin{At: d.now})
	d.completes("first")
	d.crash()
	d.completes("last")
	d.is(StatusCompleted, "")
}

func TestAWaitThatTakesTooLongFails(t *testing.T) {
	d := drive(t, waiting(&WaitDef{Name: "approval", Timeout: 72 * time.Hour}))
	d.completes("first")
	d.sleep(72 * time.Hour)
	d.signal("approval", "", "", "40") // too late
	d.completes("undo-first")
	d.is(StatusFailed, "no signal approval came within 3d")
}

func TestAWaitThatTakesTooLongAndContinues(t *testing.T) {
	d := drive(t, waiting(&WaitDef{Name: "approval", Timeout: time.Hour, Continue: true}))
	d.completes("first")
	d.sleep(time.Hour)
	d.crash()
	d.signal("approval", "", "", "40") // too late
	d.completes("last")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "2" {
		t.Errorf("the output is %s, want that without the signal: 2", got)
	}
}

func TestARestartGetsTheSignalsAgain(t *testing.T) {
	def := waiting(&WaitDef{Name: "approval"})
	def.MaxAttempts = 2
	d := drive(t, def)
	d.completes("first")
	d.signal("approval", "", "", "40")
	d.fails("last", broken("boom"))
	d.completes("undo-first")
	d.crash()
	d.sleep(time.Second)
	d.completes("first")
	d.completes("last")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "42" {
		t.Errorf("the output is %s, want that with the signal of the first attempt: 42", got)
	}
}

func TestACancelEndsAWait(t *testing.T) {
	d := drive(t, waiting(&WaitDef{Name: "approval", Timeout: time.Hour}))
	d.completes("first")
	d.apply(Cancel{Reason: "enough", At: d.now})
	d.completes("undo-first")
	d.is(StatusCancelled, "cancelled: enough")
}

func TestAnEmptyKeyFails(t *testing.T) {
	w := &WaitDef{Name: "ready", Keyed: true}
	d := drive(t, &Definition{
		Flow: "keyed", Version: "1.0", Waits: []*WaitDef{w},
		New: func([]byte) (Machine, error) { return &emptyKey{def: w}, nil },
	})
	d.is(StatusFailed, "the key of the wait ready is empty, so that no signal can name it")
}

// emptyKey is a machine that waits with an empty key.
type emptyKey struct {
	def  *WaitDef
	wait Wait[int]
}

func (s *emptyKey) Next(p *Plan) bool {
	return s.wait.Run(p, s.def, nil, nil, func() string { return "" })
}

func (s *emptyKey) Output(*Plan) any { return 0 }

func TestKeyedSignals(t *testing.T) {
	d := drive(t, treeOf(&node{
		kind: "foreach", items: 3, each: &ForeachDef{Name: "seats", Limit: 3},
		parts: []*node{{kind: "wait", wait: &WaitDef{Name: "ready", Keyed: true}}},
	}))
	d.signal("ready", "2", "a", "7")
	d.signal("ready", "0", "a", "5") // of the same id, and for another element
	d.crash()
	if d.run.State().Status.Final() {
		t.Fatal("the run does not wait for the signal of the element 1")
	}
	d.signal("ready", "1", "", "6")
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "318" {
		t.Errorf("the output is %s, want the elements 0, 100, 200 and the signals 5, 6, 7: 318", got)
	}
}
