package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is major versions of a flow that are registered side by side.

// ErrOtherVersion says that a run is of another major version of its flow than the generated
// code that asks for it: its output and its signals have other types.
var ErrOtherVersion = errors.New("the run is of another major version of its flow; use the package of that version")

// ofMajor is ErrOtherVersion for a run that is not of the major version of the code.
func ofMajor(def *flow.Definition, run store.Run) error {
	if sameMajor(def.Version, run.Version) {
		return nil
	}
	return fmt.Errorf("run %s of %s began with version %s, and this code has %s: %w", run.ID, run.Flow, run.Version, def.Version, ErrOtherVersion)
}

func sameMajor(a, b string) bool {
	x, _, errA := flow.ParseVersion(a)
	y, _, errB := flow.ParseVersion(b)
	return x == y || errA != nil || errB != nil
}

// signalsMajor is ofMajor for a run to which a signal is sent. It is looked up only where another major version
// is registered: else nothing in this program would execute the run.
func (rt *Runtime) signalsMajor(ctx context.Context, def *flow.Definition, runID string) error {
	if !rt.hasOtherMajor(def) {
		return nil
	}
	run, _, err := rt.engine.Get(ctx, runID)
	if err != nil {
		return err
	}
	return ofMajor(def, run)
}

func (rt *Runtime) hasOtherMajor(def *flow.Definition) bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for other := range rt.flows {
		if other.Flow == def.Flow && !sameMajor(other.Version, def.Version) {
			return true
		}
	}
	return false
}
