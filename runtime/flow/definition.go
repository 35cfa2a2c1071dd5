package flow

import (
	"reflect"
	"time"
)

// Definition is the static part of a flow: its name, version, policies and
// steps. Generated code declares one for each flow; its address is the flow's
// identity in a program. It is never changed after it was declared.
type Definition struct {
	// Flow is the name as in the spec, such as process-order.
	Flow string
	// Version is major.minor, as written in the spec.
	Version string
	// Doc is the spec's text about the flow, for people.
	Doc string
	// MaxAttempts is how often the whole flow is tried; 0 means 1.
	MaxAttempts int
	// Timeout is the total time of a run from its first step on; 0 is none.
	Timeout time.Duration
	// Restart is the pause before the flow is tried again. Only its backoff is used.
	Restart Policy
	// IdempotencyKey, Tenant and Priority compute what a start uses where its caller
	// gives nothing, from the stored bytes of the input; nil where the flow does not
	// say. An error says which expression failed, and where it stands.
	IdempotencyKey func(input []byte) (string, error)
	Tenant         func(input []byte) (string, error)
	Priority       func(input []byte) (int64, error)
	// Schedules start runs of the flow by themselves.
	Schedules []ScheduleDef
	// Concurrency bounds how many runs of the flow are under way at a time.
	Concurrency Concurrency
	// Retention is how long a run is kept after its end; 0 is for ever.
	Retention time.Duration
	// Steps are the steps and calls of the flow in the order of the spec, Waits its waits.
	Steps []*StepDef
	Waits []*WaitDef
	// Order is where the blocks stand. Without it, a run does what newer code has in front
	// of blocks that the run has begun; with it, it passes that over.
	Order []Place
	// Errors are the declared errors that the flow's handlers may return.
	Errors []ErrorDef
	// Input and Output are the types of the flow's input and output.
	Input, Output reflect.Type
	// Description is the flow as plain data in JSON, for people and tools; see the package
	// description. It may be empty: nothing is executed by it.
	Description string
	// New makes the machine of one run from the stored bytes of its input.
	New func(input []byte) (Machine, error)
}

// Concurrency is how many runs of a flow are under way at a time, for each key.
type Concurrency struct {
	// Limit is that number; 0 is without end.
	Limit int
	// Key computes the key from the stored bytes of the input, as Tenant does; nil
	// where all runs of the flow share one.
	Key func(input []byte) (string, error)
}

// ScheduleDef starts a run at each time that it names. A flow that is scheduled is
// known by the names of its schedules: they stay the same when their times change.
type ScheduleDef struct {
	// Name is unique in its flow; empty for a schedule that stands alone.
	Name string
	// Cron is an expression of five fields or one such as @daily; empty with Every.
	Cron string
	// Timezone is where Cron's times are; empty is UTC.
	Timezone string
	// Every is the time between two runs; times are multiples of it since 1970 in UTC.
	Every time.Duration
	// Input is the input of each run as JSON.
	Input string
	// CatchUp is what becomes of times that came while nothing ran: none, last or all;
	// empty is none.
	CatchUp string
	// Overlap is what happens at a time at which the schedule's run before is not
	// over: skip, queue or allow; empty is skip.
	Overlap string
}

// StepDef is the static part of a step, or of a call.
type StepDef struct {
	// Name is the step's name as in the spec, such as charge-payment.
	Name string
	// Doc is the spec's text about the step.
	Doc string
	// Source is where the step stands in the spec: file:line.
	Source string
	// Policy is how often and how long the step's handler is tried.
	Policy Policy
	// Delay is a pause before the step runs for the first time.
	Delay time.Duration
	// Transaction says that the handler works in a transaction of the store, in which
	// its result is stored too. Policy has a Timeout then.
	Transaction bool
	// Calls is what a call starts; nil for a step. A call has no handler, and its
	// Policy is empty.
	Calls *CallDef
	// Compensation undoes the step after it completed; nil if nothing does.
	Compensation *CompensationDef
}

// kind is what the log calls it.
func (d *StepDef) kind() Kind {
	if d.Calls != nil {
		return KindCall
	}
	return KindStep
}

// undoneIfAttempted says that the step's compensation runs also if the step was
// tried and did not complete.
func (d *StepDef) undoneIfAttempted() bool {
	return d != nil && d.Compensation != nil && d.Compensation.Attempted
}

// CallDef is what a call starts: a run of another flow.
type CallDef struct {
	Flow    string
	Version string // major.minor
}

// WaitDef is the static part of a wait.
type WaitDef struct {
	// Name is the wait's name as in the spec, and that of the signals that it takes.
	Name string
	// Doc is the spec's text about the wait.
	Doc string
	// Source is where the wait stands in the spec: file:line.
	Source string
	// Delay is a pause before the wait begins.
	Delay time.Duration
	// Timeout is how long it waits; 0 is without end.
	Timeout time.Duration
	// Continue says `onTimeout: continue`: the run goes on without a signal. Else the
	// wait has failed.
	Continue bool
	// Keyed says that a signal names the element that it is for by a key.
	Keyed bool
	// Payload is the type of what a signal carries; nil for nothing.
	Payload reflect.Type
}

// BlockDef is the static part of a block that is no step: of a parallel or a choose.
type BlockDef struct {
	// Name is the block's name as in the spec.
	Name string
	// Doc is the spec's text about the block.
	Doc string
	// Source is where the block stands in the spec: file:line.
	Source string
	// Delay is a pause before the block begins.
	Delay time.Duration
}

// ForeachDef is the static part of a foreach.
type ForeachDef struct {
	// Name is the block's name as in the spec.
	Name string
	// Doc is the spec's text about the block.
	Doc string
	// Source is where the block stands in the spec: file:line.
	Source string
	// Delay is a pause before the block begins.
	Delay time.Duration
	// Limit is how many elements are under way at a time, at least 1.
	Limit int
}

// CompensationDef is the static part of a compensation.
type CompensationDef struct {
	// Name is the name of the handler that undoes the step.
	Name string
	// Policy is how often and how long that handler is tried; nil means the
	// policy of the step.
	Policy *Policy
	// Attempted says that a step that was tried and did not complete is undone too:
	// the compensation is then called without a result. See docs/semantics.md, "Failures".
	Attempted bool
}

// ErrorDef is a declared error.
type ErrorDef struct {
	// Name is the name as in the spec, under which the error is stored.
	Name string
	// Permanent says `retry: never`: the error ends the step's retries.
	Permanent bool
	// New makes an empty error, a pointer, into which stored fields are decoded.
	New func() DeclaredError
}

// DeclaredError is an error declared in a spec. It is stored with its fields,
// and errors.As finds it again in another process.
type DeclaredError interface {
	error
	// ErrorName is the error's name in the spec.
	ErrorName() string
}

// Machine is the state of one run of one flow as typed values: what bextgen
// generates. It is a pure function of what was applied to the Run around it.
type Machine interface {
	// Next walks the flow from its start, passes over what is done and puts on
	// the plan what is ready. It says whether the flow is done.
	Next(p *Plan) bool
	// Output is the flow's output. It is called once, when Next has said true,
	// and it may fail: see At.
	Output(p *Plan) any
}

// None is the result of a step that has none.
type None struct{}
