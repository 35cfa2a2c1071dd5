package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Run is a run of a flow whose output has the type Out.
type Run[Out any] struct {
	rt       *Runtime
	def      *flow.Definition
	id       string
	existing bool
}

// ID is the run's id, a ULID.
func (r *Run[Out]) ID() string { return r.id }

// Existing says that the run was there before the call that returned it.
func (r *Run[Out]) Existing() bool { return r.existing }

// Wait returns the flow's output when the run is over, its compensations
// included. For a run that did not complete the error is a *RunError, in which
// errors.As also finds the declared error that a handler returned.
//
// When the context ends, Wait does, and the run goes on. It returns ErrOtherVersion for a run
// of another major version, which a start found by its idempotency key.
func (r *Run[Out]) Wait(ctx context.Context) (Out, error) {
	var out Out
	if err := r.rt.mayWait(ctx, "wait for run "+r.id); err != nil {
		return out, err
	}
	run, err := r.rt.engine.Wait(ctx, r.id)
	if err != nil {
		return out, err
	}
	if run.Status != flow.StatusCompleted {
		return out, newRunError(r.def, run)
	}
	if err := ofMajor(r.def, run); err != nil {
		return out, err
	}
	if err := flow.Decode(run.Output, &out); err != nil {
		return out, fmt.Errorf("run %s: the stored output does not fit its type: %w", r.id, err)
	}
	return out, nil
}

// Status is where the run is now.
func (r *Run[Out]) Status(ctx context.Context) (Status, error) {
	run, _, err := r.rt.engine.Get(ctx, r.id)
	if err != nil {
		return "", fmt.Errorf("status of run %s: %w", r.id, err)
	}
	return run.Status, nil
}

// Cancel asks the run to end and to undo what it did; see Runtime.CancelRun.
func (r *Run[Out]) Cancel(ctx context.Context, reason string) error {
	return r.rt.CancelRun(ctx, r.id, reason)
}

// Permanent marks an error of a handler as one that trying again does not mend:
// it ends the retries of its step, and the flow is not tried again.
func Permanent(err error) error { return flow.Permanent(err) }

// How a run ended that did not complete; errors.Is finds them in what Wait returns.
var (
	// ErrRunFailed says that the run failed.
	ErrRunFailed = errors.New("the run failed")
	// ErrRunCancelled says that the run was cancelled.
	ErrRunCancelled = errors.New("the run was cancelled")
)

// RunError is why a run did not complete.
type RunError struct {
	RunID  string
	Flow   string
	Status Status
	// Cause is the failure as it is stored: its kind, step and message.
	Cause *flow.Error

	declared error
}

func newRunError(def *flow.Definition, run store.Run) *RunError {
	err := &RunError{RunID: run.ID, Flow: run.Flow, Status: run.Status, Cause: run.Error}
	if err.Cause == nil {
		err.Cause = &flow.Error{Kind: flow.ErrorHandler, Message: "the reason was not stored"}
	}
	if d := def.Declared(run.Error); d != nil {
		err.declared = d
	}
	return err
}

// Error says which run of which flow ended how, at which step and why.
func (e *RunError) Error() string {
	at := ""
	if e.Cause.Step != "" {
		at = " at step " + e.Cause.Step
	}
	return fmt.Sprintf("run %s of %s %s%s: %s", e.RunID, e.Flow, e.Status, at, e.Cause.Message)
}

// Unwrap is how the run ended, its stored failure, and the declared error that it was.
func (e *RunError) Unwrap() []error {
	how := ErrRunFailed
	if e.Status == StatusCancelled {
		how = ErrRunCancelled
	}
	if e.declared == nil {
		return []error{how, e.Cause}
	}
	return []error{how, e.Cause, e.declared}
}
