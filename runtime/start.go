package runtime

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// StartOption says how a run is started.
type StartOption func(*starting)

// starting is a run that is not stored yet, with what its caller decided. What the
// caller gave is not computed, also where it is empty.
type starting struct {
	store.Run
	tenantGiven, priorityGiven, keyGiven bool

	delay  time.Duration // from now to Run.WakeAt, if that is not given
	strict bool

	tx      store.Tx // nil: the store's own
	txGiven bool
}

// WithTenant says for whom the run is, in place of what the flow says.
func WithTenant(tenant string) StartOption {
	return func(s *starting) { s.Tenant, s.tenantGiven = tenant, true }
}

// WithPriority puts the run in front of those of a lower priority that have not
// begun either. Without it, the flow says, or it is 0.
func WithPriority(priority int) StartOption {
	return func(s *starting) { s.Priority, s.priorityGiven = priority, true }
}

// WithIdempotencyKey makes a second start with the same key, of the same flow and
// tenant, return the first run. It takes the place of what the flow says; with an
// empty key, each start makes a run.
func WithIdempotencyKey(key string) StartOption {
	return func(s *starting) { s.IdempotencyKey, s.keyGiven = key, true }
}

// WithLabels adds labels to the run.
func WithLabels(labels map[string]string) StartOption {
	return func(s *starting) {
		if s.Labels == nil {
			s.Labels = map[string]string{}
		}
		maps.Copy(s.Labels, labels)
	}
}

// WithStartAt lets the run begin at a time, and not before: until then it is pending, and
// RunSummary.WakeAt is the time. It is on disk like any other, and what comes due while nothing
// runs begins when something does. A time that is over is at once.
func WithStartAt(at time.Time) StartOption {
	return func(s *starting) { s.WakeAt, s.delay = at, 0 }
}

// WithStartDelay is WithStartAt for so long after the start.
func WithStartDelay(d time.Duration) StartOption {
	return func(s *starting) { s.WakeAt, s.delay = time.Time{}, d }
}

// WithStrictIdempotency makes a start an *OtherInputError whose idempotency key is that of a
// run with another input. Without it the start returns that run, and the run tells of it in
// RunDetail.OtherInputs.
func WithStrictIdempotency() StartOption {
	return func(s *starting) { s.strict = true }
}

// OtherInputError says that a run has the idempotency key of a start, and another input:
// see WithStrictIdempotency.
type OtherInputError struct {
	Flow           string
	RunID          string // the run that is there
	IdempotencyKey string
}

// Error says which run of which flow it is.
func (e *OtherInputError) Error() string {
	return fmt.Sprintf("the run %s of %s has the idempotency key %q and another input", e.RunID, e.Flow, e.IdempotencyKey)
}

// WithRunID gives the run this id, a ULID, in place of a new one. A second start
// with it returns the first run if it is the same, else store.ErrExists.
func WithRunID(id string) StartOption {
	return func(s *starting) { s.ID = id }
}

// StartFlow starts a run and returns when that is on disk. Generated Start…
// functions call it.
//
// In a handler, a start for which neither the caller nor the flow has an idempotency
// key gets one from the step, the flow and the input, so that a step that is tried
// again does not start twice. In the handler of a step in a transaction, the run is
// started in that transaction: see WithTx.
func StartFlow[Out any](ctx context.Context, def *flow.Definition, input any, opts ...StartOption) (*Run[Out], error) {
	rt, err := runtimeFor(ctx, def)
	if err != nil {
		return nil, err
	}
	raw, err := flow.Encode(input)
	if err != nil {
		return nil, fmt.Errorf("start %s: the input cannot be stored: %w", def.Flow, err)
	}
	if err := flow.Check(input); err != nil {
		return nil, fmt.Errorf("start %s: the input is wrong: %w", def.Flow, err)
	}
	created, err := rt.start(ctx, def, raw, opts)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", def.Flow, err)
	}
	return &Run[Out]{rt: rt, def: def, id: created.Run.ID, existing: created.Existing}, nil
}

