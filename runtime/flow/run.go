package flow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"
)

// Run is the state of one run. It belongs to one goroutine, and is a pure
// function of its head and the outcomes applied to it; see the package's doc.
type Run struct {
	def   *Definition
	defs  map[string]*StepDef // nil for a flow of few steps, see index
	waits map[string]*WaitDef
	id    string
	input json.RawMessage
	info  RunInfo
	// maxPayload is how many bytes a stored value may have; 0 is without end.
	maxPayload int

	machine Machine // nil before it is needed
	plan    Plan    // of the walk at hand; it is the run's, since there is one for each outcome
	status  Status
	attempt int   // of the whole flow
	seq     int64 // the last sequence number that was given

	// The signals that came, those of earlier attempts too.
	signals map[signalTarget][]byte // the first payload for each wait
	known   map[signalID]bool

	// The state of the current attempt, made by started, ended and note alone.
	steps     map[string]*stepState
	open      []*Entry     // attempts under way
	left      []*Entry     // those of them that the driver before this one left, until Begin asks for them
	waiting   []*stepState // blocks that pause, see stepState.wakeAt
	spans     []*Entry     // foreach blocks and waits under way
	calls     []*Entry     // runs of other flows under way
	undoable  []*stepState // what a rollback undoes, in the order in which it ended
	failure   *Error       // why the run does not go forward any more
	stopAsked bool         // because of it, what was under way is being stopped
	rollback  *Entry       // open while completed steps are undone
	toUndo    int          // how many of undoable, from its end, are passed
	unwound   bool         // what was to be undone is undone
	restart   *Entry       // open in the pause before the attempt's first step
	// restartNow says that somebody skipped that pause.
	restartNow bool
	// pausedAt is when somebody paused the run, zero while it goes on; pausedFor is how
	// long it was paused before.
	pausedAt  time.Time
	pausedFor time.Duration
	cancelled *Error // somebody asked to cancel the run

	// The end of the run.
	output     json.RawMessage
	err        *Error
	finishedAt time.Time
	endSeq     int64

	changed []*Entry // since the last Effects
	effects Effects
}

// Head is what a run begins with.
type Head struct {
	ID     string
	Tenant string
	Input  json.RawMessage
	// StartedAt is when the run's first step began; zero for a run that has not begun.
	StartedAt time.Time
	// MaxPayload is how many bytes of JSON a value may have that the run stores from now
	// on; 0 is without end. It is a setting, and no part of what is stored.
	MaxPayload int
}

// New makes a run that has not begun.
func New(def *Definition, head Head) *Run {
	r := &Run{
		def: def, id: head.ID, input: head.Input,
		info:   RunInfo{ID: head.ID, Tenant: head.Tenant, StartedAt: head.StartedAt},
		status: StatusPending, attempt: 1, maxPayload: head.MaxPayload,
	}
	r.index()
	r.reset()
	if !head.StartedAt.IsZero() {
		r.begin(head.StartedAt)
	}
	return r
}

// fewSteps is how many steps are found as fast without a map, of which each run has its own.
const fewSteps = 16

// index makes ready what finds the definitions of blocks.
func (r *Run) index() {
	if len(r.def.Steps) > fewSteps {
		r.defs = make(map[string]*StepDef, len(r.def.Steps))
		for _, s := range r.def.Steps {
			r.defs[s.Name] = s
		}
	}
	for _, w := range r.def.Waits {
		if r.waits == nil {
			r.waits = make(map[string]*WaitDef, len(r.def.Waits))
		}
		r.waits[w.Name] = w
	}
}

// Restore makes the run of which this is the log, in the order of Seq. The run
// is where it was; it goes on with Begin.
//
// It returns an error for a log that no run can have written.
func Restore(def *Definition, head Head, log []Entry) (*Run, error) {
	if head.StartedAt.IsZero() {
		head.StartedAt = beganAt(log)
	}
	r := New(def, head)
	type event struct {
		seq   int64
		entry *Entry
	}
	events := make([]event, 0, 2*len(log))
	for i := range log {
		e := log[i] // a copy: the caller keeps the log
		events = append(events, event{e.Seq, &e})
		if !e.Open() && e.EndSeq != e.Seq {
			events = append(events, event{e.EndSeq, &e})
		}
	}
	sort.Slice(events, func(i, j int) bool { return events[i].seq < events[j].seq })
	for i, ev := range events {
		if i > 0 && events[i-1].seq == ev.seq || ev.seq <= 1 {
			return nil, fmt.Errorf("run %s: the log has two entries at %d", head.ID, ev.seq)
		}
		if ev.seq == ev.entry.Seq {
			r.started(ev.entry)
		}
		if ev.seq == ev.entry.EndSeq {
			r.ended(ev.entry)
		}
	}
	r.left = slices.Clone(r.open)
	r.passOver()
	return r, nil
}

