package engine

import (
	"fmt"

	"github.com/bextgen/bextgen/runtime/engine/timetable"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// code is the code of a flow with its version as numbers.
type code struct {
	*Flow
	version store.FlowVersion
	tables  []timetable.Table // of its schedules
}

// Register implements Engine.
func (e *Embedded) Register(f *Flow) error {
	name := f.Definition.Flow
	major, minor, err := flow.ParseVersion(f.Definition.Version)
	if err != nil {
		return fmt.Errorf("register flow %s: %w", name, err)
	}
	for _, s := range f.Definition.Steps {
		if _, ok := f.Handlers[s.Name]; !ok && s.Calls == nil {
			return fmt.Errorf("register flow %s: step %s has no handler", name, s.Name)
		}
		if err := e.canLend(s); err != nil {
			return fmt.Errorf("register flow %s: step %s: %w", name, s.Name, err)
		}
		if c := s.Compensation; c != nil {
			if _, ok := f.Handlers[c.Name]; !ok {
				return fmt.Errorf("register flow %s: compensation %s of step %s has no handler", name, c.Name, s.Name)
			}
		}
	}
	tables, err := tables(f)
	if err != nil {
		return fmt.Errorf("register flow %s: %w", name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == ended {
		return fmt.Errorf("register flow %s: %w", name, ErrClosed)
	}
	for _, other := range e.flows[name] {
		if other.version.Major == major {
			return fmt.Errorf("register flow %s %s: %w with version %s",
				name, f.Definition.Version, ErrRegistered, other.Definition.Version)
		}
	}
	e.flows[name] = append(e.flows[name], &code{
		Flow: f, tables: tables,
		version: store.FlowVersion{Flow: name, Major: major, Minor: minor, Limit: f.Definition.Concurrency.Limit},
	})
	e.suspected = true
	e.queued()
	return nil
}

// codeFor is the code that can execute runs of this flow and version; nil if
// there is none.
func (e *Embedded) codeFor(flowName, version string) *code {
	major, minor, err := flow.ParseVersion(version)
	if err != nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.flows[flowName] {
		if c.version.Major == major && c.version.Minor >= minor {
			return c
		}
	}
	return nil
}

// versions are all flows for which there is code.
func (e *Embedded) versions() []store.FlowVersion {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []store.FlowVersion
	for _, versions := range e.flows {
		for _, c := range versions {
			all = append(all, c.version)
		}
	}
	return all
}
