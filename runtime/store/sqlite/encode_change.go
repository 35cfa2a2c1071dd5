package sqlite

import (
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// encodeChange makes the rows of a change.
func encodeChange(c *store.Change) (*commit, error) {
	change := &commit{change: *c}
	var err error
	if change.rows, err = encodeEntries(c.Claim.Key, c.Entries); err != nil {
		return nil, err
	}
	if c.Head != nil {
		if change.head, err = encodeHead(c.Head); err != nil {
			return nil, fmt.Errorf("the head: %w", err)
		}
		if c.Dormant && c.Release && !endsRun(c) {
			change.head.wait()
		}
	}
	if change.children, err = encodeChildren(c); err != nil {
		return nil, err
	}
	for i := range c.Messages {
		row, err := encodeMessage(&c.Messages[i])
		if err != nil {
			return nil, err
		}
		change.messages = append(change.messages, row)
	}
	return change, nil
}

func encodeEntries(run int64, entries []flow.Entry) ([]entryRow, error) {
	rows := make([]entryRow, len(entries))
	for i := range entries {
		row, err := encodeEntry(run, &entries[i])
		if err != nil {
			return nil, err
		}
		rows[i] = row
	}
	return rows, nil
}

func encodeChildren(c *store.Change) ([]newRunRow, error) {
	var rows []newRunRow
	for i := range c.Children {
		child := &c.Children[i]
		if child.IdempotencyKey != "" { // that of another run would have it passed over without a word
			return nil, fmt.Errorf("the run %q to create has the idempotency key %q; one that is called has none", child.ID, child.IdempotencyKey)
		}
		row, err := encodeNewRun(child)
		if err != nil {
			return nil, fmt.Errorf("the run %q to create: %w", child.ID, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