// beganAt is when a run began of which the log was stored and the head, which follows with a later
// commit, was not; zero if it has not begun: what it has from another run is no beginning.
func beganAt(log []Entry) time.Time {
	for i := range log {
		if log[0].Kind != KindRetry || !log[i].StartedAt.Equal(log[0].StartedAt) {
			return log[i].StartedAt
		}
	}
	return time.Time{}
}

// State is what a run's head says of it.
type State struct {
	Status     Status
	Phase      Phase
	Attempt    int // of the whole flow, from 1
	Output     json.RawMessage
	Err        *Error
	StartedAt  time.Time
	FinishedAt time.Time
	// WakeAt is when the run needs a Tick; zero if it waits for no time.
	WakeAt time.Time
	EndSeq int64
}

// State is where the run is.
func (r *Run) State() State {
	return State{
		Status: r.status, Phase: r.phase(), Attempt: r.attempt,
		Output: r.output, Err: r.err,
		StartedAt: r.info.StartedAt, FinishedAt: r.finishedAt,
		WakeAt: r.wakeAt(), EndSeq: r.endSeq,
	}
}

// Idle says that no attempt is under way: the run needs nothing before WakeAt, a
// signal, or the end of a run that it called.
func (r *Run) Idle() bool { return len(r.open) == 0 }

// Awaits says that the run waits for what comes at any time: for a signal, for the
// end of a run that it called, or for somebody to resume it.
func (r *Run) Awaits() bool {
	return !r.pausedAt.IsZero() || len(r.calls) > 0 || slices.ContainsFunc(r.spans, func(e *Entry) bool { return e.Kind == KindWait })
}

func (r *Run) phase() Phase {
	switch {
	case r.status != StatusRunning:
		return ""
	case !r.pausedAt.IsZero():
		return PhasePaused
	case r.failure != nil:
		return PhaseCompensating
	case len(r.open) == 0:
		return PhaseWaiting
	}
	return PhaseForward
}

func (r *Run) wakeAt() time.Time {
	if r.status != StatusRunning || !r.pausedAt.IsZero() {
		return time.Time{}
	}
	var first time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if st := r.earliest(); st != nil {
		earlier(st.wakeAt)
	}
	if r.failure == nil {
		earlier(r.deadline())
		if r.restart != nil {
			earlier(r.restart.WakeAt)
		}
	}
	return first
}

// begin is the start of the first attempt. The run's start has the sequence number 1.
func (r *Run) begin(at time.Time) {
	r.status = StatusRunning
	r.info.StartedAt = at
	r.seq = max(r.seq, 1)
}

// Apply takes what happened and returns what it leads to. It returns ErrStale
// for an outcome that concerns nothing that is under way.
func (r *Run) Apply(o Outcome) (Effects, error) {
	if r.status.Final() {
		return Effects{}, ErrStale
	}
	now := o.at().UTC().Truncate(time.Millisecond)
	switch o := o.(type) {
	case Begin:
		r.resume(now)
	case Ended:
		if err := r.end(o, now); err != nil {
			return Effects{}, err
		}
	case Late:
		r.recordMoment(Entry{Kind: KindLate, Step: o.Step, Attempt: o.Attempt}, now)
	case Parked:
		if r.status == StatusPending || !r.pausedAt.IsZero() || o.For <= 0 {
			return Effects{}, ErrStale
		}
		r.recordEnd(r.record(Entry{Kind: KindParked}, now.Add(-o.For).Truncate(time.Millisecond)), now)
	case Noted:
		return r.note(o)
	case Tick:
		r.wake(now)
	case Signal:
		if err := r.signal(o, now); err != nil {
			return Effects{}, err
		}
	case ChildEnded:
		if err := r.childEnded(o, now); err != nil {
			return Effects{}, err
		}
	case Cancel:
		r.cancel(o, now)
	default:
		if err := r.act(o, now); err != nil {
			return Effects{}, err
		}
	}
	r.advance(now)
	return r.takeEffects(), nil
}

// resume begins the run, or goes on with one that was restored.
func (r *Run) resume(now time.Time) {
	if r.status == StatusPending {
		r.begin(now)
	}
	left := r.left // what has begun since is asked for by itself
	r.left = nil
	r.wake(now)
	for _, e := range left {
		if r.failure != nil && e.Kind == KindStep {
			// It was being stopped when its process ended: now it has ended too.
			r.finish(e, Ended{Err: r.stopped()}, now)
			continue
		}
		r.effects.Attempts = append(r.effects.Attempts, r.attemptOf(e))
	}
}

// end applies the end of an attempt.
func (r *Run) end(o Ended, now time.Time) error {
	for _, e := range r.open {
		if e.Seq == o.Seq {
			r.finish(e, r.Bounded(o), now)
			return nil
		}
	}
	return ErrStale
}

