package flow

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A machine for tests: a sequence of steps, each of which adds one to what the
// one before returned.

type chain struct {
	defs  []*StepDef
	skips map[string]bool // steps whose condition does not hold
	steps []Step[int, int]
}

func (c *chain) Next(p *Plan) bool {
	for i, def := range c.defs {
		input := func() int { return c.sum(i) }
		when := func() bool { return !c.skips[def.Name] }
		if !c.steps[i].RunWhen(p, def, when, input) {
			return false
		}
	}
	return true
}

func (c *chain) sum(n int) (sum int) {
	for i := range n {
		if v := c.steps[i].Value(); v != nil {
			sum += *v
		}
	}
	return sum
}

func (c *chain) Output(*Plan) any { return c.sum(len(c.steps)) }

// chainOf is the definition of such a flow.
func chainOf(skips map[string]bool, steps ...*StepDef) *Definition {
	def := &Definition{Flow: "chain", Version: "1.0", Steps: steps}
	def.New = func([]byte) (Machine, error) {
		return &chain{defs: steps, skips: skips, steps: make([]Step[int, int], len(steps))}, nil
	}
	return def
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
	a := d.open[0]
	d.open = d.open[1:]
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

func (d *driver) expect(handler string) {
	d.t.Helper()
	if len(d.open) != 1 || d.open[0].Handler != handler {
		d.t.Fatalf("under way: %+v; want %s", d.open, handler)
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
	run, err := Restore(d.def, Head{ID: "run", Input: []byte("1")}, d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	d.run, d.open, d.stop = run, nil, nil
	d.apply(Begin{At: d.now})
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
