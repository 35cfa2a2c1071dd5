package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/encrypted"
)

// Options are the settings of an embedded engine. Zero values mean the defaults.
type Options struct {
	Logger *slog.Logger // default: slog.Default()
	Clock  Clock        // default: SystemClock
	// Concurrency is how many handlers run at a time. Default 64.
	Concurrency int
	// StopGrace is how long a step that is stopped may take to return before it
	// is left behind. Default 30s.
	StopGrace time.Duration
	// PollInterval is how often the store is asked for what other processes
	// wrote. Default 1s.
	PollInterval time.Duration
	// MaxPayload is how many bytes of JSON a value may have that is stored. Default
	// DefaultMaxPayload.
	MaxPayload int
	// Codec encrypts payloads in the store; nil for none.
	Codec encrypted.Codec
	// MaxTakeovers is how often in a row a process may die under a run that gets no further,
	// before what was under way has failed. Default 10.
	MaxTakeovers int
	// Observers are told of what happens.
	Observers []Observer
}

// DefaultMaxPayload is 1 MiB.
const DefaultMaxPayload = 1 << 20

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 64
	}
	if o.StopGrace <= 0 {
		o.StopGrace = 30 * time.Second
	}
	if o.MaxPayload <= 0 {
		o.MaxPayload = DefaultMaxPayload
	}
	if o.MaxTakeovers <= 0 {
		o.MaxTakeovers = 10
	}
	if o.PollInterval <= 0 {
		o.PollInterval = time.Second
	}
	return o
}

// Embedded is the engine inside a program. A scheduler claims runs from the
// store; each claimed run has an execution, a goroutine that applies outcomes to
// the run, commits their effects and starts handlers; each attempt of a handler
// is a goroutine. All of them are waited for by Close.
type Embedded struct {
	store store.Store
	opts  Options

	// places are taken by attempts while their handlers run.
	places chan struct{}
	// kicks wakes the scheduler.
	kicks  chan struct{}
	teller teller
	// The stages of Close, each a channel that it closes: nothing new begins, the
	// contexts of the attempts are cancelled, those that ignore it are left behind.
	closing, cutting, abandoned chan struct{}
	closed                      chan struct{} // Close has ended

	// backlog says that the store may hold runs that are due and that nobody has
	// claimed: then a new run waits its turn among them, and every free place is
	// worth a look. It is set behind the commit that makes it so, and while there
	// is no room, and cleared in front of the look that would find nothing.
	backlog atomic.Bool

	unheard   atomic.Bool // a message found no execution, see deliverUnheard
	listening atomic.Bool // such messages are being handed out
	listened  time.Time   // when the scheduler last asked for such messages
	endedAt   time.Time   // when it last asked for runs to end without their code
	coverage  coverage

	// Of the scheduler alone: the schedules, when it last asked for runs to delete, and the
	// flows of which the definition is stored.
	recurring map[recurringKey]*recurring
	swept     time.Time
	defined   map[*code]bool
	trials    trials
	// Claims on runs that cannot be read here; the scheduler's too.
	unreadable []store.Claim

	scheduler sync.WaitGroup
	runs      sync.WaitGroup // executions
	attempts  sync.WaitGroup // handlers

	mu        sync.Mutex
	flows     map[string][]*code
	state     lifecycle             // changed by Start and Close
	executing bool                  // the store gave this process the right to
	active    map[string]*execution // by run id
	busy      int                   // executions that are not only waiting
	suspected bool                  // the store may have suspects, and until they were tried no others begin
	waiters   map[string]*waiter    // by run id
}

type lifecycle int

const (
	created lifecycle = iota
	started
	ended
)

// NewEmbedded makes an engine on a store. The store stays the caller's to close, after the engine.
func NewEmbedded(s store.Store, opts Options) *Embedded {
	opts = opts.withDefaults()
	return &Embedded{
		store: encrypted.New(s, opts.Codec), opts: opts,
		places:  make(chan struct{}, opts.Concurrency),
		kicks:   make(chan struct{}, 1),
		teller:  teller{clock: opts.Clock},
		closing: make(chan struct{}), cutting: make(chan struct{}), abandoned: make(chan struct{}), closed: make(chan struct{}),
		flows:   map[string][]*code{},
		defined: map[*code]bool{},
		active:  map[string]*execution{},
		waiters: map[string]*waiter{},
		trials:  trials{first: true},
	}
}

// Feed is the engine's store as one that tells what changes; nil if it does not.
func (e *Embedded) Feed() store.Feed {
	feed, ok := e.store.(store.Feed)
	if !ok {
		return nil
	}
	return feed
}

// Start implements Engine. Where another process executes, this one stands by
// and takes over when that ends.
func (e *Embedded) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.state {
	case started:
		return ErrStarted
	case ended:
		return ErrClosed
	}
	ok, err := e.store.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if !ok {
		e.opts.Logger.Info("another process executes the runs of this database; standing by")
	}
	e.state, e.executing, e.suspected = started, ok, true
	e.backlog.Store(true)
	e.scheduler.Add(1)
	go e.schedule()
	return nil
}

