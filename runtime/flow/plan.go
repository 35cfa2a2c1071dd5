package flow

import "time"

// Plan is what a machine's Next writes to: what is ready, and the first thing
// that went wrong while it was computed. It is used for one walk.
type Plan struct {
	// RunInfo is what expressions read as `run`.
	RunInfo

	run *Run
	now time.Time
	err *Error     // why the walk cannot go on
	at  *stepState // the step that was being computed; nil for the flow's output
}

// RunInfo is what is known of a run from its start on.
type RunInfo struct {
	ID        string
	Tenant    string
	StartedAt time.Time // of the first step
	Attempt   int64     // of the whole flow, from 1
}

// Fail says that the expression at a place cannot be computed. Only the first
// failure of a walk counts: what is computed behind it is not used. So generated
// code can go on with a zero value in place of an error return at each operator.
//
// The place is file:line and the text of the expression.
func (p *Plan) Fail(place, message string) {
	p.fail(ErrorExpression, place+": "+message)
}

func (p *Plan) fail(kind ErrorKind, message string) {
	if p.err == nil {
		p.err = &Error{Kind: kind, Message: message, Permanent: true}
	}
}
