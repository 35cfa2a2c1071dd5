package player

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// driver is what a runtime is for a run: it keeps its log and knows what is under way.
type driver struct {
	def  *flow.Definition
	mode restarts
	now  time.Time

	head     flow.Head
	run      *flow.Run
	log      []flow.Entry
	open     []flow.Attempt
	stored   map[int64]bool    // attempts that began when they were stored
	stopping bool              // something under way was asked to stop
	over     map[string]int64  // the last attempt of each step that has ended
	children map[string]string // ids of the runs of calls under way, by the paths of the calls
	calls    map[string]string // the paths of calls, by the ids of all their runs
	shown    flow.State        // what the trace said last of the run
}

// perform lets happen what a line says, and returns its trace.
func (d *driver) perform(line string) ([]string, error) {
	word, rest, _ := strings.Cut(line, " ")
	if d.run == nil && word != "start" {
		return nil, errors.New("a script begins with start")
	}
	if word == crashCommand {
		eff, err := d.restart(d.log)
		return append(d.trace(eff), d.changes()...), err
	}
	command := commands[word]
	if command == nil {
		return nil, fmt.Errorf("a script has no %s", word)
	}
	outcome, err := command(d, rest)
	if err != nil {
		return nil, err
	}
	eff, err := d.run.Apply(outcome)
	if errors.Is(err, flow.ErrStale) {
		return []string{"-> stale"}, nil
	}
	if err != nil {
		return nil, err
	}
	d.take(eff)
	trace := append(d.trace(eff), d.changes()...)
	return trace, d.restartUnasked()
}

// ended is the end of the attempt of that name.
func (d *driver) ended(name string, output []byte, err *flow.Error) (flow.Outcome, error) {
	for i, a := range d.open {
		if attemptName(a) != name {
			continue
		}
		d.open = slices.Delete(d.open, i, i+1)
		d.over[name] = a.Entry.Seq
		return flow.Ended{Seq: a.Entry.Seq, Output: output, Err: err, At: d.now}, nil
	}
	underWay := cmp.Or(strings.Join(d.underWay(), ", "), "nothing")
	return nil, fmt.Errorf("%s is not under way, but: %s", name, underWay)
}

// take stores what an outcome led to.
func (d *driver) take(eff flow.Effects) {
	for _, e := range eff.Entries {
		d.store(e)
		switch {
		case e.Kind != flow.KindCall:
			d.stored[e.Seq] = true
		case e.Open():
			d.children[e.Step], d.calls[e.Key] = e.Key, e.Step
		default:
			delete(d.children, e.Step)
		}
	}
	for _, a := range eff.Attempts {
		d.store(a.Entry)
		d.open = append(d.open, a)
	}
	asked := len(eff.Stop) > 0 || len(eff.CancelCalls) > 0
	d.stopping = (d.stopping || asked) && len(d.open)+len(d.children) > 0
}

func (d *driver) store(e flow.Entry) {
	for i := range d.log {
		if d.log[i].Seq == e.Seq {
			d.log[i] = e
			return
		}
	}
	d.log = append(d.log, e)
}

// restart forgets the run and goes on from a log.
func (d *driver) restart(log []flow.Entry) (flow.Effects, error) {
	d.head.StartedAt = d.run.State().StartedAt
	run, err := flow.Restore(d.def, d.head, log)
	if err != nil {
		return flow.Effects{}, err
	}
	d.run, d.log, d.open, d.stopping = run, slices.Clone(log), nil, false
	eff, err := run.Apply(flow.Begin{At: d.now})
	d.take(eff)
	return eff, err
}

// restartUnasked restarts if the mode says so, and holds that the run is where it
// was. An attempt that was asked to stop is over with its process, so that is left out.
func (d *driver) restartUnasked() error {
	before := d.run.State()
	if d.mode == onlyAsked || d.stopping || before.Status.Final() {
		return nil
	}
	log := d.log
	if d.mode == alwaysLosing {
		log = slices.DeleteFunc(slices.Clone(log), func(e flow.Entry) bool {
			return e.Open() && (e.Kind == flow.KindStep || e.Kind == flow.KindCompensation) && !d.stored[e.Seq]
		})
	}
	underWay := d.underWay()
	if _, err := d.restart(log); err != nil {
		return err
	}
	if after := d.run.State(); !reflect.DeepEqual(before, after) {
		return fmt.Errorf("the run is %+v, and was %+v before the restart", after, before)
	}
	if again := d.underWay(); !slices.Equal(again, underWay) {
		return fmt.Errorf("under way are %q, and were %q before the restart", again, underWay)
	}
	return nil
}

// underWay are the attempts under way, sorted.
func (d *driver) underWay() []string {
	open := slices.SortedFunc(slices.Values(d.open), func(a, b flow.Attempt) int {
		return cmp.Compare(attemptName(a), attemptName(b))
	})
	var names []string
	for _, a := range open {
		a.Stored = false // it is by now
		names = append(names, describe(a))
	}
	return names
}
