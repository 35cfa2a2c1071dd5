package flow

import "encoding/json"

// ErrorKind is what sort of thing went wrong.
type ErrorKind string

// The kinds of errors.
const (
	ErrorHandler    ErrorKind = "error"      // a handler returned it
	ErrorPanic      ErrorKind = "panic"      // a handler panicked
	ErrorTimeout    ErrorKind = "timeout"    // an attempt or a run took too long
	ErrorCancelled  ErrorKind = "cancelled"  // the run was cancelled
	ErrorExpression ErrorKind = "expression" // an expression of the spec failed
	ErrorCrash      ErrorKind = "crash"      // the process ended each time while the attempt was under way
	ErrorPayload    ErrorKind = "payload"    // a value could not be encoded or decoded, or is too large
)

// Error is a failure as it is stored.
type Error struct {
	Kind    ErrorKind `json:"kind"`
	Message string    `json:"message"`
	// Step is the step that failed; empty where it is the run itself.
	Step string `json:"step,omitempty"`
	// Name and Fields are those of an error declared in the spec.
	Name   string          `json:"name,omitempty"`
	Fields json.RawMessage `json:"fields,omitempty"`
	// Permanent says that trying again is of no use.
	Permanent bool `json:"permanent,omitempty"`
	// Stack is where a handler panicked.
	Stack string `json:"stack,omitempty"`
}

// Error is the message, for people.
func (e *Error) Error() string { return e.Message }
