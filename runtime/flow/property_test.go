package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Properties of every flow under every course of events (semantics.md).

// randomFlow draws a flow of nested blocks with random policies.
func randomFlow(t *rapid.T) *Definition {
	names := 0
	def := treeOf(&node{kind: "sequence", parts: randomNodes(t, 4, 3, false, &names)})
	def.MaxAttempts = rapid.IntRange(0, 3).Draw(t, "maxAttempts")
	if rapid.IntRange(0, 3).Draw(t, "limited") == 0 {
		def.Timeout = time.Duration(rapid.IntRange(1, 300).Draw(t, "timeout")) * time.Second
	}
	return def
}

func randomNodes(t *rapid.T, most, depth int, inForeach bool, names *int) []*node {
	var nodes []*node
	for range rapid.IntRange(1, most).Draw(t, "blocks") {
		nodes = append(nodes, randomNode(t, depth, inForeach, names))
	}
	return nodes
}

func randomNode(t *rapid.T, depth int, inForeach bool, names *int) *node {
	kinds := []string{"step", "step", "step", "wait", "call", "sequence", "parallel", "choose", "foreach"}
	if depth == 0 {
		kinds = kinds[:5]
	}
	n := &node{kind: rapid.SampledFrom(kinds).Draw(t, "kind"), skip: rapid.IntRange(0, 4).Draw(t, "skipped") == 0}
	name := fmt.Sprintf("b%d", *names)
	*names++
	var delay time.Duration
	switch rapid.IntRange(0, 7).Draw(t, "pause") {
	case 0:
		delay = time.Duration(rapid.IntRange(1, 90).Draw(t, "delay")) * time.Second
	case 1:
		n.until = epoch.Add(time.Duration(rapid.IntRange(-100, 100_000).Draw(t, "until")) * time.Millisecond)
	}
	switch n.kind {
	case "step", "call":
		n.step = randomStep(t, name)
		n.step.Delay = delay
		if n.kind == "call" {
			n.step.Policy, n.step.Calls = Policy{}, &CallDef{Flow: "other", Version: "1.0"}
		}
		return n
	case "wait":
		n.wait = &WaitDef{Name: name, Delay: delay, Keyed: inForeach, Continue: rapid.Bool().Draw(t, "continue")}
		if rapid.Bool().Draw(t, "timed") {
			n.wait.Timeout = time.Duration(rapid.IntRange(1, 90).Draw(t, "wait")) * time.Second
		}
		return n
	}
	n.parts = randomNodes(t, 3, depth-1, inForeach || n.kind == "foreach", names)
	n.chosen = rapid.IntRange(NoCase, len(n.parts)-1).Draw(t, "chosen")
	if n.kind == "foreach" {
		n.items = rapid.IntRange(0, 4).Draw(t, "items")
		n.each = &ForeachDef{Name: name, Delay: delay, Limit: rapid.IntRange(1, 3).Draw(t, "limit")}
		return n
	}
	if n.kind == "choose" || rapid.Bool().Draw(t, "group") {
		n.block = &BlockDef{Name: name, Delay: delay}
	}
	return n
}

func randomStep(t *rapid.T, name string) *StepDef {
	s := &StepDef{Name: name, Policy: randomPolicy(t)}
	if rapid.Bool().Draw(t, "undoable") {
		s.Compensation = &CompensationDef{Name: "undo-" + s.Name, Attempted: rapid.Bool().Draw(t, "attempted")}
		if rapid.Bool().Draw(t, "own policy") {
			p := randomPolicy(t)
			s.Compensation.Policy = &p
		}
	}
	return s
}

func randomPolicy(t *rapid.T) Policy {
	return Policy{
		Retries:     rapid.IntRange(0, 3).Draw(t, "retries"),
		Backoff:     rapid.SampledFrom([]Backoff{"", Fixed, Linear, Exponential}).Draw(t, "backoff"),
		BackoffBase: time.Duration(rapid.IntRange(0, 5000).Draw(t, "base")) * time.Millisecond,
		Jitter:      rapid.SampledFrom([]float64{0, 0.2, 1}).Draw(t, "jitter"),
	}
}

