package flow

import "time"

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
	return false
}
