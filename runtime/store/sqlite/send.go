package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Send implements store.Store.
func (s *Store) Send(ctx context.Context, m store.Message) (store.Message, error) {
	leave, err := s.enter("send a message")
	if err != nil {
		return store.Message{}, err
	}
	defer leave()
	row, err := encodeMessage(&m)
	if err != nil {
		return store.Message{}, err
	}
	if err := s.isOf(ctx, m.RunID, m.Flow, m.Version); err != nil {
		return store.Message{}, err
	}
	c := &sending{row: row, size: len(m.Payload)}
	if err := s.write(ctx, c); err != nil {
		return store.Message{}, err
	}
	if c.id == 0 {
		return store.Message{}, s.whyNotSent(ctx, m.RunID)
	}
	m.ID, m.At = c.id, stored(m.At)
	return m, nil
}

// isOf says whether a run is one of a flow and of the major version of another, which it is for ever; any is one of "". Whoever
// sends names the run in the error.
func (s *Store) isOf(ctx context.Context, id, flowName, version string) error {
	if flowName == "" {
		return nil
	}
	run, err := s.readRun(ctx, s.reads.runByID, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrNotFound
	case err != nil:
		return wrap(s.path, "read the run "+id, err)
	case run.Flow != flowName:
		return fmt.Errorf("it is one of %s, not of %s: %w", run.Flow, flowName, store.ErrNotFound)
	case !flow.SameMajor(run.Version, version):
		return fmt.Errorf("it began with version %s, and who sends has %s: %w", run.Version, version, store.ErrOtherVersion)
	}
	return nil
}

// whyNotSent is ErrNotFound or ErrFinal.
func (s *Store) whyNotSent(ctx context.Context, id string) error {
	_, err := s.readRun(ctx, s.reads.runByID, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrNotFound
	case err != nil:
		return wrap(s.path, "read the run "+id, err)
	}
	return store.ErrFinal
}

// sending stores a message. The id stays 0 if there is no run to take it.
type sending struct {
	request
	row  *messageRow
	size int
	id   int64
}

func (s *sending) bytes() int { return s.size }

func (s *sending) apply(b *batch) (err error) {
	s.id, err = b.send(s.row)
	return err
}

// unobeyedText begins with the runs that are claimed, of which there are as many as are executed at a time.
// Mostly there are no messages. But there may be very many that nobody obeys: those to runs without code.
const unobeyedText = `SELECT ` + messageColumns + ` FROM runs INDEXED BY runs_claimed CROSS JOIN messages ON messages.run = runs.run
	WHERE runs.claim <> 0 AND runs.claim > 0 AND EXISTS (SELECT 1 FROM messages) ORDER BY messages.id`

// messagesToText asks for the messages to one run.
const messagesToText = `SELECT ` + messageColumns + ` FROM runs CROSS JOIN messages ON messages.run = runs.run
	WHERE runs.id = ? ORDER BY messages.id`

// Unobeyed implements store.Store.
func (s *Store) Unobeyed(ctx context.Context) ([]store.Message, error) {
	return s.messages(ctx, s.reads.unobeyed)
}

// Messages implements store.Store.
func (s *Store) Messages(ctx context.Context, runID string) ([]store.Message, error) {
	return s.messages(ctx, s.reads.messagesTo, runID)
}

func (s *Store) messages(ctx context.Context, stmt *sql.Stmt, args ...any) ([]store.Message, error) {
	leave, err := s.enter("look for messages")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []store.Message
	var bad []error
	rows, err := stmt.QueryContext(ctx, args...)
	err = each(rows, err, func(scan func(...any) error) error {
		_, m, err := scanMessage(scan)
		if errors.Is(err, store.ErrDamaged) { // the others are to be heard all the same
			bad = append(bad, err)
			return nil
		}
		all = append(all, m)
		return err
	})
	if err != nil {
		return nil, wrap(s.path, "look for messages", err)
	}
	return all, wrap(s.path, "look for messages", errors.Join(bad...))
}