// happen lets one random thing happen to the run.
func (d *driver) happen(t *rapid.T) {
	events := []string{"tick"}
	if len(d.open) > 0 {
		events = append(events, "complete", "complete", "complete", "fail", "fail for good", "note")
	}
	if len(d.children) > 0 {
		events = append(events, "child")
	}
	if len(d.def.Waits) > 0 {
		events = append(events, "signal")
	}
	if rapid.IntRange(0, 15).Draw(t, "rare") == 0 {
		events = []string{"cancel", "crash", "pause", "resume", "skip", "terminate"}
	}
	d.now = d.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "passes")) * time.Millisecond)
	switch event := rapid.SampledFrom(events).Draw(t, "event"); event {
	case "tick":
		if at := d.run.State().WakeAt; len(d.open) == 0 && at.After(d.now) {
			d.now = at
		}
		d.apply(Tick{At: d.now})
	case "complete":
		d.endAt(rapid.IntRange(0, len(d.open)-1).Draw(t, "which"), "1", nil)
	case "fail", "fail for good":
		err := broken(event)
		err.Permanent = event == "fail for good"
		d.endAt(rapid.IntRange(0, len(d.open)-1).Draw(t, "which"), "", err)
	case "note":
		a := d.open[rapid.IntRange(0, len(d.open)-1).Draw(t, "which")]
		d.apply(Noted{Seq: a.Entry.Seq, Checkpoint: []byte(strconv.Itoa(len(d.log))), At: d.now})
	case "child":
		d.childHappens(t)
	case "signal":
		d.signalComes(t)
	case "cancel":
		d.apply(Cancel{Reason: "enough", At: d.now})
	case "crash":
		d.crashAmidMessages(t)
	default:
		d.operate(t, event)
	}
}

// operate does what an operator may do; what does not fit the run is stale.
func (d *driver) operate(t *rapid.T, act string) {
	var o Outcome
	switch act {
	case "pause":
		o = Pause{Reason: "look", Actor: "ops", At: d.now}
	case "resume":
		o = Resume{Actor: "ops", At: d.now}
	case "skip":
		o = SkipDelay{Step: d.aPause(t), Actor: "ops", At: d.now}
	case "terminate":
		o = Terminate{Reason: "no use", Actor: "ops", At: d.now}
	}
	if stale := d.isStale(o); stale {
		if _, err := d.run.Apply(o); !errors.Is(err, ErrStale) {
			t.Fatalf("%+v: %v, want %v", o, err, ErrStale)
		}
		return
	}
	d.apply(o)
	if act == "terminate" {
		d.open, d.children = nil, nil
	}
}

// aPause is the path of a block that pauses, or nothing.
func (d *driver) aPause(t *rapid.T) string {
	paths := []string{""}
	for _, st := range d.run.waiting {
		paths = append(paths, st.name)
	}
	return rapid.SampledFrom(paths).Draw(t, "path of the pause")
}

func (d *driver) isStale(o Outcome) bool {
	paused := d.run.State().Phase == PhasePaused
	switch o := o.(type) {
	case Pause:
		return paused
	case Resume:
		return !paused
	case SkipDelay:
		return !d.run.pauses(o.Step)
	}
	return false
}

// crashAmidMessages is a crash at which messages came before a driver took the run up.
func (d *driver) crashAmidMessages(t *rapid.T) {
	d.restore()
	for range rapid.IntRange(0, 3).Draw(t, "messages") {
		events := []string{"nothing", "cancel", "pause", "resume", "skip", "terminate"}
		if len(d.children) > 0 {
			events = append(events, "child")
		}
		if len(d.def.Waits) > 0 {
			events = append(events, "signal")
		}
		switch event := rapid.SampledFrom(events).Draw(t, "message"); event {
		case "nothing":
		case "child":
			d.childHappens(t)
		case "signal":
			d.signalComes(t)
		case "cancel":
			d.apply(Cancel{Reason: "enough", At: d.now})
		default:
			d.operate(t, event)
		}
		if d.run.State().Status.Final() {
			return
		}
	}
	d.apply(Begin{At: d.now})
}

// childHappens ends one of the runs that were called. One that was asked to end
// mostly does so as cancelled.
func (d *driver) childHappens(t *rapid.T) {
	i := rapid.IntRange(0, len(d.children)-1).Draw(t, "which child")
	d.children[0], d.children[i] = d.children[i], d.children[0]
	var err *Error
	switch end := rapid.SampledFrom([]string{"completed", "failed", "cancelled"}).Draw(t, "end of child"); end {
	case "failed":
		err = broken(end)
		err.Permanent = rapid.Bool().Draw(t, "permanent")
	case "cancelled":
		err = &Error{Kind: ErrorCancelled, Permanent: true, Message: end}
	}
	d.childEnds("1", err)
}

