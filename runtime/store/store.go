// Package store is the port between the engine and where runs are kept: small,
// and in terms of runs. Every implementation passes storetest.
//
// What a driver has to do:
//
//   - A method that returns without an error has made its change durable, except
//     a Commit with Lazy set. Changes of many callers may share a transaction;
//     one that is refused does not take the others with it.
//   - Each Change is applied whole or not at all, and applying the same Change
//     twice is the same as once: the engine repeats one after an error of which
//     it cannot know whether it came before or after the commit.
//   - A Change whose claim is over is refused with ErrClaimLost and changes nothing.
//   - What is read is what was committed; a reader never sees half a Change.
//   - Times are kept in whole milliseconds, in UTC. Payloads are kept byte for byte.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// What a caller may have to decide on. Implementations wrap them.
var (
	// ErrNotFound says that there is no run of that id.
	ErrNotFound = errors.New("no such run")
	// ErrClaimLost says that the run, or the right to execute, belongs to somebody else by now.
	ErrClaimLost = errors.New("the claim on the run is over")
	// ErrFinal says that the run is over and cannot be changed.
	ErrFinal = errors.New("the run is already over")
	// ErrOtherVersion says that the run is of another major version of its flow.
	ErrOtherVersion = errors.New("the run is of another major version of its flow; use the package of that version")
	// ErrNotFinal says that the run is not over, and has to be for this.
	ErrNotFinal = errors.New("the run is not over")
	// ErrExists says that a run of that id exists and is another one.
	ErrExists = errors.New("a run of that id exists")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrReadOnly says that the store was opened to read and cannot be written.
	ErrReadOnly = errors.New("the store was opened to read only")
	// ErrNewer says that the database was written by a newer version of bextgen.
	ErrNewer = errors.New("the database is newer than this program")
	// ErrOlder says that the database was written by an older version of bextgen, and was
	// opened in a way that may not bring it up to date.
	ErrOlder = errors.New("the database is older than this program")
	// ErrDamaged says that the database file is damaged or is no database of bextgen.
	ErrDamaged = errors.New("the database is damaged")
	// ErrCursor says that a page's cursor is not one that List gave for this filter.
	ErrCursor = errors.New("the cursor is not valid")
)

// Run is the head of a run: what is known of it without its log.
type Run struct {
	ID             string // a ULID: ids of later runs are greater
	Flow           string
	Version        string // of the flow, with which the run began: major.minor
	Tenant         string
	Priority       int // higher first
	IdempotencyKey string
	Labels         map[string]string
	// ParentID is the run that called this one; empty for one that was started.
	ParentID string
	// RetryOf is the run that this one repeats or goes on with; empty for others.
	RetryOf string
	// Kept is, of a run to create, the log with which it begins. It is not read back with the run.
	Kept []flow.Entry
	// Trace is where the start of the run is in a trace, in the words of who observes it;
	// empty for nowhere. Lists do not have it.
	Trace string
	// Concurrency is the key for which the number of runs of the flow that are under way
	// is bounded; nil for a flow without a bound, and while it is not known: see Change.Bound.
	Concurrency *string

	Status  flow.Status
	Phase   flow.Phase // only while Status is running
	Attempt int        // of the whole flow, from 1
	Input   json.RawMessage
	Output  json.RawMessage
	Error   *flow.Error

	CreatedAt  time.Time
	StartedAt  time.Time // zero before the first step
	FinishedAt time.Time // zero before the end
	// WakeAt is when a waiting run goes on, or a pending one may begin at the earliest;
	// zero for one that waits for no time.
	WakeAt time.Time
	// EndSeq is the run's sequence number of its final event; 0 before.
	EndSeq int64
	// DeleteAt is when a run that is over may be deleted; zero for never, and before the end.
	DeleteAt time.Time
	// OtherInputs is how often the run was started once more, by its idempotency key, with
	// another input, and OtherInputAt when that was last: see NoteOtherInput. Lists do not have them.
	OtherInputs  int
	OtherInputAt time.Time
}

// AnyPriorityTurn is of how many pending runs that are claimed one is chosen whatever its
// priority.
const AnyPriorityTurn = 10

// Claim is the right to write one run. Its fields belong to the store that gave it.
type Claim struct {
	RunID string
	Key   int64 // the store's own key of the run
	Token int64 // the fencing token
}

