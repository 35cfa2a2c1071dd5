package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how a program looks at runs.

// Status is the state of a run or of a step.
type Status = flow.Status

// The statuses. StatusSkipped is one of steps only, StatusCancelled one of runs only.
const (
	StatusPending   = flow.StatusPending
	StatusRunning   = flow.StatusRunning
	StatusCompleted = flow.StatusCompleted
	StatusFailed    = flow.StatusFailed
	StatusCancelled = flow.StatusCancelled
	StatusSkipped   = flow.StatusSkipped
)

// RunFilter selects runs: those that have all of what it says. Zero fields select all.
type RunFilter struct {
	Flow     string
	Statuses []Status   // any of these
	Phase    flow.Phase // of runs that are running: others have none
	// Tenants are those whose runs are selected, "" being nobody's. Nil selects all
	// tenants, and a list without any no run: what somebody may see can be handed on as it is.
	Tenants        []string
	IdempotencyKey string
	ParentID       string            // the runs that this one called
	RetryOf        string            // those that repeat this one or go on with it
	Labels         map[string]string // all of these
	// Since and Until bound when the run was created: at Since or later, and before Until.
	Since, Until time.Time
	// ErrorText stands in the message of the run's error or in its type, ErrorType in its
	// type: the name of a declared error, or else its kind. The case of ASCII letters does
	// not matter. A run that completed has no error.
	ErrorText, ErrorType string
	// Limit is how many runs a page has at most: 50 where it is 0, and 500 at most.
	Limit int
	// Cursor is the NextCursor of the page before, of the same filter.
	Cursor string
}

// RunPage is one page of runs, newest first.
type RunPage struct {
	// Runs may be fewer than the limit, even none, on a page that is not the last: only so
	// many runs are looked at for one page, so that what is rare among millions does not
	// take for ever.
	Runs []RunSummary
	// NextCursor is for the next page; empty on the last, and only there.
	NextCursor string
}

// RunSummary is what a list says of a run.
type RunSummary struct {
	ID             string
	Flow           string
	Version        string
	Tenant         string
	Priority       int
	IdempotencyKey string
	Labels         map[string]string
	ParentID       string // the run that called this one; empty for one that was started
	RetryOf        string // the run that this one repeats or goes on with
	Status         Status
	Phase          flow.Phase  // only while the status is running; PhaseParked also while it is pending
	Attempts       int         // of the whole flow, so far
	Error          *flow.Error // in lists without the fields of a declared one
	CreatedAt      time.Time
	StartedAt      time.Time // zero before the first step
	FinishedAt     time.Time // zero before the end
	WakeAt         time.Time // when a waiting run goes on, or one that was started for later begins
}

// RunDetail is a run with its steps and its log.
type RunDetail struct {
	RunSummary
	Input  json.RawMessage
	Output json.RawMessage
	// OtherInputs is how often the run was started once more, by its idempotency key,
	// with another input, and OtherInputAt when that was last: see WithStrictIdempotency.
	OtherInputs  int
	OtherInputAt time.Time
	// Steps are the steps and other blocks that the run came to in its present
	// attempt, in the order in which it did.
	Steps []StepDetail
	// Log is all that happened, in the order in which it began.
	Log []flow.Entry
	// Asked are the acts that the run has not obeyed yet: it is about to, or does when it begins, or
	// when there is code for it.
	Asked []AskedAct
}

// AskedAct is something that an operator asked of a run.
type AskedAct struct {
	Act    store.MessageKind // cancel, terminate, pause, resume or skip_delay
	Step   string            // of skip_delay: whose pause
	Reason string
	Actor  string
	At     time.Time
}

// StepDetail is a step of a run's present attempt, or another block of which the
// log has an entry.
type StepDetail struct {
	Name   string
	Status Status
	// Compensation says how undoing the step ended: StatusCompleted,
	// StatusFailed, StatusRunning while it lasts, or empty.
	Compensation Status
	// Progress is how far the latest attempt, of the step or of its compensation, says
	// that it is; nil where it says nothing.
	Progress *flow.Progress
	// Attempts are those of the step and then those of its compensation.
	Attempts []flow.Entry
}

// ListRuns returns a page of runs, newest first. It returns store.ErrCursor for
// a cursor that is none, or one of another filter. The phase PhaseParked is not stored: the pages
// of a filter by it have fewer runs than Limit, or none, where there are others in between.
func (rt *Runtime) ListRuns(ctx context.Context, f RunFilter) (RunPage, error) {
	parkedOnly := f.Phase == flow.PhaseParked
	if parkedOnly {
		f.Phase = ""
		if len(f.Statuses) == 0 {
			f.Statuses = []Status{StatusPending, StatusRunning}
		}
	}
	page, err := rt.engine.List(ctx, store.Filter(f))
	if err != nil {
		return RunPage{}, fmt.Errorf("list runs: %w", err)
	}
	out := RunPage{Runs: make([]RunSummary, 0, len(page.Runs)), NextCursor: page.Next}
	for _, r := range page.Runs {
		r.Error = withoutFields(r.Error)
		if one := rt.summary(r); !parkedOnly || one.Phase == flow.PhaseParked {
			out.Runs = append(out.Runs, one)
		}
	}
	return out, nil
}