// Close implements Engine.
func (e *Embedded) Close(ctx context.Context) error {
	e.mu.Lock()
	if e.state == ended {
		e.mu.Unlock()
		return e.waitForClose(ctx)
	}
	e.state = ended
	e.mu.Unlock()
	e.enter(e.closing)
	defer close(e.closed)

	e.scheduler.Wait()
	if wait(ctx, &e.attempts) && wait(ctx, &e.runs) {
		return nil
	}
	e.enter(e.cutting)
	// Handlers that heed their context return at once; the others cannot be made to.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	inTime := wait(last, &e.attempts)
	e.enter(e.abandoned)
	e.runs.Wait()
	if !inTime {
		return errors.New("close: some handlers ignore that their context was cancelled and are still running; " +
			"their steps run again at the next start")
	}
	return nil
}

// enter begins a stage of Close, and wakes all executions for it.
func (e *Embedded) enter(stage chan struct{}) {
	close(stage)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.active {
		signal(x.woken)
	}
}

// waitForClose is a further Close. The first one says how it went.
func (e *Embedded) waitForClose(ctx context.Context) error {
	select {
	case <-e.closed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close: another call of Close is under way: %w", context.Cause(ctx))
	}
}

// closeGrace is how long Close waits for handlers whose context it has cancelled.
const closeGrace = 2 * time.Second

// wait waits for a group until the context ends, and says whether the group was first.
func wait(ctx context.Context, group *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() { // ends with the group, which its owner waits for
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// Create implements Engine. If there is room and nobody waits, the run is
// claimed in the commit that creates it, and begins at once.
func (e *Embedded) Create(ctx context.Context, run store.Run) (store.Created, error) {
	if closed(e.closing) {
		return store.Created{}, ErrClosed
	}
	if len(e.opts.Observers) == 0 {
		return e.create(ctx, run)
	}
	return e.createObserved(ctx, run)
}

func (e *Embedded) createObserved(ctx context.Context, run store.Run) (store.Created, error) {
	run, told := e.observeStart(ctx, run)
	created, err := e.create(ctx, run)
	told(created, err)
	return created, err
}

func (e *Embedded) create(ctx context.Context, run store.Run) (store.Created, error) {
	c := e.codeFor(run.Flow, run.Version)
	claim := c != nil && run.WakeAt.IsZero() && e.reserve()
	limit := 0
	if c != nil {
		limit = c.version.Limit
		if run.Concurrency == nil && limit > 0 {
			run.Concurrency = e.keyOf(c, &run)
		}
	}
	created, err := e.store.Create(ctx, run, claim, limit)
	if err != nil {
		if claim {
			e.unreserve()
		}
		return created, err
	}
	switch {
	case created.Claim != nil:
		e.launch(c, store.Claimed{Claim: *created.Claim, Run: created.Run, Entries: run.Kept}, false, 0)
	case claim:
		e.unreserve()
		fallthrough
	default:
		if !created.Existing {
			e.queued()
		}
	}
	return created, nil
}

// NoteOtherInput implements Engine.
func (e *Embedded) NoteOtherInput(ctx context.Context, tx store.Tx, runID string) error {
	if tx == nil {
		return e.store.NoteOtherInput(ctx, runID, e.opts.Clock.Now())
	}
	db, tx, err := e.in(tx)
	if err != nil {
		return err
	}
	return db.NoteOtherInputIn(ctx, tx, runID, e.opts.Clock.Now())
}

// Messages implements Engine.
func (e *Embedded) Messages(ctx context.Context, runID string) ([]store.Message, error) {
	return e.store.Messages(ctx, runID)
}

// Get implements Engine.
func (e *Embedded) Get(ctx context.Context, runID string) (store.Run, []flow.Entry, error) {
	return e.store.Get(ctx, runID)
}

// List implements Engine.
func (e *Embedded) List(ctx context.Context, f store.Filter) (store.Page, error) {
	return e.store.List(ctx, f)
}

// Stats implements Engine.
func (e *Embedded) Stats(ctx context.Context, q store.StatsQuery) (store.Stats, error) {
	return e.store.Stats(ctx, q)
}

// Act implements Engine.
func (e *Embedded) Act(ctx context.Context, runID string, a Act) error {
	return e.send(ctx, store.Message{
		RunID: runID, Kind: a.Kind, Name: a.Step, Reason: flow.CutText(a.Reason, flow.MaxMessage), Actor: a.Actor,
	})
}

// Delete implements Engine.
func (e *Embedded) Delete(ctx context.Context, runID string) error {
	return e.store.Delete(ctx, runID)
}

// Signal implements Engine.
func (e *Embedded) Signal(ctx context.Context, runID, flowName string, s Signal) error {
	return e.send(ctx, store.Message{
		RunID: runID, Flow: flowName, Version: s.Version, Kind: store.MessageSignal, Actor: s.Actor,
		Name: s.Name, Key: s.Key, SignalID: s.ID, Payload: s.Payload,
	})
}

// send stores a message for a run, and hands it to the run's execution if it has one.
func (e *Embedded) send(ctx context.Context, m store.Message) error {
	m.At = e.opts.Clock.Now()
	m, err := e.store.Send(ctx, m)
	if err != nil {
		return err
	}
	// It does not overtake one that was sent before it and has not been heard.
	if e.listening.Load() || e.unheard.Load() || !e.deliver(m) {
		e.unheard.Store(true)
	}
	e.queued() // it may be released at this moment: then it is due at once
	return nil
}