func (rt *Runtime) start(ctx context.Context, def *flow.Definition, input json.RawMessage, opts []StartOption) (store.Created, error) {
	if err := flow.CheckSize("the input", len(input), rt.maxPayload); err != nil {
		return store.Created{}, err
	}
	now := rt.clock.Now().UTC().Truncate(time.Millisecond)
	s := starting{Run: store.Run{
		Flow: def.Flow, Version: def.Version, Input: input,
		Status: flow.StatusPending, Attempt: 1, CreatedAt: now,
	}}
	for _, set := range opts {
		set(&s)
	}
	tx, err := rt.txOf(ctx, &s)
	if err != nil {
		return store.Created{}, err
	}
	if err := s.complete(def); err != nil {
		return store.Created{}, err
	}
	if s.IdempotencyKey == "" && !s.keyGiven {
		s.IdempotencyKey = keyInHandler(ctx, def, input)
	}
	s.schedule(now)
	run := s.Run
	if err := rt.identify(&run, now); err != nil {
		return store.Created{}, err
	}
	var created store.Created
	if tx == nil {
		created, err = rt.engine.Create(ctx, run)
	} else {
		created, err = rt.engine.CreateIn(ctx, tx, run)
	}
	if err == nil && created.Existing && !bytes.Equal(created.Run.Input, input) {
		return created, rt.otherInput(ctx, tx, created.Run, s.strict)
	}
	return created, err
}

// schedule says when the run begins: a time in whole milliseconds, none for at once.
func (s *starting) schedule(now time.Time) {
	if s.delay > 0 {
		s.WakeAt = now.Add(s.delay)
	}
	if !s.WakeAt.After(now) {
		s.WakeAt = time.Time{}
		return
	}
	s.WakeAt = s.WakeAt.Add(time.Millisecond - 1).UTC().Truncate(time.Millisecond) // not before it
}

// otherInput deals with a start that found its run with another input.
func (rt *Runtime) otherInput(ctx context.Context, tx Tx, run store.Run, strict bool) error {
	if strict {
		return &OtherInputError{Flow: run.Flow, RunID: run.ID, IdempotencyKey: run.IdempotencyKey}
	}
	rt.logger.Warn("a run was started again with its idempotency key but another input; the first input holds",
		"run", run.ID, "flow", run.Flow, "idempotency_key", run.IdempotencyKey)
	if err := rt.engine.NoteOtherInput(ctx, tx, run.ID); err != nil {
		return fmt.Errorf("note on the run %s that it was started with another input: %w", run.ID, err)
	}
	return nil
}

// complete computes what the flow says about its start and the caller did not give.
func (s *starting) complete(def *flow.Definition) (err error) {
	if def.IdempotencyKey != nil && !s.keyGiven {
		if s.IdempotencyKey, err = def.IdempotencyKey(s.Input); err != nil {
			return fmt.Errorf("idempotencyKey: %w", err)
		}
	}
	if def.Tenant != nil && !s.tenantGiven {
		if s.Tenant, err = def.Tenant(s.Input); err != nil {
			return fmt.Errorf("tenant: %w", err)
		}
	}
	if def.Priority != nil && !s.priorityGiven {
		priority, err := def.Priority(s.Input)
		if err != nil {
			return fmt.Errorf("priority: %w", err)
		}
		s.Priority = int(priority)
	}
	s.Concurrency, err = def.ConcurrencyKey(s.Input)
	return err
}

// identify gives the run an id, or checks the one that it was given.
func (rt *Runtime) identify(run *store.Run, now time.Time) (err error) {
	if run.ID == "" {
		run.ID, err = rt.ids.next(now)
		return err
	}
	if _, err := ulid.ParseStrict(run.ID); err != nil {
		return fmt.Errorf("the run id %q is not a ULID: %w", run.ID, err)
	}
	return nil
}

// keyInHandler is the idempotency key of a start inside of a handler; empty elsewhere.
func keyInHandler(ctx context.Context, def *flow.Definition, input json.RawMessage) string {
	info, ok := ctx.Value(infoKey{}).(*StepInfo)
	if !ok {
		return ""
	}
	sum := sha256.Sum256(input)
	return info.IdempotencyKey + "/" + def.Flow + "/" + hex.EncodeToString(sum[:8])
}

// GetFlow returns a run that was started before. Generated Get… functions call it.
func GetFlow[Out any](ctx context.Context, def *flow.Definition, runID string) (*Run[Out], error) {
	rt, err := runtimeFor(ctx, def)
	if err != nil {
		return nil, err
	}
	run, _, err := rt.engine.Get(ctx, runID)
	if err != nil {
		return nil, fmt.Errorf("get run %s: %w", runID, err)
	}
	if run.Flow != def.Flow {
		return nil, fmt.Errorf("get run %s: it is one of %s, not of %s: %w", runID, run.Flow, def.Flow, store.ErrNotFound)
	}
	if err := ofMajor(def, run); err != nil {
		return nil, fmt.Errorf("get run %s: %w", runID, err)
	}
	return &Run[Out]{rt: rt, def: def, id: run.ID, existing: true}, nil
}
