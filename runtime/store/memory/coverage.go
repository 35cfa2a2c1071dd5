package memory

import (
	"context"
	"slices"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file keeps for which flows there was code, and when.

// Coverage implements store.Store.
func (s *Store) Coverage(ctx context.Context) ([]store.Coverage, error) {
	leave, err := s.enter(ctx, "read for which flows there was code")
	if err != nil {
		return nil, err
	}
	defer leave()
	return slices.Clone(s.data.coverage), nil
}

// SaveCoverage implements store.Store.
func (s *Store) SaveCoverage(ctx context.Context, c store.Coverage) error {
	leave, err := s.enter(ctx, "store for which flows there is code")
	if err != nil {
		return err
	}
	defer leave()
	c.Since, c.Flows = stored(c.Since), slices.Clone(c.Flows)
	i, found := slices.BinarySearchFunc(s.data.coverage, c, func(a, b store.Coverage) int { return a.Since.Compare(b.Since) })
	if found {
		s.data.coverage[i] = c
		return nil
	}
	s.data.coverage = slices.Insert(s.data.coverage, i, c)
	return nil
}