// Claimed is a run to execute, with all that is needed to go on with it.
type Claimed struct {
	Claim    Claim
	Run      Run
	Entries  []flow.Entry // by Seq
	Messages []Message    // by ID, those not yet consumed
	// Err says why the run is not to be executed here: what is stored of it cannot be read.
	// It stays as it is, claimed until this process ends. The other fields, but for the
	// claim and the run's id, are not to be used then.
	Err error
	// Takeovers is how often the process that executed the run died under it since the
	// run last got further: see Store.Acquire.
	Takeovers int
}

// SuspectAfter is with how many takeovers a run is a suspect: it may be what ends the process.
const SuspectAfter = 3

// Created is what became of a Create.
type Created struct {
	Run Run
	// Existing says that Run is an earlier run, of the same flow, tenant and
	// idempotency key or of the same id and start, and that nothing was written.
	Existing bool
	// Claim is not nil if the run was created and claimed at once.
	Claim *Claim
}

// ClaimQuery is what an engine is ready to execute.
type ClaimQuery struct {
	Now   time.Time
	Limit int
	// Flows are those for which there is code. Runs of others stay as they are: parked.
	Flows []FlowVersion
	// Ending asks also for runs of others that can be ended without their code: those to
	// which a message to terminate them came and, of pending ones that begin with no log, one to cancel them.
	Ending bool
	// Suspect asks for a suspect, and for one at most, whatever the Limit.
	Suspect bool
}

// FlowVersion is the newest version of one major version of a flow for which
// there is code: it can execute runs of the same major version whose minor
// version is not greater.
type FlowVersion struct {
	Flow  string
	Major int
	Minor int
	// Limit is how many runs of the flow may be under way (claimed, or running) at a
	// time for each Run.Concurrency key, those of all versions together; 0 is without end.
	Limit int
}

// Change is what one step of a run's life changes. All of it is committed together.
type Change struct {
	Claim Claim
	// Head replaces the run's Status, Phase, Attempt, Output, Error, StartedAt,
	// FinishedAt, WakeAt and EndSeq, and DeleteAt if it is final; nil leaves all of them.
	Head *Run
	// Entries are inserted, or replace those of the same Seq.
	Entries []flow.Entry
	// Consumed are the ids of the messages that this change has obeyed.
	Consumed []int64
	// Children are runs to create, pending and without an idempotency key. One whose
	// id exists is passed over.
	Children []Run
	// Messages are sent to other runs: to one that is over or does not exist, nothing is.
	// If the change does not end its claim and is repeated, they may be there twice.
	Messages []Message
	// Release gives the claim back with this change: another may claim the run,
	// when Head.WakeAt has come (at once if there is no Head, if its WakeAt is
	// zero, or if a message for the run is not yet consumed). A final Head
	// releases too, and for ever.
	Release bool
	// Dormant is for a Release of a run that waits for messages: if its Head has no
	// WakeAt, it is due when one comes, or at once if one has come that is not consumed.
	Dormant bool
	// Further says that the run has got further: its Takeovers are counted from 0 again. So
	// they are when a run is given back with its Head, or is over.
	Further bool
	// Bound is, with a Release, the Concurrency key of a pending run that has none; nil leaves it as it is.
	Bound *string
	// Lazy says that the caller does not wait: the change, one without Consumed,
	// Children, Messages, Further and Release, is written within some milliseconds, together with others.
	// Commit returns at once. If an entry of the same Seq, or a Head of the same
	// run, is committed before that, the lazy one is dropped. A process that is
	// killed may lose it. A change of the run that has a greater sequence number takes along
	// what is lazy, so that no number is visible before a smaller one. Of an entry that is there and open it replaces Progress and
	// Checkpoint; one that has ended stays as it is.
	Lazy bool
}

// MessageKind is what a message asks of a run.
type MessageKind string

// The kinds of messages.
const (
	MessageCancel MessageKind = "cancel"
	// What operators do: see the outcomes of package flow. Name is, of a skipped pause,
	// the path of its block.
	MessageTerminate MessageKind = "terminate"
	MessagePause     MessageKind = "pause"
	MessageResume    MessageKind = "resume"
	MessageSkipDelay MessageKind = "skip_delay"

	MessageSignal MessageKind = "signal" // Name, Key, SignalID and Payload are the signal's
	MessageChild  MessageKind = "child"  // a run that the run called is over: Key is its id, Payload its output or Error why it has none
)

