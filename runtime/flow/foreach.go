package flow

import (
	"fmt"
	"strconv"
	"time"
)

// Element is one element of a foreach. Body is what the blocks in the foreach
// know of it: a struct that bextgen generates.
type Element[Item, Body any] struct {
	Item  Item
	Index int64
	Body  Body

	path string // in front of the names of the blocks in it
}

// Foreach is a foreach: its blocks, once for each element of a list. The zero
// value is one that has not begun.
//
// Only the elements that are under way are walked: what is done is kept as its
// value, so that the last of many elements costs what the first did.
type Foreach[Item, Body, Value any] struct {
	// Out is the list of the elements' values, in the order of the list; it is set
	// once Run has said true, unless the foreach was skipped.
	Out []Value

	state  *stepState
	done   bool
	loaded bool // items is set
	items  []Item
	values []Value
	next   int // the first element that has not begun
	active []*Element[Item, Body]
}

// Value is the list of values, or nil if the foreach was skipped.
func (f *Foreach[Item, Body, Value]) Value() *[]Value {
	if !f.done {
		return nil
	}
	return &f.Out
}

// Run says whether the foreach is done: it was skipped, or all its elements are.
// The list is computed once, when it begins, and stored; so is the list of the
// values when it ends. When and until may be nil; run says whether the blocks of
// an element are done, and collect is its value then, or nil if it has none.
func (f *Foreach[Item, Body, Value]) Run(p *Plan, def *ForeachDef, when func() bool, until func() time.Time,
	over func() []Item, run func(*Element[Item, Body]) bool, collect func(*Element[Item, Body]) Value,
) bool {
	if f.state == nil {
		f.state = p.block(def.Name, KindForeach)
	}
	switch {
	case f.done:
		return true
	case p.err != nil || f.state.status == stepFailed:
		return false
	case f.state.status == stepCompleted:
		return f.decode(p)
	case f.state.status != stepRunning:
		switch p.enter(f.state, def.Delay, when, until) {
		case shut:
			return false
		case passedOver:
			return true
		}
		if !f.begin(p, over) {
			return false
		}
	}
	step := func(e *Element[Item, Body]) bool { return f.step(p, e, run, collect) }
	return f.load(p) && f.walk(p, def, step) && f.finish(p, collect != nil) && f.decode(p)
}

// begin computes the list and stores it.
func (f *Foreach[Item, Body, Value]) begin(p *Plan, over func() []Item) bool {
	p.at = f.state
	items := over()
	if p.err != nil {
		return false
	}
	raw, err := Encode(items)
	if err != nil {
		p.fail(ErrorPayload, fmt.Sprintf("the list of %s cannot be stored: %v", f.state.name, err))
		return false
	}
	if !p.fits("the list of "+f.state.name, raw) {
		return false
	}
	p.at = nil
	p.run.record(Entry{Kind: KindForeach, Step: f.state.name, Input: raw}, p.now)
	return true
}

// load reads the list from the log, live as after a restart.
func (f *Foreach[Item, Body, Value]) load(p *Plan) bool {
	if f.loaded {
		return true
	}
	if err := Decode(f.state.input, &f.items); err != nil {
		p.at = f.state
		p.fail(ErrorPayload, fmt.Sprintf("the stored list of %s does not fit its type: %v", f.state.name, err))
		return false
	}
	f.values, f.loaded = make([]Value, len(f.items)), true
	return true
}

// walk goes on with the elements that are under way, and begins as many others
// as the limit allows. It says whether all are done.
func (f *Foreach[Item, Body, Value]) walk(p *Plan, def *ForeachDef, step func(*Element[Item, Body]) bool) bool {
	left := f.active[:0]
	for _, e := range f.active {
		if p.err != nil || !step(e) {
			left = append(left, e)
		}
	}
	clear(f.active[len(left):])
	f.active = left
	for len(f.active) < def.Limit && f.next < len(f.items) && p.err == nil {
		e := &Element[Item, Body]{Item: f.items[f.next], Index: int64(f.next)}
		e.path = p.path + def.Name + "[" + strconv.Itoa(f.next) + "]."
		f.next++
		if !step(e) {
			f.active = append(f.active, e)
		}
	}
	return p.err == nil && len(f.active) == 0 && f.next == len(f.items)
}

// step walks one element, and keeps its value when it is done.
func (f *Foreach[Item, Body, Value]) step(p *Plan, e *Element[Item, Body],
	run func(*Element[Item, Body]) bool, collect func(*Element[Item, Body]) Value,
) bool {
	around := p.path
	p.path = e.path
	defer func() { p.path = around }()
	if !run(e) || p.err != nil {
		return false
	}
	if collect == nil {
		return true
	}
	p.at = f.state
	value := collect(e)
	if p.err != nil {
		return false
	}
	p.at = nil
	f.values[e.Index] = value
	return true
}

// finish stores the list of the values, if the elements have some.
func (f *Foreach[Item, Body, Value]) finish(p *Plan, collected bool) bool {
	span := f.state.span
	if collected {
		raw, err := Encode(f.values)
		p.at = f.state
		if err != nil {
			p.fail(ErrorPayload, fmt.Sprintf("the values of %s cannot be stored: %v", f.state.name, err))
		}
		if err != nil || !p.fits("the list of the values of "+f.state.name, raw) {
			return false
		}
		p.at = nil
		span.Output = raw
	}
	p.run.recordEnd(span, p.now)
	return true
}

// decode sets Out from the stored bytes.
func (f *Foreach[Item, Body, Value]) decode(p *Plan) bool {
	if err := Decode(f.state.output, &f.Out); err != nil {
		p.at = f.state
		p.fail(ErrorPayload, fmt.Sprintf("the stored values of %s do not fit their type: %v", f.state.name, err))
		return false
	}
	f.done, f.items, f.values = true, nil, nil
	return true
}
