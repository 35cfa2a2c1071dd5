package flow

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// This file is calls: runs of other flows, the children of this one.

// callEntry is the entry with which a call begins.
func (r *Run) callEntry(path string, input []byte, now time.Time) Entry {
	e := Entry{Kind: KindCall, Step: path, Attempt: 1, Input: input, RunAttempt: r.attempt}
	e.Key = childID(r.key(&e), now)
	return e
}

// childOf is the run that a call starts.
func (r *Run) childOf(e *Entry) Child {
	c := Child{ID: e.Key, Input: e.Input}
	if def := r.stepDef(e.Step); def != nil && def.Calls != nil {
		c.Flow, c.Version = def.Calls.Flow, def.Calls.Version
	}
	return c
}

// childEnded ends the call of which a run is over.
func (r *Run) childEnded(o ChildEnded, now time.Time) error {
	for _, e := range r.calls {
		if e.Key != o.ID {
			continue
		}
		e.Output, e.Error = o.Output, nil
		if o.Err != nil {
			e.Output, e.Error = nil, r.childError(e, o.Err)
		}
		r.recordEnd(e, now)
		return nil
	}
	return ErrStale
}

// childError is the failure of a call whose run has failed. The declared error that
// it was is found in it too.
func (r *Run) childError(e *Entry, child *Error) *Error {
	err := *child
	err.Step = e.Step
	at := ""
	if child.Step != "" {
		at = " at step " + child.Step
	}
	err.Message = fmt.Sprintf("run %s of %s did not complete%s: %s", e.Key, r.childOf(e).Flow, at, child.Message)
	if err.Kind == ErrorCancelled && r.failure == nil {
		err.Kind = ErrorHandler // this run was not cancelled
	}
	return &err
}

// stopCalls asks for the runs of calls to be cancelled. Those that were to begin
// now, beside what failed, do not.
func (r *Run) stopCalls(now time.Time) {
	for _, e := range append([]*Entry(nil), r.calls...) {
		if r.isChanged(e) {
			e.Input = nil // it was never tried, see stop
			e.Error = r.stopped()
			r.recordEnd(e, now)
			continue
		}
		r.effects.CancelCalls = append(r.effects.CancelCalls, e.Key)
	}
}

// childID is a ULID (github.com/ulid/spec) made of a time and of what the run is
// for, so that whoever makes it again makes the same.
func childID(key string, now time.Time) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base 32
	const length, bitsOfTime = 26, 48
	sum := sha256.Sum256([]byte(key))
	ms := uint64(now.UnixMilli())
	bit := func(i int) byte { // of the 128 of the id, the first one leftmost
		if i < bitsOfTime {
			return byte(ms>>(bitsOfTime-1-i)) & 1
		}
		i -= bitsOfTime
		return sum[i/8] >> (7 - i%8) & 1
	}
	const spare = 5*length - 128 // the first letter has room for more bits than there are
	id := make([]byte, length)
	for i := range id {
		var letter byte
		for b := 5 * i; b < 5*i+5; b++ {
			letter <<= 1
			if b >= spare {
				letter |= bit(b - spare)
			}
		}
		id[i] = alphabet[letter]
	}
	return string(id)
}
