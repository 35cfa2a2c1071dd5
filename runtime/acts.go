package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is what operators do to runs, by their id (docs/semantics.md, "What
// operators can do"). Each act is stored with who did it and is an entry of the run's log.

// What an act may not fit.
var (
	// ErrNotPaused says that the run to resume is not paused.
	ErrNotPaused = errors.New("the run is not paused")
	// ErrNoPause says that there is no pause to skip.
	ErrNoPause = errors.New("there is no pause there")
)

// ActOption says more about an act.
type ActOption func(*engine.Act)

// WithActor says who does it.
func WithActor(actor string) ActOption {
	return func(a *engine.Act) { a.Actor = actor }
}

// CancelRun asks a run to end: the step under way is stopped, completed steps
// are undone, and the run is cancelled. It returns when that is on disk, and
// store.ErrFinal for a run that is over.
func (rt *Runtime) CancelRun(ctx context.Context, runID, reason string, opts ...ActOption) error {
	return rt.act(ctx, "cancel", runID, engine.Act{Kind: store.MessageCancel, Reason: reason}, opts)
}

// TerminateRun ends a run at once, also one that is being undone: what is under way is
// stopped, nothing is undone, and the run is cancelled. So are the runs that it called.
// It returns store.ErrFinal for a run that is over.
func (rt *Runtime) TerminateRun(ctx context.Context, runID, reason string, opts ...ActOption) error {
	return rt.act(ctx, "terminate", runID, engine.Act{Kind: store.MessageTerminate, Reason: reason}, opts)
}

// PauseRun holds a run: what is under way goes on, and nothing begins before ResumeRun.
// The time does not count for the flow's timeout. To pause a paused run changes nothing.
// It returns store.ErrFinal for a run that is over.
func (rt *Runtime) PauseRun(ctx context.Context, runID, reason string, opts ...ActOption) error {
	return rt.act(ctx, "pause", runID, engine.Act{Kind: store.MessagePause, Reason: reason}, opts)
}

// ResumeRun lets a paused run go on, also one that has not obeyed its pause yet. It returns ErrNotPaused for one that
// is not paused, and store.ErrFinal for one that is over.
func (rt *Runtime) ResumeRun(ctx context.Context, runID string, opts ...ActOption) error {
	// A pause may be stored that it has not obeyed yet. That comes first: what is obeyed meanwhile is in the run then.
	asked, err := rt.asked(ctx, &store.Run{ID: runID})
	if err != nil {
		return fmt.Errorf("resume run %s: %w", runID, err)
	}
	run, _, err := rt.engine.Get(ctx, runID)
	switch {
	case err != nil:
		return fmt.Errorf("resume run %s: %w", runID, err)
	case !run.Status.Final() && !willPause(run.Phase, asked):
		return fmt.Errorf("resume run %s: %w", runID, ErrNotPaused)
	}
	return rt.act(ctx, "resume", runID, engine.Act{Kind: store.MessageResume}, opts)
}

// SkipDelay ends a pause of a run now: the delay of the block at the path step or the
// pause before its next attempt or, with an empty step, the one before the flow is tried
// again. It returns ErrNoPause if there is none, and store.ErrFinal for a run that is over.
func (rt *Runtime) SkipDelay(ctx context.Context, runID, step string, opts ...ActOption) error {
	run, log, err := rt.engine.Get(ctx, runID)
	switch {
	case err != nil:
		return fmt.Errorf("skip a delay of run %s: %w", runID, err)
	case !run.Status.Final() && !pauses(log, step):
		return fmt.Errorf("skip the delay of %q in run %s: %w", step, runID, ErrNoPause)
	}
	return rt.act(ctx, "skip a delay of", runID, engine.Act{Kind: store.MessageSkipDelay, Step: step}, opts)
}

// pauses says whether a run of this log pauses there.
func pauses(log []flow.Entry, step string) bool {
	paused := false
	for _, e := range log {
		switch {
		case e.Kind == flow.KindRestart:
			paused = step == "" && e.Open()
		case e.Step != step || e.Kind == flow.KindSignal || e.Kind == flow.KindWait:
		case e.Kind == flow.KindDelay:
			paused = e.Open()
		case e.Kind == flow.KindStep || e.Kind == flow.KindCompensation:
			paused = !e.WakeAt.IsZero()
		}
	}
	return paused
}

func (rt *Runtime) act(ctx context.Context, what, runID string, a engine.Act, opts []ActOption) error {
	if err := rt.mayWait(ctx, what+" run "+runID); err != nil {
		return err
	}
	for _, set := range opts {
		set(&a)
	}
	if err := rt.engine.Act(ctx, runID, a); err != nil {
		return fmt.Errorf("%s run %s: %w", what, runID, err)
	}
	return nil
}

// RetryRun starts a new run that goes on where a finished one ended, from the earliest
// block that failed or was undone, with the results before it. It returns the id of the
// new run, and store.ErrNotFinal for a run that is not over.
func (rt *Runtime) RetryRun(ctx context.Context, runID string, opts ...ActOption) (newID string, err error) {
	return rt.again(ctx, "retry", runID, func(log []flow.Entry, actor string, now time.Time) ([]flow.Entry, error) {
		return flow.Kept(runID, log, "", actor, now)
	}, opts)
}

// ForkRun is RetryRun from the block at a path. It returns flow.ErrNoBlock if the run did
// not come to that block, and flow.ErrCompensated if one before it was undone.
func (rt *Runtime) ForkRun(ctx context.Context, runID, step string, opts ...ActOption) (newID string, err error) {
	if step == "" {
		return "", fmt.Errorf("fork run %s: name the block from which it is to go on", runID)
	}
	return rt.again(ctx, "fork", runID, func(log []flow.Entry, actor string, now time.Time) ([]flow.Entry, error) {
		return flow.Kept(runID, log, step, actor, now)
	}, opts)
}

// RerunRun starts a new run with the input of a finished one, from the beginning. It
// returns the id of the new run, and store.ErrNotFinal for a run that is not over.
func (rt *Runtime) RerunRun(ctx context.Context, runID string, opts ...ActOption) (newID string, err error) {
	return rt.again(ctx, "rerun", runID, func(_ []flow.Entry, actor string, now time.Time) ([]flow.Entry, error) {
		return flow.Kept(runID, nil, "", actor, now)
	}, opts)
}

// again starts a run with the input of another one and what it keeps of that one's log.
func (rt *Runtime) again(ctx context.Context, what, runID string,
	keep func(log []flow.Entry, actor string, now time.Time) ([]flow.Entry, error), opts []ActOption,
) (string, error) {
	if err := rt.mayWait(ctx, what+" run "+runID); err != nil {
		return "", err
	}
	old, log, err := rt.engine.Get(ctx, runID)
	if err == nil && !old.Status.Final() {
		err = store.ErrNotFinal
	}
	if err != nil {
		return "", fmt.Errorf("%s run %s: %w", what, runID, err)
	}
	var a engine.Act
	for _, set := range opts {
		set(&a)
	}
	now := rt.clock.Now().UTC().Truncate(time.Millisecond)
	run := store.Run{
		Flow: old.Flow, Version: old.Version, Input: old.Input, Tenant: old.Tenant, Priority: old.Priority,
		Labels: old.Labels, Concurrency: old.Concurrency, RetryOf: old.ID,
		Status: flow.StatusPending, Attempt: 1, CreatedAt: now,
	}
	if run.Kept, err = keep(log, a.Actor, now); err == nil {
		err = rt.identify(&run, now)
	}
	if err == nil {
		_, err = rt.engine.Create(ctx, run)
	}
	if err != nil {
		return "", fmt.Errorf("%s run %s: %w", what, runID, err)
	}
	return run.ID, nil
}

// DeleteRun deletes a run that is over, with its log. It returns store.ErrNotFinal for
// one that is not.
func (rt *Runtime) DeleteRun(ctx context.Context, runID string, opts ...ActOption) error {
	if err := rt.mayWait(ctx, "delete run "+runID); err != nil {
		return err
	}
	var a engine.Act
	for _, set := range opts {
		set(&a)
	}
	if err := rt.engine.Delete(ctx, runID); err != nil {
		return fmt.Errorf("delete run %s: %w", runID, err)
	}
	rt.logger.Info("a run was deleted", "run", runID, "actor", a.Actor) // nothing else is left of it
	return nil
}

// BulkResult is what became of an act on many runs.
type BulkResult struct {
	Done int
	// Failed are the errors by the ids of the runs, FirstFailures of them at most.
	Failed map[string]error
	// More is how many others failed.
	More int
}

// FirstFailures is how many errors a BulkResult has.
const FirstFailures = 100

// ForRuns does something to all runs that a filter selects now, such as CancelRun, one
// after the other and the newest first. A run for which it fails does not hold up the
// others. It returns an error if the runs cannot be listed, or when the context ends,
// with what was done until then.
func (rt *Runtime) ForRuns(ctx context.Context, f RunFilter, act func(ctx context.Context, runID string) error) (BulkResult, error) {
	result := BulkResult{Failed: map[string]error{}}
	for {
		page, err := rt.ListRuns(ctx, f)
		if err != nil {
			return result, err
		}
		for _, run := range page.Runs {
			if err := ctx.Err(); err != nil {
				return result, fmt.Errorf("act on runs: %w", context.Cause(ctx))
			}
			result.add(run.ID, act(ctx, run.ID))
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			return result, nil
		}
	}
}

func (r *BulkResult) add(runID string, err error) {
	switch {
	case err == nil:
		r.Done++
	case len(r.Failed) < FirstFailures:
		r.Failed[runID] = err
	default:
		r.More++
	}
}
