package flow

import (
	"encoding/json"
	"errors"
	"time"
)

// ErrStale is what Apply returns for an outcome that does not concern the run
// any more: of an attempt that has ended, or of a run that is over. Nothing changed.
var ErrStale = errors.New("the outcome is stale")

// Outcome is what a driver tells a run: that something happened, and when.
// It is one of Begin, Ended, Late, Parked, Noted, Tick, Signal, ChildEnded, Cancel, Terminate, Pause,
// Resume and SkipDelay.
type Outcome interface{ at() time.Time }

// Begin says that a driver has taken the run up: for the first time, or again
// after the one before it ended. Attempts that were under way are asked for
// again, with the same number.
type Begin struct{ At time.Time }

// Ended says that an attempt is over. Seq is that of its entry.
type Ended struct {
	Seq    int64
	Output json.RawMessage // if it did not fail
	Err    *Error          // if it failed
	At     time.Time
}

// Late says that an attempt, which was given up because it took too long or did not stop,
// has returned a result after all. It is dropped; the log tells of it.
type Late struct {
	Step    string
	Attempt int
	At      time.Time
}

// Parked says that for so long, until now, nothing executed the run that had the code
// for it. That does not count for the flow's timeout. It is stale for a run that
// has not begun, and for one that is paused, of which that is counted already.
type Parked struct {
	For time.Duration
	At  time.Time
}

// Noted says what the handler of an attempt that is under way tells of it. Its effects
// are that the entry is to be stored again, and nothing else.
type Noted struct {
	Seq        int64
	Progress   *Progress       // nil leaves that of before
	Checkpoint json.RawMessage // nil leaves that of before
	At         time.Time
}

// Tick says what time it is. A driver sends it at WakeAt, behind all that came before. No other
// outcome but Begin lets the time of a wait be over: the signal for it may be the next one.
type Tick struct{ At time.Time }

// Cancel says that somebody wants the run to end and what it did undone.
type Cancel struct {
	Reason string
	Actor  string
	At     time.Time
}

// Signal says that a signal came. The first one of a name and key is the one that
// counts.
type Signal struct {
	Name    string // of the wait, in the spec
	Key     string // of a wait in a foreach: the element
	ID      string // given by the sender, may be empty: a second one of the same id, name and key is stale
	Payload json.RawMessage
	Actor   string
	At      time.Time
}

// ChildEnded says that a run that a call started is over.
type ChildEnded struct {
	ID     string
	Output json.RawMessage // if it completed
	Err    *Error          // if it did not
	At     time.Time
}

// Terminate says that somebody wants the run to end at once, with nothing undone.
type Terminate struct {
	Reason string
	Actor  string
	At     time.Time
}

// Pause says that nothing is to begin before a Resume. It is stale for a run that is
// paused, and Resume for one that is not.
type Pause struct {
	Reason string
	Actor  string
	At     time.Time
}

// Resume says that a paused run is to go on.
type Resume struct {
	Actor string
	At    time.Time
}

// SkipDelay says that a pause is to end now: that before the block or the retry at
// the path Step, or, if that is empty, before the flow is tried again. It is stale if
// there is no such pause.
type SkipDelay struct {
	Step  string
	Actor string
	At    time.Time
}

func (o Begin) at() time.Time  { return o.At }
func (o Ended) at() time.Time  { return o.At }
func (o Late) at() time.Time   { return o.At }
func (o Parked) at() time.Time { return o.At }
func (o Noted) at() time.Time  { return o.At }
func (o Tick) at() time.Time   { return o.At }
func (o Cancel) at() time.Time { return o.At }

func (o Signal) at() time.Time     { return o.At }
func (o ChildEnded) at() time.Time { return o.At }
func (o Terminate) at() time.Time  { return o.At }
func (o Pause) at() time.Time      { return o.At }
func (o Resume) at() time.Time     { return o.At }
func (o SkipDelay) at() time.Time  { return o.At }

// Effects are what an outcome leads to, for the driver to carry out in this
// order: store Entries together with the run's head, in one commit; then start
// the Attempts and stop those in Stop.
type Effects struct {
	// Entries began or ended.
	Entries []Entry
	// Attempts are to be started.
	Attempts []Attempt
	// Stop are the Seq of attempts whose context is to be cancelled. Each of
	// them still has to end: the driver says Ended when its handler has returned,
	// or when it has waited long enough for that.
	Stop []int64
	// Calls are runs of other flows to be created, in the same commit as Entries, and
	// CancelCalls the ids of those to be cancelled. Each still has to end: the driver
	// says ChildEnded when it is over.
	Calls       []Child
	CancelCalls []string
	// TerminateCalls are the ids of runs to be terminated. Nobody waits for them.
	TerminateCalls []string
}

// Child is a run that a call starts.
type Child struct {
	ID      string // a ULID, the same whenever it is made of the same call
	Flow    string
	Version string
	Input   json.RawMessage
}

// Attempt is a handler to be called.
type Attempt struct {
	// Entry is the attempt's line in the log, open. It may be stored any time
	// after the attempt began, or together with its end.
	Entry Entry
	// Handler is the name of what to call: the step's, or its compensation's;
	// empty if the flow's code has that compensation no more.
	Handler string
	// Timeout is how long the attempt may take; 0 is without end. A driver that
	// has waited that long says Ended with an error of the kind ErrorTimeout.
	Timeout time.Duration
	// Input is the step's input; of a compensation, that of the step to undo.
	Input json.RawMessage
	// Output is, for a compensation, the result to undo.
	Output json.RawMessage
	// Before has the last checkpoint that an attempt of the same piece of work stored; nil
	// for none.
	Before *Told
	// IdempotencyKey is the same for each attempt of the same piece of work: it
	// is made of the run, the run's attempt, the step, and do or undo.
	IdempotencyKey string
	// StepKey is the IdempotencyKey of the step: of a compensation, that with which
	// what it undoes was done.
	StepKey string
	// Stored says that Entry is among the Effects' Entries: the attempt begins only
	// when that is on disk, because its compensation is due even if it does not complete.
	Stored bool
	// Transaction says that the handler works in a transaction of the store, and that what it
	// leads to is committed in that one.
	Transaction bool
}
