// Package description is what a flow looks like to people and tools: its blocks, its
// policies, the JSON Schema of what goes in and comes out, the layout of its graph and
// the text of its spec. It is plain data. The compiler makes it from the checked model and
// writes it beside the generated Go (process_order.flow.json); a program carries it, a store
// keeps it, and so a page can show a flow whose code is not there.
//
// Nothing executes what stands here: what a run does is in the generated machine.
package description

import (
	"encoding/json"
	"fmt"
)

// Format is the form of the descriptions that this package reads and writes.
const Format = 1

// Flow describes one version of one flow. Durations are text in the words of the language,
// such as 1d12h; expressions are as they were written.
type Flow struct {
	// Generated says which spec the description was made from, as generated Go does.
	Generated string `json:"generated,omitempty"`
	// Format is that of the description, see the constant.
	Format  int    `json:"format"`
	ID      string `json:"flow_id"` // the flow's name, such as process-order
	Version string `json:"version"` // major.minor
	Doc     string `json:"doc,omitempty"`
	// File is the base name of the spec, and Line where the flow stands in it.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`

	MaxAttempts int `json:"max_attempts,omitempty"` // of the whole flow, at least 1
	// Restart is the pause before the flow is tried again.
	Restart *Policy `json:"restart,omitempty"`
	// Timeout is the total time of a run, and Retention how long it is kept after its end;
	// empty for none and for ever.
	Timeout   string `json:"timeout,omitempty"`
	Retention string `json:"retention,omitempty"`
	// IdempotencyKey, Tenant and Priority are expressions over the input, used where a
	// start does not say.
	IdempotencyKey string       `json:"idempotency_key,omitempty"`
	Tenant         string       `json:"tenant,omitempty"`
	Priority       string       `json:"priority,omitempty"`
	Schedules      []Schedule   `json:"schedules,omitempty"`
	Concurrency    *Concurrency `json:"concurrency,omitempty"`

	Input  *Schema `json:"input"`
	Output *Schema `json:"output"`
	// Returns is how the output is made: a field with its expression each, or one
	// without a field's name for the output as a whole.
	Returns []Binding `json:"returns,omitempty"`

	// Blocks are what the flow does, one after the other.
	Blocks []Block `json:"blocks"`
	// Errors are those that handlers may return, which are those of the flow's package.
	Errors []Error `json:"errors,omitempty"`
	// Defs are the types that the schemas here refer to, by the names in these references.
	Defs map[string]*Schema `json:"$defs,omitempty"`

	// Layout is that of the flow's graph.
	Layout *Layout `json:"layout,omitempty"`
	// Spec is the text of the file. Constants that are given to fields marked as secret are
	// hidden in it, as they are everywhere in a description.
	Spec string `json:"spec,omitempty"`
}

// Kind is what kind of block a block is; its text is the word of the language.
type Kind string

// The kinds of blocks.
const (
	Step     Kind = "step"
	Wait     Kind = "wait"
	Call     Kind = "call"
	Parallel Kind = "parallel"
	Sequence Kind = "sequence" // a branch of several blocks; it has Blocks and nothing else
	Foreach  Kind = "foreach"
	Choose   Kind = "choose"
)

// Block is a part of a flow. Which of the fields say something depends on its kind.
type Block struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"`
	// Path is how the log names the block, with [] for the place of an element:
	// seats[].invite for what the log calls seats[3].invite. See Pattern.
	Path  string `json:"path,omitempty"`
	Doc   string `json:"doc,omitempty"`
	Line  int    `json:"line,omitempty"`
	When  string `json:"when,omitempty"`
	Delay string `json:"delay,omitempty"`
	Until string `json:"until,omitempty"`

	// In is how the input of a step or call is made.
	In []Binding `json:"in,omitempty"`
	// Input and Result are what a step or call gets and gives. The result of a wait is its
	// signal's payload; that of a foreach its list. Nil where there is none.
	Input  *Schema `json:"input,omitempty"`
	Result *Schema `json:"result,omitempty"`

	Policy       *Policy       `json:"policy,omitempty"`      // of a step
	Transaction  bool          `json:"transaction,omitempty"` // of a step
	Compensation *Compensation `json:"compensation,omitempty"`
	// Calls is the flow that a call starts a run of.
	Calls *Called `json:"calls,omitempty"`

	// Timeout is how long a wait waits, without end if it is empty. OnTimeout is what
	// happens then, fail or continue, and Key the expression that says which element of a
	// foreach a signal is for.
	Timeout   string `json:"timeout,omitempty"`
	OnTimeout string `json:"on_timeout,omitempty"`
	Key       string `json:"key,omitempty"`

	// Over is the list of a foreach, As the name of an element, Limit how many of them are
	// under way at a time, Collect what becomes of one, and Elements the list's schema.
	Over     string  `json:"over,omitempty"`
	As       string  `json:"as,omitempty"`
	Limit    int     `json:"limit,omitempty"`
	Collect  string  `json:"collect,omitempty"`
	Elements *Schema `json:"elements,omitempty"`

	// Blocks are those of a foreach or a sequence, one after the other, and the branches of
	// a parallel, together.
	Blocks []Block `json:"blocks,omitempty"`
	// Cases are those of a choose.
	Cases []Case `json:"cases,omitempty"`
}

