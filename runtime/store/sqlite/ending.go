package sqlite

import (
	"context"
	"encoding/json"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file finds runs without code that somebody wants to end.

// endingText begins with the messages that end runs, of which there are few. Without CROSS, SQLite
// begins with all runs.
const endingText = `SELECT DISTINCT r.run FROM messages AS m INDEXED BY messages_ending CROSS JOIN runs AS r ON r.run = m.run
	WHERE m.kind IN ('cancel', 'terminate') AND r.claim <= 0 AND (m.kind = 'terminate'
			OR m.kind = 'cancel' AND r.status = 'pending' AND NOT EXISTS (SELECT 1 FROM log AS l WHERE l.run = r.run))
		AND NOT EXISTS (SELECT 1 FROM json_each(?) AS f
			WHERE f.value ->> 'Flow' = r.flow AND f.value ->> 'Major' = r.major AND f.value ->> 'Minor' >= r.minor)
	ORDER BY r.run LIMIT ?`

// takeEnding claims at most limit of them.
func (s *Store) takeEnding(ctx context.Context, flows []store.FlowVersion, limit int) ([]store.Claim, error) {
	if flows == nil {
		flows = []store.FlowVersion{} // null is no array
	}
	known, err := json.Marshal(flows)
	if err != nil {
		return nil, err
	}
	c := &claiming{}
	rows, err := s.reads.ending.QueryContext(ctx, string(known), limit)
	err = each(rows, err, func(scan func(...any) error) error {
		var one candidate
		err := scan(&one.run)
		c.candidates = append(c.candidates, one)
		return err
	})
	if err != nil {
		return nil, wrap(s.path, "look for runs to end", err)
	}
	if len(c.candidates) == 0 {
		return nil, nil
	}
	if err := s.write(ctx, c); err != nil {
		return nil, err
	}
	return c.claims, nil
}