// GetRun returns a run with its steps and attempts, or store.ErrNotFound.
//
// Secrets are hidden in all of it, and there is no way to ask for them: who needs one has the
// handler that it is for. Of a flow whose code is not registered with this runtime
// it hides what the stored description says and, if there is none, all payloads.
func (rt *Runtime) GetRun(ctx context.Context, runID string) (*RunDetail, error) {
	run, log, err := rt.engine.Get(ctx, runID)
	if err != nil {
		return nil, fmt.Errorf("get run %s: %w", runID, err)
	}
	asked, err := rt.asked(ctx, &run)
	if err != nil {
		return nil, fmt.Errorf("get run %s: %w", runID, err)
	}
	run, log = rt.hide(ctx, run, log, asked)
	return &RunDetail{
		RunSummary: rt.summary(run), Input: run.Input, Output: run.Output,
		OtherInputs: run.OtherInputs, OtherInputAt: run.OtherInputAt,
		Steps: stepsOf(run, log), Log: log, Asked: asked,
	}, nil
}

// asked are the acts that a run has not obeyed yet. What cannot be read is logged.
func (rt *Runtime) asked(ctx context.Context, run *store.Run) ([]AskedAct, error) {
	if run.Status.Final() {
		return nil, nil
	}
	messages, err := rt.engine.Messages(ctx, run.ID)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		rt.logger.Warn("what was asked of a run cannot be read", "run", run.ID, "flow", run.Flow, "error", err)
	}
	var all []AskedAct
	for _, m := range messages {
		switch m.Kind {
		case store.MessageCancel, store.MessageTerminate, store.MessagePause, store.MessageResume, store.MessageSkipDelay:
			all = append(all, AskedAct{m.Kind, m.Name, m.Reason, m.Actor, m.At})
		case store.MessageSignal, store.MessageChild: // nobody's act
		}
	}
	return all, nil
}

// WillPause says that the run is paused, or will be when it has obeyed what it was asked.
func (d *RunDetail) WillPause() bool { return willPause(d.Phase, d.Asked) }

func willPause(phase flow.Phase, asked []AskedAct) bool {
	paused := phase == flow.PhasePaused
	for _, a := range asked {
		if a.Act == store.MessagePause || a.Act == store.MessageResume {
			paused = a.Act == store.MessagePause
		}
	}
	return paused
}

// FindRun returns what a list would say of a run, or store.ErrNotFound.
func (rt *Runtime) FindRun(ctx context.Context, runID string) (RunSummary, error) {
	if rt.hub == nil {
		run, err := rt.GetRun(ctx, runID)
		if err != nil {
			return RunSummary{}, err
		}
		return run.RunSummary, nil
	}
	run, _, err := rt.hub.feed.Find(ctx, runID)
	if err != nil {
		return RunSummary{}, fmt.Errorf("find run %s: %w", runID, err)
	}
	return rt.summary(run), nil
}

func (rt *Runtime) summary(r store.Run) RunSummary {
	if !r.Status.Final() && r.Phase != flow.PhasePaused && rt.Parked(r.Flow, r.Version) {
		r.Phase = flow.PhaseParked
	}
	return RunSummary{
		ID: r.ID, Flow: r.Flow, Version: r.Version, Tenant: r.Tenant, Priority: r.Priority,
		IdempotencyKey: r.IdempotencyKey, Labels: r.Labels, ParentID: r.ParentID, RetryOf: r.RetryOf,
		Status: r.Status, Phase: r.Phase, Attempts: r.Attempt, Error: r.Error,
		CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, WakeAt: r.WakeAt,
	}
}

// stepsOf gathers the log by step.
func stepsOf(run store.Run, log []flow.Entry) []StepDetail {
	var steps []StepDetail
	place := map[string]int{}
	for _, e := range log {
		if e.Step == "" || e.Kind == flow.KindSignal || e.Kind == flow.KindSkipDelay || e.Kind == flow.KindLate || e.RunAttempt != run.Attempt {
			continue
		}
		i, ok := place[e.Step]
		if !ok {
			i = len(steps)
			place[e.Step] = i
			steps = append(steps, StepDetail{Name: e.Step, Status: StatusPending})
		}
		steps[i].add(e, run.Status.Final())
	}
	return steps
}

// add takes the next entry of the step into account.
func (s *StepDetail) add(e flow.Entry, over bool) {
	if e.Kind == flow.KindStep || e.Kind == flow.KindCompensation {
		s.Progress = nil
		if e.Told != nil {
			s.Progress = e.Told.Progress
		}
	}
	switch e.Kind {
	case flow.KindSkip:
		s.Status = StatusSkipped
	case flow.KindEnter:
		s.Status = StatusRunning
		if e.Error != nil {
			s.Status = StatusFailed
		}
	case flow.KindChoice, flow.KindForeach:
		s.Status = attemptStatus(e, over)
	case flow.KindWait:
		s.Status = waitStatus(e)
	case flow.KindStep, flow.KindCall:
		s.Status = attemptStatus(e, over)
		s.Attempts = append(s.Attempts, e)
	case flow.KindCompensation:
		s.Compensation = attemptStatus(e, over)
		s.Attempts = append(s.Attempts, e)
	}
}

// waitStatus is what the log says of a wait: one that timed out and went on is skipped.
func waitStatus(e flow.Entry) Status {
	switch {
	case e.Open():
		return StatusRunning
	case e.Error != nil:
		return StatusFailed
	case e.Output == nil:
		return StatusSkipped
	}
	return StatusCompleted
}

// attemptStatus is what the latest attempt makes of its step: one that will be
// tried again is still running.
func attemptStatus(e flow.Entry, over bool) Status {
	switch {
	case e.Open() || !over && !e.WakeAt.IsZero():
		return StatusRunning
	case e.Error != nil:
		return StatusFailed
	}
	return StatusCompleted
}