// Binding gives a field its value.
type Binding struct {
	Field      string `json:"field,omitempty"`
	Expression string `json:"expression"`
}

// Policy is how often and how long a handler is tried. What is empty is as docs/language.md
// says: without end, and exponential from 1s up to 1h.
type Policy struct {
	Timeout     string  `json:"timeout,omitempty"` // of one attempt
	Retries     int     `json:"retries,omitempty"` // attempts after the first
	Backoff     string  `json:"backoff,omitempty"` // fixed, linear or exponential
	BackoffBase string  `json:"backoff_base,omitempty"`
	BackoffMax  string  `json:"backoff_max,omitempty"`
	Jitter      float64 `json:"jitter,omitempty"` // 0 to 1
}

// Compensation is what undoes a step or a call.
type Compensation struct {
	Handler string `json:"handler"`
	// After is completed, or attempted: then what was tried and did not complete is undone too.
	After  string  `json:"after"`
	Policy *Policy `json:"policy,omitempty"`
}

// Called is the flow that a call starts.
type Called struct {
	FlowID  string `json:"flow_id"`
	Version string `json:"version"`
}

// Case is a case of a choose. When is empty for the else.
type Case struct {
	When   string  `json:"when,omitempty"`
	Line   int     `json:"line,omitempty"`
	Blocks []Block `json:"blocks"`
}

// Schedule starts runs by itself, see docs/language.md.
type Schedule struct {
	Name     string `json:"name,omitempty"`
	Cron     string `json:"cron,omitempty"`
	Timezone string `json:"timezone,omitempty"`
	Every    string `json:"every,omitempty"`
	// Input is the input of each run, with its secrets hidden.
	Input   json.RawMessage `json:"input,omitempty"`
	CatchUp string          `json:"catch_up"`
	Overlap string          `json:"overlap"`
}

// Concurrency is how many runs of the flow are under way at a time, for each key.
type Concurrency struct {
	Limit int    `json:"limit"`
	Key   string `json:"key,omitempty"`
}

// Error is a declared error.
type Error struct {
	Name string `json:"name"`
	Doc  string `json:"doc,omitempty"`
	// Permanent says `retry: never`.
	Permanent bool    `json:"permanent,omitempty"`
	Fields    *Schema `json:"fields,omitempty"`
}

// Parse reads a description. One of a later format is refused.
func Parse(text []byte) (*Flow, error) {
	var form struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return nil, fmt.Errorf("reading the description of a flow: %w", err)
	}
	if form.Format < 1 || form.Format > Format {
		return nil, fmt.Errorf("reading the description of a flow: it has format %d, and this program reads up to %d: use a newer one", form.Format, Format)
	}
	f := new(Flow)
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("reading the description of a flow: %w", err)
	}
	return f, nil
}

// Each calls visit for every block, at any depth, in the order of the spec; for those without
// a name too.
func (f *Flow) Each(visit func(*Block)) { each(f.Blocks, visit) }

func each(blocks []Block, visit func(*Block)) {
	for i := range blocks {
		b := &blocks[i]
		visit(b)
		each(b.Blocks, visit)
		for j := range b.Cases {
			each(b.Cases[j].Blocks, visit)
		}
	}
}

// Find is the block with a name, which is unique in its flow; nil if there is none.
func (f *Flow) Find(name string) *Block {
	var found *Block
	f.Each(func(b *Block) {
		if b.Name == name && name != "" {
			found = b
		}
	})
	return found
}

// Pattern is the path of a block without the places of elements: seats[].invite of
// seats[3].invite, which is the Path of the block.
func Pattern(path string) string {
	out := make([]byte, 0, len(path))
	inside := false
	for i := range len(path) {
		switch c := path[i]; {
		case c == ']':
			inside = false
			out = append(out, c)
		case !inside:
			inside = c == '['
			out = append(out, c)
		}
	}
	return string(out)
}
