package flow

import (
	"fmt"
	"time"
)

// Step is a step or a call of a machine: its place in the run's state, and its result as
// a typed value. The zero value is a step that has not begun.
type Step[In, Out any] struct {
	// Out is the result; it is set once Run or RunWhen has said true, unless the
	// step was skipped.
	Out Out

	state *stepState
	done  bool // Out is set
}

// Value is the result, or nil if the step was skipped.
func (s *Step[In, Out]) Value() *Out {
	if !s.done {
		return nil
	}
	return &s.Out
}

// Run says whether the step is done. If it is ready, its first attempt begins
// with the input, which is computed once and stored.
func (s *Step[In, Out]) Run(p *Plan, def *StepDef, input func() In) bool {
	return s.RunUntil(p, def, nil, nil, input)
}

// RunWhen is Run for a step with a condition. It is decided once, when the step
// would begin; if it does not hold, the step is skipped, which is stored, and done.
func (s *Step[In, Out]) RunWhen(p *Plan, def *StepDef, when func() bool, input func() In) bool {
	return s.RunUntil(p, def, when, nil, input)
}

// RunUntil is RunWhen for a step that begins at a time. That is decided once, as
// the condition is; when may be nil.
func (s *Step[In, Out]) RunUntil(p *Plan, def *StepDef, when func() bool, until func() time.Time, input func() In) bool {
	if s.state == nil {
		s.state = p.block(def.Name, def.kind())
	}
	switch {
	case s.done:
		return true
	case p.err != nil:
		return false
	case s.state.status == stepCompleted:
		return s.decode(p)
	}
	switch p.enter(s.state, def.Delay, when, until) {
	case passedOver:
		return true
	case entered:
		s.begin(p, def, input)
	}
	return false
}

// begin starts the first attempt, or the run that is called.
func (s *Step[In, Out]) begin(p *Plan, def *StepDef, input func() In) {
	p.at = s.state
	in := input()
	if p.err != nil {
		return
	}
	raw, err := Encode(in)
	if err != nil {
		p.fail(ErrorPayload, fmt.Sprintf("the input of %s %s cannot be stored: %v", s.state.kind, s.state.name, err))
		return
	}
	if !p.fits(fmt.Sprintf("the input of %s %s", s.state.kind, s.state.name), raw) {
		return
	}
	if def.Calls != nil { // it is checked as at any other start of that flow
		if err := Check(in); err != nil {
			p.fail(ErrorPayload, fmt.Sprintf("the input of call %s is wrong: %v", s.state.name, err))
			return
		}
	}
	e := Entry{Kind: KindStep, Step: s.state.name, Attempt: 1, Input: raw}
	if def.Calls != nil {
		e = p.run.callEntry(s.state.name, raw, p.now)
	}
	p.run.record(e, p.now)
	p.at = nil
}

// decode sets Out from the stored bytes, live as after a restart, so that both
// see the same value.
func (s *Step[In, Out]) decode(p *Plan) bool {
	if err := Decode(s.state.output, &s.Out); err != nil {
		p.at = s.state
		p.fail(ErrorPayload, fmt.Sprintf("the stored result of %s %s does not fit its type: %v", s.state.kind, s.state.name, err))
		return false
	}
	s.done = true
	return true
}