// Ends says that the message asks a run to end: it is obeyed first, and a run that waits
// for a place of its concurrency key needs none for it.
func (k MessageKind) Ends() bool { return k == MessageCancel || k == MessageTerminate }

// Message is something from outside for one run. It is stored when it comes, from any process,
// and consumed by the change in which the run obeys it. Those that are left when the run
// is over go with its end.
type Message struct {
	ID     int64 // given by the store, ascending
	RunID  string
	Kind   MessageKind
	Reason string
	Actor  string
	At     time.Time

	// Flow is, of a message to send, the flow that the run has to be one of; empty is any.
	Flow string
	// Version is, with Flow, one of the major version that the run has to have; empty is any.
	Version string
	// What a signal says, and the end of a run that was called: see the kinds.
	Name, Key, SignalID string
	Payload             json.RawMessage
	Error               *flow.Error
}

// Filter selects runs: those that have all of what it says. Zero fields select all.
type Filter struct {
	Flow     string
	Statuses []flow.Status // any of these
	Phase    flow.Phase    // of runs that are running: others have none
	// Tenants are those whose runs are selected, "" being nobody's. Nil selects all
	// tenants, and a list without any no run: what somebody may see can be handed on as it is.
	Tenants        []string
	IdempotencyKey string
	ParentID       string            // the runs that this one called
	RetryOf        string            // those that repeat this one or go on with it
	Labels         map[string]string // all of these
	// Since and Until bound when the run was created: at Since or later, and before Until.
	Since, Until time.Time
	// ErrorText stands in the message of the run's error or in its type, ErrorType in its
	// type: the name of a declared error, or else its kind. The case of ASCII letters does
	// not matter. A run that completed has no error.
	ErrorText, ErrorType string
	// Limit is the size of a page: 1 to MaxPage; 0 is DefaultPage.
	Limit int
	// Cursor is the Next of the page before, of the same filter.
	Cursor string
}

// Sizes of a page of List.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// Page is one page of runs, newest first.
type Page struct {
	// Runs are heads without Input, Output and Trace. There may be fewer than the limit,
	// even none, on a page that is not the last: a store looks at so many runs for one
	// page and no more, so that what is rare among millions does not take for ever.
	Runs []Run
	// Next is the cursor of the next page; empty on the last, and only there.
	Next string
}

// Schedule is where a schedule of a flow is.
type Schedule struct {
	Flow, Name string
	// Last is the latest of its times that was dealt with, LastRun the id of the latest
	// run that it started.
	Last    time.Time
	LastRun string
}

// Definition is what a version of a flow is, for who shows its runs without having its code.
type Definition struct {
	Flow, Version string // major.minor
	// Description is the text of a description, see runtime/flow/description, and Hash is
	// different for a different one.
	Description json.RawMessage
	Hash        string
	// SavedAt is when this description was stored first.
	SavedAt time.Time
}

// Coverage is for which flows the process that executed had code, from a time on. Runs of
// others were parked.
type Coverage struct {
	Since time.Time
	Flows []FlowVersion // without their Limit
}

// MaxCoverage is how many of them a store keeps at least.
const MaxCoverage = 1000

