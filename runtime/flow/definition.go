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
	// Steps are the blocks of the flow in the order of the spec.
	Steps []*StepDef
	// Errors are the declared errors that the flow's handlers may return.
	Errors []ErrorDef
	// Input and Output are the types of the flow's input and output.
	Input, Output reflect.Type
	// New makes the machine of one run from the stored bytes of its input.
	New func(input []byte) (Machine, error)
}

// StepDef is the static part of a step.
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
	// Compensation undoes the step after it completed; nil if nothing does.
	Compensation *CompensationDef
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
