package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is how a flow is started by its schedules: as by any other start, with an
// input that stands in the spec.

// scheduled is what starts the runs of a flow's schedules; nil if it has none. What can
// be wrong with such a start is found out now, and not at night.
func (rt *Runtime) scheduled(def *flow.Definition) (func(context.Context, engine.Scheduled) (string, error), error) {
	if len(def.Schedules) == 0 {
		return nil, nil
	}
	inputs := map[string]json.RawMessage{}
	for i := range def.Schedules {
		s := &def.Schedules[i]
		input, err := scheduledInput(def, s)
		if err == nil {
			err = flow.CheckSize("the input", len(input), rt.maxPayload)
		}
		if err == nil {
			err = (&starting{Run: store.Run{Input: input}, keyGiven: true}).complete(def)
		}
		if err != nil {
			return nil, fmt.Errorf("schedule %q: %w", s.Name, err)
		}
		inputs[s.Name] = input
	}
	return func(ctx context.Context, s engine.Scheduled) (string, error) {
		created, err := rt.start(ctx, def, inputs[s.Schedule], []StartOption{
			WithRunID(s.RunID), WithIdempotencyKey(s.Key), WithLabels(s.Labels),
		})
		return created.Run.ID, err
	}, nil
}

// scheduledInput is the input of a schedule as it is stored.
func scheduledInput(def *flow.Definition, s *flow.ScheduleDef) (json.RawMessage, error) {
	input := reflect.New(def.Input)
	if err := flow.Decode([]byte(s.Input), input.Interface()); err != nil {
		return nil, fmt.Errorf("the input does not fit the flow's type: %w", err)
	}
	value := input.Elem().Interface()
	if err := flow.Check(value); err != nil {
		return nil, fmt.Errorf("the input is wrong: %w", err)
	}
	raw, err := flow.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("the input cannot be stored: %w", err)
	}
	return raw, nil
}
