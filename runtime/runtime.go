// Package runtime is what a program uses to run its flows: it makes a runtime on
// a store, registers the handlers of generated flows, and starts, follows and
// cancels runs.
//
//	store, err := sqlite.Open("orders.db")
//	rt, err := runtime.New(store)
//	err = orders.RegisterProcessOrder(rt, handlers)
//	err = rt.Start(ctx)
//	run, err := orders.StartProcessOrder(ctx, input)
//	out, err := run.Wait(ctx)
//	err = rt.Close(ctx)
package runtime

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/encrypted"
)

// Duration is a time.Duration that is text in JSON, in the words of the flow
// language ("1d12h"). Fields of the type duration have it.
type Duration = flow.Duration

// Runtime executes the flows that are registered with it on one store.
type Runtime struct {
	engine engine.Engine
	hub    *hub // of those who follow runs; nil if the store cannot tell what changes
	logger *slog.Logger
	clock  engine.Clock
	ids    *idSource
	// maxPayload is how many bytes a stored value may have.
	maxPayload int

	mu    sync.Mutex
	flows map[*flow.Definition]secretPlaces // that this runtime has put into the slot
}

// Option is a setting of a Runtime.
type Option func(*engine.Options)

// WithLogger sets where the runtime logs; the default is slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(o *engine.Options) { o.Logger = l }
}

// WithConcurrency sets how many handlers run at a time; the default is 64.
func WithConcurrency(n int) Option {
	return func(o *engine.Options) { o.Concurrency = n }
}

// WithClock sets where the runtime has the time from; the default is the machine's clock.
func WithClock(c engine.Clock) Option {
	return func(o *engine.Options) { o.Clock = c }
}

// WithStopGrace sets how long a step that is stopped may take to return before
// the run goes on without it; the default is 30 seconds.
func WithStopGrace(d time.Duration) Option {
	return func(o *engine.Options) { o.StopGrace = d }
}

// WithMaxPayload sets how many bytes of JSON a value may have that is stored: the input
// of a run, what a signal carries, the input and result of a step, the list of a foreach
// and that of its values, a checkpoint, an output. The default is 1 MiB. Starts, signals and
// checkpoints return a *flow.SizeError for more; in a flow it is a failure for good of the block that made it.
func WithMaxPayload(bytes int) Option {
	return func(o *engine.Options) { o.MaxPayload = bytes }
}

// WithCodec keeps payloads encrypted in the store, in all places that docs/encryption.md
// lists: with encrypted.NewAES, or a codec of your own. All programs that have the
// database open need one with the same keys. What was stored without is read as it is.
func WithCodec(c encrypted.Codec) Option {
	if c == nil {
		c = (*encrypted.AES)(nil) // which refuses: nobody asks for a codec in order not to encrypt
	}
	return func(o *engine.Options) { o.Codec = c }
}

// WithMaxTakeovers sets how often in a row a process may die while a step of a run is under
// way, and the run gets no further, before that step has failed for good; the default is 10. From the
// third time on such a run is executed on its own. With less than 4 a step may fail that
// was only beside the one that ended the process.
func WithMaxTakeovers(n int) Option {
	return func(o *engine.Options) { o.MaxTakeovers = n }
}

// Observer is told of what happens to runs; see the packages metrics and tracing.
type Observer = engine.Observer

// WithObserver adds somebody who is told of what happens to runs.
func WithObserver(o Observer) Option {
	return func(opts *engine.Options) { opts.Observers = append(opts.Observers, o) }
}

// New makes a runtime on a store. The store stays the caller's to close, after
// the runtime.
func New(s store.Store, opts ...Option) (*Runtime, error) {
	if s == nil {
		return nil, errors.New("runtime.New: the store is nil")
	}
	var o engine.Options
	for _, set := range opts {
		set(&o)
	}
	if o.Concurrency < 0 {
		return nil, fmt.Errorf("runtime.New: a concurrency of %d is not possible; it is at least 1", o.Concurrency)
	}
	if o.MaxPayload < 0 {
		return nil, fmt.Errorf("runtime.New: a payload of %d bytes is not possible; the limit is at least 1", o.MaxPayload)
	}
	if o.MaxTakeovers < 0 {
		return nil, fmt.Errorf("runtime.New: %d takeovers are not possible; it is at least 1", o.MaxTakeovers)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = engine.SystemClock{}
	}
	embedded := engine.NewEmbedded(s, o)
	rt := &Runtime{
		engine: embedded,
		logger: o.Logger, clock: o.Clock,
		maxPayload: cmp.Or(o.MaxPayload, engine.DefaultMaxPayload),
		ids:        &idSource{entropy: ulid.Monotonic(rand.Reader, 0)},
		flows:      map[*flow.Definition]secretPlaces{},
	}
	if feed := embedded.Feed(); feed != nil {
		rt.hub = newHub(feed, o.Clock, o.Logger, rt.hidePart)
	}
	return rt, nil
}

// Start goes on with the runs that were under way when the program ended, and
// then takes new work. Register flows before: a run of a flow without code waits
// for it. Where another process executes the runs of the same database, this one
// stands by and takes over when that ends.
//
// The context is for the call alone; Close stops the runtime.
func (rt *Runtime) Start(ctx context.Context) error {
	return rt.engine.Start(ctx)
}

// Close takes no new work, and lets steps under way finish until the context
// ends. Then their contexts are cancelled; they run again, with the same attempt
// number, when the program is back. It returns an error if a handler ignores that. Who follows
// runs gets engine.ErrClosed.
func (rt *Runtime) Close(ctx context.Context) error {
	err := rt.engine.Close(ctx)
	if rt.hub != nil {
		rt.hub.close() // behind the last that happens
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for def := range rt.flows {
		slot.remove(def, rt)
	}
	clear(rt.flows)
	return err
}

// Register makes the runtime execute a flow with these handlers. Generated
// Register… functions call it.
func (rt *Runtime) Register(def *flow.Definition, handlers ...Handler) error {
	code := &engine.Flow{Definition: def, Handlers: make(map[string]engine.Handler, len(handlers))}
	var err error
	if code.StartScheduled, err = rt.scheduled(def); err != nil {
		return fmt.Errorf("register flow %s: %w", def.Flow, err)
	}
	for _, h := range handlers {
		code.Handlers[h.name] = h.bind(rt)
	}
	rt.mu.Lock() // also while the engine decides: Close then finds what it let in
	defer rt.mu.Unlock()
	if err := rt.engine.Register(code); err != nil {
		return err
	}
	rt.flows[def] = placesOf(def, handlers)
	slot.add(def, rt)
	return nil
}

// NoHandlers is the error of a generated Register… function that was given nil for
// the handlers of a flow.
func NoHandlers(def *flow.Definition) error {
	return fmt.Errorf("register flow %s: there are no handlers; pass a value that has a method for each step, not nil", def.Flow)
}

// definitionOf is the code of a flow that can execute runs of a version; nil if
// none is registered.
func (rt *Runtime) definitionOf(name, version string) *flow.Definition {
	major, _, err := flow.ParseVersion(version)
	if err != nil {
		return nil
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for def := range rt.flows {
		if m, _, err := flow.ParseVersion(def.Version); err == nil && m == major && def.Flow == name {
			return def
		}
	}
	return nil
}

// idSource makes the ids of runs: ULIDs, of which a later one is greater.
type idSource struct {
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
}

func (s *idSource) next(now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := ulid.New(ulid.Timestamp(now), s.entropy)
	if err != nil {
		return "", fmt.Errorf("make a run's id: %w", err)
	}
	return id.String(), nil
}
