package flow

import (
	"encoding/json"
	"time"
)

// This file is what the handler of a long step tells while it is at work: how far it
// is, for people, and checkpoints, from which a later attempt goes on.

// Told is what a handler told of its attempt.
type Told struct {
	Progress *Progress // the last one; nil for none
	// Checkpoint is the last value that it stored to go on from; nil for none.
	Checkpoint json.RawMessage
}

// Progress is how far the handler of an attempt says that it is.
type Progress struct {
	// Fraction is from 0, nothing is done, to 1.
	Fraction float64 `json:"fraction"`
	// Text says it in words: "40 of 100".
	Text string `json:"text,omitempty"`
	// At is when the handler said so, in whole milliseconds.
	At time.Time `json:"at"`
}

// note applies what a handler tells of its attempt.
func (r *Run) note(o Noted) (Effects, error) {
	for _, e := range r.open {
		if e.Seq != o.Seq {
			continue
		}
		var told Told
		if e.Told != nil {
			told = *e.Told
		}
		if o.Progress != nil {
			p := *o.Progress
			p.At = p.At.UTC().Truncate(time.Millisecond)
			told.Progress = &p
		}
		if o.Checkpoint != nil {
			told.Checkpoint = o.Checkpoint
		}
		e.Told = &told
		r.step(e.Step).keep(e)
		return Effects{Entries: []Entry{*e}}, nil
	}
	return Effects{}, ErrStale
}

// keep folds the checkpoint of an attempt into the state: it stands until a later one
// of the same piece of work takes its place, or the flow is tried again.
func (s *stepState) keep(e *Entry) {
	if e.Told == nil || e.Told.Checkpoint == nil {
		return
	}
	if e.Kind == KindCompensation {
		s.undoTold = e.Told
	} else {
		s.told = e.Told
	}
}
