package flow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEventsOfRandomRunsOnlyGrow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drive(t, randomFlow(rt))
		var before []Event
		for range 4000 {
			events := Events(d.run.State(), d.log)
			checkEvents(rt, d, before, events)
			if before = events; d.run.State().Status.Final() {
				return
			}
			d.happen(rt)
		}
	})
}

// checkEvents: they go on where they were, each number comes once, and any stretch of
// them can be told from its part of the log.
func checkEvents(t *rapid.T, d *driver, before, events []Event) {
	if len(events) < len(before) || len(before) > 0 && !cmp.Equal(before, events[:len(before)]) {
		t.Fatalf("what was told is not the beginning any more (-before +now):\n%s\nlog: %v", cmp.Diff(before, events), d.history())
	}
	for i := 1; i < len(events); i++ {
		if events[i].Seq <= events[i-1].Seq || events[i-1].Name.Ends() {
			t.Fatalf("%+v stands behind %+v; log: %v", events[i], events[i-1], d.history())
		}
	}
	if last := events[len(events)-1]; last.Name.Ends() != d.run.State().Status.Final() {
		t.Fatalf("the last event is %+v, and the run is %s", last, d.run.State().Status)
	}
	from := int64(rapid.IntRange(0, int(d.run.seq)).Draw(t, "from"))
	to := from + int64(rapid.IntRange(0, 8).Draw(t, "numbers"))
	in := func(seq int64) bool { return seq > from && seq <= to }
	part := slices.DeleteFunc(slices.Clone(d.log), func(e Entry) bool { return !in(e.Seq) && !in(e.EndSeq) })
	outside := func(e Event) bool { return !in(e.Seq) }
	got := slices.DeleteFunc(Events(d.run.State(), part), outside)
	want := slices.DeleteFunc(slices.Clone(events), outside)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the events of %d to %d from a part of the log (-want +got):\n%s\nlog: %v", from, to, diff, d.history())
	}
}

// told are events in short.
func told(events []Event) []string {
	var lines []string
	for _, e := range events {
		line := fmt.Sprintf("%d %s", e.Seq, e.Name)
		if e.Step != "" {
			line += " " + e.Step
		}
		if e.Attempt > 0 {
			line += fmt.Sprintf(" #%d", e.Attempt)
		}
		if e.Err != nil {
			line += ": " + e.Err.Message
		}
		lines = append(lines, line)
	}
	return lines
}

func TestEventsOfARefundAndARestart(t *testing.T) {
	charge := &StepDef{Name: "charge", Compensation: &CompensationDef{Name: "refund"}}
	ship := &StepDef{Name: "ship", Delay: time.Minute, Policy: Policy{Retries: 1, Backoff: Fixed, BackoffBase: time.Second}}
	def := treeOf(&node{kind: "sequence", parts: []*node{{kind: "step", step: charge}, {kind: "step", step: ship}}})
	def.MaxAttempts, def.Restart = 2, Policy{Backoff: Fixed, BackoffBase: time.Minute}
	d := drive(t, def)
	d.completes("charge")
	d.sleep(time.Minute)
	d.fails("ship", broken("no truck"))
	d.sleep(time.Second)
	d.fails("ship", broken("no truck"))
	d.completes("refund")
	d.apply(Pause{Reason: "lunch", Actor: "ops", At: d.now})
	d.apply(Resume{Actor: "ops", At: d.now})
	d.apply(Cancel{Reason: "enough", Actor: "ops", At: d.now})
	want := []string{
		"1 run_started #1",
		"2 step_started charge #1", "3 step_completed charge #1",
		"4 timer_set ship",
		"6 step_started ship #1", "7 step_failed ship #1: no truck",
		"8 step_started ship #2", "9 step_failed ship #2: no truck",
		"11 compensation_started charge #1", "12 step_compensated charge #1",
		"14 run_restarted #2: no truck",
		"15 run_paused #2", "16 run_resumed #2",
		"19 run_cancelled #2: cancelled: enough",
	}
	events := Events(d.run.State(), d.log)
	if diff := cmp.Diff(want, told(events)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	if e := events[5]; e.RetryAt.Sub(e.At) != time.Second || events[7].RetryAt != (time.Time{}) {
		t.Errorf("the retries come at %v and %v", e.RetryAt, events[7].RetryAt)
	}
	if e := events[3]; e.WakeAt.Sub(e.At) != time.Minute {
		t.Errorf("the timer is set to %v", e.WakeAt)
	}
	if e := events[11]; e.Reason != "lunch" || e.Actor != "ops" {
		t.Errorf("paused by %q because of %q", e.Actor, e.Reason)
	}
}

func TestARunThatNeverStartedHasNoStart(t *testing.T) {
	d := &driver{t: t, def: treeOf(&node{kind: "sequence"}), now: epoch}
	d.run = New(d.def, Head{ID: "run", Input: []byte("1")})
	if events := Events(d.run.State(), nil); len(events) > 0 {
		t.Fatalf("a pending run has the events %v", told(events))
	}
	d.apply(Cancel{At: d.now})
	if got := told(Events(d.run.State(), d.log)); !slices.Equal(got, []string{"3 run_cancelled #1: cancelled"}) {
		t.Fatalf("events: %v", got)
	}
}
