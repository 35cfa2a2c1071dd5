package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is about handlers that start other runs and wait for them, under a virtual
// clock and on a store in memory.

// job is a flow of one step, with its handler.
type job struct {
	flow.Definition
	work   flow.StepDef
	handle numberHandler
}

type jobMachine struct {
	j    *job
	in   number
	work flow.Step[number, number]
}

func (m *jobMachine) Next(p *flow.Plan) bool {
	return m.work.Run(p, &m.j.work, func() number { return m.in })
}
func (m *jobMachine) Output(*flow.Plan) any { return m.work.Out }

func newJob(name string, handle numberHandler) *job {
	j := &job{work: flow.StepDef{Name: "work"}, handle: handle}
	j.Definition = flow.Definition{
		Flow: name, Version: "1.0", Steps: []*flow.StepDef{&j.work},
		New: func(input []byte) (flow.Machine, error) {
			m := &jobMachine{j: j}
			return m, flow.Decode(input, &m.in)
		},
	}
	return j
}

func (j *job) start(ctx context.Context, n int64, opts ...runtime.StartOption) (*runtime.Run[number], error) {
	return runtime.StartFlow[number](ctx, &j.Definition, number{n}, opts...)
}

// startJobs starts a runtime that executes jobs, so many at a time.
func startJobs(t *testing.T, s store.Store, concurrency int, jobs ...*job) *runtime.Runtime {
	t.Helper()
	rt, err := runtime.New(s, runtime.WithLogger(slog.New(slog.DiscardHandler)), runtime.WithConcurrency(concurrency))
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if err := rt.Register(&j.Definition, runtime.StepHandler(&j.work, j.handle)); err != nil {
			t.Fatal(err)
		}
	}
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return rt
}

// newBoss is a job that starts another one and waits for it.
func newBoss(child *job) *job {
	return newJob("boss", func(ctx context.Context, in number) (number, error) {
		run, err := child.start(ctx, in.N)
		if err != nil {
			return number{}, err
		}
		out, err := run.Wait(ctx)
		return number{out.N + 1}, err
	})
}

func TestHandlersThatWaitForAChildDoNotBlockEachOther(t *testing.T) {
	for _, concurrency := range []int{1, 2, 64} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running, most atomic.Int64
				child := newJob("child", func(_ context.Context, in number) (number, error) {
					defer running.Add(-1)
					if n := running.Add(1); n > most.Load() {
						most.Store(n)
					}
					time.Sleep(time.Second)
					return in, nil
				})
				boss := newBoss(child)
				rt := startJobs(t, memory.New().Open(), concurrency, child, boss)
				defer rt.Close(context.Background())
				var runs []*runtime.Run[number]
				for i := range int64(64) {
					run, err := boss.start(t.Context(), i)
					if err != nil {
						t.Fatal(err)
					}
					runs = append(runs, run)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				for i, run := range runs {
					if out, err := run.Wait(ctx); err != nil || out.N != int64(i)+1 {
						t.Fatalf("run %d: %+v, %v", i, out, err)
					}
				}
				if most.Load() > int64(concurrency) {
					t.Errorf("%d handlers of children ran at a time, with places for %d", most.Load(), concurrency)
				}
			})
		})
	}
}

// A handler that has waited goes on when there is a place for it again, and not before.
func TestAHandlerThatHasWaitedTakesAPlaceAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		busy := func(ctx context.Context, in number) (number, error) {
			defer running.Add(-1)
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			return in, nil
		}
		child, other := newJob("child", busy), newJob("other", busy)
		boss := newJob("boss", func(ctx context.Context, in number) (number, error) {
			run, err := child.start(ctx, in.N)
			if err == nil {
				_, err = run.Wait(ctx)
			}
			if err != nil {
				return number{}, err
			}
			return busy(ctx, in)
		})
		rt := startJobs(t, memory.New().Open(), 1, child, boss, other)
		defer rt.Close(context.Background())
		var runs []*runtime.Run[number]
		for i := range int64(5) {
			for _, j := range []*job{boss, other} {
				run, err := j.start(t.Context(), i)
				if err != nil {
					t.Fatal(err)
				}
				runs = append(runs, run)
			}
		}
		for _, run := range runs {
			if _, err := waits(t, run); err != nil {
				t.Fatal(err)
			}
		}
		if most.Load() != 1 {
			t.Errorf("%d handlers were at work at a time, with one place", most.Load())
		}
	})
}

