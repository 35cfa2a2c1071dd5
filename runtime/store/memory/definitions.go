package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file keeps the descriptions of flows.

// SaveDefinition implements store.Store.
func (s *Store) SaveDefinition(ctx context.Context, d store.Definition) error {
	leave, err := s.enter(ctx, "save a definition")
	if err != nil {
		return err
	}
	defer leave()
	key := definitionKey{d.Flow, d.Version}
	if s.data.definitions[key].Hash == d.Hash {
		return nil
	}
	d.SavedAt, d.Description = stored(d.SavedAt), bytes.Clone(d.Description)
	s.data.definitions[key] = d
	return nil
}

// Definition implements store.Store.
func (s *Store) Definition(ctx context.Context, flowName, version string) (store.Definition, error) {
	leave, err := s.enter(ctx, "read a definition")
	if err != nil {
		return store.Definition{}, err
	}
	defer leave()
	d := s.data.definitions[definitionKey{flowName, version}]
	d.Flow, d.Version, d.Description = flowName, version, bytes.Clone(d.Description)
	return d, nil
}

// Definitions implements store.Store.
func (s *Store) Definitions(ctx context.Context) ([]store.Definition, error) {
	leave, err := s.enter(ctx, "read the definitions")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []store.Definition
	for _, d := range s.data.definitions {
		d.Description = nil
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b store.Definition) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}
