// Package tracing makes OpenTelemetry spans of runs. docs/observability.md lists them.
//
//	rt, err := runtime.New(db, runtime.WithObserver(tracing.New(otel.GetTracerProvider())))
//
// It needs the API of OpenTelemetry alone; the program chooses the SDK, the sampling and
// where spans go.
//
// A run has a trace of its own, for it may last longer than what started it: the trace
// begins with the span of the start, which is linked with that of the starter. Where that
// span is is stored with the run, so all that follows, in whatever process, is in the same
// trace.
package tracing

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/store"
)

// The attributes of spans.
const (
	keyFlow       = attribute.Key("bextgen.flow")
	keyVersion    = attribute.Key("bextgen.version")
	keyRun        = attribute.Key("bextgen.run")
	keyParent     = attribute.Key("bextgen.parent")
	keyTenant     = attribute.Key("bextgen.tenant")
	keyExisting   = attribute.Key("bextgen.existing")
	keyStatus     = attribute.Key("bextgen.status")
	keyStep       = attribute.Key("bextgen.step")
	keyAttempt    = attribute.Key("bextgen.attempt")
	keyRunAttempt = attribute.Key("bextgen.run_attempt")
	keyError      = attribute.Key("bextgen.error")
)

// Observer makes spans. It is a runtime.Observer.
type Observer struct {
	tracer trace.Tracer
}

// New makes an observer whose spans are the provider's.
func New(provider trace.TracerProvider) *Observer {
	return &Observer{tracer: provider.Tracer("github.com/bextgen/bextgen/runtime/tracing")}
}

// Starting implements engine.Observer: the span of a start is the first of the run's trace.
func (o *Observer) Starting(ctx context.Context, run *store.Run) func(store.Created, error) {
	starter := trace.SpanFromContext(ctx)
	span := o.start(starter.SpanContext(), run)
	return func(created store.Created, err error) {
		switch {
		case err != nil:
			span.SetStatus(codes.Error, err.Error())
		case created.Existing:
			span.SetAttributes(keyRun.String(created.Run.ID), keyExisting.Bool(true))
			link(span, decode(created.Run.Trace))
		}
		link(starter, span.SpanContext())
		span.End()
	}
}

// start begins the span of a start, and notes in the run where it is.
func (o *Observer) start(starter trace.SpanContext, run *store.Run) trace.Span {
	options := []trace.SpanStartOption{
		trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(runAttributes(run)...),
	}
	if starter.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: starter}))
	}
	_, span := o.tracer.Start(context.Background(), "start "+run.Flow, options...)
	run.Trace = encode(span.SpanContext())
	return span
}

func link(from trace.Span, to trace.SpanContext) {
	if to.IsValid() {
		from.AddLink(trace.Link{SpanContext: to})
	}
}

// Taken implements engine.Observer.
func (o *Observer) Taken(t engine.Taken) engine.RunObserver {
	start := decode(t.Run.Trace)
	if start.IsValid() && !start.IsSampled() {
		return &unsampled{observer: o, start: start}
	}
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), start)
	_, span := o.tracer.Start(ctx, "run "+t.Run.Flow,
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(runAttributes(t.Run)...))
	return &execution{observer: o, span: span, steps: map[work]trace.Span{}, attempts: map[int64]trace.Span{}}
}

// runAttributes are those of each span of a whole run.
func runAttributes(run *store.Run) []attribute.KeyValue {
	all := []attribute.KeyValue{keyFlow.String(run.Flow), keyVersion.String(run.Version), keyRun.String(run.ID)}
	if run.Tenant != "" {
		all = append(all, keyTenant.String(run.Tenant))
	}
	if run.ParentID != "" {
		all = append(all, keyParent.String(run.ParentID))
	}
	return all
}

// The place of a span is stored as W3C's traceparent, followed by a space and the
// tracestate where there is one.

const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
)

func encode(at trace.SpanContext) string {
	if !at.IsValid() { // nobody traces
		return ""
	}
	fields := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), at), fields)
	if state := fields[tracestate]; state != "" {
		return fields[traceparent] + " " + state
	}
	return fields[traceparent]
}

// decode is the place of a span as it was stored; one that is not valid where there is none.
func decode(text string) trace.SpanContext {
	parent, state, _ := strings.Cut(text, " ")
	fields := propagation.MapCarrier{traceparent: parent, tracestate: state}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), fields))
}
