// Package parse reads flow files: YAML with the place of every key and value,
// walked by hand into a syntax tree. It knows the keys of the language and the
// form of their values; what the values mean is for the passes behind it.
package parse

import "github.com/bextgen/bextgen/schema/model"

// File is a flow file or a types file as it was written.
type File struct {
	Name   string // its base name
	Flow   *Flow  // nil in a types file
	Types  []*Type
	Errors []*Error
}

// Flow is the part of a flow file that is about the flow. What the file does
// not say is nil.
type Flow struct {
	Name        *Text
	Version     *Text
	Doc         *Text
	MaxAttempts *Text
	Timeout     *Text
	// What a start uses where its caller gives nothing: expressions over the input.
	IdempotencyKey, Tenant, Priority *Text

	Schedules   []*Schedule
	Concurrency *Concurrency
	Retention   *Text

	Restart  Policy // backoff, backoffBase, backoffMax and jitter only
	Defaults Policy
	Input    *Shape
	Output   *Output
	Steps    []Block
}

// Schedule is an entry of `schedule`, or all of it.
type Schedule struct {
	Pos                                           model.Pos // of the name, or of the schedule if it has none
	Name, Cron, Every, Timezone, CatchUp, Overlap *Text
	Input                                         *Value
}

// Concurrency is the value of `concurrency`.
type Concurrency struct {
	Limit, Key *Text
}

// Policy is the keys that say how often and how long a handler is tried.
type Policy struct {
	Timeout, Retries, Backoff, BackoffBase, BackoffMax, Jitter *Text
}

// Block is an entry of `steps`: *Step, also for a call, *Wait, *Parallel, *Choose or *Foreach.
type Block interface {
	// What names the block to the user: step `charge-payment`.
	What() string
}

// Head is the keys that all blocks have.
type Head struct {
	Kind  string    // step, wait, call, parallel, choose or foreach
	Pos   model.Pos // of what stands behind the kind, or of the block if nothing does
	Name  *Text     // not nil for a step, a wait or a call
	Doc   *Text
	When  *Text
	Delay *Text
	Until *Text
}

// What names the block to the user.
func (h *Head) What() string {
	if h.Name == nil {
		return "a " + h.Kind
	}
	return h.Kind + " `" + short(h.Name.Value) + "`"
}

// Step is a block of work done by a handler or, with Calls, by a run of another flow.
type Step struct {
	Head
	Calls       *Text // the flow of a call; nil for a step
	In          *Bindings
	Out         *Shape
	Policy      Policy
	Transaction *Text
	Compensate  *Compensation
}

// Wait is a block that waits for a signal.
type Wait struct {
	Head
	Out       *Shape
	Key       *Text // in a foreach only
	Timeout   *Text
	OnTimeout *Text
}

// Parallel is a block of branches that run together.
type Parallel struct {
	Head
	Branches [][]Block
}

// Choose is a block of cases of which one runs.
type Choose struct {
	Head
	Cases []*Case
}

// Foreach is a block of blocks that run for each element of a list.
type Foreach struct {
	Head
	Over    *Text
	As      *Text
	Limit   *Text
	Collect *Text
	Body    []Block
}

// Case is an entry of `cases`. When is nil for the `else`.
type Case struct {
	Pos  model.Pos
	When *Text
	Else bool
	Body []Block
}

// Compensation is the value of `compensate`.
type Compensation struct {
	Name   *Text
	After  *Text
	Policy Policy
}

// Shape is what `input` and `out` say: fields, or the name of a type.
type Shape struct {
	Pos    model.Pos
	Type   *Text // nil where there are fields
	Fields []*Field
}

// Field is a field of a type, an error, an input or a result.
type Field struct {
	Name   *Text
	Type   *Text
	Doc    *Text
	Secret bool

	// What the field demands of its value, and has where JSON lacks it.
	Default                                 *Value
	Min, Max, MinLength, MaxLength, Pattern *Text
}

// Bindings is a mapping of names to expressions.
type Bindings struct {
	Pos  model.Pos
	List []Binding
	// Gaps says that something in it was reported, and is not in List.
	Gaps bool
}

// Binding is a name and its expression.
type Binding struct {
	Name, Value *Text
}

// Output is the value of `output`: names with expressions, or one expression.
type Output struct {
	Value    *Text
	Bindings *Bindings
}

// Type is a declaration under `types`.
type Type struct {
	Name   *Text
	Doc    *Text
	Fields []*Field
	// Values are those of an enum; nil for any other type.
	Values []*Text
	// Go is the path and name of a type that is written in Go; nil for any other.
	Go *Text
}

// Error is a declaration under `errors`.
type Error struct {
	Name      *Text
	Doc       *Text
	Fields    []*Field
	Permanent bool
}
