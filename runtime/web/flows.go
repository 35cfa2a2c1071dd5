package web

import (
	"cmp"
	"context"
	"slices"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
)

// This file is what flows are: those that are registered, and others whose runs are in the store.

// flows are all flows that are known, by name, the newest version of each first.
func (h *handler) flows(ctx context.Context) ([]runtime.FlowDescription, error) {
	all, err := h.rt.Descriptions(ctx)
	if err != nil {
		return nil, err
	}
	for _, def := range h.rt.Definitions() {
		if !slices.ContainsFunc(all, func(f runtime.FlowDescription) bool {
			return f.Registered && f.ID == def.Flow && f.Version == def.Version
		}) {
			all = append(all, runtime.FlowDescription{Flow: h.describe(def), Registered: true})
		}
	}
	slices.SortStableFunc(all, func(a, b runtime.FlowDescription) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// flowOf is the flow of a run; nil where that is not known.
func (h *handler) flowOf(ctx context.Context, name, version string) *description.Flow {
	d, err := h.rt.Description(ctx, name, version)
	if err != nil {
		h.unreadable(name, err)
	}
	if d != nil {
		return d.Flow
	}
	return h.describe(h.definition(name, version))
}

func (h *handler) unreadable(name string, err error) {
	h.logger.Warn("a flow's description cannot be read", "flow", name, "error", err)
}

// definition is the code for runs of a version of a flow; nil if there is none.
func (h *handler) definition(name, version string) *flow.Definition {
	major, _, err := flow.ParseVersion(version)
	if err != nil {
		return nil
	}
	for _, def := range h.rt.Definitions() {
		if m, _, err := flow.ParseVersion(def.Version); err == nil && m == major && def.Flow == name {
			return def
		}
	}
	return nil
}

// describe is what a flow is, as plain data: what the compiler wrote or, for code that has
// nothing of that, what the code says. It is nil for no code.
func (h *handler) describe(def *flow.Definition) *description.Flow {
	if def == nil {
		return nil
	}
	if def.Description != "" {
		d, err := description.Parse([]byte(def.Description))
		if err == nil {
			return d
		}
		h.unreadable(def.Flow, err)
	}
	d := &description.Flow{ID: def.Flow, Version: def.Version, Doc: def.Doc, MaxAttempts: max(def.MaxAttempts, 1)}
	for _, s := range def.Steps {
		b := description.Block{Kind: description.Step, Name: s.Name, Path: s.Name, Doc: s.Doc}
		if s.Compensation != nil {
			b.Compensation = &description.Compensation{Handler: s.Compensation.Name}
		}
		d.Blocks = append(d.Blocks, b)
	}
	for _, w := range def.Waits {
		d.Blocks = append(d.Blocks, description.Block{Kind: description.Wait, Name: w.Name, Path: w.Name, Doc: w.Doc})
	}
	return d
}
