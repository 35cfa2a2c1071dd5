// Package model is the checked model of a folder of flows: plain data, made by
// schema and read by templates. Everything in it has been checked: names are
// valid Go, types are resolved, expressions are typed. A reader never has to
// report an error.
package model

import "time"

// Pos is a place in a source file. File is the base name of the file (all the
// files of a package are in one folder); Line and Column count from 1.
type Pos struct {
	File   string
	Line   int
	Column int
}

// Package is one folder of *.flow.yaml and *.types.yaml files.
type Package struct {
	// Name is the name of the Go package that is generated.
	Name string
	// Types, Errors and Flows are in the order of the files and of the
	// declarations in them. Each knows its file, in which it is also emitted.
	Types  []*Named
	Errors []*Error
	Flows  []*Flow
	// Specs are the files that were read, in the order of their names.
	Specs []Spec
	// Zones are the time zones that the specs name, each once. They were found, which is for the
	// machine to say: it may know more than those that bextgen has in itself.
	Zones []string
}

// Spec is a file of a package.
type Spec struct {
	Name string // base name
	Text string
}

// Named is a type declared under `types`: a struct, or an enum if it has values.
type Named struct {
	Name   string // as in the spec, and in Go
	Doc    string
	Pos    Pos
	Fields []*Field
	Values []EnumValue // in the order of the spec
	// Secret says that a value of this type holds a secret, at any depth.
	Secret bool
	// Rules says that a value of this type holds fields with rules, at any depth: it
	// has a Validate method.
	Rules bool
	// Defaults says that a value of this type holds fields with a default, not counting
	// those in lists, maps and optional values: there is a function that makes one.
	Defaults bool
	// Go is where a type of the user's own is declared; Fields are those of its
	// exported JSON fields that expressions can read. Nothing is emitted for it.
	Go *GoType
}

// GoType is a type that the user wrote in Go.
type GoType struct {
	ImportPath string // example.com/shop/money; of the package generated into: empty
	Package    string // money
	Name       string // Amount
	Validates  bool   // it, or a pointer to it, has a method Validate
	// Opaque says why expressions can read none of its fields, and Unreadable why
	// they cannot read some of them, by their names in JSON.
	Opaque     string
	Unreadable map[string]string
	// Hidden are, of those that they cannot read, the names in JSON of fields with the tag
	// `secret:"true"` or with such a field in them. Of an opaque type that holds one, Secret
	// is all that says so.
	Hidden []string
}

// Conversion is how the value of a field of a Go type becomes one of the field's Type.
type Conversion string

// The conversions.
const (
	AsIs            Conversion = ""
	Convert         Conversion = "convert"  // such as int64(v) of an int32; of an optional, what it points to
	ConvertUnsigned Conversion = "unsigned" // of a uint64, which can overflow
)

// EnumValue is one of the values of an enum.
type EnumValue struct {
	Text   string // as in the spec, in JSON and in expressions
	GoName string // of the constant, such as SizeSmall
}

// Field is a field of a struct: of a declared type, an error, an input or an output.
type Field struct {
	Name string // in JSON and in expressions, camelCase
	// GoName is exported; unique in its struct and not the name of a generated method.
	// Of a field of a Go type it is what stands behind the dot: Amount, or Base.Amount.
	GoName string
	Doc    string
	Type   *Type
	Secret bool // the field itself is marked secret, or made of a secret
	// Rules are what a value must be like; nil if there are none.
	Rules *Rules
	// Default is what the field has where JSON lacks it: a constant of its type, or of
	// what an optional type may hold; nil if there is none.
	Default *Expr
	// Conversion is AsIs but for fields of Go types.
	Conversion Conversion
	Pos        Pos
}

// Rules are what a field demands of its value, where data comes in. Of an optional
// field they hold for a value that is there.
type Rules struct {
	Min, Max             *Expr  // constants of the field's type: int, float, time or duration
	MinLength, MaxLength *int   // of a string in characters, of bytes, a list or a map in elements
	Pattern              string // an RE2 expression that a string must match; empty if there is none
}

// Kind is the kind of a Type; its text is the word of the language.
type Kind string

