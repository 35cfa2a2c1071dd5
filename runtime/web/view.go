package web

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is what answers say of runs. Times are milliseconds since 1970 in UTC;
// what there is not is null.

// Run is what a list says of a run.
type Run struct {
	ID       string            `json:"id"`
	FlowID   string            `json:"flow_id"`
	Version  string            `json:"version"`
	TenantID string            `json:"tenant_id"`
	Status   flow.Status       `json:"status"`
	Phase    *string           `json:"phase"` // only while the run is not over; parked: there is no code for it
	Priority int               `json:"priority"`
	Attempts int               `json:"attempts"` // of the whole flow
	Error    *flow.Error       `json:"error"`
	Labels   map[string]string `json:"labels"`

	CreatedAt  *int64 `json:"created_at"`
	StartedAt  *int64 `json:"started_at"`
	FinishedAt *int64 `json:"finished_at"`
	WakeAt     *int64 `json:"wake_at"`

	ParentID *string `json:"parent_id"` // the run that called this one
	RetryOf  *string `json:"retry_of"`  // the run that this one repeats or goes on with
}

// RunPage is a page of a list.
type RunPage struct {
	Runs []Run `json:"runs"`
	// NextCursor is for the next page; null on the last.
	NextCursor *string `json:"next_cursor"`
}

// RunDetail is all that is known of a run.
type RunDetail struct {
	Run
	Input    json.RawMessage `json:"input"`
	Output   json.RawMessage `json:"output"`
	Steps    []Step          `json:"steps"`
	Timers   []Timer         `json:"timers"`
	Signals  []Signal        `json:"signals"`
	Children []Child         `json:"children"`
	Acts     []Act           `json:"acts"`
	// History is the whole log, if it was asked for with history=true.
	History []Entry `json:"history,omitempty"`
}

// Step is a block that the run came to in its present attempt.
type Step struct {
	Name         string         `json:"name"` // its path, as in seats[3].invite
	Status       flow.Status    `json:"status"`
	Compensation *flow.Status   `json:"compensation"` // how undoing it ended: null, running, completed or failed
	Progress     *flow.Progress `json:"progress"`
	Attempts     []Attempt      `json:"attempts"` // those of the step, then those of its compensation
}

// Attempt is one attempt of a step or of its compensation.
type Attempt struct {
	Kind       flow.Kind       `json:"kind"` // step, call or compensation
	Attempt    int             `json:"attempt"`
	Status     flow.Status     `json:"status"` // running, completed or failed
	Input      json.RawMessage `json:"input"`
	Output     json.RawMessage `json:"output"`
	Error      *flow.Error     `json:"error"`
	ChildID    *string         `json:"child_id"` // the run that a call started
	StartedAt  *int64          `json:"started_at"`
	FinishedAt *int64          `json:"finished_at"`
	RetryAt    *int64          `json:"retry_at"` // when the next attempt begins
}

// Timer is something that a run waits for until a time.
type Timer struct {
	StepName string `json:"step_name"` // empty for the pause before the flow is tried again
	Kind     string `json:"kind"`      // delay, retry, restart, or timeout of a wait
	WakeAt   *int64 `json:"wake_at"`
}

