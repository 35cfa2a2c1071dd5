package flow

import (
	"encoding/json"
	"slices"
	"time"
)

// This file tells a run's history as events: one for each change of status, for those
// who follow runs. They are a pure function of the head and the log.

// EventName is what an Event tells of.
type EventName string

// The events. EventReset is none of a run: it stands where history is that nobody has any more.
const (
	EventRunStarted          EventName = "run_started"
	EventStepStarted         EventName = "step_started"         // an attempt of a step; also a call, a wait, a foreach, a parallel
	EventStepCompleted       EventName = "step_completed"       // Output is its result
	EventStepFailed          EventName = "step_failed"          // Err is why; with RetryAt it is tried again
	EventStepSkipped         EventName = "step_skipped"         // its condition did not hold, or a wait went on without a signal
	EventTimerSet            EventName = "timer_set"            // a delay began, WakeAt is its planned end
	EventSignalReceived      EventName = "signal_received"      // Output is its payload
	EventCompensationStarted EventName = "compensation_started" // an attempt to undo a step
	EventStepCompensated     EventName = "step_compensated"
	EventCompensationFailed  EventName = "compensation_failed" // Err is why; with RetryAt it is tried again
	EventRunRestarted        EventName = "run_restarted"       // Attempt is that of the run which comes, RetryAt its beginning
	EventRunPaused           EventName = "run_paused"
	EventRunResumed          EventName = "run_resumed"
	EventRunCompleted        EventName = "run_completed"
	EventRunFailed           EventName = "run_failed"
	EventRunCancelled        EventName = "run_cancelled"
	EventReset               EventName = "reset"
)

// Ends says that nothing follows in the run.
func (n EventName) Ends() bool {
	return n == EventRunCompleted || n == EventRunFailed || n == EventRunCancelled
}

// Event is one change of a run's status, or of one of its blocks.
type Event struct {
	// Seq is its place among all that happened to the run. It never changes; not every
	// number has an event.
	Seq  int64
	Name EventName
	At   time.Time
	// Step is the path of the block, as in Entry; of a signal, the name of its wait.
	// It is empty for what is about the run.
	Step string
	// Attempt is that of the step or compensation or, for events of the run, that of the
	// run; 0 for what has none.
	Attempt int
	Output  json.RawMessage
	Err     *Error
	// RetryAt is when the next attempt begins; zero if there is none.
	RetryAt time.Time
	// WakeAt is when a delay ends, or the timeout of a wait.
	WakeAt time.Time
	// Took is the time since what ended here began.
	Took time.Duration
	// Key is of a signal, or of a wait in a foreach, the element that it is for.
	Key string
	// ChildID is the run that a call started.
	ChildID string
	// Actor is who did it, where somebody did, and Reason why.
	Actor, Reason string
}

// Events are what happened to a run, in the order in which it did: from its head and its
// log. What happens later adds to their end alone. The events of some sequence numbers need no
// more of the log, by Seq, than the entries that began or ended with one of them.
func Events(head State, log []Entry) []Event {
	var events []Event
	if started := startOf(head, log); !started.IsZero() {
		events = append(events, Event{Seq: 1, Name: EventRunStarted, At: started, Attempt: 1})
	}
	for i := range log {
		e := &log[i]
		if event, ok := e.startEvent(); ok {
			events = append(events, event)
		}
		if event, ok := e.endEvent(); ok && !e.Open() {
			events = append(events, event)
		}
	}
	if end, ok := endOf(head); ok {
		events = append(events, end)
	}
	slices.SortFunc(events, func(a, b Event) int { return int(a.Seq - b.Seq) })
	return events
}

// startOf is when a run started: its head may be stored after its first entries, see Restore.
func startOf(head State, log []Entry) time.Time {
	if head.StartedAt.IsZero() && !head.Status.Final() && len(log) > 0 {
		return log[0].StartedAt
	}
	return head.StartedAt
}

// endOf is the run's last event.
func endOf(head State) (Event, bool) {
	names := map[Status]EventName{
		StatusCompleted: EventRunCompleted, StatusFailed: EventRunFailed, StatusCancelled: EventRunCancelled,
	}
	name, ok := names[head.Status]
	if !ok {
		return Event{}, false
	}
	e := Event{Seq: head.EndSeq, Name: name, At: head.FinishedAt, Attempt: head.Attempt, Err: head.Err}
	if !head.StartedAt.IsZero() {
		e.Took = head.FinishedAt.Sub(head.StartedAt)
	}
	return e, true
}

// startEvent is what the beginning of an entry tells. What has no duration tells it with endEvent.
func (e *Entry) startEvent() (Event, bool) {
	event := Event{Seq: e.Seq, At: e.StartedAt, Step: e.Step, Attempt: e.Attempt}
	switch {
	case e.Seq == e.EndSeq:
		return Event{}, false
	case e.Kind == KindStep:
		event.Name = EventStepStarted
	case e.Kind == KindCall:
		event.Name, event.ChildID = EventStepStarted, e.Key
	case e.Kind == KindWait:
		event.Name, event.Key, event.WakeAt = EventStepStarted, e.Key, e.WakeAt
	case e.Kind == KindForeach:
		event.Name = EventStepStarted
	case e.Kind == KindDelay:
		event.Name, event.WakeAt = EventTimerSet, e.WakeAt
	case e.Kind == KindCompensation:
		event.Name = EventCompensationStarted
	case e.Kind == KindRestart:
		event.Name, event.Attempt, event.Err, event.RetryAt = EventRunRestarted, e.RunAttempt, e.Error, e.WakeAt
	default:
		return Event{}, false
	}
	return event, true
}

// endEvent is what the end of an entry tells, or all of it if that has no duration.
func (e *Entry) endEvent() (Event, bool) {
	event := Event{
		Seq: e.EndSeq, At: e.FinishedAt, Step: e.Step, Attempt: e.Attempt, Err: e.Error,
		Took: e.FinishedAt.Sub(e.StartedAt), Actor: e.Actor,
	}
	switch e.Kind {
	case KindStep:
		event.Name, event.Output, event.RetryAt = e.ended(), e.Output, e.WakeAt
	case KindCall:
		event.Name, event.Output, event.ChildID = e.ended(), e.Output, e.Key
	case KindForeach, KindChoice:
		event.Name, event.Output = e.ended(), e.Output
	case KindWait:
		event.Name, event.Output, event.Key = e.ended(), e.Output, e.Key
		if e.Error == nil && e.Output == nil {
			event.Name = EventStepSkipped // it timed out, and the run goes on
		}
	case KindEnter:
		event.Name = EventStepStarted
		if e.Error != nil {
			event.Name = EventStepFailed
		}
	case KindSkip:
		event.Name = EventStepSkipped
	case KindCompensation:
		event.Name, event.RetryAt = EventStepCompensated, e.WakeAt
		if e.Error != nil {
			event.Name = EventCompensationFailed
		}
	case KindSignal:
		event.Name, event.Output, event.Key = EventSignalReceived, e.Output, e.Key
	case KindPause:
		event.Name, event.Attempt = EventRunPaused, e.RunAttempt
		_ = json.Unmarshal(e.Output, &event.Reason) // without a reason it has none
	case KindResume:
		event.Name, event.Attempt = EventRunResumed, e.RunAttempt
	default:
		return Event{}, false
	}
	return event, true
}

// ended is the event of the end of a block.
func (e *Entry) ended() EventName {
	if e.Error != nil {
		return EventStepFailed
	}
	return EventStepCompleted
}
