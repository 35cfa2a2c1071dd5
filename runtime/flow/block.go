package flow

import (
	"fmt"
	"strconv"
	"time"
)

// This file is how blocks begin, and the blocks that are made of others.

// gate says whether a block that is not done begins.
type gate int

const (
	shut       gate = iota // it waits, or is under way
	entered                // it begins now
	passedOver             // it is skipped
)

// enter decides when it is a block's turn: a condition comes before the delay,
// and both are decided once.
func (p *Plan) enter(st *stepState, delay time.Duration, when func() bool, until func() time.Time) gate {
	switch st.status {
	case stepReady:
		return entered
	case stepSkipped:
		return passedOver
	case stepNew:
	default:
		return shut
	}
	if st.around {
		return entered
	}
	p.at = st
	holds := !st.passed && (when == nil || when())
	if p.err != nil {
		return shut
	}
	if !holds {
		p.run.recordMoment(Entry{Kind: KindSkip, Step: st.name}, p.now)
		p.at = nil
		return passedOver
	}
	wakeAt := p.wakeAt(delay, until)
	if p.err != nil {
		return shut
	}
	p.at = nil
	if wakeAt.After(p.now) {
		p.run.record(Entry{Kind: KindDelay, Step: st.name, WakeAt: wakeAt}, p.now)
		return shut
	}
	return entered
}

// wakeAt is the later of the ends of a delay and of an `until`, in whole
// milliseconds and not before its time.
func (p *Plan) wakeAt(delay time.Duration, until func() time.Time) time.Time {
	at := p.now.Add(delay)
	if until != nil {
		if t := until(); t.After(at) {
			at = t
		}
	}
	return at.UTC().Add(time.Millisecond - 1).Truncate(time.Millisecond)
}

// All is a parallel: it is done when all its branches are. Each of them was
// walked before All is called, because they are arguments.
func All(branches ...bool) bool {
	for _, done := range branches {
		if !done {
			return false
		}
	}
	return true
}

// Group is a parallel with a condition, a delay or a time of its own. The zero
// value is one that has not begun.
type Group struct{ state *stepState }

// Run says whether the group is done: it was skipped, or its body is done. When
// and until may be nil.
func (g *Group) Run(p *Plan, def *BlockDef, when func() bool, until func() time.Time, body func() bool) bool {
	if g.state == nil {
		g.state = p.block(def.Name, KindEnter)
	}
	if p.err != nil {
		return false
	}
	switch p.enter(g.state, def.Delay, when, until) {
	case shut:
		return false
	case passedOver:
		return true
	}
	if g.state.status == stepNew { // else its delay says that it was entered
		p.run.recordMoment(Entry{Kind: KindEnter, Step: g.state.name}, p.now)
	}
	return body()
}

// NoCase is what chooses no case.
const NoCase = -1

// Choice is a choose: one of several cases, decided once. The zero value is one
// that is not decided.
type Choice struct {
	state   *stepState
	chosen  int
	decided bool
}

// Run says whether the choose is done: it was skipped, no case was chosen, or
// the one that was is done. choose returns the index of a case, or NoCase; body
// runs the case. When and until may be nil.
func (c *Choice) Run(p *Plan, def *BlockDef, when func() bool, until func() time.Time,
	choose func() int, body func(chosen int) bool,
) bool {
	if c.state == nil {
		c.state = p.block(def.Name, KindChoice)
	}
	if p.err != nil {
		return false
	}
	if !c.decided && c.state.status != stepCompleted {
		switch p.enter(c.state, def.Delay, when, until) {
		case shut:
			return false
		case passedOver:
			return true
		}
		if !c.decide(p, choose) {
			return false
		}
	}
	if !c.decided && !c.recall(p) {
		return false
	}
	return c.chosen == NoCase || body(c.chosen)
}

// decide chooses a case and stores which.
func (c *Choice) decide(p *Plan, choose func() int) bool {
	p.at = c.state
	chosen := choose()
	if p.err != nil {
		return false
	}
	p.at = nil
	p.run.recordMoment(Entry{Kind: KindChoice, Step: c.state.name, Output: []byte(strconv.Itoa(chosen))}, p.now)
	return true
}

// recall reads which case was chosen from the log, live as after a restart.
func (c *Choice) recall(p *Plan) bool {
	chosen, err := strconv.Atoi(string(c.state.output))
	if err != nil {
		p.at = c.state
		p.fail(ErrorPayload, fmt.Sprintf("the stored case of %s is not a number: %v", c.state.name, err))
		return false
	}
	c.chosen, c.decided = chosen, true
	return true
}