// The kinds of types.
const (
	String   Kind = "string"
	Bool     Kind = "bool"
	Int      Kind = "int"      // int64
	Float    Kind = "float"    // float64
	Bytes    Kind = "bytes"    // []byte
	Time     Kind = "time"     // time.Time
	Duration Kind = "duration" // runtime.Duration
	JSON     Kind = "json"     // json.RawMessage
	List     Kind = "list"     // []Elem
	Map      Kind = "map"      // map[string]Elem
	Optional Kind = "optional" // *Elem
	Struct   Kind = "struct"   // Named
	Enum     Kind = "enum"     // Named
	GoStruct Kind = "go"       // Named, with its GoType: a type of the user's own
)

// Type is a resolved type.
type Type struct {
	Kind  Kind
	Elem  *Type  // of a List, Map or Optional
	Named *Named // of an Enum, and of a Struct that was declared
	// Payload is set, instead of Named, when the struct is the input of the flow, the
	// result of a step or what a signal carries, with fields of its own.
	Payload *Payload
}

// Payload is an input or an output: a struct with Fields of its own, or
// another type under a new name.
type Payload struct {
	GoName string // such as ProcessOrderChargePaymentInput
	Doc    string // one sentence, without the name: "is what the step charge-payment gets."
	Pos    Pos
	Fields []*Field
	// Alias is not nil where the payload is a type by itself (`input: Order`, or
	// an `output` of one expression); Fields are empty then, and the payload is
	// emitted as `type GoName = …`.
	Alias  *Type
	Secret bool // holds a secret, at any depth
	// Rules and Defaults are as for a Named. They are said of what comes in from outside:
	// the input of a flow, the result of a step's handler, a signal.
	Rules, Defaults bool
}

// Error is an error declared under `errors`.
type Error struct {
	Name      string // kebab-case, as stored
	GoName    string
	Doc       string
	Pos       Pos
	Fields    []*Field
	Permanent bool // retry: never
	Secret    bool // holds a secret, at any depth
}

// Flow is one flow.
type Flow struct {
	Name    string // kebab-case
	GoName  string // ProcessOrder: the prefix of its exported names
	VarName string // processOrder: the prefix of its unexported names
	Version string // major.minor, as written
	Doc     string
	Pos     Pos

	MaxAttempts int // at least 1
	Timeout     time.Duration
	// Restart is the pause before a restart of the whole flow; only its backoff
	// fields are used.
	Restart Policy
	// IdempotencyKey, Tenant (of type string) and Priority (int) are what a start
	// uses where its caller gives nothing. They read nothing but the input, and hold
	// no secret; nil where the flow does not say.
	IdempotencyKey, Tenant, Priority *Expr
	// Schedules start runs by themselves, in the order of the spec.
	Schedules []*Schedule
	// Concurrency bounds how many runs are under way at a time; nil for no bound.
	Concurrency *Concurrency
	// Retention is how long a run is kept after its end; 0 is for ever.
	Retention time.Duration

	Input  *Payload
	Output *Output
	// Body is what the flow does, in order. Steps are all steps in it, at any
	// depth, in the order of the spec.
	Body  []Block
	Steps []*Step
	// Waits are all waits in Body, at any depth, in the order of the spec.
	Waits []*Wait
}

// Schedule starts a run at each time that it names.
type Schedule struct {
	Name     string // unique in its flow; empty for one that stands alone
	Pos      Pos
	Cron     string        // five fields or @daily and the like; empty with Every
	Every    time.Duration // at least a second; 0 with Cron
	Timezone string        // of Cron, such as Europe/Paris; empty is UTC
	Input    []byte        // JSON of the flow's input
	CatchUp  CatchUp
	Overlap  Overlap
}

// CatchUp is what becomes of times that came while nothing ran.
type CatchUp string

// The ways to catch up.
const (
	CatchUpNone CatchUp = "none"
	CatchUpLast CatchUp = "last"
	CatchUpAll  CatchUp = "all"
)

// Overlap is what happens at a time at which the run before it is not over.
type Overlap string

// The ways to overlap.
const (
	OverlapSkip  Overlap = "skip"
	OverlapQueue Overlap = "queue"
	OverlapAllow Overlap = "allow"
)

// Concurrency is how many runs of a flow are under way at a time, for each key.
type Concurrency struct {
	Limit int   // at least 1
	Key   *Expr // of type string, over the input; nil: all runs of the flow together
}

// Block is a part of a flow: *Step, also for a call, *Wait, *Parallel, *Choose or *Foreach.
type Block interface {
	// Head is what all blocks have.
	Head() *BlockHead
}

