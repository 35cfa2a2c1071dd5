package sqlite

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file keeps for which flows there was code, and when.

const (
	coverageText     = `SELECT since, flows FROM coverage ORDER BY since DESC LIMIT ?`
	saveCoverageText = `INSERT INTO coverage (since, flows) VALUES (?, ?) ON CONFLICT (since) DO UPDATE SET flows = excluded.flows`
	trimCoverageText = `DELETE FROM coverage WHERE since < (SELECT since FROM coverage ORDER BY since DESC LIMIT 1 OFFSET ?)`
)

// coveredFlow is a store.FlowVersion as it is stored.
type coveredFlow struct {
	Flow  string `json:"flow"`
	Major int    `json:"major"`
	Minor int    `json:"minor"`
}

// Coverage implements store.Store.
func (s *Store) Coverage(ctx context.Context) ([]store.Coverage, error) {
	leave, err := s.enter("read for which flows there was code")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []store.Coverage
	rows, err := s.readers.QueryContext(ctx, coverageText, store.MaxCoverage)
	err = each(rows, err, func(scan func(...any) error) error {
		var since int64
		var text []byte
		if err := scan(&since, &text); err != nil {
			return err
		}
		var flows []coveredFlow
		if err := json.Unmarshal(text, &flows); err != nil {
			return damaged("the flows for which there was code are no JSON array: %v", err)
		}
		c := store.Coverage{Since: toTime(since)}
		for _, f := range flows {
			c.Flows = append(c.Flows, store.FlowVersion{Flow: f.Flow, Major: f.Major, Minor: f.Minor})
		}
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, wrap(s.path, "read for which flows there was code", err)
	}
	slices.Reverse(all)
	return all, nil
}

// SaveCoverage implements store.Store.
func (s *Store) SaveCoverage(ctx context.Context, c store.Coverage) error {
	leave, err := s.enter("store for which flows there is code")
	if err != nil {
		return err
	}
	defer leave()
	flows := make([]coveredFlow, len(c.Flows))
	for i, f := range c.Flows {
		flows[i] = coveredFlow{f.Flow, f.Major, f.Minor}
	}
	text, err := encodeJSON(flows)
	if err != nil {
		return err
	}
	return s.write(ctx, &covering{since: fromTime(c.Since), flows: text})
}

// covering is the change that SaveCoverage makes.
type covering struct {
	request
	since int64
	flows value
}

func (c *covering) apply(b *batch) error {
	if _, err := b.write(stmtSaveCoverage, c.since, c.flows); err != nil {
		return err
	}
	_, err := b.write(stmtTrimCoverage, int64(store.MaxCoverage))
	return err
}
