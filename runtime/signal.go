package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is signals: what a run that waits gets from outside.

// SignalOption says more about a signal.
type SignalOption func(*engine.Signal)

// WithSignalID gives the signal an id: a second one of the same id for the same wait,
// and element of a foreach, is the same signal, so that whoever sends it may try again.
func WithSignalID(id string) SignalOption {
	return func(s *engine.Signal) { s.ID = id }
}

// WithSignalActor says who sent the signal.
func WithSignalActor(actor string) SignalOption {
	return func(s *engine.Signal) { s.Actor = actor }
}

// ErrNoWait says that a flow has no wait of that name.
var ErrNoWait = errors.New("the flow has no such wait")

// SignalFlow sends a signal to a run and returns when it is on disk. It is kept also
// if the run does not wait for it yet. Generated Signal… functions call it.
//
// It returns store.ErrNotFound if there is no such run of the flow, store.ErrFinal if the run is
// over, and ErrOtherVersion if it is of another major version.
func SignalFlow(ctx context.Context, def *flow.Definition, wait *flow.WaitDef, runID, key string, payload any, opts ...SignalOption) error {
	rt, err := runtimeFor(ctx, def)
	if err != nil {
		return err
	}
	s := engine.Signal{Name: wait.Name, Key: key, Version: def.Version}
	if wait.Payload != nil {
		s.Payload, err = encodePayload(payload)
	}
	if err == nil {
		err = rt.signal(ctx, runID, def.Flow, wait, s, opts)
	}
	if err != nil {
		return fmt.Errorf("signal %s to run %s: %w", wait.Name, runID, err)
	}
	return nil
}

// SignalRun sends a signal whose payload is JSON: to a wait by its name and, of one in
// a foreach, the key of the element that it is for. If the flow is registered with
// this runtime, what is sent has to fit its wait; else any JSON is taken.
//
// It returns what SignalFlow returns, ErrNoWait if the flow has no such wait, and a
// *flow.InvalidError or an *InputError for what the wait does not take.
func (rt *Runtime) SignalRun(ctx context.Context, runID, name, key string, payload json.RawMessage, opts ...SignalOption) error {
	if err := rt.signalRun(ctx, runID, engine.Signal{Name: name, Key: key, Payload: payload}, opts); err != nil {
		return fmt.Errorf("signal %s to run %s: %w", name, runID, err)
	}
	return nil
}

func (rt *Runtime) signalRun(ctx context.Context, runID string, s engine.Signal, opts []SignalOption) error {
	run, _, err := rt.engine.Get(ctx, runID)
	if err != nil {
		return err
	}
	def := rt.definitionOf(run.Flow, run.Version)
	if def == nil {
		if s.Payload != nil && !json.Valid(s.Payload) {
			return &InputError{"the payload is no JSON"}
		}
		return rt.signal(ctx, runID, run.Flow, nil, s, opts)
	}
	i := slices.IndexFunc(def.Waits, func(w *flow.WaitDef) bool { return w.Name == s.Name })
	if i < 0 {
		return fmt.Errorf("%s %s: %w", def.Flow, def.Version, ErrNoWait)
	}
	wait := def.Waits[i]
	if s.Payload, err = fitPayload(wait, s.Payload); err != nil {
		return err
	}
	return rt.signal(ctx, runID, run.Flow, wait, s, opts)
}

// signal checks whom a signal is for, and sends it. The wait is nil where the flow's
// code is not known.
func (rt *Runtime) signal(ctx context.Context, runID, flowName string, wait *flow.WaitDef, s engine.Signal, opts []SignalOption) error {
	switch {
	case wait == nil:
	case wait.Keyed && s.Key == "":
		return &InputError{"it needs the key of the element that it is for"}
	case !wait.Keyed && s.Key != "":
		return &InputError{fmt.Sprintf("it has the key %q, and its wait stands in no foreach and takes none", s.Key)}
	}
	if err := flow.CheckSize("the payload", len(s.Payload), rt.maxPayload); err != nil {
		return err
	}
	for _, set := range opts {
		set(&s)
	}
	if err := rt.mayWait(ctx, "send a signal"); err != nil {
		return err
	}
	return rt.engine.Signal(ctx, runID, flowName, s)
}

// encodePayload is the stored form of what a signal carries, if that is right.
func encodePayload(payload any) (json.RawMessage, error) {
	raw, err := flow.Encode(payload)
	if err != nil {
		return nil, fmt.Errorf("the payload cannot be stored: %w", err)
	}
	if err := flow.Check(payload); err != nil {
		return nil, fmt.Errorf("the payload is wrong: %w", err)
	}
	return raw, nil
}

// fitPayload is JSON from outside as the stored form of what a wait takes.
func fitPayload(wait *flow.WaitDef, raw json.RawMessage) (json.RawMessage, error) {
	if wait.Payload == nil {
		return nil, nil
	}
	value := reflect.New(wait.Payload)
	if err := json.Unmarshal(raw, value.Interface()); err != nil {
		return nil, fmt.Errorf("the payload does not fit its type: %w", misfit(err))
	}
	return encodePayload(value.Elem().Interface())
}
