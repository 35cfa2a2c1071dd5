package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file stores what the flows are whose runs are executed here, so that who has
// their database, and not their code, can show them.

// Definitions implements Engine.
func (e *Embedded) Definitions(ctx context.Context) ([]store.Definition, error) {
	return e.store.Definitions(ctx)
}

// Definition implements Engine.
func (e *Embedded) Definition(ctx context.Context, flowName, version string) (store.Definition, error) {
	return e.store.Definition(ctx, flowName, version)
}

// saveDefinitions stores the descriptions of flows for which that is not done. What the store
// refuses is tried again at the next look: nothing waits for it.
func (e *Embedded) saveDefinitions(ctx context.Context) {
	for _, c := range e.undefined() {
		text := c.Definition.Description
		hash := sha256.Sum256([]byte(text))
		err := e.store.SaveDefinition(ctx, store.Definition{
			Flow: c.Definition.Flow, Version: c.Definition.Version,
			Description: json.RawMessage(text), Hash: hex.EncodeToString(hash[:]), SavedAt: e.opts.Clock.Now(),
		})
		if err != nil {
			e.logStoreError("save the definition of the flow "+c.Definition.Flow, err)
			return
		}
		e.defined[c] = true
	}
}

// undefined are the flows with a description that was not stored yet.
func (e *Embedded) undefined() []*code {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*code
	for _, versions := range e.flows {
		for _, c := range versions {
			if !e.defined[c] && c.Definition.Description != "" {
				list = append(list, c)
			}
		}
	}
	return list
}