// Store keeps runs. All methods may be called from many goroutines at once.
type Store interface {
	// Acquire asks for the right to execute runs from this process, and says
	// whether it was given. It is not while another process has it. Runs that
	// whoever had it before left claimed become free, due at once, and are counted: see
	// Claimed.Takeovers. If the suspect that was claimed last is one of them, it alone is counted, for the
	// others were beside it when it was tried on its own. Having the right already is no error.
	Acquire(ctx context.Context) (bool, error)

	// Create stores a run as pending. With claim, and if this process has the
	// right to execute, it is claimed in the same commit; but not if it has a WakeAt, or if limit, the
	// FlowVersion.Limit of its flow, or another run that waits for a place of its
	// Concurrency key forbids it.
	// It returns ErrExists for a used id of a different run.
	Create(ctx context.Context, run Run, claim bool, limit int) (Created, error)

	// NoteOtherInput notes that somebody started a run that was there with another input,
	// also of a run that is over. One that does not exist is passed over.
	NoteOtherInput(ctx context.Context, runID string, at time.Time) error

	// Claim takes runs that are free and due: first those that are running, by
	// WakeAt, then pending ones, those of a higher priority first. Among those of a
	// priority the tenants take turns, one run at a time and whatever the flow, and what a tenant
	// gets is its oldest; a round goes on where it was at the Claim before. Where several priorities wait,
	// one of AnyPriorityTurn turns is given whatever the priority, so that none waits for ever.
	// A pending run with a WakeAt is passed over until that has come.
	// A pending run of a Concurrency key of which as many as the limit are under way
	// is passed over until one of them is over; it is taken all the same if there is
	// a message for it that Ends. Whose turn it is then, among those of a key, is decided alike.
	// It returns none while this process may not execute.
	//
	// Suspects are passed over, and are claimed by a query that asks for one: that with
	// the most takeovers first. Until the next such query, also one that finds none, it is the one
	// that is tried on its own. A suspect is always due, and keeps its place of a key.
	Claim(ctx context.Context, q ClaimQuery) ([]Claimed, error)

	// Commit writes a change; see Change. It returns ErrClaimLost if the claim is over.
	Commit(ctx context.Context, c Change) error

	// Send stores a message and makes the run due at once. It returns
	// ErrNotFound, also for a run of another flow than the message's, ErrOtherVersion, or ErrFinal for
	// a run that is over.
	Send(ctx context.Context, m Message) (Message, error)

	// Unobeyed are the messages, by ID, of runs that are claimed: those that were
	// sent since the claim, and those that came with it. Those that cannot be read are
	// left out and an error tells of them, beside the others.
	Unobeyed(ctx context.Context) ([]Message, error)

	// Messages are those to a run that it has not obeyed, by ID; there are none to a run that there
	// is not. As to those that cannot be read, it is as with Unobeyed.
	Messages(ctx context.Context, runID string) ([]Message, error)

	// NextDue is the earliest time at which a free run of these flows is due; a
	// pending one without a WakeAt counts as due at the time it was created; of more than a
	// thousand such, the earliest of some counts. One that waits for a
	// message, or for the end of another run of its key, does not count, nor does a suspect.
	// ok is false if there is none.
	NextDue(ctx context.Context, flows []FlowVersion) (at time.Time, ok bool, err error)

	// Get returns a run with its log, or ErrNotFound.
	Get(ctx context.Context, runID string) (Run, []flow.Entry, error)

	// List returns a page of runs, newest first, or ErrCursor.
	List(ctx context.Context, f Filter) (Page, error)

	// Stats returns the numbers about runs. They are those of what is committed, whichever
	// process did it, also after a crash.
	Stats(ctx context.Context, q StatsQuery) (Stats, error)

	// Schedule returns where a schedule is; one that was never saved has no Last and no LastRun.
	Schedule(ctx context.Context, flow, name string) (Schedule, error)

	// SaveSchedule stores where a schedule is.
	SaveSchedule(ctx context.Context, s Schedule) error

	// SaveDefinition stores what a version of a flow is, in the place of another one of the
	// same version. One with the Hash of what is there changes nothing, and costs no transaction.
	SaveDefinition(ctx context.Context, d Definition) error

	// Definition returns what a version of a flow is; one that was never saved has no
	// Description and no Hash.
	Definition(ctx context.Context, flow, version string) (Definition, error)

	// Definitions returns all that were saved, without their descriptions, by flow and version as texts.
	Definitions(ctx context.Context) ([]Definition, error)

	// Coverage returns what SaveCoverage stored, the earliest first; of many, the last ones.
	Coverage(ctx context.Context) ([]Coverage, error)

	// SaveCoverage stores one, in place of one of the same time.
	SaveCoverage(ctx context.Context, c Coverage) error

	// DeleteExpired deletes at most limit runs that are over and whose DeleteAt has
	// come, with all that belongs to them, and says how many it deleted. If that is
	// limit, there may be more.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error)

	// Delete deletes a run that is over, with all that belongs to it. It returns
	// ErrNotFound, or ErrNotFinal.
	Delete(ctx context.Context, runID string) error

	// Close writes what was lazy, gives up the right to execute and closes the
	// store. Calls under way end first.
	Close() error
}
