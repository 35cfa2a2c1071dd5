package runtime_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/tracing"
)

// spans records all spans of a program.
type spans struct {
	*tracetest.SpanRecorder
	tracer trace.Tracer
}

// record returns an option by which the spans of a runtime are recorded.
func record(t *testing.T, options ...sdktrace.TracerProviderOption) (*spans, runtime.Option) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(recorder))...)
	return &spans{recorder, provider.Tracer("test")}, runtime.WithObserver(tracing.New(provider))
}

// tracedBench is a bench whose spans are recorded.
func tracedBench(t *testing.T, options ...sdktrace.TracerProviderOption) (*bench, *spans, runtime.Option) {
	t.Helper()
	recorded, observed := record(t, options...)
	return newBench(t), recorded, observed
}

// tree is what ended below a span, each line a span: its name behind those above it, and
// how it ended.
func (s *spans) tree() []string {
	all := s.Ended()
	byID := map[trace.SpanID]sdktrace.ReadOnlySpan{}
	for _, span := range all {
		byID[span.SpanContext().SpanID()] = span
	}
	lines := []string{}
	for _, span := range all {
		line := span.Name()
		for up := byID[span.Parent().SpanID()]; up != nil; up = byID[up.Parent().SpanID()] {
			line = up.Name() + " > " + line
		}
		if status := span.Status(); status.Description != "" {
			line += ": " + status.Description
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// named are the ended spans of a name.
func (s *spans) named(name string) []sdktrace.ReadOnlySpan {
	return slices.DeleteFunc(s.Ended(), func(span sdktrace.ReadOnlySpan) bool { return span.Name() != name })
}

// links are the spans that a span is linked with.
func links(span sdktrace.ReadOnlySpan) []trace.SpanID {
	var all []trace.SpanID
	for _, l := range span.Links() {
		all = append(all, l.SpanContext.SpanID())
	}
	return all
}

func TestARunIsATraceThatIsLinkedWithItsStarter(t *testing.T) {
	b, recorded, observed := tracedBench(t)
	b.flow.pay.Policy = flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	b.open(shop{
		pay: func(ctx context.Context, _ shipment) (receipt, error) {
			_, span := recorded.tracer.Start(ctx, "bank")
			defer span.End()
			if runtime.Info(ctx).Attempt == 1 {
				return receipt{}, errors.New("the bank is busy")
			}
			return receipt{"p"}, nil
		},
		ship: func(context.Context, shipment) error { return runtime.Permanent(&cardDeclined{Reason: "expired"}) },
	}, observed)
	ctx, request := recorded.tracer.Start(t.Context(), "request")
	run, err := b.flow.start(ctx, shipment{Count: 1}, runtime.WithTenant("acme"))
	if err != nil {
		t.Fatal(err)
	}
	request.End()
	if _, err := run.Wait(t.Context()); err == nil {
		t.Fatal("the run completed")
	}
	declined := (&cardDeclined{Reason: "expired"}).Error()
	below := "start ship > run ship"
	want := []string{
		"request",
		"start ship",
		below + ": " + declined,
		below + " > compensate reserve",
		below + " > compensate reserve > attempt reserve",
		below + " > step pay",
		below + " > step pay > attempt pay",
		below + " > step pay > attempt pay > bank",
		below + " > step pay > attempt pay > bank",
		below + " > step pay > attempt pay: the bank is busy",
		below + " > step reserve",
		below + " > step reserve > attempt reserve",
		below + " > step ship > attempt ship: " + declined,
		below + " > step ship: " + declined,
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, recorded.tree()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	starter, start := recorded.named("request")[0], recorded.named("start ship")[0]
	if start.SpanContext().TraceID() == starter.SpanContext().TraceID() {
		t.Error("the run is in the trace of its starter")
	}
	if got := links(start); !slices.Equal(got, []trace.SpanID{starter.SpanContext().SpanID()}) {
		t.Errorf("the start is linked with %v", got)
	}
	if got := links(starter); !slices.Equal(got, []trace.SpanID{start.SpanContext().SpanID()}) {
		t.Errorf("the starter is linked with %v", got)
	}
}

func TestATraceGoesOnAfterARestart(t *testing.T) {
	b, recorded, observed := tracedBench(t)
	paying := make(chan struct{})
	b.open(shop{pay: untilStopped(paying)}, observed)
	run := b.start(shipment{})
	<-paying
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(ended); err != nil {
		t.Fatal(err)
	}
	b.close()
	b.open(shop{}, observed)
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	below := "start ship > run ship"
	want := []string{
		"start ship", below, below,
		below + " > step pay", below + " > step pay",
		below + " > step pay > attempt pay", below + " > step pay > attempt pay",
		below + " > step reserve", below + " > step reserve > attempt reserve",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, recorded.tree()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for _, span := range recorded.Ended() {
		if span.SpanContext().TraceID() != recorded.Ended()[0].SpanContext().TraceID() {
			t.Errorf("%s is in another trace", span.Name())
		}
	}
}

func TestAStartThatFindsItsRunIsLinkedWithIt(t *testing.T) {
	b, recorded, observed := tracedBench(t)
	b.open(shop{}, observed)
	for range 2 {
		if _, err := b.start(shipment{}, runtime.WithIdempotencyKey("k")).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	starts := recorded.named("start ship")
	if len(starts) != 2 || !slices.Equal(links(starts[1]), []trace.SpanID{starts[0].SpanContext().SpanID()}) {
		t.Errorf("the starts are %v", starts)
	}
}

func TestARunStartedInAHandlerIsLinkedWithTheAttempt(t *testing.T) {
	b, recorded, observed := tracedBench(t)
	b.open(shop{ship: func(ctx context.Context, in shipment) error {
		other, err := b.flow.start(ctx, shipment{Count: in.Count - 1})
		if err != nil {
			return err
		}
		_, err = other.Wait(ctx)
		return err
	}}, observed)
	if _, err := b.start(shipment{Count: 1}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	attempt := recorded.named("attempt ship")[0]
	for _, start := range recorded.named("start ship") {
		if slices.Equal(links(start), []trace.SpanID{attempt.SpanContext().SpanID()}) {
			return
		}
	}
	t.Error("no start is linked with the attempt that made it")
}

// withoutRuns is a sampler that samples all but the starts of runs.
type withoutRuns struct{ sdktrace.Sampler }

func (s withoutRuns) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if p.Name == "start ship" {
		return sdktrace.NeverSample().ShouldSample(p)
	}
	return s.Sampler.ShouldSample(p)
}

// The sampler decides at the start of a run, for all that follows.
func TestARunThatIsNotSampledHasNoSpans(t *testing.T) {
	b, recorded, observed := tracedBench(t, sdktrace.WithSampler(sdktrace.ParentBased(withoutRuns{sdktrace.AlwaysSample()})))
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		_, span := recorded.tracer.Start(ctx, "bank")
		defer span.End()
		return receipt{"p"}, nil
	}}, observed)
	if _, err := b.start(shipment{}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := recorded.tree(); len(got) != 0 {
		t.Errorf("spans %v", got)
	}
}

func TestARunThatIsCalledIsLinkedWithItsCaller(t *testing.T) {
	recorded, observed := record(t)
	f := newFamily(t)
	f.open(echo, noTakeBack, observed)
	run := f.start()
	f.approve(run, 1)
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := recorded.named("start child")[0]
	for _, caller := range recorded.named("run parent") {
		if slices.Equal(links(start), []trace.SpanID{caller.SpanContext().SpanID()}) {
			return
		}
	}
	t.Errorf("the start of the child is linked with %v", links(start))
}

func TestTheSpansAreDocumented(t *testing.T) {
	var docs, code []string
	for _, row := range documented(t, "span") {
		for _, attribute := range words(row[2]) {
			docs = append(docs, words(row[0])[0]+" "+attribute)
		}
	}
	recorded, observed := record(t)
	everySpan(t, observed)
	name := regexp.MustCompile(`^(start|run|step|compensate|attempt) ([a-z]+)$`)
	for _, span := range recorded.Ended() {
		m := name.FindStringSubmatch(span.Name())
		if m == nil {
			t.Errorf("there is a span %q", span.Name())
			continue
		}
		what := " STEP"
		if m[1] == "start" || m[1] == "run" {
			what = " FLOW"
		}
		for _, a := range span.Attributes() {
			code = append(code, m[1]+what+" "+string(a.Key))
		}
	}
	same(t, docs, code)
}

// everySpan runs flows until there were all kinds of spans, with all attributes.
func everySpan(t *testing.T, observed runtime.Option) {
	t.Helper()
	b := newBench(t)
	b.open(shop{
		pay:     func(context.Context, shipment) (receipt, error) { return receipt{}, errors.New("no money") },
		release: func(context.Context, shipment, receipt) error { return errors.New("nor goods") },
	}, observed)
	for range 2 {
		run := b.start(shipment{}, runtime.WithTenant("acme"), runtime.WithIdempotencyKey("k"))
		if _, err := run.Wait(t.Context()); err == nil {
			t.Error("the run completed")
		}
	}
	f := newFamily(t)
	f.open(echo, noTakeBack, observed)
	run := f.start()
	f.approve(run, 1)
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}
