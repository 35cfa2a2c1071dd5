package runtime

import (
	"errors"
	"fmt"
	"math"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is how a handler of a long step tells how far it is, and goes on where an
// attempt before it was.

// Why a checkpoint is refused.
var (
	// ErrStepOver says that the attempt that wants to store a checkpoint is over: it has
	// ended or timed out, or its run does not go on in this process.
	ErrStepOver = engine.ErrAttemptOver
	// ErrOneCommit says that a step in a transaction has no checkpoints: all that it does
	// is one commit.
	ErrOneCommit = engine.ErrOneCommit
	// ErrNoStep says that the context, of which Info was asked, is none of a handler.
	ErrNoStep = errors.New("the context is none of a handler: there is nothing to store a checkpoint for")
)

// maxProgressText is how many bytes the words of a progress may have; more are cut off.
const maxProgressText = 500

// Progress says how far the attempt is, for people: a fraction from 0 to 1, and words.
// It returns at once and may be called as often as one likes; GetRun shows the latest
// of each half second or so. Outside of a handler it does nothing.
func (i StepInfo) Progress(fraction float64, text string) {
	if i.notes == nil {
		return
	}
	if math.IsNaN(fraction) {
		fraction = 0
	}
	i.notes.Progress(min(max(fraction, 0), 1), flow.Shortened(text, maxProgressText))
}

// Checkpoint stores a value from which a later attempt can go on, in place of the one
// before. When it returns nil, the value is on disk: LastCheckpoint gives it to this
// attempt, to the same attempt after a crash, and to the step's further attempts, until
// the flow itself is tried again. A compensation has checkpoints of its own.
//
// It works while the handler's context is cancelled because the process stops. It
// returns ErrStepOver when the attempt is over, ErrOneCommit in a transaction, and a *flow.SizeError for more bytes
// of JSON than WithMaxPayload says. The value is stored as it is, and shown without the secrets of the run.
func (i StepInfo) Checkpoint(value any) error {
	if i.notes == nil {
		return ErrNoStep
	}
	raw, err := flow.Encode(value)
	if err != nil {
		return fmt.Errorf("checkpoint of step %s: the value cannot be stored: %w", i.Step, err)
	}
	if err := i.notes.Checkpoint(raw); err != nil {
		return fmt.Errorf("checkpoint of step %s: %w", i.Step, err)
	}
	return nil
}

// LastCheckpoint reads the last checkpoint into a value, a pointer, and says whether
// there is one. The error is of one that does not fit the type of the value.
func (i StepInfo) LastCheckpoint(value any) (bool, error) {
	if i.notes == nil {
		return false, nil
	}
	raw := i.notes.LastCheckpoint()
	if raw == nil {
		return false, nil
	}
	if err := flow.Decode(raw, value); err != nil {
		return false, fmt.Errorf("checkpoint of step %s: it does not fit the type %T: %w", i.Step, value, err)
	}
	return true, nil
}