// finish ends the entry of an attempt, and decides whether there is another one.
func (r *Run) finish(e *Entry, o Ended, now time.Time) {
	e.Output, e.Error = o.Output, o.Err
	if o.Err != nil {
		e.Output = nil
		if o.Err.Step == "" {
			err := *o.Err
			err.Step = e.Step
			e.Error = &err
		}
		policy := r.policy(e)
		if !o.Err.Permanent && e.Attempt <= policy.Retries && !r.stopping(e) {
			e.WakeAt = now.Add(policy.Pause(e.Attempt, r.key(e))).Truncate(time.Millisecond)
		}
	}
	r.recordEnd(e, now)
}

// stopping says that there will be no further attempt of what e is one of.
func (r *Run) stopping(e *Entry) bool { return e.Kind == KindStep && r.failure != nil }

// policy is that of the step or compensation of which e is an attempt.
func (r *Run) policy(e *Entry) Policy {
	def := r.stepDef(e.Step)
	switch {
	case def == nil:
		return Policy{}
	case e.Kind == KindCompensation && def.Compensation != nil && def.Compensation.Policy != nil:
		return *def.Compensation.Policy
	}
	return def.Policy
}

// key is the idempotency key of what e is an attempt of.
func (r *Run) key(e *Entry) string {
	if e.Kind == KindCompensation {
		return r.keyOf(e, "undo")
	}
	return r.stepKey(e)
}

// stepKey is the idempotency key of the step that e did or undoes.
func (r *Run) stepKey(e *Entry) string { return r.keyOf(e, "do") }

func (r *Run) keyOf(e *Entry, act string) string { return keyOf(r.id, e, act) }

func keyOf(runID string, e *Entry, act string) string {
	return runID + "." + strconv.Itoa(e.RunAttempt) + "." + e.Step + "." + act
}

// attemptOf is what a driver needs to call the handler of an open entry.
func (r *Run) attemptOf(e *Entry) Attempt {
	def := r.stepDef(e.Step)
	a := Attempt{
		Entry: *e, Handler: blockName(e.Step), Timeout: r.policy(e).Timeout,
		Input: e.Input, IdempotencyKey: r.key(e), Before: r.step(e.Step).told,
		Transaction: e.Kind == KindStep && def != nil && def.Transaction,
	}
	a.StepKey = a.IdempotencyKey
	if e.Kind == KindCompensation {
		st := r.step(e.Step)
		a.Input, a.Output, a.Handler, a.Before = st.input, st.output, "", st.undoTold
		a.StepKey = cmp.Or(st.keptKey, r.stepKey(e))
		if st.def != nil && st.def.Compensation != nil {
			a.Handler = st.def.Compensation.Name
		}
	}
	return a
}

// record starts an entry: in the log, in the state, and among the effects.
func (r *Run) record(e Entry, now time.Time) *Entry {
	e.Seq = r.seq + 1
	e.RunAttempt = r.attempt
	if e.Kind == KindRestart {
		e.RunAttempt++ // it is the beginning of the next one
	}
	e.StartedAt, e.Error = now, r.bounded(e.Error)
	entry := &e
	r.started(entry)
	r.change(entry)
	return entry
}

// recordMoment writes an entry of one moment.
func (r *Run) recordMoment(e Entry, now time.Time) {
	e.EndSeq = r.seq + 1
	e.FinishedAt = now
	r.ended(r.record(e, now))
}

// recordEnd ends an entry.
func (r *Run) recordEnd(e *Entry, now time.Time) {
	e.EndSeq = r.seq + 1
	e.FinishedAt, e.Error = now, r.bounded(e.Error)
	r.ended(e)
	r.change(e)
}

func (r *Run) change(e *Entry) {
	if !r.isChanged(e) {
		r.changed = append(r.changed, e)
	}
}

// isChanged says whether an entry is one of those that nobody was told of yet.
func (r *Run) isChanged(e *Entry) bool { return slices.Contains(r.changed, e) }

// takeEffects hands over what the outcome led to. An attempt that only began
// is not among the entries: it is stored with its Attempt, unless its compensation
// is due also if it does not complete.
func (r *Run) takeEffects() Effects {
	eff := r.effects
	r.effects = Effects{}
	for _, e := range r.changed {
		stored := true
		switch {
		case !e.Open():
		case e.Kind == KindStep, e.Kind == KindCompensation:
			a := r.attemptOf(e)
			a.Stored = e.Kind == KindStep && r.stepDef(e.Step).undoneIfAttempted()
			stored = a.Stored
			eff.Attempts = append(eff.Attempts, a)
		case e.Kind == KindCall:
			eff.Calls = append(eff.Calls, r.childOf(e))
		}
		if stored {
			eff.Entries = append(eff.Entries, *e)
		}
	}
	r.changed = r.changed[:0]
	return eff
}