// BlockHead is what all blocks have.
type BlockHead struct {
	Name    string // kebab-case
	GoName  string // ChargePayment: of a step, the handler's method
	VarName string // chargePayment: its name in expressions and in the machine
	Doc     string
	Pos     Pos
	When    *Expr // of type bool; nil if the block always runs
	Delay   time.Duration
	Until   *Expr // of type time; nil if there is none. With Delay too, the later of both counts.
	// Skippable says that the block may be passed over: by its own `when`, by one
	// around it, or because it stands in a case. Its value is optional then.
	Skippable bool
}

// Head makes everything that embeds a BlockHead a Block.
func (h *BlockHead) Head() *BlockHead { return h }

// Parallel runs its branches together. Each branch is a sequence of blocks.
type Parallel struct {
	BlockHead
	Branches [][]Block
}

// Choose runs the first case that holds, or nothing.
type Choose struct {
	BlockHead
	Cases []*Case
}

// Foreach runs its blocks once for each element of a list.
type Foreach struct {
	BlockHead
	Over    *Expr // of a list type
	As      string
	IndexAs string // itemIndex for `as: item`
	Item    *Type  // of an element
	Limit   int    // how many elements are under way at a time, at least 1
	Body    []Block
	Collect *Expr // the value of an element, with or without a `collect`; nil if it has none
}

// Case is one way of a Choose. When is nil for the `else`, which is the last.
type Case struct {
	When *Expr
	Pos  Pos
	Body []Block
}

// Output is what a flow returns. Payload is never nil: a flow whose last step
// has no result returns an empty struct.
type Output struct {
	Payload *Payload
	// Bindings fill the fields of Payload; Value is used instead where the
	// payload is one expression (Payload.Alias is set). With neither, the output
	// is empty.
	Bindings []*Binding
	Value    *Expr
}

// Binding gives a field its value.
type Binding struct {
	Field *Field
	Value *Expr
}

// Backoff is how the pause before a retry grows.
type Backoff string

// The backoffs.
const (
	Fixed       Backoff = "fixed"
	Linear      Backoff = "linear"
	Exponential Backoff = "exponential"
)

// Policy is how often and how long a handler is tried. A zero Backoff,
// BackoffBase or BackoffMax means the runtime's default.
type Policy struct {
	Timeout     time.Duration // of one attempt; 0 is none
	Retries     int           // attempts after the first
	Backoff     Backoff
	BackoffBase time.Duration
	BackoffMax  time.Duration
	Jitter      float64 // 0 to 1
}

// Step is work done by a handler or, with Calls, by a run of another flow.
type Step struct {
	BlockHead
	// Calls is the flow that a `call` starts; nil for a step. In and Out are then the
	// payloads of that flow's input and output, and Policy is empty.
	Calls    *Flow
	Policy   Policy
	In       *Payload
	Bindings []*Binding // one for each field of In; of a call, an optional one may be left out
	Out      *Payload   // nil for a step without a result
	// Transaction says that the handler gets a transaction of the store; Policy has a Timeout then.
	Transaction bool
	Undo        *Compensation
}

// Compensation undoes a step that completed.
type Compensation struct {
	Name   string // of the handler, kebab-case
	GoName string
	Pos    Pos
	Policy Policy // the step's own policy where the spec says nothing else
	// Attempted says `after: attempted`: a step that was tried and did not complete is
	// undone too, and the handler takes a pointer to the result.
	Attempted bool
}

// Wait waits for a signal from outside.
type Wait struct {
	BlockHead
	Out *Payload // the signal's payload; nil for a signal without one
	// Key says which element of the foreach around it the wait is for; a string, and
	// nil outside of a foreach.
	Key      *Expr
	Timeout  time.Duration // 0 is none
	Continue bool          // onTimeout: continue, and then the wait has no value
}

// EachBlock calls visit for the blocks of a body and all that are in them, in their order.
func EachBlock(body []Block, visit func(Block)) {
	for _, b := range body {
		visit(b)
		switch b := b.(type) {
		case *Parallel:
			for _, branch := range b.Branches {
				EachBlock(branch, visit)
			}
		case *Choose:
			for _, c := range b.Cases {
				EachBlock(c.Body, visit)
			}
		case *Foreach:
			EachBlock(b.Body, visit)
		}
	}
}