// What ends a run ends its handler's waiting, and takes no place with it.
func TestAHandlerThatWaitsIsStopped(t *testing.T) {
	for name, test := range map[string]struct {
		timeout time.Duration
		act     func(t *testing.T, rt *runtime.Runtime, runID string)
		want    error
	}{
		"by a cancel": {act: func(t *testing.T, rt *runtime.Runtime, runID string) {
			if err := rt.CancelRun(t.Context(), runID, "enough"); err != nil {
				t.Fatal(err)
			}
		}, want: runtime.ErrRunCancelled},
		"by a terminate": {act: func(t *testing.T, rt *runtime.Runtime, runID string) {
			if err := rt.TerminateRun(t.Context(), runID, "enough"); err != nil {
				t.Fatal(err)
			}
		}, want: runtime.ErrRunCancelled},
		"by its timeout": {timeout: 2 * time.Second, want: runtime.ErrRunFailed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				child := newJob("child", func(ctx context.Context, in number) (number, error) {
					select {
					case <-ctx.Done():
						return in, ctx.Err()
					case <-time.After(time.Hour):
						return in, nil
					}
				})
				boss := newBoss(child)
				boss.work.Policy.Timeout = test.timeout
				quick := newJob("quick", func(_ context.Context, in number) (number, error) { return in, nil })
				rt := startJobs(t, memory.New().Open(), 2, child, boss, quick)
				defer rt.Close(context.Background())
				run, err := boss.start(t.Context(), 1)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if test.act != nil {
					test.act(t, rt, run.ID())
				}
				began := time.Now()
				if _, err := waits(t, run); !errors.Is(err, test.want) || time.Since(began) > 2*time.Second {
					t.Errorf("the run ended after %v with %v, want %v at once", time.Since(began), err, test.want)
				}
				for range 3 { // the child has one place, and the other is free
					next, err := quick.start(t.Context(), 1)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := waits(t, next); err != nil || time.Since(began) > 5*time.Second {
						t.Errorf("the next run ended after %v with %v", time.Since(began), err)
					}
				}
			})
		})
	}
}

func TestACloseWhileAHandlerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		child := newJob("child", func(ctx context.Context, in number) (number, error) {
			select {
			case <-ctx.Done():
				return in, ctx.Err()
			case <-time.After(time.Minute):
				return in, nil
			}
		})
		boss := newBoss(child)
		wait := boss.handle
		boss.handle = func(ctx context.Context, in number) (number, error) {
			calls.Add(1)
			return wait(ctx, in)
		}
		data := memory.New()
		first := data.Open()
		rt := startJobs(t, first, 1, child, boss)
		run, err := boss.start(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := errors.Join(rt.Close(soon), first.Close()); err != nil {
			t.Fatal(err)
		}
		rt = startJobs(t, data.Open(), 1, child, boss)
		defer rt.Close(context.Background())
		again, err := runtime.GetFlow[number](t.Context(), &boss.Definition, run.ID())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := waits(t, again); err != nil || out.N != 2 {
			t.Errorf("the run ended with %+v, %v", out, err)
		}
		d, err := rt.GetRun(t.Context(), run.ID())
		if err != nil {
			t.Fatal(err)
		}
		if calls.Load() != 2 || len(d.Steps) != 1 || len(d.Steps[0].Attempts) != 1 {
			t.Errorf("%d calls, and the steps %+v; want two calls of one attempt", calls.Load(), d.Steps)
		}
	})
}