// signalComes sends a signal, perhaps one that was sent before.
func (d *driver) signalComes(t *rapid.T) {
	w := rapid.SampledFrom(d.def.Waits).Draw(t, "wait of the signal")
	key := ""
	if w.Keyed {
		key = fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "key"))
	}
	id := rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "signal id")
	if id != "" && d.run.known[signalID{signalTarget{w.Name, key}, id}] {
		if _, err := d.run.Apply(Signal{Name: w.Name, Key: key, ID: id, At: d.now}); !errors.Is(err, ErrStale) {
			t.Fatalf("a signal that came before: %v, want %v", err, ErrStale)
		}
		return
	}
	d.signal(w.Name, key, id, "1")
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		def := randomFlow(rt)
		d := drive(t, def)
		for range 4000 {
			if d.run.State().Status.Final() {
				break
			}
			checkReplay(rt, d)
			checkGoesOn(rt, d)
			d.happen(rt)
		}
		if !d.run.State().Status.Final() {
			rt.Fatalf("the run does not end; its log: %v", d.history())
		}
		checkLog(rt, d)
	})
}

// checkGoesOn: a run that is not over waits for something.
func checkGoesOn(t *rapid.T, d *driver) {
	if d.run.Idle() && !d.run.Awaits() && d.run.State().WakeAt.IsZero() {
		t.Fatalf("the run waits for nothing; its log: %v", d.history())
	}
	if len(d.open) != len(d.run.open) || len(d.children) != len(d.run.calls) {
		t.Fatalf("%d attempts and %d calls are under way, and the run knows of %d and %d; its log: %v",
			len(d.open), len(d.children), len(d.run.open), len(d.run.calls), d.history())
	}
}

// checkReplay: the log alone gives the state.
func checkReplay(t *rapid.T, d *driver) {
	again, err := Restore(d.def, Head{ID: "run", Input: []byte("1")}, d.log)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if diff := cmp.Diff(dump(d.run), dump(again)); diff != "" {
		t.Fatalf("replayed state (-live +replayed):\n%s\nlog: %v", diff, d.history())
	}
}

// dump is all of the state that decides what the run does next.
func dump(r *Run) map[string]any {
	steps := map[string]any{}
	for name, st := range r.steps {
		if st.status == stepNew && !st.passed {
			continue // as good as absent
		}
		steps[name] = fmt.Sprint(st.status, st.attempt, string(st.input), string(st.output), st.undo, st.undoAttempt,
			checkpoint(st.told), checkpoint(st.undoTold), st.passed)
	}
	var open, waiting, completed, spans []string
	for _, e := range r.open {
		open = append(open, fmt.Sprint(e.Seq, e.Kind, e.Step, e.Attempt))
	}
	for _, e := range r.spans {
		spans = append(spans, fmt.Sprint(e.Seq, e.Step))
	}
	for _, st := range r.waiting {
		waiting = append(waiting, fmt.Sprint(st.name, st.wakeAt))
	}
	for _, e := range r.calls {
		open = append(open, fmt.Sprint(e.Seq, e.Kind, e.Step, e.Key))
	}
	for _, st := range r.undoable {
		completed = append(completed, st.name)
	}
	sort.Strings(open)
	sort.Strings(waiting)
	return map[string]any{
		"status": r.status, "attempt": r.attempt, "seq": r.seq, "started": r.info.StartedAt.String(),
		"signals": fmt.Sprint(r.signals, r.known),
		"steps":   steps, "open": open, "waiting": waiting, "completed": completed, "spans": spans,
		"failure": r.failure, "rollback": r.rollback != nil, "unwound": r.unwound,
		"restart": r.restart != nil && !r.restartNow, "paused": fmt.Sprint(r.pausedAt, r.pausedFor), "cancelled": r.cancelled,
	}
}

// checkLog holds the rules about order against the log of a run that is over.
func checkLog(t *rapid.T, d *driver) {
	attempts := map[int][]Entry{}
	for _, e := range d.log {
		if e.Open() {
			t.Fatalf("the run is over and %s %s is open", e.Kind, e.Step)
		}
		attempts[e.RunAttempt] = append(attempts[e.RunAttempt], e)
	}
	last := d.run.State()
	for n, log := range attempts {
		failed := checkAttempt(t, d, log)
		if completed := n == last.Attempt && last.Status == StatusCompleted; completed == failed {
			t.Fatalf("attempt %d of the run, which %s, failed: %v; log: %v", n, last.Status, failed, d.history())
		}
	}
}

