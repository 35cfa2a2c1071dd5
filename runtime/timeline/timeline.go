// Package timeline makes of a run's log what can be drawn: bars on one axis of time,
// by themselves or gathered in a row for each block. It is pure: the time comes from
// its caller, and a run that is under way has bars that last until then.
package timeline

import (
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// Run is what a timeline is made of: a run's head and its log.
type Run struct {
	Status   flow.Status
	Attempts int // of the whole flow
	// StartedAt is when its first step began, zero before; FinishedAt when it was over.
	StartedAt, FinishedAt time.Time
	// Log is by Seq. Bars point into it.
	Log []flow.Entry
}

// Timeline is what happened to a run and when.
type Timeline struct {
	Status   flow.Status
	Attempts int
	// Begin and End are the ends of the axis. They are equal for a run that has not begun.
	Begin, End time.Time
	// Bars are in the order in which they began; the pause behind a failed attempt
	// stands behind that attempt.
	Bars []Bar
}

// Kind is what a bar stands for.
type Kind string

// The kinds of bars.
const (
	Attempt  Kind = "attempt"  // of a step's handler
	Undo     Kind = "undo"     // of a compensation's handler
	Retry    Kind = "retry"    // the pause behind a failed attempt
	Delay    Kind = "delay"    // the pause before a block
	Wait     Kind = "wait"     // for a signal
	Call     Kind = "call"     // a run of another flow
	Elements Kind = "elements" // a foreach, from its first element to its last
	Restart  Kind = "restart"  // the pause before the flow is tried again
	Paused   Kind = "paused"   // somebody paused the run
	Moment   Kind = "moment"   // what has no duration; its Entry says what it is
)

// Bar is one thing that happened.
type Bar struct {
	Kind Kind
	// Entry is the line of the log that the bar is drawn from: of a Retry, the attempt
	// that failed; of a folded bar, the first that failed, or else the last.
	Entry    *flow.Entry
	From, To time.Time
	// Open says that it is not over; To is then the end of the axis.
	Open   bool
	Status flow.Status
	// Count is how many bars were folded into this one; 1 for a bar as it is.
	Count int
}

// New makes the timeline of a run. What is under way lasts until now; if now is zero, or
// the run is over, until the last thing that is known.
func New(run Run, now time.Time) Timeline {
	d := drawing{run: run, over: run.Status.Final(), next: map[piece]time.Time{}, stopped: map[int]time.Time{}}
	d.t = Timeline{Status: run.Status, Attempts: run.Attempts}
	d.t.Begin, d.t.End = span(run)
	if !d.over && now.After(d.t.End) && !d.t.Begin.IsZero() {
		d.t.End = now
	}
	d.ends = make([]time.Time, len(run.Log))
	d.lookAhead()
	for i := range run.Log {
		d.add(i)
	}
	return d.t
}

// span is the time from a run's first step to its end or the last thing known of it.
func span(run Run) (begin, end time.Time) {
	begin, end = run.StartedAt, run.FinishedAt
	for i := range run.Log {
		for _, t := range []time.Time{run.Log[i].StartedAt, run.Log[i].FinishedAt} {
			if begin.IsZero() {
				begin = t // its head is written with a later commit
			}
			if t.After(end) {
				end = t
			}
		}
	}
	if end.Before(begin) {
		end = begin
	}
	return begin, end
}

// piece is what is tried again after it has failed.
type piece struct {
	kind       flow.Kind
	step       string
	runAttempt int
}

// drawing is a timeline in the making.
type drawing struct {
	run  Run
	over bool
	t    Timeline

	next    map[piece]time.Time // while looking ahead: when the next attempt began
	ends    []time.Time         // by the place in the log: when the pause that began there ended
	stopped map[int]time.Time   // by attempt of the flow: when it stopped going forward
}

// lookAhead finds the ends of pauses, from the log's end to its beginning.
func (d *drawing) lookAhead() {
	var resumed time.Time
	for i := len(d.run.Log) - 1; i >= 0; i-- {
		e := &d.run.Log[i]
		switch e.Kind {
		case flow.KindStep, flow.KindCompensation:
			p := piece{e.Kind, e.Step, e.RunAttempt}
			d.ends[i] = d.next[p]
			d.next[p] = e.StartedAt
		case flow.KindResume, flow.KindCancel, flow.KindTerminate:
			resumed = e.StartedAt
		case flow.KindPause:
			d.ends[i], resumed = resumed, time.Time{}
		case flow.KindRollback:
			d.stopped[e.RunAttempt] = e.StartedAt
		}
	}
}

// add draws the entry at a place of the log.
func (d *drawing) add(i int) {
	e := &d.run.Log[i]
	b := Bar{Kind: kindOf(e.Kind), Entry: e, From: e.StartedAt, To: e.FinishedAt, Status: d.status(e), Count: 1}
	switch {
	case e.Kind == flow.KindRollback:
		return // its compensations are bars of their own
	case e.Kind == flow.KindPause:
		b.To = d.ends[i]
		b.Open = b.To.IsZero() && !d.over
	default:
		b.Open = e.Open() && !d.over
	}
	if b.Open {
		b.Status = flow.StatusRunning
	}
	d.t.Bars = append(d.t.Bars, d.within(b))
	if (e.Kind == flow.KindStep || e.Kind == flow.KindCompensation) && !e.WakeAt.IsZero() {
		d.t.Bars = append(d.t.Bars, d.within(d.retry(i)))
	}
}

// within lets a bar end on the axis.
func (d *drawing) within(b Bar) Bar {
	if b.Open || b.To.IsZero() || b.To.After(d.t.End) {
		b.To = d.t.End
	}
	if b.To.Before(b.From) { // the clock was set back
		b.To = b.From
	}
	return b
}

// retry is the pause behind the failed attempt at a place of the log.
func (d *drawing) retry(i int) Bar {
	e := &d.run.Log[i]
	b := Bar{Kind: Retry, Entry: e, From: e.FinishedAt, To: d.ends[i], Status: flow.StatusCompleted, Count: 1}
	if !b.To.IsZero() {
		return b
	}
	stopped := d.stopped[e.RunAttempt]
	switch {
	case e.Kind == flow.KindStep && !stopped.IsZero():
		b.To, b.Status = stopped, flow.StatusCancelled
	case d.over:
		b.To, b.Status = e.WakeAt, flow.StatusCancelled
	default:
		b.Open, b.Status = true, flow.StatusRunning
	}
	return b
}

func kindOf(k flow.Kind) Kind {
	switch k {
	case flow.KindStep:
		return Attempt
	case flow.KindCompensation:
		return Undo
	case flow.KindDelay:
		return Delay
	case flow.KindWait:
		return Wait
	case flow.KindCall:
		return Call
	case flow.KindForeach:
		return Elements
	case flow.KindRestart:
		return Restart
	case flow.KindPause, flow.KindParked:
		return Paused
	}
	return Moment
}

// status is how an entry that is over ended.
func (d *drawing) status(e *flow.Entry) flow.Status {
	switch {
	case e.Error != nil && e.Error.Kind == flow.ErrorCancelled:
		return flow.StatusCancelled
	case e.Error != nil:
		return flow.StatusFailed
	case e.Open():
		return flow.StatusCancelled // the run was over before it
	case e.Kind == flow.KindSkip, e.Kind == flow.KindWait && e.Output == nil:
		return flow.StatusSkipped
	}
	return flow.StatusCompleted
}
