package flow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A machine for tests, made of a tree of blocks. Its steps return numbers, and
// its output is their sum.

// node is a block of a flow.
type node struct {
	step   *StepDef // of a step or a call
	wait   *WaitDef
	block  *BlockDef // of a choose, and of a parallel with a condition or delay
	kind   string    // "step", "call", "wait", "sequence", "parallel", "choose", "foreach"
	skip   bool      // its condition does not hold
	until  time.Time
	chosen int
	parts  []*node
	each   *ForeachDef
	items  int
}

// live is a node of one run.
type live struct {
	*node
	work   Step[int, int]
	wait   Wait[int]
	index  int64 // of the element around it
	group  Group
	choice Choice
	each   Foreach[int, []*live, int]
	parts  []*live
}

func (n *node) live() *live {
	l := &live{node: n}
	if n.kind != "foreach" { // else each element has its own
		for _, part := range n.parts {
			l.parts = append(l.parts, part.live())
		}
	}
	return l
}

func (l *live) run(p *Plan) bool {
	when := func() bool { return !l.skip }
	var until func() time.Time
	if !l.until.IsZero() {
		until = func() time.Time { return l.until }
	}
	switch l.kind {
	case "wait":
		var key func() string
		if l.node.wait.Keyed {
			key = func() string { return fmt.Sprint(l.index) }
		}
		return l.wait.Run(p, l.node.wait, when, until, key)
	case "step", "call":
		return l.work.RunUntil(p, l.step, when, until, func() int { return 1 })
	case "sequence":
		return l.sequence(p)
	case "parallel":
		if l.block == nil {
			return All(l.branches(p)...)
		}
		return l.group.Run(p, l.block, when, until, func() bool { return All(l.branches(p)...) })
	case "foreach":
		return l.foreach(p, when, until)
	default:
		return l.choice.Run(p, l.block, when, until, func() int { return l.chosen },
			func(chosen int) bool { return l.parts[chosen].run(p) })
	}
}

func (l *live) sequence(p *Plan) bool { return runAll(l.parts, p) }

func runAll(parts []*live, p *Plan) bool {
	for _, part := range parts {
		if !part.run(p) {
			return false
		}
	}
	return true
}

func (l *live) foreach(p *Plan, when func() bool, until func() time.Time) bool {
	return l.each.Run(p, l.node.each, when, until, func() []int {
		items := make([]int, l.items)
		for i := range items {
			items[i] = 100 * i
		}
		return items
	}, func(e *Element[int, []*live]) bool {
		if e.Body == nil {
			for _, part := range l.node.parts {
				e.Body = append(e.Body, part.live().of(e.Index))
			}
		}
		return runAll(e.Body, p)
	}, func(e *Element[int, []*live]) int {
		sum := e.Item
		for _, part := range e.Body {
			sum += part.sum()
		}
		return sum
	})
}

// of says in which element the blocks are.
func (l *live) of(index int64) *live {
	l.index = index
	for _, part := range l.parts {
		part.of(index)
	}
	return l
}

func (l *live) branches(p *Plan) []bool {
	var done []bool
	for _, part := range l.parts {
		done = append(done, part.run(p))
	}
	return done
}

func (l *live) sum() (sum int) {
	if v := l.work.Value(); v != nil {
		sum += *v
	}
	if v := l.wait.Value(); v != nil {
		sum += *v
	}
	for _, part := range l.parts {
		sum += part.sum()
	}
	for _, value := range l.each.Out {
		sum += value
	}
	return sum
}

func (l *live) Next(p *Plan) bool { return l.run(p) }
func (l *live) Output(*Plan) any  { return l.sum() }

// steps are all steps below a node.
func (n *node) steps() []*StepDef {
	if n.step != nil {
		return []*StepDef{n.step}
	}
	var all []*StepDef
	for _, part := range n.parts {
		all = append(all, part.steps()...)
	}
	return all
}

// waits are all waits below a node.
func (n *node) waits() []*WaitDef {
	if n.wait != nil {
		return []*WaitDef{n.wait}
	}
	var all []*WaitDef
	for _, part := range n.parts {
		all = append(all, part.waits()...)
	}
	return all
}

// order is where the blocks of a node stand.
func (n *node) order() []Place {
	var inside [][]Place
	for _, part := range n.parts {
		inside = append(inside, part.order())
	}
	switch n.kind {
	case "step", "call":
		return []Place{{Name: n.step.Name}}
	case "wait":
		return []Place{{Name: n.wait.Name}}
	case "sequence":
		return slices.Concat(inside...)
	case "foreach":
		return []Place{{Name: n.each.Name, Inside: [][]Place{slices.Concat(inside...)}, Each: true}}
	}
	if n.block == nil {
		return []Place{{Name: "parallel", Inside: inside}}
	}
	return []Place{{Name: n.block.Name, Inside: inside}}
}

// treeOf is the definition of a flow of blocks.
func treeOf(root *node) *Definition {
	return &Definition{
		Flow: "tree", Version: "1.0", Steps: root.steps(), Waits: root.waits(), Order: root.order(),
		New: func([]byte) (Machine, error) { return root.live(), nil },
	}
}

// chainOf is the definition of a flow of steps, one after the other.
func chainOf(skips map[string]bool, steps ...*StepDef) *Definition {
	root := &node{kind: "sequence"}
	for _, s := range steps {
		root.parts = append(root.parts, &node{kind: "step", step: s, skip: skips[s.Name]})
	}
	return treeOf(root)
}

