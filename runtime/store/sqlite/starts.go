package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about starts.
//
// It lets runs begin whose start is for later. Until its time has come, such a
// run is not among those that may be claimed, however many of them there are: its
// column blocked is 2. A message that ends the run takes that away too.

const (
	// isStarting is of the runs of a flow that wait for their time, and that the code for a version can execute.
	isStarting = `status = 'pending' AND blocked = 2 AND flow = ?1 AND major = ?2 AND minor <= ?3`

	firstStartText = `SELECT min(wake_at) FROM runs WHERE ` + isStarting
	letStartText   = `UPDATE runs SET blocked = 0 WHERE run IN (
		SELECT run FROM runs WHERE ` + isStarting + ` AND wake_at <= ?4 ORDER BY wake_at LIMIT ?5)`
)

// maxStarting is how many runs are let begin by one statement. The others are due still.
const maxStarting = 1000

// letStart puts the runs whose time has come among those that may be claimed.
func (s *Store) letStart(ctx context.Context, q store.ClaimQuery) error {
	l := &lettingStart{now: fromTime(q.Now)}
	for _, f := range q.Flows {
		at, ok, err := s.firstOf(ctx, s.reads.firstStart, f)
		if err != nil {
			return err
		}
		if ok && at <= l.now {
			l.flows = append(l.flows, f)
		}
	}
	if len(l.flows) == 0 {
		return nil
	}
	return s.write(ctx, l)
}

// lettingStart is the change that letStart makes.
type lettingStart struct {
	request
	flows []store.FlowVersion
	now   int64
}

func (l *lettingStart) apply(b *batch) error {
	for _, f := range l.flows {
		if _, err := b.write(stmtLetStart, f.Flow, int64(f.Major), int64(f.Minor), l.now, int64(maxStarting)); err != nil {
			return err
		}
	}
	return nil
}

const noteOtherInputText = `UPDATE runs SET other_inputs = other_inputs + 1, other_input_at = ? WHERE id = ?`

// NoteOtherInput implements store.Store.
func (s *Store) NoteOtherInput(ctx context.Context, runID string, at time.Time) error {
	leave, err := s.enter("note a start with another input")
	if err != nil {
		return err
	}
	defer leave()
	return s.write(ctx, &otherInput{run: runID, at: fromTime(at)})
}

// otherInput is the change that NoteOtherInput makes.
type otherInput struct {
	request
	run string
	at  int64
}

func (o *otherInput) apply(b *batch) error {
	_, err := b.write(stmtNoteOtherInput, o.at, o.run)
	return err
}

// NoteOtherInputIn implements store.SQL.
func (s *Store) NoteOtherInputIn(ctx context.Context, tx store.Tx, runID string, at time.Time) error {
	leave, err := s.enter("note a start with another input")
	if err != nil {
		return err
	}
	defer leave()
	if err := s.isOurs(ctx, tx); err != nil {
		return fmt.Errorf("note a start of the run %q in a transaction: %w", runID, err)
	}
	_, err = tx.ExecContext(context.WithValue(ctx, ownKey{}, true), noteOtherInputText, fromTime(at), runID)
	return wrap(s.path, "note a start with another input", err)
}
