package runtime

import (
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is major versions of a flow that are registered side by side.

// ErrOtherVersion says that a run is of another major version of its flow than the generated
// code that asks for it: its output and its signals have other types.
var ErrOtherVersion = store.ErrOtherVersion

// ofMajor is ErrOtherVersion for a run that is not of the major version of the code.
func ofMajor(def *flow.Definition, run store.Run) error {
	if flow.SameMajor(def.Version, run.Version) {
		return nil
	}
	return fmt.Errorf("run %s of %s began with version %s, and this code has %s: %w", run.ID, run.Flow, run.Version, def.Version, ErrOtherVersion)
}
