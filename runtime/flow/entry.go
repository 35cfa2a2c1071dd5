package flow

import (
	"encoding/json"
	"time"
)

// Status is the state of a run or of a step, see docs/semantics.md.
type Status string

// The statuses. Skipped is one of steps only, Cancelled one of runs only.
const (
	StatusPending   Status = "pending"
	StatusRunning   Status = "running"
	StatusCompleted Status = "completed"
	StatusFailed    Status = "failed"
	StatusCancelled Status = "cancelled"
	StatusSkipped   Status = "skipped"
)

// Final says whether a run of this status is over, its compensations included.
func (s Status) Final() bool {
	return s == StatusCompleted || s == StatusFailed || s == StatusCancelled
}

// Phase is what a running run does.
type Phase string

// The phases of a run that is running; a run of another status has none, but for PhaseParked.
const (
	PhaseForward      Phase = "forward"      // a step is under way
	PhaseWaiting      Phase = "waiting"      // for a delay or the pause before a retry or restart
	PhaseCompensating Phase = "compensating" // what was done is being undone
	PhasePaused       Phase = "paused"       // somebody paused it: nothing begins before somebody resumes it
	// PhaseParked is that no code for the run's flow and version is registered. Runs that are
	// pending have it too. It is computed by who looks at a run, and never stored.
	PhaseParked Phase = "parked"
)

// Kind is what an Entry of the log tells of.
type Kind string

// The kinds of entries. Those marked as spans have a start and an end; the
// others happen at one moment.
const (
	KindStep         Kind = "step"         // span: one attempt of a step's handler
	KindSkip         Kind = "skip"         // a block whose `when` did not hold
	KindDelay        Kind = "delay"        // span: the pause before a block; WakeAt is its planned end
	KindEnter        Kind = "enter"        // a parallel with a condition that held, or a time that had come
	KindChoice       Kind = "choice"       // the case of a choose: Output is its index, from 0, or -1 for none
	KindRollback     Kind = "rollback"     // span: the compensations after a failure or a cancel, Error is why
	KindCompensation Kind = "compensation" // span: one attempt of a step's compensation
	KindRestart      Kind = "restart"      // span: the pause before the flow's next attempt; WakeAt is its planned end
	KindTimeout      Kind = "timeout"      // the flow's timeout is over: Error says so
	KindForeach      Kind = "foreach"      // span: a foreach, Input is the list of its elements
	KindWait         Kind = "wait"         // span: until a signal came, Output is its payload; WakeAt is the wait's timeout
	KindSignal       Kind = "signal"       // a signal came: Step is the wait's name, without a path, Output its payload
	KindCall         Kind = "call"         // span: a run of another flow, Key is its id, Output what it returned
	KindPause        Kind = "pause"        // somebody paused the run: Output is why, as a JSON text, Actor who it was
	KindResume       Kind = "resume"       // somebody let it go on
	KindSkipDelay    Kind = "skip_delay"   // somebody ended the pause of Step, or without one that before a restart
	KindTerminate    Kind = "terminate"    // somebody ended the run at once: Error has the reason
	KindLate         Kind = "late"         // the handler of an attempt that was given up returned a result, which counts for nothing
	KindParked       Kind = "parked"       // span: no code of the run was registered, up to when it was taken up again
	KindRetry        Kind = "retry"        // the run goes on where another one ended: Key is its id
	KindCancel       Kind = "cancel"       // somebody asked to cancel the run: Error has the reason, Actor who it was
)

// Kinds are all kinds of entries.
func Kinds() []Kind {
	return []Kind{
		KindStep, KindCall, KindWait, KindSignal, KindSkip, KindDelay, KindEnter, KindChoice, KindForeach,
		KindRollback, KindCompensation, KindRestart, KindTimeout, KindLate, KindParked,
		KindPause, KindResume, KindSkipDelay, KindTerminate, KindRetry, KindCancel,
	}
}

// Entry is one line of a run's log: one thing that happened to it. The log
// alone rebuilds the run's state (Restore), and is what people see of a run.
//
// Seq and EndSeq come from one counter of the run: they are the places of the
// entry's start and end among all that happened. An entry is known by its Seq,
// which never changes; storing an entry again replaces it.
type Entry struct {
	Seq    int64
	EndSeq int64 // 0 while the entry is open; Seq for what has no duration
	Kind   Kind
	// Step is the path of the step, or of another block: its name, behind that of
	// the element of each foreach around it, as in seats[3].invite. It is empty
	// for what is about the whole run.
	Step string
	// RunAttempt is the run's attempt in which this happened, from 1.
	RunAttempt int
	// Attempt is the attempt of the step or compensation, from 1; else 0.
	Attempt int
	// Key is, of a call, the id of the run that it started; of a retry, that of the run
	// that it goes on with; of a step whose result is kept from that run, the idempotency
	// key with which it was done; of a signal and of a wait in
	// a foreach, the key that says which element it is for.
	Key string
	// SignalID is the id that a signal's sender gave it: a second one of the same id,
	// for the same wait and Key, is the same signal. It may be empty.
	SignalID string
	// Input is what the handler of a step got, Output what it returned, as JSON.
	Input, Output json.RawMessage
	// Told is what the handler of an attempt told of it while it was at work; nil for
	// nothing. It is replaced, never changed.
	Told *Told
	// Error is why an attempt failed, or why a rollback or cancel began.
	Error *Error
	// Actor is who asked, where somebody did.
	Actor string
	// StartedAt and FinishedAt are in UTC and whole milliseconds; FinishedAt is
	// zero while the entry is open.
	StartedAt, FinishedAt time.Time
	// WakeAt is the planned end of a pause: of a delay or a restart, and of the
	// pause behind a failed attempt. A failed attempt without it was the last.
	WakeAt time.Time
}

// Block is the name of the block that Step is the path of: names are unique in a flow.
func (e *Entry) Block() string { return blockName(e.Step) }

// Open says whether the entry has started and not ended.
func (e *Entry) Open() bool { return e.EndSeq == 0 }
