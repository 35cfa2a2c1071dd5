package flow

import (
	"testing"
	"time"
)

func stepNode(def *StepDef) *node { return &node{kind: "step", step: def} }

func sequenceOf(parts ...*node) *node { return &node{kind: "sequence", parts: parts} }

func parallelOf(parts ...*node) *node { return &node{kind: "parallel", parts: parts} }

func TestBranchesRunTogetherAndAreUndoneInReverseOrderOfCompletion(t *testing.T) {
	d := drive(t, treeOf(sequenceOf(
		parallelOf(
			stepNode(undoable("a")),
			sequenceOf(stepNode(undoable("b")), stepNode(undoable("c"))),
		),
		stepNode(&StepDef{Name: "d"}),
	)))
	d.runs("a", "b")
	d.completes("b")
	d.runs("a", "c")
	d.completes("c")
	d.completes("a")
	d.runs("d")
	d.fails("d", broken("no"))
	d.completes("undo-a")
	d.completes("undo-c")
	d.completes("undo-b")
	d.is(StatusFailed, "no")
}

func TestTheFirstFailureStopsTheOtherBranches(t *testing.T) {
	d := drive(t, treeOf(parallelOf(
		stepNode(undoable("a")),
		stepNode(&StepDef{Name: "b"}),
		stepNode(&StepDef{Name: "c", Policy: Policy{Retries: 9}}),
		stepNode(&StepDef{Name: "d", Delay: time.Hour}),
	)))
	d.fails("c", broken("later"))
	d.fails("b", broken("no"))
	if len(d.stop) != 1 {
		t.Fatalf("stopped: %v, want the attempt of a", d.stop)
	}
	d.completes("a") // it was done nevertheless
	d.completes("undo-a")
	d.is(StatusFailed, "no")
}

func TestAStepThatBeginsBesideAnExpressionThatFailsDoesNotRun(t *testing.T) {
	def := treeOf(parallelOf(stepNode(undoable("a")), stepNode(&StepDef{Name: "b"})))
	newTree := def.New
	def.New = func(input []byte) (Machine, error) {
		m, err := newTree(input)
		return failingBranch{m}, err
	}
	d := drive(t, def)
	d.runs()
	d.is(StatusFailed, "x.flow.yaml:9: 1 / 0: division by zero")
	const stopped = "stopped because the run does not go on: x.flow.yaml:9: 1 / 0: division by zero"
	d.hasHistory("step a: "+stopped, "step b: "+stopped)
}

// failingBranch is a machine with a further branch, whose condition cannot be computed.
type failingBranch struct{ Machine }

func (f failingBranch) Next(p *Plan) bool {
	return All(f.Machine.Next(p), At(p, "x.flow.yaml:9: 1 / 0", func() bool { return Div(p, 1, 0) > 0 }))
}

func TestAGroupIsSkippedOrDelayedAsAWhole(t *testing.T) {
	group := func(delay time.Duration, skip bool) *node {
		n := parallelOf(stepNode(&StepDef{Name: "a"}), stepNode(&StepDef{Name: "b"}))
		n.block, n.skip = &BlockDef{Name: "both", Delay: delay}, skip
		return n
	}
	t.Run("skipped", func(t *testing.T) {
		d := drive(t, treeOf(group(time.Hour, true)))
		d.is(StatusCompleted, "")
		d.hasHistory("skip both")
	})
	t.Run("delayed", func(t *testing.T) {
		d := drive(t, treeOf(group(time.Hour, false)))
		d.crash()
		d.sleep(time.Hour)
		d.runs("a", "b")
	})
	t.Run("entered", func(t *testing.T) {
		n := group(0, false)
		d := drive(t, treeOf(n))
		n.skip = true // later code decides otherwise; what was decided stays
		d.crash()
		d.completes("a")
		d.completes("b")
		d.is(StatusCompleted, "")
		d.hasHistory("enter both", "step a", "step b")
	})
}

func TestAChooseIsDecidedOnce(t *testing.T) {
	n := &node{kind: "choose", block: &BlockDef{Name: "route"}, chosen: 1, parts: []*node{
		stepNode(&StepDef{Name: "a"}), stepNode(&StepDef{Name: "b"}),
	}}
	d := drive(t, treeOf(n))
	n.chosen = 0
	d.crash()
	d.completes("b")
	d.is(StatusCompleted, "")
	d.hasHistory("choice route", "step b")
}

func TestAChooseWithoutACaseIsDone(t *testing.T) {
	d := drive(t, treeOf(&node{kind: "choose", block: &BlockDef{Name: "route"}, chosen: NoCase}))
	d.is(StatusCompleted, "")
	d.hasHistory("choice route")
}

func TestUntilIsDecidedOnceAndWaitsForTheLaterOfItAndTheDelay(t *testing.T) {
	n := stepNode(&StepDef{Name: "a", Delay: time.Minute})
	n.until = epoch.Add(time.Hour + time.Microsecond)
	d := drive(t, treeOf(n))
	n.until = epoch
	d.crash()
	d.sleep(time.Hour + time.Millisecond)
	d.completes("a")
	d.is(StatusCompleted, "")

	past := stepNode(&StepDef{Name: "a", Delay: time.Minute})
	past.until = epoch.Add(-time.Hour)
	d = drive(t, treeOf(past))
	d.sleep(time.Minute)
	d.runs("a")
}

func foreachOf(items, limit int, parts ...*node) *node {
	return &node{kind: "foreach", each: &ForeachDef{Name: "seats", Limit: limit}, items: items, parts: parts}
}

func TestAForeachRunsSoManyElementsAtATime(t *testing.T) {
	d := drive(t, treeOf(foreachOf(3, 2, stepNode(undoable("invite")))))
	d.runs("invite", "invite")
	second := d.open[1]
	d.endAt(1, "7", nil)
	d.crash()
	d.runs("invite", "invite")
	d.end("1", nil)
	d.end("1", nil)
	d.is(StatusCompleted, "")
	if got := string(d.run.State().Output); got != "309" { // 0+1, 100+7, 200+1
		t.Errorf("output %s, want 309", got)
	}
	if second.Entry.Step != "seats[1].invite" || second.IdempotencyKey != "run.1.seats[1].invite.do" {
		t.Errorf("the second attempt is %+v", second)
	}
}

func TestAForeachThatFailsUndoesItsElementsInReverseOrder(t *testing.T) {
	d := drive(t, treeOf(foreachOf(3, 1, stepNode(undoable("invite")))))
	d.completes("invite")
	d.completes("invite")
	d.fails("invite", broken("no"))
	d.completes("undo-invite")
	d.completes("undo-invite")
	d.is(StatusFailed, "no")
	const stopped = "stopped because the run does not go on: no"
	d.hasHistory("foreach seats: "+stopped, "step seats[0].invite", "step seats[1].invite", "step seats[2].invite: no",
		"rollback: no", "compensation seats[1].invite", "compensation seats[0].invite")
}

func TestAForeachOfNothingIsDone(t *testing.T) {
	d := drive(t, treeOf(foreachOf(0, 1, stepNode(&StepDef{Name: "invite"}))))
	d.is(StatusCompleted, "")
	d.hasHistory("foreach seats")
}

func TestWhatAForeachIsOverIsDecidedOnce(t *testing.T) {
	n := foreachOf(2, 1, stepNode(&StepDef{Name: "invite"}))
	d := drive(t, treeOf(n))
	n.items = 5
	d.crash()
	d.completes("invite")
	d.completes("invite")
	d.is(StatusCompleted, "")
}