// Signal is a signal that came.
type Signal struct {
	Name    string          `json:"name"`
	Key     string          `json:"key"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
	Actor   string          `json:"actor"`
	At      *int64          `json:"at"`
}

// Child is a run that the run called.
type Child struct {
	ID       string      `json:"id"`
	StepName string      `json:"step_name"`
	Status   flow.Status `json:"status"` // as the run knows it: running, completed or failed
	Attempt  int         `json:"attempt"`
}

// Act is what somebody did to the run.
type Act struct {
	Act      string `json:"act"` // cancel, terminate, pause, resume, skip-delay, or retry: the run was made by a retry, fork or rerun
	Actor    string `json:"actor"`
	Reason   string `json:"reason"`
	StepName string `json:"step_name"`
	At       *int64 `json:"at"`
	// Waits says that the run has not obeyed it yet: it is about to, or does when it begins, or
	// when there is code for it.
	Waits bool `json:"waits"`
}

// Entry is a line of a run's log.
type Entry struct {
	Seq        int64           `json:"seq"`
	EndSeq     int64           `json:"end_seq"` // 0 while it is open
	Kind       flow.Kind       `json:"kind"`
	StepName   string          `json:"step_name"`
	RunAttempt int             `json:"run_attempt"`
	Attempt    int             `json:"attempt"`
	Key        string          `json:"key"`
	Input      json.RawMessage `json:"input"`
	Output     json.RawMessage `json:"output"`
	Error      *flow.Error     `json:"error"`
	Actor      string          `json:"actor"`
	StartedAt  *int64          `json:"started_at"`
	FinishedAt *int64          `json:"finished_at"`
	WakeAt     *int64          `json:"wake_at"`
}

func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (h *handler) runView(r runtime.RunSummary) Run {
	v := Run{
		ID: r.ID, FlowID: r.Flow, Version: r.Version, TenantID: r.Tenant, Status: r.Status, Phase: orNull(string(r.Phase)),
		Priority: r.Priority, Attempts: r.Attempts, Error: r.Error, Labels: r.Labels,
		CreatedAt: millis(r.CreatedAt), StartedAt: millis(r.StartedAt), FinishedAt: millis(r.FinishedAt), WakeAt: millis(r.WakeAt),
		ParentID: orNull(r.ParentID), RetryOf: orNull(r.RetryOf),
	}
	if v.Labels == nil {
		v.Labels = map[string]string{}
	}
	return v
}

func (h *handler) detailView(d *runtime.RunDetail, history bool) RunDetail {
	v := RunDetail{
		Run: h.runView(d.RunSummary), Input: d.Input, Output: d.Output,
		Steps: []Step{}, Timers: timersOf(d), Signals: []Signal{}, Children: []Child{}, Acts: []Act{},
	}
	for _, s := range d.Steps {
		v.Steps = append(v.Steps, stepView(s, d.Status.Final()))
	}
	for i := range d.Log {
		v.add(&d.Log[i])
		if history {
			v.History = append(v.History, entryView(&d.Log[i]))
		}
	}
	for _, a := range d.Asked {
		v.Acts = append(v.Acts, Act{
			Act: strings.ReplaceAll(string(a.Act), "_", "-"), Actor: a.Actor, Reason: a.Reason, StepName: a.Step, At: millis(a.At), Waits: true,
		})
	}
	return v
}

// add takes an entry of the log into account that is no attempt of a step.
func (v *RunDetail) add(e *flow.Entry) {
	switch e.Kind {
	case flow.KindSignal:
		v.Signals = append(v.Signals, Signal{Name: e.Step, Key: e.Key, ID: e.SignalID, Payload: e.Output, Actor: e.Actor, At: millis(e.StartedAt)})
	case flow.KindCall:
		v.Children = append(v.Children, Child{ID: e.Key, StepName: e.Step, Status: attemptStatus(e), Attempt: e.RunAttempt})
	case flow.KindPause, flow.KindResume, flow.KindCancel, flow.KindTerminate, flow.KindSkipDelay, flow.KindRetry:
		v.Acts = append(v.Acts, actView(e))
	}
}

func actView(e *flow.Entry) Act {
	act := Act{Act: string(e.Kind), Actor: e.Actor, StepName: e.Step, At: millis(e.StartedAt)}
	switch e.Kind {
	case flow.KindSkipDelay:
		act.Act = "skip-delay"
	case flow.KindPause:
		_ = json.Unmarshal(e.Output, &act.Reason) // without a reason it has none
	case flow.KindCancel, flow.KindTerminate:
		if e.Error != nil {
			act.Reason = e.Error.Message
		}
	}
	return act
}

func stepView(s runtime.StepDetail, over bool) Step {
	v := Step{Name: s.Name, Status: s.Status, Progress: s.Progress, Attempts: []Attempt{}}
	if s.Compensation != "" {
		v.Compensation = &s.Compensation
	}
	for i := range s.Attempts {
		e := &s.Attempts[i]
		a := Attempt{
			Kind: e.Kind, Attempt: e.Attempt, Status: attemptStatus(e), Input: e.Input, Output: e.Output, Error: e.Error,
			StartedAt: millis(e.StartedAt), FinishedAt: millis(e.FinishedAt),
		}
		if e.Kind == flow.KindCall {
			a.ChildID = orNull(e.Key)
		}
		if !over {
			a.RetryAt = millis(e.WakeAt)
		}
		v.Attempts = append(v.Attempts, a)
	}
	return v
}

func attemptStatus(e *flow.Entry) flow.Status {
	switch {
	case e.Open():
		return flow.StatusRunning
	case e.Error != nil:
		return flow.StatusFailed
	}
	return flow.StatusCompleted
}

// timersOf are the times for which the run waits now.
func timersOf(d *runtime.RunDetail) []Timer {
	timers := []Timer{}
	if d.Status.Final() {
		return timers
	}
	latest := map[string]int64{} // the Seq of the last entry of each block: a retry's pause is over when it goes on
	for _, e := range d.Log {
		latest[e.Step] = e.Seq
	}
	for _, e := range d.Log {
		kind := ""
		switch {
		case e.WakeAt.IsZero():
		case e.Kind == flow.KindWait && e.Open():
			kind = "timeout"
		case (e.Kind == flow.KindDelay || e.Kind == flow.KindRestart) && e.Open():
			kind = string(e.Kind)
		case (e.Kind == flow.KindStep || e.Kind == flow.KindCompensation) && e.RunAttempt == d.Attempts && latest[e.Step] == e.Seq:
			kind = "retry"
		}
		if kind != "" {
			timers = append(timers, Timer{StepName: e.Step, Kind: kind, WakeAt: millis(e.WakeAt)})
		}
	}
	return timers
}

func entryView(e *flow.Entry) Entry {
	return Entry{
		Seq: e.Seq, EndSeq: e.EndSeq, Kind: e.Kind, StepName: e.Step, RunAttempt: e.RunAttempt, Attempt: e.Attempt, Key: e.Key,
		Input: e.Input, Output: e.Output, Error: e.Error, Actor: e.Actor,
		StartedAt: millis(e.StartedAt), FinishedAt: millis(e.FinishedAt), WakeAt: millis(e.WakeAt),
	}
}