// checkAttempt checks one attempt of the run, and says whether it failed.
func checkAttempt(t *rapid.T, d *driver, log []Entry) bool {
	var completed, undone []Entry // undoable steps and calls with a result, and compensations
	tried := map[string]bool{}    // steps that are undone though they did not complete
	failedAt := int64(math.MaxInt64)
	for _, e := range log {
		def := d.run.stepDef(e.Step)
		work := e.Kind == KindStep || e.Kind == KindCall
		switch {
		case work && e.Error == nil && def.Compensation != nil:
			completed = append(completed, e)
			delete(tried, e.Step)
		case work && e.Input != nil && def.undoneIfAttempted():
			tried[e.Step] = true
		case e.Kind == KindCompensation && e.WakeAt.IsZero():
			undone = append(undone, e)
		}
		switch {
		case e.Kind == KindTerminate:
			return true // nothing is undone
		case e.Kind == KindCancel, e.Kind == KindTimeout, e.Kind == KindRollback:
			failedAt = min(failedAt, e.Seq)
		case e.Kind != KindCompensation && e.Error != nil && e.WakeAt.IsZero(), e.Kind == KindWait && e.Error != nil:
			failedAt = min(failedAt, e.EndSeq)
		}
	}
	for _, e := range log {
		if (e.Kind == KindStep || e.Kind == KindCall || e.Kind == KindWait || e.Kind == KindEnter || e.Kind == KindChoice || e.Kind == KindForeach) && e.Seq > failedAt {
			t.Fatalf("%s %s began after the failure; log: %v", e.Kind, e.Step, d.history())
		}
	}
	if failedAt == math.MaxInt64 {
		return false
	}
	sort.Slice(completed, func(i, j int) bool { return completed[i].EndSeq > completed[j].EndSeq })
	undone = slices.DeleteFunc(undone, func(e Entry) bool { // those that did not complete come among the others
		known := tried[e.Step]
		delete(tried, e.Step)
		return known
	})
	for step := range tried {
		t.Fatalf("%s was tried and is not undone; log: %v", step, d.history())
	}
	for i := range max(len(completed), len(undone)) {
		if len(completed) != len(undone) || completed[i].Step != undone[i].Step {
			t.Fatalf("what completed is not undone in reverse order; log: %v", d.history())
		}
	}
	return true
}

func TestPauseNeverOverflowsAndStaysUnderItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{
			Backoff:     rapid.SampledFrom([]Backoff{Fixed, Linear, Exponential}).Draw(t, "backoff"),
			BackoffBase: time.Duration(rapid.Int64Range(1, 1<<62).Draw(t, "base")),
			BackoffMax:  time.Duration(rapid.Int64Range(1, 1<<62).Draw(t, "max")),
			Jitter:      rapid.Float64Range(0, 1).Draw(t, "jitter"),
		}
		k := rapid.IntRange(1, 1<<30).Draw(t, "k")
		pause := p.Pause(k, "key")
		if pause < 0 || pause > p.BackoffMax {
			t.Fatalf("pause %d is not between 0 and %d", pause, p.BackoffMax)
		}
		if again := p.Pause(k, "key"); again != pause {
			t.Fatalf("the pause is %v and then %v", pause, again)
		}
	})
}

func TestPause(t *testing.T) {
	for _, c := range []struct {
		policy Policy
		want   []time.Duration
	}{
		{Policy{}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		{Policy{Backoff: Fixed, BackoffBase: 5 * time.Second}, []time.Duration{5 * time.Second, 5 * time.Second}},
		{Policy{Backoff: Linear, BackoffBase: time.Second}, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}},
		{Policy{Backoff: Exponential, BackoffBase: time.Minute, BackoffMax: 3 * time.Minute}, []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute}},
	} {
		for i, want := range c.want {
			if got := c.policy.Pause(i+1, "key"); got != want {
				t.Errorf("%+v: pause %d is %v, want %v", c.policy, i+1, got, want)
			}
		}
	}
	var spread []time.Duration
	jittered := Policy{Backoff: Fixed, BackoffBase: 10 * time.Second, BackoffMax: time.Minute, Jitter: 0.2}
	for i := range 100 {
		spread = append(spread, jittered.Pause(1, fmt.Sprint("run", i)))
	}
	sort.Slice(spread, func(i, j int) bool { return spread[i] < spread[j] })
	if first, last := spread[0], spread[99]; first < 8*time.Second || last > 12*time.Second || last-first < 3*time.Second {
		t.Errorf("with a jitter of 20 %% the pauses are from %v to %v", first, last)
	}
}
