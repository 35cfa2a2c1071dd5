package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how a program follows runs: it gets their events, from where it was.
// hub.go is what all followers share.

// What a follower may have to decide on.
var (
	// ErrNoFeed says that the store cannot tell what changes.
	ErrNoFeed = errors.New("the store does not tell what changes")
	// ErrTooSlow says that a follower did not take its events in time and was dropped. It
	// can follow again from the last one that it got.
	ErrTooSlow = errors.New("the follower is too slow and was dropped")
)

// Event is an event of a run, as followers get it.
type Event struct {
	flow.Event
	RunID  string
	Flow   string
	Tenant string
	// Commit is the number of the store's commit that made the event visible, for those
	// who follow many runs; 0 for others.
	Commit int64
	// Data is the event as a JSON object, in one line; docs/http.md says what is in it.
	Data json.RawMessage
}

// Position is where the event stands among those of many runs.
func (e *Event) Position() Position { return Position{e.Commit, e.RunID, e.Seq} }

// Position is a place among the events of many runs.
type Position struct {
	Commit int64
	// RunID and Seq are the last event of the commit that was seen; without them all of it was.
	RunID string
	Seq   int64
}

// String is the position as text: 17-01JD…-7.
func (p Position) String() string {
	if p.RunID == "" {
		return strconv.FormatInt(p.Commit, 10)
	}
	return fmt.Sprintf("%d-%s-%d", p.Commit, p.RunID, p.Seq)
}

// ParsePosition is a position from its text. It says false for anything else.
func ParsePosition(text string) (p Position, ok bool) {
	parts := strings.Split(text, "-")
	var err error
	if p.Commit, err = strconv.ParseInt(parts[0], 10, 64); err != nil || p.Commit < 0 {
		return Position{}, false
	}
	switch len(parts) {
	case 1:
	case 3:
		p.RunID = parts[1]
		if p.Seq, err = strconv.ParseInt(parts[2], 10, 64); err != nil || p.Seq < 1 || p.RunID == "" {
			return Position{}, false
		}
	default:
		return Position{}, false
	}
	return p, p.String() == text
}

// FollowRun follows one run from behind a sequence number: its history first and then what
// happens, to its end. It returns store.ErrNotFound; io.EOF for a run that is over
// and has nothing behind that number; and store.ErrForgotten for a number that the run never came to.
func (rt *Runtime) FollowRun(ctx context.Context, runID string, after int64) (*Follower, error) {
	if rt.hub == nil {
		return nil, fmt.Errorf("follow run %s: %w", runID, ErrNoFeed)
	}
	run, all, err := rt.hub.feed.Find(ctx, runID)
	switch {
	case err != nil:
	case after < 0 || after > all.Last:
		err = store.ErrForgotten
	case after == all.Last && run.Status.Final():
		return nil, io.EOF
	}
	f := &Follower{hub: rt.hub, run: all, seq: after, ready: make(chan struct{}, 1)}
	f.run.After = 0
	if err == nil {
		err = rt.hub.join(ctx, f)
	}
	if err != nil {
		return nil, fmt.Errorf("follow run %s: %w", runID, err)
	}
	return f, nil
}

// FollowRuns follows all runs that a filter selects by what never changes of a run (Flow,
// Tenants, Labels, ParentID, RetryOf, IdempotencyKey, Since, Until), from behind a position or, if that is nil, from
// now on. It returns store.ErrForgotten if not all of what followed the position is known any more.
func (rt *Runtime) FollowRuns(ctx context.Context, filter RunFilter, after *Position) (*Follower, error) {
	if rt.hub == nil {
		return nil, fmt.Errorf("follow runs: %w", ErrNoFeed)
	}
	if len(filter.Statuses) > 0 || filter.Phase != "" || filter.ErrorText != "" || filter.ErrorType != "" || filter.Cursor != "" {
		return nil, errors.New("follow runs: status, phase, error and cursor do not select what to follow: they change")
	}
	f := &Follower{hub: rt.hub, many: true, filter: filter, live: after == nil, ready: make(chan struct{}, 1)}
	if after != nil {
		f.from = *after
		if _, err := rt.hub.feed.Commits(ctx, f.commitBefore(), 1); err != nil {
			return nil, fmt.Errorf("follow runs: %w", err)
		}
	}
	if err := rt.hub.join(ctx, f); err != nil {
		return nil, fmt.Errorf("follow runs: %w", err)
	}
	return f, nil
}

