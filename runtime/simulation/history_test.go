package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/simulation/randomflow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is what is known of a world when it is over: what the rules look at.

// history is all that happened in a world. Times are virtual, since its beginning.
type history struct {
	calm   bool // no fault, no crash, no jump of the clock, and room for all handlers
	faults int  // how many of a hundred calls of the disk fail
	poison bool // some steps end their process, each time
	room   bool // for all handlers, in each process
	// jumped says that the clock on the wall was set at least once, and setBack that it was set back.
	jumped, setBack bool
	began           time.Time // by the clock on the wall, before anybody set it
	flows           map[string]*randomflow.Flow
	writes          []write // in the order in which they were made
	calls           []*call // of handlers, in the order in which they began
	claims          []claim
	codes           []code // in the order in which it came
	turns           []turn
	starts          []start
	asked           []asked // signals and cancels that were acknowledged
	// refusals are the answers to signals by the code of another major version.
	refusals []error
	waits    []waited
	// repeats are the runs that somebody asked to repeat, by who asked; deleted are those
	// that were deleted, as they were then.
	repeats  map[string]repeated
	deleted  map[string]*run
	boots    map[int]time.Duration // when the processes began
	runs     map[string]*run       // as they are at the end, by id
	leftOver []*run                // of the schedule, which were under way when the world ended
	wrong    []error               // answers that nobody may get
}

// run is a run at the end.
type run struct {
	store.Run
	flow *randomflow.Flow
	log  []flow.Entry
	// writes are the places in history.writes of those to the run, calls its handlers'.
	writes []int
	calls  []*call
	// created is the place of the write that made it, and kept what it began with of
	// another one's log.
	created int
	kept    []flow.Entry
}

// write is a change that the store made.
type write struct {
	at      time.Duration
	process int
	created *store.Run // by a start
	kept    []flow.Entry
	change  store.Change
}

// claim is a look for runs to execute that found some.
type claim struct {
	at      time.Duration
	process int
	runs    []string
	suspect bool // it was one for a suspect, with so many takeovers
	times   int
}

// call is one call of a handler, by a process that was alive.
type call struct {
	process             int
	flow, run, step     string
	undo                bool
	attempt, runAttempt int
	key, stepKey        string
	tenant              string
	in                  int64
	out                 *int64 // of a compensation: the result to undo

	writes int // that were made before it began
	began  time.Duration
	ended  time.Duration // if returned
	waits  time.Duration // when it began to wait for a run that it started; 0: it did not
	// found is the checkpoint from which it went on, 0 for none; kept are those that it
	// stored, and tried those of which it does not know.
	found int64
	tried []int64
	kept  []int64
	// returned says that the handler was there to its end, and its process too.
	returned bool
	poisoned bool // it ended its process
	output   int64
	err      string        // what it failed with, if it did
	stopped  time.Duration // when it saw its context cancelled; 0 if it did not
}

// kind is that of the entry which the call is for.
func (c *call) kind() flow.Kind {
	if c.undo {
		return flow.KindCompensation
	}
	return flow.KindStep
}

// start is a start that was acknowledged.
type start struct {
	flow, tenant, key string
	id, got           string // the id that it asked for, and the one it got
	existing          bool
	input             int64
}

// asked is a wish that was acknowledged.
type asked struct {
	at          time.Duration
	wall        time.Time // by the clock of the processes
	run         string
	kind        flow.Kind // of the entry that tells of it
	who         string    // of what operators do: an actor for each act
	signal, key string
	id          string
	payload     int64
}

// repeated is a run that another one was to repeat.
type repeated struct {
	of, how string // retry, fork or rerun
	step    string // of a fork
}

// waited is what Wait said.
type waited struct {
	run    string
	output int64
	status flow.Status
}

// stored is the place in history.writes of the first write to a run with which
// something holds of an entry; the number of all writes if there is none.
func (h *history) stored(r *run, seq int64, holds func(*flow.Entry) bool) int {
	for i := range r.kept {
		if e := &r.kept[i]; e.Seq == seq && holds(e) {
			return r.created
		}
	}
	for _, at := range r.writes {
		for i := range h.writes[at].change.Entries {
			if e := &h.writes[at].change.Entries[i]; e.Seq == seq && holds(e) {
				return at
			}
		}
	}
	return len(h.writes)
}

// hasEnded is for stored: the entry has ended.
func hasEnded(e *flow.Entry) bool { return !e.Open() }

// isKept says that the run has an entry from another one.
func (r *run) isKept(e *flow.Entry) bool {
	return slices.ContainsFunc(r.kept, func(k flow.Entry) bool { return k.Seq == e.Seq && k.EndSeq == e.EndSeq })
}

// ending is the place of the write with which the run was over.
func (h *history) ending(r *run) int {
	for _, at := range r.writes {
		if head := h.writes[at].change.Head; head != nil && head.Status.Final() {
			return at
		}
	}
	return len(h.writes)
}

// attempts is the log by attempt of the run.
func (r *run) attempts() map[int][]flow.Entry {
	all := map[int][]flow.Entry{}
	for _, e := range r.log {
		all[e.RunAttempt] = append(all[e.RunAttempt], e)
	}
	return all
}

// step is the definition of the step at a path.
func (r *run) step(path string) *flow.StepDef { return r.flow.Steps[nameOf(path)] }

// nameOf is the name of the block at a path.
func nameOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// String is the run with its log and the calls of its handlers, for people.
func (r *run) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s of %s: %s", r.ID, r.Flow, r.Status)
	if r.Error != nil {
		fmt.Fprintf(&b, " (%s)", r.Error.Message)
	}
	b.WriteString("\n")
	for _, e := range r.log {
		fmt.Fprintf(&b, "  %3d-%-3d %-12s %-14s run attempt %d, attempt %d, %s", e.Seq, e.EndSeq, e.Kind, e.Step, e.RunAttempt, e.Attempt,
			e.StartedAt.Format("15:04:05.000"))
		if !e.Open() {
			fmt.Fprintf(&b, " to %s", e.FinishedAt.Format("15:04:05.000"))
		}
		if !e.WakeAt.IsZero() {
			fmt.Fprintf(&b, " until %s", e.WakeAt.Format("15:04:05.000"))
		}
		if e.Output != nil {
			fmt.Fprintf(&b, " = %s", e.Output)
		}
		if e.Error != nil {
			fmt.Fprintf(&b, " failed: %s", e.Error.Message)
		}
		b.WriteString("\n")
	}
	for _, c := range r.calls {
		fmt.Fprintf(&b, "  call of %s (undo %v) in process %d, run attempt %d, attempt %d, from %v", c.step, c.undo, c.process, c.runAttempt, c.attempt, c.began)
		if c.returned {
			fmt.Fprintf(&b, " to %v: %d %s", c.ended, c.output, c.err)
		}
		b.WriteString("\n")
	}
	return b.String()
}
