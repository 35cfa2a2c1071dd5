package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is flows by their names, for what knows no generated code: servers, tools.

// ErrNoFlow says that no flow of that name is registered.
var ErrNoFlow = errors.New("no flow of that name is registered")

// InputError says that JSON from outside is not what a flow or one of its waits takes,
// for a reason other than a field: those are a *flow.InvalidError.
type InputError struct {
	// Problem is what is wrong. It has nothing of the value in it.
	Problem string
}

// Error is the problem, for people.
func (e *InputError) Error() string { return e.Problem }

// Started is a run that StartRun started.
type Started struct {
	ID string
	// Existing says that the run was there before: one of the same idempotency key.
	Existing bool
}

// StartRun starts a run of the newest registered version of a flow, with an input as JSON,
// and returns when that is on disk. It returns ErrNoFlow, a *flow.InvalidError that
// names the fields of an input that is wrong, or an *InputError.
func (rt *Runtime) StartRun(ctx context.Context, flowName string, input json.RawMessage, opts ...StartOption) (Started, error) {
	def := rt.Definition(flowName)
	if def == nil {
		return Started{}, fmt.Errorf("start %s: %w", flowName, ErrNoFlow)
	}
	if err := rt.mayWait(ctx, "start "+flowName); err != nil {
		return Started{}, err
	}
	raw, err := rt.inputOf(def, input)
	if err != nil {
		return Started{}, fmt.Errorf("start %s: %w", flowName, err)
	}
	created, err := rt.start(ctx, def, raw, opts)
	if err != nil {
		return Started{}, fmt.Errorf("start %s: %w", flowName, err)
	}
	return Started{ID: created.Run.ID, Existing: created.Existing}, nil
}

// StartVersion is StartRun of a version of a flow, "major.minor", also of one for which this runtime
// has no code: another process, which executes, has it or gets it. Where there is none here,
// any JSON is taken, and what the flow says about its starts (its idempotencyKey, tenant and priority) is not
// known: the options say it.
func (rt *Runtime) StartVersion(ctx context.Context, flowName, version string, input json.RawMessage, opts ...StartOption) (Started, error) {
	if err := rt.mayWait(ctx, "start "+flowName); err != nil {
		return Started{}, err
	}
	def, raw, err := rt.toStart(flowName, version, input)
	if err != nil {
		return Started{}, fmt.Errorf("start %s %s: %w", flowName, version, err)
	}
	created, err := rt.start(ctx, def, raw, opts)
	if err != nil {
		return Started{}, fmt.Errorf("start %s %s: %w", flowName, version, err)
	}
	return Started{ID: created.Run.ID, Existing: created.Existing}, nil
}

// toStart is the code with which a run of a version is started, and its input as it is
// stored. Without code here, that is one that says nothing.
func (rt *Runtime) toStart(flowName, version string, input json.RawMessage) (*flow.Definition, json.RawMessage, error) {
	_, minor, err := flow.ParseVersion(version)
	if err != nil {
		return nil, nil, err
	}
	if def := rt.definitionOf(flowName, version); def != nil {
		if _, has, err := flow.ParseVersion(def.Version); err == nil && has >= minor {
			raw, err := rt.inputOf(def, input)
			return def, raw, err
		}
	}
	var raw bytes.Buffer
	if err := json.Compact(&raw, input); err != nil {
		return nil, nil, &InputError{fmt.Sprintf("the input is no JSON: %v", err)}
	}
	return &flow.Definition{Flow: flowName, Version: version}, raw.Bytes(), nil
}

// Definitions are the flows that are registered, by name, the newest version of each first.
func (rt *Runtime) Definitions() []*flow.Definition {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	var defs []*flow.Definition
	for def := range rt.flows {
		defs = append(defs, def)
	}
	slices.SortFunc(defs, func(a, b *flow.Definition) int {
		if byName := strings.Compare(a.Flow, b.Flow); byName != 0 {
			return byName
		}
		x, _, _ := flow.ParseVersion(a.Version) // registered: it is one
		y, _, _ := flow.ParseVersion(b.Version)
		return y - x
	})
	return defs
}

// Definition is the newest registered version of a flow; nil if there is none.
func (rt *Runtime) Definition(flowName string) *flow.Definition {
	for _, def := range rt.Definitions() {
		if def.Flow == flowName {
			return def
		}
	}
	return nil
}

// Parked says that a run of this version of a flow cannot be executed here: no code of
// its major version is registered, or only older code. A runtime without any flow only looks at
// runs: for it none is parked.
func (rt *Runtime) Parked(flowName, version string) bool {
	major, minor, err := flow.ParseVersion(version)
	defs := rt.Definitions()
	if err != nil || len(defs) == 0 {
		return false
	}
	return !slices.ContainsFunc(defs, func(def *flow.Definition) bool {
		m, n, err := flow.ParseVersion(def.Version)
		return err == nil && def.Flow == flowName && m == major && n >= minor
	})
}

// inputOf is JSON from outside as the stored form of a flow's input.
func (rt *Runtime) inputOf(def *flow.Definition, input json.RawMessage) (json.RawMessage, error) {
	if bytes.Equal(bytes.TrimSpace(input), []byte("null")) { // which Go would take for an empty one
		return nil, &InputError{"the input is null; one without fields is {}"}
	}
	value := reflect.New(def.Input)
	if err := json.Unmarshal(input, value.Interface()); err != nil {
		return nil, fmt.Errorf("the input does not fit the flow's type: %w", misfit(err))
	}
	rt.mu.Lock()
	described, ok := rt.flows[def].(describedPlaces)
	rt.mu.Unlock()
	if ok {
		if err := checkMissing(described.flow, input); err != nil {
			return nil, fmt.Errorf("the input is wrong: %w", err)
		}
	}
	plain := value.Elem().Interface()
	if err := flow.Check(plain); err != nil {
		return nil, fmt.Errorf("the input is wrong: %w", err)
	}
	raw, err := flow.Encode(plain)
	if err != nil {
		return nil, fmt.Errorf("the input cannot be stored: %w", err)
	}
	return raw, nil
}

// misfit is why JSON does not fit a type. Values are not told: they may be secrets.
func misfit(err error) error {
	var invalid *flow.InvalidError
	if errors.As(err, &invalid) {
		return invalid
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		found, _, _ := strings.Cut(kind.Value, " ")
		return &flow.InvalidError{Problems: []flow.Problem{{
			Field: kind.Field, Problem: fmt.Sprintf("cannot be a JSON %s, it is of the type %s", found, kind.Type),
		}}}
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return &InputError{fmt.Sprintf("it is no JSON: %v", err)}
	}
	return &InputError{"it cannot be decoded"}
}
