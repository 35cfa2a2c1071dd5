package flow

import (
	"fmt"
	"time"
)

// Plan is what a machine's Next writes to: what is ready, and the first thing
// that went wrong while it was computed. It is used for one walk.
type Plan struct {
	// RunInfo is what expressions read as `run`.
	RunInfo

	run *Run
	now time.Time
	err *Error // why the walk cannot go on
	// path stands in front of the names of the blocks that are walked: inside of
	// a foreach it says which element.
	path string
	at   *stepState // the block that was being computed; nil for the flow's output
}

// block is the state of the block of that name where the walk is. The kind is that
// of the entry with which the block begins. If older code has begun one of another kind
// under this name, the walk cannot go on.
func (p *Plan) block(name string, kind Kind) *stepState {
	st := p.run.step(p.path + name)
	if st.kind != "" && st.kind != kind {
		p.fail(ErrorPayload, fmt.Sprintf("%s was begun as a %s by older code of the flow, and is a %s in this one", st.name, st.kind, kind))
	}
	st.kind = kind
	return st
}

// RunInfo is what is known of a run from its start on.
type RunInfo struct {
	ID        string
	Tenant    string
	StartedAt time.Time // of the first step
	Attempt   int64     // of the whole flow, from 1
}

// fail notes why the walk cannot go on. Only the first reason counts: what is
// computed behind it is not used, so that compiled expressions can go on with a
// zero value in place of an error return at each operator.
func (p *Plan) fail(kind ErrorKind, message string) {
	if p.err == nil {
		p.err = &Error{Kind: kind, Message: message, Permanent: true}
	}
}
