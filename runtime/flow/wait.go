package flow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
)

// This file is waits, and the signals that they wait for.

// Wait is a wait of a machine: its place in the run's state, and what the signal
// carried as a typed value. The zero value is one that has not begun.
type Wait[Out any] struct {
	// Out is the signal's payload; it is set once Run has said true, unless the wait
	// was skipped or its timeout came first.
	Out Out

	state *stepState
	done  bool // Out is set
}

// Value is the signal's payload, or nil if the wait was skipped or timed out.
func (w *Wait[Out]) Value() *Out {
	if !w.done {
		return nil
	}
	return &w.Out
}

// Run says whether the wait is over: a signal came, it was skipped, or its timeout
// is over and the flow goes on. Of a wait in a foreach, key says which element the
// signal is for; it is computed once and stored. When, until and key may be nil.
func (w *Wait[Out]) Run(p *Plan, def *WaitDef, when func() bool, until func() time.Time, key func() string) bool {
	if w.state == nil {
		w.state = p.block(def.Name, KindWait)
	}
	switch {
	case w.done:
		return true
	case p.err != nil:
		return false
	case w.state.status == stepCompleted:
		return w.decode(p)
	case w.state.status == stepRunning:
		return w.receive(p)
	}
	switch p.enter(w.state, def.Delay, when, until) {
	case passedOver:
		return true
	case entered:
		return w.begin(p, def, key)
	}
	return false
}

// begin stores that the run waits, and until when. The signal may be there already.
func (w *Wait[Out]) begin(p *Plan, def *WaitDef, key func() string) bool {
	e := Entry{Kind: KindWait, Step: w.state.name}
	if key != nil {
		p.at = w.state
		if e.Key = key(); e.Key == "" {
			p.fail(ErrorExpression, fmt.Sprintf("the key of the wait %s is empty, so that no signal can name it", w.state.name))
		}
		if p.err != nil {
			return false
		}
		p.at = nil
	}
	if def.Timeout > 0 {
		e.WakeAt = p.wakeAt(def.Timeout, nil)
	}
	p.run.record(e, p.now)
	return w.receive(p)
}

// receive takes the signal that is waited for, if it has come.
func (w *Wait[Out]) receive(p *Plan) bool {
	span := w.state.span
	payload := p.run.signalFor(span)
	if payload == nil {
		return false
	}
	span.Output = payload
	p.run.recordEnd(span, p.now)
	return w.decode(p)
}

// decode sets Out from the stored bytes, live as after a restart.
func (w *Wait[Out]) decode(p *Plan) bool {
	if err := Decode(w.state.output, &w.Out); err != nil {
		p.at = w.state
		p.fail(ErrorPayload, fmt.Sprintf("what the signal %s carried does not fit its type: %v", w.state.name, err))
		return false
	}
	w.done = true
	return true
}

// signalTarget is what a signal is for: a wait and, in a foreach, one of its elements.
type signalTarget struct{ name, key string }

// signalID is a signal as its sender knows it.
type signalID struct {
	target signalTarget
	id     string
}

// signal keeps a signal. It is ErrStale if it came before.
func (r *Run) signal(o Signal, now time.Time) error {
	if o.ID != "" && r.known[signalID{signalTarget{o.Name, o.Key}, o.ID}] {
		return ErrStale
	}
	if r.status == StatusPending {
		r.begin(now)
	}
	payload := o.Payload
	if payload == nil {
		payload = json.RawMessage("null") // a wait that has ended without an Output got no signal
	}
	r.recordMoment(Entry{
		Kind: KindSignal, Step: o.Name, Key: o.Key, SignalID: o.ID, Output: payload, Actor: o.Actor,
	}, now)
	return nil
}

// signalFor is the signal that a wait takes; nil while there is none.
func (r *Run) signalFor(wait *Entry) json.RawMessage {
	return r.signals[signalTarget{blockName(wait.Step), wait.Key}]
}

// signalled folds a signal into the state. The first one for a wait and key counts,
// in each attempt of the run again (semantics.md, "Starting").
func (r *Run) signalled(e *Entry) {
	target := signalTarget{e.Step, e.Key}
	if r.signals == nil {
		r.signals, r.known = map[signalTarget][]byte{}, map[signalID]bool{}
	}
	if _, ok := r.signals[target]; !ok {
		r.signals[target] = e.Output
	}
	if e.SignalID != "" {
		r.known[signalID{target, e.SignalID}] = true
	}
}

// waitEnded folds the end of a wait into the state.
func (r *Run) waitEnded(st *stepState, e *Entry) {
	switch {
	case e.Error != nil:
		r.blockFailed(e)
	case e.Output == nil:
		st.status = stepSkipped // nothing came within its timeout, and the flow goes on
	default:
		st.status, st.output = stepCompleted, e.Output
	}
}

// waitTimedOut ends a wait for which no signal came in time.
func (r *Run) waitTimedOut(st *stepState, now time.Time) {
	def := r.waits[blockName(st.name)]
	if def == nil || !def.Continue {
		took := st.span.WakeAt.Sub(st.span.StartedAt)
		st.span.Error = &Error{
			Kind: ErrorTimeout, Step: st.name,
			Message: fmt.Sprintf("no signal %s came within %s", blockName(st.name), duration.Format(took)),
		}
	}
	r.recordEnd(st.span, now)
}
