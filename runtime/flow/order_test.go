package flow

import (
	"cmp"
	"fmt"
	"testing"
)

// goOnWith goes on with the run in newer code of its flow.
func (d *driver) goOnWith(root *node) {
	d.t.Helper()
	d.def = treeOf(root)
	d.crash()
}

// What newer code has in front of what has begun is skipped, also in what is around it;
// what stands beside or behind that is done.
func TestBlocksInFrontOfTheRunArePassedOver(t *testing.T) {
	step := func(name string) *node { return &node{kind: "step", step: &StepDef{Name: name}} }
	of := func(kind string, parts ...*node) *node {
		n := &node{kind: kind, parts: parts, block: &BlockDef{Name: kind}}
		if kind == "foreach" {
			n.each, n.items = &ForeachDef{Name: kind, Limit: 2}, 2
		}
		return n
	}
	seq := func(parts ...*node) *node { return &node{kind: "sequence", parts: parts} }
	a, b, c, x := step("a"), step("b"), step("c"), step("x")
	skipped := step("x")
	skipped.skip = true
	plain, group := &node{kind: "parallel", parts: []*node{a, b}}, of("parallel", a, b)
	group.skip = true
	for name, test := range map[string]struct {
		before, after *node
		done          int // steps in the older code; the next one is under way
		want          []string
	}{
		"in front":                 {seq(a, b), seq(x, a, b), 1, []string{"step a", "step b", "skip x"}},
		"in front of what begins":  {seq(a, b), seq(a, x, b), 1, []string{"step a", "step b", "skip x"}},
		"behind":                   {seq(a, b), seq(a, b, x), 1, []string{"step a", "step b", "step x"}},
		"its condition is no more": {seq(a, b), seq(skipped, a, b), 1, []string{"step a", "step b", "skip x"}},
		"a whole parallel":         {seq(a, b), seq(of("parallel", x, c), a, b), 1, []string{"step a", "step b", "skip parallel"}},
		"a whole foreach":          {seq(a, b), seq(of("foreach", x), a, b), 1, []string{"step a", "step b", "skip foreach"}},
		"a whole choose":           {seq(a, b), seq(of("choose", x), a, b), 1, []string{"step a", "step b", "skip choose"}},
		"a branch under way":       {seq(of("parallel", a, b), c), seq(of("parallel", a, b, x), c), 1, []string{"enter parallel", "step a", "step b", "step x", "step c"}},
		"a branch of what is done": {seq(of("parallel", a), b), seq(of("parallel", a, x), b), 1, []string{"enter parallel", "step a", "step b", "skip x"}},
		"a condition around it":    {plain, group, 1, []string{"step a", "step b", "enter parallel"}},
		"in the other branch":      {of("parallel", a, b), of("parallel", seq(x, a), b), 1, []string{"enter parallel", "step a", "step b", "skip x"}},
		"in the case that was":     {of("choose", seq(a, b)), of("choose", seq(x, a, b)), 1, []string{"choice choose", "step a", "step b", "skip x"}},
		"in an element of a foreach": {
			of("foreach", a), of("foreach", x, a), 1,
			[]string{"foreach foreach", "step foreach[0].a", "step foreach[1].a", "skip foreach[0].x", "skip foreach[1].x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, treeOf(test.before))
			for range test.done {
				d.end("1", nil)
			}
			d.goOnWith(test.after)
			for d.run.State().Status == StatusRunning {
				d.end("1", nil)
			}
			d.is(StatusCompleted, "")
			d.hasHistory(test.want...)
		})
	}
	t.Run("tried again, the flow does it", func(t *testing.T) {
		d := drive(t, treeOf(seq(a, b)))
		d.end("1", nil)
		d.goOnWith(seq(x, a, b))
		d.def.MaxAttempts = 2
		d.fails("b", broken("no"))
		d.sleep(d.run.State().WakeAt.Sub(d.now))
		for d.run.State().Status == StatusRunning {
			d.end("1", nil)
		}
		d.is(StatusCompleted, "")
		if got, want := fmt.Sprint(d.history()), "[step a step b: no skip x restart: no step x step a step b]"; got != want {
			t.Errorf("the log is %s, want %s", got, want)
		}
	})
}

// A run that has begun a block of another kind under the same name fails, and says why.
func TestABlockOfAnotherKindFailsTheRun(t *testing.T) {
	step := &node{kind: "step", step: &StepDef{Name: "a"}}
	wait := &node{kind: "wait", wait: &WaitDef{Name: "a"}}
	choose := &node{kind: "choose", block: &BlockDef{Name: "a"}, parts: []*node{{kind: "step", step: &StepDef{Name: "b"}}}}
	each := &node{kind: "foreach", each: &ForeachDef{Name: "a", Limit: 1}, items: 1, parts: choose.parts}
	for _, before := range []*node{step, wait, choose, each} {
		for _, after := range []*node{step, wait, choose, each} {
			if before == after {
				continue
			}
			t.Run(before.kind+" to "+after.kind, func(t *testing.T) {
				d := drive(t, treeOf(before))
				d.goOnWith(after)
				for len(d.open) > 0 {
					d.end("1", nil)
				}
				words := map[string]string{"choose": "choice"}
				d.is(StatusFailed, fmt.Sprintf("a was begun as a %s by older code of the flow, and is a %s in this one",
					cmp.Or(words[before.kind], before.kind), cmp.Or(words[after.kind], after.kind)))
			})
		}
	}
}