// driver carries out what a run wants, on a log in memory.
type driver struct {
	t    testing.TB
	def  *Definition
	run  *Run
	now  time.Time
	log  []Entry
	open []Attempt
	stop []int64
	// children are the runs that were called and are not over, cancelled those of
	// them that were asked to end.
	children  []Child
	cancelled []string
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func drive(t testing.TB, def *Definition) *driver {
	d := &driver{t: t, def: def, now: epoch, run: New(def, Head{ID: "run", Input: []byte("1")})}
	d.apply(Begin{At: d.now})
	return d
}

func (d *driver) apply(o Outcome) {
	d.t.Helper()
	eff, err := d.run.Apply(o)
	if err != nil {
		d.t.Fatalf("%+v: %v", o, err)
	}
	for _, e := range eff.Entries {
		d.store(e)
	}
	for _, a := range eff.Attempts {
		d.store(a.Entry)
		d.open = append(d.open, a)
	}
	d.stop = append(d.stop, eff.Stop...)
	d.children = append(d.children, eff.Calls...)
	d.cancelled = append(d.cancelled, eff.CancelCalls...)
}

// signal sends a signal.
func (d *driver) signal(name, key, id, payload string) {
	d.t.Helper()
	d.apply(Signal{Name: name, Key: key, ID: id, Payload: []byte(payload), At: d.now})
}

// childEnds ends the run that was called first.
func (d *driver) childEnds(output string, err *Error) {
	d.t.Helper()
	if len(d.children) == 0 {
		d.t.Fatal("no run that was called is under way")
	}
	c := d.children[0]
	d.children = d.children[1:]
	d.apply(ChildEnded{ID: c.ID, Output: []byte(output), Err: err, At: d.now})
}

func (d *driver) store(e Entry) {
	for i := range d.log {
		if d.log[i].Seq == e.Seq {
			d.log[i] = e
			return
		}
	}
	d.log = append(d.log, e)
}

// end ends the attempt that has been under way for longest.
func (d *driver) end(output string, err *Error) {
	d.t.Helper()
	if len(d.open) == 0 {
		d.t.Fatal("no attempt is under way")
	}
	d.endAt(0, output, err)
}

func (d *driver) endAt(i int, output string, err *Error) {
	d.t.Helper()
	a := d.open[i]
	d.open = slices.Delete(slices.Clone(d.open), i, i+1)
	d.apply(Ended{Seq: a.Entry.Seq, Output: []byte(output), Err: err, At: d.now})
}

func (d *driver) completes(handler string) {
	d.t.Helper()
	d.expect(handler)
	d.end("1", nil)
}

func (d *driver) fails(handler string, err *Error) {
	d.t.Helper()
	d.expect(handler)
	d.end("", err)
}

// expect checks what is under way, and puts the handler in front.
func (d *driver) expect(handler string) {
	d.t.Helper()
	for i, a := range d.open {
		if a.Handler == handler {
			d.open[0], d.open[i] = d.open[i], d.open[0]
			return
		}
	}
	d.t.Fatalf("under way: %+v; want %s", d.open, handler)
}

// runs checks which handlers are under way, and only they.
func (d *driver) runs(handlers ...string) {
	d.t.Helper()
	var got []string
	for _, a := range d.open {
		got = append(got, a.Handler)
	}
	slices.Sort(got)
	if !slices.Equal(got, handlers) {
		d.t.Fatalf("under way: %v; want %v", got, handlers)
	}
}

// sleep lets time pass to the run's next tick, and checks how long that is.
func (d *driver) sleep(want time.Duration) {
	d.t.Helper()
	at := d.run.State().WakeAt
	if got := at.Sub(d.now); got != want {
		d.t.Fatalf("the run wakes after %v, want %v", got, want)
	}
	d.now = at
	d.apply(Tick{At: d.now})
}

// crash forgets the run and goes on from the log.
func (d *driver) crash() {
	d.t.Helper()
	d.restore()
	d.apply(Begin{At: d.now})
}

// restore rebuilds the run from the log, without going on.
func (d *driver) restore() {
	d.t.Helper()
	run, err := Restore(d.def, Head{ID: "run", Input: []byte("1")}, d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	d.run, d.open, d.stop = run, nil, nil
}

// is checks how the run ended.
func (d *driver) is(status Status, message string) {
	d.t.Helper()
	s := d.run.State()
	got := ""
	if s.Err != nil {
		got = s.Err.Message
	}
	if s.Status != status || got != message {
		d.t.Fatalf("the run is %s (%q), want %s (%q)", s.Status, got, status, message)
	}
}

// history is the log in short: kind, step, attempt, how it ended.
func (d *driver) history() []string {
	var lines []string
	for _, e := range d.log {
		line := string(e.Kind)
		if e.Step != "" {
			line += " " + e.Step
		}
		switch {
		case e.Open():
			line += " …"
		case e.Error != nil:
			line += ": " + e.Error.Message
		}
		lines = append(lines, line)
	}
	return lines
}

func (d *driver) hasHistory(want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.history()); diff != "" {
		d.t.Errorf("history (-want +got):\n%s", diff)
	}
}

func broken(message string) *Error { return &Error{Kind: ErrorHandler, Message: message} }

func permanent(message string) *Error {
	return &Error{Kind: ErrorHandler, Message: message, Permanent: true}
}
