// Package engine is the port between a runtime and what executes its flows, and
// the engine that is embedded in a program: it drives the machines of package
// flow on a store.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// What a caller may have to decide on.
var (
	// ErrClosed says that the engine was closed.
	ErrClosed = errors.New("the runtime is closed")
	// ErrStarted says that Start was called before.
	ErrStarted = errors.New("the runtime was started already")
	// ErrNoTransactions says that the store has none for steps and starts.
	ErrNoTransactions = errors.New("the store has no transactions for others")
	// ErrRegistered says that the flow has code of the same major version already.
	ErrRegistered = errors.New("the flow is registered already")
)

// Engine executes flows.
type Engine interface {
	// Register adds the code of a flow. It returns ErrRegistered if there is code
	// of the same flow and major version.
	Register(f *Flow) error
	// Start goes on with the runs that were under way and then takes new work.
	Start(ctx context.Context) error
	// Close takes no new work, and lets steps under way finish until the context
	// ends; then their contexts are cancelled, which is no failure of theirs. It
	// returns an error if a handler is still running after that.
	Close(ctx context.Context) error

	// Create starts a run. It returns when the run is on disk.
	Create(ctx context.Context, run store.Run) (store.Created, error)
	// CreateIn starts a run through a transaction on the store's database; it begins
	// when that has committed. The transaction may be that of an Invocation.
	CreateIn(ctx context.Context, tx store.Tx, run store.Run) (store.Created, error)
	// NoteOtherInput notes on a run that somebody started it once more with another input; through
	// a transaction, if there is one.
	NoteOtherInput(ctx context.Context, tx store.Tx, runID string) error
	// Wait returns the run when it is over. With the context of a handler it gives the
	// handler's place to others meanwhile, and returns when there is one for it again.
	Wait(ctx context.Context, runID string) (store.Run, error)
	// Act does what an operator asks of a run. It returns when that is on disk;
	// store.ErrNotFound, or store.ErrFinal if the run is over.
	Act(ctx context.Context, runID string, a Act) error
	// Delete deletes a run that is over. It returns store.ErrNotFound or store.ErrNotFinal.
	Delete(ctx context.Context, runID string) error
	// Signal sends a signal to a run of a flow. It returns when that is on disk;
	// store.ErrNotFound if there is no such run of it, store.ErrOtherVersion if it is of another major
	// version than the signal, store.ErrFinal if the run is over.
	Signal(ctx context.Context, runID, flowName string, s Signal) error
	// Messages are those to a run that it has not obeyed: see store.Store.
	Messages(ctx context.Context, runID string) ([]store.Message, error)
	// Get returns a run with its log.
	Get(ctx context.Context, runID string) (store.Run, []flow.Entry, error)
	// List returns a page of runs, newest first.
	List(ctx context.Context, f store.Filter) (store.Page, error)
	// Stats returns the numbers about runs.
	Stats(ctx context.Context, q store.StatsQuery) (store.Stats, error)
	// Definitions are what is stored of versions of flows, without their descriptions.
	Definitions(ctx context.Context) ([]store.Definition, error)
	// Definition is what is stored of a version of a flow; without a description for nothing.
	Definition(ctx context.Context, flowName, version string) (store.Definition, error)
}

// Act is what an operator asks of a run.
type Act struct {
	Kind   store.MessageKind // cancel, terminate, pause, resume or skip_delay
	Step   string            // of skip_delay: the path of the block that pauses; empty is the run itself
	Reason string            // of which flow.MaxMessage bytes are kept
	Actor  string
}

// Signal is what a run that waits gets from outside.
type Signal struct {
	Name    string          // of the wait
	Key     string          // of a wait in a foreach: which element it is for
	ID      string          // a second signal of the same id is the same one; may be empty
	Payload json.RawMessage // nil for nothing
	Actor   string
	Version string // of the code that knows the payload's type: the run has to be of its major version; empty for none
}

// Flow is the code of one version of a flow.
type Flow struct {
	Definition *flow.Definition
	// Handlers are those of the steps and of their compensations, by name.
	Handlers map[string]Handler
	// StartScheduled starts a run by a schedule of the flow, with all that any start
	// does, and returns its id; nil for a flow without schedules.
	StartScheduled func(ctx context.Context, s Scheduled) (runID string, err error)
}

// Scheduled is a run that a schedule starts.
type Scheduled struct {
	Schedule string // its name
	RunID    string
	Key      string // the idempotency key
	Labels   map[string]string
}

// Handler is what does the work of a step, or undoes it.
type Handler struct {
	// In is the type of the step's input, for finding secrets in it.
	In reflect.Type
	// Out is, of a compensation, the type of the result that it gets; nil if it gets none.
	Out reflect.Type
	// Call does one attempt and returns its result as stored bytes.
	Call func(ctx context.Context, in Invocation) (json.RawMessage, error)
}

// Invocation is one attempt of a handler.
type Invocation struct {
	Run            *store.Run // the head when the attempt began; not to be changed
	Step           string
	Attempt        int // of the step or compensation, from 1
	RunAttempt     int // of the whole flow, from 1
	Compensation   bool
	IdempotencyKey string
	StepKey        string // of a compensation: the idempotency key of what it undoes; else the same
	Input          json.RawMessage
	Output         json.RawMessage // of a compensation: the result to undo
	Tx             store.Tx        // of a step in a transaction; nil for others
	Notes          Notes
}
