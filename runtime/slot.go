package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/bextgen/bextgen/runtime/flow"
)

// What Start… and Get… functions return that find no runtime.
var (
	// ErrNotRegistered says that the flow is registered with no runtime, and that
	// the context has none.
	ErrNotRegistered = errors.New("the flow is registered with no runtime")
	// ErrAmbiguous says that the flow is registered with several runtimes, and that
	// the context does not say which one is meant.
	ErrAmbiguous = errors.New("the flow is registered with several runtimes")
)

// slot is the one global of the project: which runtimes a flow is registered
// with, so that Start… needs no runtime handed to it. Close empties it.
var slot = registrations{runtimes: map[*flow.Definition][]*Runtime{}}

type registrations struct {
	mu       sync.RWMutex
	runtimes map[*flow.Definition][]*Runtime
}

func (s *registrations) add(def *flow.Definition, rt *Runtime) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runtimes[def] = append(s.runtimes[def], rt)
}

func (s *registrations) remove(def *flow.Definition, rt *Runtime) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(s.runtimes[def], func(other *Runtime) bool { return other == rt })
	if len(left) == 0 {
		delete(s.runtimes, def)
		return
	}
	s.runtimes[def] = left
}

// the is the only runtime of a flow.
func (s *registrations) the(def *flow.Definition) (*Runtime, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch all := s.runtimes[def]; len(all) {
	case 0:
		return nil, fmt.Errorf("flow %s: %w; call its Register… function, or use runtime.NewContext", def.Flow, ErrNotRegistered)
	case 1:
		return all[0], nil
	default:
		return nil, fmt.Errorf("flow %s: %w; say which with runtime.NewContext", def.Flow, ErrAmbiguous)
	}
}

type runtimeKey struct{}

// NewContext returns a context whose Start… and Get… calls use this runtime.
// The contexts of handlers have the runtime that executes them.
func NewContext(ctx context.Context, rt *Runtime) context.Context {
	return context.WithValue(ctx, runtimeKey{}, rt)
}

// runtimeFor is the runtime of the context, else the one that the flow is registered with.
func runtimeFor(ctx context.Context, def *flow.Definition) (*Runtime, error) {
	if rt, ok := ctx.Value(runtimeKey{}).(*Runtime); ok {
		return rt, nil
	}
	return slot.the(def)
}
