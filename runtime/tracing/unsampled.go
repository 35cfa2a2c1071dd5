package tracing

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// unsampled makes no spans of a run that is not sampled, which mostly are most of them.
// It tells the handlers, so that their spans are no traces of their own.
type unsampled struct {
	observer *Observer
	start    trace.SpanContext
}

// Calling implements engine.RunObserver.
func (u *unsampled) Calling(child *store.Run) func() {
	span := u.observer.start(u.start, child)
	return func() { span.End() }
}

// Begins implements engine.RunObserver.
func (u *unsampled) Begins(ctx context.Context, _ *flow.Attempt) context.Context {
	return trace.ContextWithRemoteSpanContext(ctx, u.start)
}

// Stored implements engine.RunObserver.
func (u *unsampled) Stored(*store.Run, []flow.Entry) {}

// Left implements engine.RunObserver.
func (u *unsampled) Left(*store.Run) {}