// Follower gets the events of one run or of many. It is for one goroutine.
type Follower struct {
	hub    *hub
	ready  chan struct{} // there may be something to do
	many   bool
	filter RunFilter  // of many
	run    store.Move // of one: its key

	// What follows is guarded by hub.mu, but while the follower reads history, that
	// is its own: from, and seq or commit.
	from   Position // of many: what was seen before
	seq    int64    // of one: the last number that was dealt with
	commit int64    // of many: the last commit that was
	live   bool     // events come from the hub; before, history is read
	behind bool     // of one that is not live: something came meanwhile
	queue  []*Event
	bytes  int // of the queue
	err    error
}

// maxQueued and maxQueuedBytes are how much waits for a follower; with more it is dropped.
const (
	maxQueued      = 1024
	maxQueuedBytes = 8 << 20
)

// Next returns the next events, and waits for them. It returns io.EOF behind the last event of
// the run that is followed; ErrTooSlow; store.ErrForgotten, if history is missing that was
// there when it began to follow; or why the context or the runtime ended.
func (f *Follower) Next(ctx context.Context) ([]*Event, error) {
	for {
		events, live, err := f.take()
		if len(events) > 0 || err != nil {
			return events, err
		}
		if !live {
			if events, err = f.history(ctx); len(events) > 0 || err != nil {
				return events, f.over(err)
			}
			continue
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Position is, of one who follows many runs, what it has seen: where to go on.
func (f *Follower) Position() Position {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	return Position{Commit: f.commit}
}

// Close ends following. It may be called more than once.
func (f *Follower) Close() { f.hub.leave(f) }

// take returns what is queued, and whether events come by themselves.
func (f *Follower) take() (events []*Event, live bool, err error) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	events, f.queue, f.bytes = f.queue, nil, 0
	if len(events) == 0 {
		err = f.err
	}
	return events, f.live, err
}

// over notes why there is nothing more, so that it is said again.
func (f *Follower) over(err error) error {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		f.hub.mu.Lock()
		defer f.hub.mu.Unlock()
		f.err = err
	}
	return err
}

// history reads the next page of what was there before, or finds that there is nothing
// more: then the follower is live.
func (f *Follower) history(ctx context.Context) ([]*Event, error) {
	if f.many {
		return f.pageOfMany(ctx)
	}
	return f.pageOfOne(ctx)
}

// historyPage is how many sequence numbers are read at once, or commits.
const historyPage = 200

func (f *Follower) pageOfOne(ctx context.Context) ([]*Event, error) {
	f.hub.mu.Lock()
	f.behind = false // before it is looked at
	f.hub.mu.Unlock()
	move := f.run
	move.After, move.Last = f.seq, f.seq+historyPage
	moved, err := f.hub.read(ctx, []store.Move{move})
	if err != nil {
		return nil, err
	}
	if moved[0].Run.ID == "" {
		return nil, store.ErrForgotten // it was deleted
	}
	events := eventsOf(&moved[0], 0)
	last := lastVisible(&moved[0])
	if last >= move.Last {
		f.seq = move.Last
		return events, nil // there may be more
	}
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.seq = max(f.seq, last)
	switch {
	case moved[0].Run.Status.Final() && f.seq >= moved[0].Run.EndSeq:
		f.err = io.EOF
	case !f.behind:
		f.live = true
	}
	return events, nil
}

// lastVisible is the last number of a run that was read.
func lastVisible(m *store.Moved) int64 {
	last := m.Run.EndSeq
	if !m.Run.StartedAt.IsZero() {
		last = max(last, 1)
	}
	for i := range m.Entries {
		last = max(last, m.Entries[i].Seq, m.Entries[i].EndSeq)
	}
	return last
}

// commitBefore is the commit behind which reading begins.
func (f *Follower) commitBefore() int64 {
	if f.from.RunID != "" {
		return f.from.Commit - 1 // a part of it is to come
	}
	return f.from.Commit
}

func (f *Follower) pageOfMany(ctx context.Context) ([]*Event, error) {
	commits, err := f.hub.feed.Commits(ctx, f.commit, historyPage)
	if err != nil {
		return nil, err
	}
	var events []*Event
	for _, c := range commits {
		moved, err := f.hub.read(ctx, c.Moves)
		if err != nil {
			return nil, err
		}
		for i := range moved {
			if moved[i].Run.ID == "" {
				return nil, store.ErrForgotten // it was deleted
			}
			if f.selects(&moved[i].Run) {
				events = append(events, eventsOf(&moved[i], c.Number)...)
			}
		}
		if f.from.RunID != "" && c.Number == f.from.Commit {
			events = f.unseen(events)
		}
		f.commit = c.Number
		if len(events) >= maxQueued {
			return events, nil
		}
	}
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.live = len(commits) < historyPage && f.hub.position <= f.commit
	return events, nil
}

// unseen are the events of a commit behind the one that was seen last.
func (f *Follower) unseen(events []*Event) []*Event {
	i := slices.IndexFunc(events, func(e *Event) bool { return e.RunID == f.from.RunID && e.Seq >= f.from.Seq })
	if i >= 0 && events[i].Seq == f.from.Seq {
		i++
	}
	return events[max(i, 0):]
}

// selects says whether a run is one of those that are followed.
func (f *Follower) selects(r *store.Run) bool {
	q := &f.filter
	return (q.Flow == "" || q.Flow == r.Flow) &&
		(q.Tenants == nil || slices.Contains(q.Tenants, r.Tenant)) &&
		(q.ParentID == "" || q.ParentID == r.ParentID) &&
		(q.RetryOf == "" || q.RetryOf == r.RetryOf) &&
		(q.IdempotencyKey == "" || q.IdempotencyKey == r.IdempotencyKey) &&
		(q.Since.IsZero() || !r.CreatedAt.Before(q.Since)) &&
		(q.Until.IsZero() || r.CreatedAt.Before(q.Until)) &&
		hasAll(r.Labels, q.Labels)
}

func hasAll(labels, wanted map[string]string) bool {
	for name := range maps.Keys(wanted) {
		if value, ok := labels[name]; !ok || value != wanted[name] {
			return false
		}
	}
	return true
}

// eventsOf are the events that a move made visible.
func eventsOf(m *store.Moved, commit int64) []*Event {
	run := &m.Run
	state := flow.State{
		Status: run.Status, Phase: run.Phase, Attempt: run.Attempt, Err: run.Error,
		StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, EndSeq: run.EndSeq,
	}
	var events []*Event
	for _, e := range flow.Events(state, m.Entries) {
		if e.Seq > m.After && e.Seq <= m.Last {
			events = append(events, &Event{
				Event: e, RunID: run.ID, Flow: run.Flow, Tenant: run.Tenant, Commit: commit, Data: dataOf(run, &e),
			})
		}
	}
	return events
}

// eventData is an event as JSON.
type eventData struct {
	RunID      string          `json:"run_id"`
	FlowID     string          `json:"flow_id,omitempty"`
	StepName   string          `json:"step_name,omitempty"`
	Status     flow.Status     `json:"status,omitempty"`
	Attempt    int             `json:"attempt,omitempty"`
	Key        string          `json:"key,omitempty"`
	Result     json.RawMessage `json:"result,omitempty"`
	Payload    json.RawMessage `json:"payload,omitempty"`
	Error      *flow.Error     `json:"error,omitempty"`
	RetryAt    int64           `json:"retry_at,omitempty"`
	WakeAt     int64           `json:"wake_at,omitempty"`
	ChildID    string          `json:"child_id,omitempty"`
	Actor      string          `json:"actor,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	DurationMS *int64          `json:"duration_ms,omitempty"`
	At         int64           `json:"at"`
}

func dataOf(run *store.Run, e *flow.Event) json.RawMessage {
	d := eventData{
		RunID: run.ID, StepName: e.Step, Attempt: e.Attempt, Key: e.Key, Result: e.Output, Error: e.Err, ChildID: e.ChildID,
		Actor: e.Actor, Reason: e.Reason, At: e.At.UnixMilli(),
	}
	if !e.RetryAt.IsZero() {
		d.RetryAt = e.RetryAt.UnixMilli()
	}
	if !e.WakeAt.IsZero() {
		d.WakeAt = e.WakeAt.UnixMilli()
	}
	switch e.Name {
	case flow.EventStepCompleted, flow.EventStepFailed, flow.EventStepCompensated, flow.EventCompensationFailed:
		ms := e.Took.Milliseconds()
		d.DurationMS = &ms
	case flow.EventSignalReceived:
		d.Result, d.Payload = nil, e.Output
	case flow.EventRunCompleted, flow.EventRunFailed, flow.EventRunCancelled:
		ms := e.Took.Milliseconds()
		d.DurationMS, d.Status, d.FlowID = &ms, run.Status, run.Flow
	case flow.EventRunStarted, flow.EventRunRestarted, flow.EventRunPaused, flow.EventRunResumed:
		d.Status, d.FlowID = flow.StatusRunning, run.Flow
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil { // a stored payload is JSON
		return json.RawMessage(`{"run_id":` + strconv.Quote(run.ID) + `}`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
