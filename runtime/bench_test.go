package runtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/metrics"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/tracing"
)

// The benchmark flow: four steps whose handlers do nothing, so that what is
// measured is the engine and its store.

type number struct {
	N int64 `json:"n"`
}

type fourSteps struct {
	input number
	steps [4]flow.Step[number, number]
}

var fourDefs = [4]flow.StepDef{{Name: "one"}, {Name: "two"}, {Name: "three"}, {Name: "four"}}

func (s *fourSteps) Next(p *flow.Plan) bool {
	return s.steps[0].Run(p, &fourDefs[0], func() number { return s.input }) &&
		s.steps[1].Run(p, &fourDefs[1], func() number { return s.steps[0].Out }) &&
		s.steps[2].Run(p, &fourDefs[2], func() number { return s.steps[1].Out }) &&
		s.steps[3].Run(p, &fourDefs[3], func() number { return s.steps[2].Out })
}

func (s *fourSteps) Output(*flow.Plan) any { return s.steps[3].Out }

var fourFlow = flow.Definition{
	Flow: "four", Version: "1.0",
	Steps:  []*flow.StepDef{&fourDefs[0], &fourDefs[1], &fourDefs[2], &fourDefs[3]},
	Input:  reflect.TypeFor[number](),
	Output: reflect.TypeFor[number](),
	New: func(input []byte) (flow.Machine, error) {
		s := new(fourSteps)
		return s, flow.Decode(input, &s.input)
	},
}

func addOne(_ context.Context, in number) (number, error) { return number{in.N + 1}, nil }

// BenchmarkEngine runs the four steps, so many runs at a time, and reports
// flows/s and how long one takes from its start to its output.
func BenchmarkEngine(b *testing.B) {
	for _, sync := range []sqlite.Synchronous{sqlite.Full, sqlite.Normal} {
		for _, n := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("synchronous=%s/%d", sync, n), func(b *testing.B) { benchmarkEngine(b, sync, n) })
		}
	}
}

// BenchmarkObserved is what metrics and traces, of which nothing is sampled, cost.
func BenchmarkObserved(b *testing.B) {
	m, err := metrics.New(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	unsampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	for _, c := range []struct {
		name    string
		options []runtime.Option
	}{
		{"nobody", nil},
		{"metrics", []runtime.Option{runtime.WithObserver(m)}},
		{"metrics and traces", []runtime.Option{runtime.WithObserver(m), runtime.WithObserver(tracing.New(unsampled))}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkEngine(b, sqlite.Normal, 100, c.options...) })
	}
}

func benchmarkEngine(b *testing.B, sync sqlite.Synchronous, atATime int, opts ...runtime.Option) {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "runs.db"), sqlite.WithSynchronous(sync))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	opts = append(opts, runtime.WithConcurrency(atATime), runtime.WithLogger(slog.New(slog.DiscardHandler)))
	rt, err := runtime.New(db, opts...)
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close(context.Background())
	var handlers []runtime.Handler
	for i := range fourDefs {
		handlers = append(handlers, runtime.StepHandler(&fourDefs[i], addOne))
	}
	if err := rt.Register(&fourFlow, handlers...); err != nil {
		b.Fatal(err)
	}
	if err := rt.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	took := runMany(b, runtime.NewContext(b.Context(), rt), atATime)
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// runMany starts b.N runs, so many at a time, and returns how long each took.
func runMany(b *testing.B, ctx context.Context, atATime int) []time.Duration {
	took := make([]time.Duration, b.N)
	next := make(chan int)
	var group sync.WaitGroup
	for range atATime {
		group.Go(func() {
			for i := range next {
				begin := time.Now()
				run, err := runtime.StartFlow[number](ctx, &fourFlow, number{int64(i)})
				if err != nil {
					b.Error(err)
					continue
				}
				if out, err := run.Wait(ctx); err != nil || out.N != int64(i)+4 {
					b.Errorf("output %+v, error %v", out, err)
				}
				took[i] = time.Since(begin)
			}
		})
	}
	for i := range b.N {
		next <- i
	}
	close(next)
	group.Wait()
	return took
}
