package tracing

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// execution makes the spans of one execution of a run: of the run, below it of its
// steps and compensations, and below these of their attempts.
type execution struct {
	observer *Observer
	span     trace.Span
	steps    map[work]trace.Span  // under way
	attempts map[int64]trace.Span // under way, by the Seq of their entry
}

// work is what attempts are made of: to do a step, or to undo it.
type work struct {
	kind flow.Kind
	path string
}

// names of the spans of work.
var names = map[flow.Kind]string{flow.KindStep: "step ", flow.KindCompensation: "compensate "}

// Calling implements engine.RunObserver.
func (x *execution) Calling(child *store.Run) func() {
	span := x.observer.start(x.span.SpanContext(), child)
	return func() {
		link(x.span, span.SpanContext())
		span.End()
	}
}

// Begins implements engine.RunObserver. The spans of the handler are below that of its attempt.
func (x *execution) Begins(ctx context.Context, a *flow.Attempt) context.Context {
	e := &a.Entry
	what := work{e.Kind, e.Step}
	step := x.steps[what]
	if step == nil {
		_, step = x.observer.tracer.Start(trace.ContextWithSpan(context.Background(), x.span), names[e.Kind]+e.Block(),
			trace.WithAttributes(keyStep.String(e.Step), keyRunAttempt.Int(e.RunAttempt)))
		x.steps[what] = step
	}
	ctx, attempt := x.observer.tracer.Start(trace.ContextWithSpan(ctx, step), "attempt "+e.Block(),
		trace.WithAttributes(keyStep.String(e.Step), keyRunAttempt.Int(e.RunAttempt), keyAttempt.Int(e.Attempt)))
	x.attempts[e.Seq] = attempt
	return ctx
}

// Stored implements engine.RunObserver.
func (x *execution) Stored(run *store.Run, entries []flow.Entry) {
	for i := range entries {
		e := &entries[i]
		attempt, what := x.attempts[e.Seq], work{e.Kind, e.Step}
		if attempt == nil || e.Open() {
			continue
		}
		end(attempt, e.Error)
		delete(x.attempts, e.Seq)
		if e.WakeAt.IsZero() { // else it is tried again
			end(x.steps[what], e.Error)
			delete(x.steps, what)
		}
	}
	if run.Status.Final() {
		x.span.SetAttributes(keyRunAttempt.Int(run.Attempt))
		x.span.SetAttributes(failure(run.Error)...)
		if run.Error != nil {
			x.span.SetStatus(codes.Error, run.Error.Message)
		}
	}
}

// Left implements engine.RunObserver. What has not ended goes on in another span.
func (x *execution) Left(run *store.Run) {
	for _, span := range x.attempts {
		span.End()
	}
	for _, span := range x.steps {
		span.End()
	}
	x.span.SetAttributes(keyStatus.String(string(run.Status)))
	x.span.End()
}

// end ends a span of what failed, or did not.
func end(span trace.Span, err *flow.Error) {
	if err != nil {
		span.SetAttributes(failure(err)...)
		span.SetStatus(codes.Error, err.Message)
	}
	span.End()
}

// failure is the kind of a failure, or the name of the declared error.
func failure(err *flow.Error) []attribute.KeyValue {
	switch {
	case err == nil:
		return nil
	case err.Name != "":
		return []attribute.KeyValue{keyError.String(err.Name)}
	}
	return []attribute.KeyValue{keyError.String(string(err.Kind))}
}
