package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file keeps the descriptions of flows.

// Definition implements store.Store.
func (s *Store) Definition(ctx context.Context, flow, version string) (store.Definition, error) {
	leave, err := s.enter("read a definition")
	if err != nil {
		return store.Definition{}, err
	}
	defer leave()
	found := store.Definition{Flow: flow, Version: version}
	var savedAt int64
	err = s.reads.definition.QueryRowContext(ctx, flow, version).Scan(&found.Hash, &savedAt, (*[]byte)(&found.Description))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return store.Definition{}, wrap(s.path, fmt.Sprintf("read the definition of the flow %s %s", flow, version), err)
	}
	found.SavedAt = toTime(savedAt)
	return found, nil
}

// Definitions implements store.Store.
func (s *Store) Definitions(ctx context.Context) (_ []store.Definition, err error) {
	leave, err := s.enter("read the definitions")
	if err != nil {
		return nil, err
	}
	defer leave()
	rows, err := s.reads.definitions.QueryContext(ctx)
	if err != nil {
		return nil, wrap(s.path, "read the definitions", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []store.Definition
	for rows.Next() {
		var d store.Definition
		var savedAt int64
		if err := rows.Scan(&d.Flow, &d.Version, &d.Hash, &savedAt); err != nil {
			return nil, wrap(s.path, "read the definitions", err)
		}
		d.SavedAt = toTime(savedAt)
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(s.path, "read the definitions", err)
	}
	return all, nil
}

// SaveDefinition implements store.Store.
func (s *Store) SaveDefinition(ctx context.Context, d store.Definition) error {
	leave, err := s.enter("save a definition")
	if err != nil {
		return err
	}
	defer leave()
	there, err := s.Definition(ctx, d.Flow, d.Version)
	if err != nil {
		return err
	}
	if there.Hash == d.Hash && s.writer != nil {
		return nil
	}
	return s.write(ctx, &defining{definition: d})
}

// defining stores what a version of a flow is.
type defining struct {
	request
	definition store.Definition
}

func (c *defining) apply(b *batch) error {
	d := c.definition
	_, err := b.write(stmtSaveDefinition, d.Flow, d.Version, d.Hash, fromTime(d.SavedAt), []byte(d.Description))
	return err
}
