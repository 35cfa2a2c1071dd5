package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is about runs for which no code is registered.

// anHour is the handler of a step that takes an hour, if it is not stopped.
func anHour(ctx context.Context, in number) (number, error) {
	select {
	case <-ctx.Done():
		return in, ctx.Err()
	case <-time.After(time.Hour):
		return in, nil
	}
}

// status is where a run is after a while, and its phase.
func status(t *testing.T, rt *runtime.Runtime, runID string) string {
	t.Helper()
	time.Sleep(5 * time.Second)
	d, err := rt.GetRun(t.Context(), runID)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(d.Status, " ", d.Phase)
}

// on is a context in which a run is started on a runtime that has no code for it.
func on(t *testing.T, rt *runtime.Runtime) context.Context {
	return runtime.NewContext(t.Context(), rt)
}

func TestARunWithoutCodeIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data, other := memory.New(), newJob("other", echo)
		first := data.Open()
		j := newJob("job", anHour)
		rt := startJobs(t, first, 2, j)
		run, err := j.start(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		first.Kill()
		rt.Close(context.Background())

		rt = startJobs(t, data.Open(), 2, other)
		defer rt.Close(context.Background())
		newer := newJob("other", echo)
		newer.Version = "1.1"
		pending, err := newer.start(on(t, rt), 1)
		if err != nil {
			t.Fatal(err)
		}
		known, err := other.start(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{
			run.ID(): "running parked", pending.ID(): "pending parked", known.ID(): "completed ",
		} {
			if got := status(t, rt, id); got != want {
				t.Errorf("a run is %s, want %s", got, want)
			}
		}
		page, err := rt.ListRuns(t.Context(), runtime.RunFilter{Phase: flow.PhaseParked})
		if err != nil || len(page.Runs) != 2 {
			t.Errorf("%d runs are listed as parked (%v), want 2", len(page.Runs), err)
		}
		stats, err := rt.Stats(t.Context(), runtime.StatsQuery{})
		if err != nil || stats.All.Parked != 2 || len(stats.Flows) != 2 || stats.Flows[0].Parked != 1 || stats.Flows[1].Parked != 1 {
			t.Errorf("the numbers are %+v, %v; want one parked run of each flow", stats, err)
		}
		reader, err := runtime.New(data.Open())
		if err != nil {
			t.Fatal(err)
		}
		if got := status(t, reader, run.ID()); got != "running forward" {
			t.Errorf("for a runtime without any code the run is %s, want what is stored", got)
		}
		if err := rt.Register(&j.Definition, runtime.StepHandler(&j.work, echo)); err != nil {
			t.Fatal(err)
		}
		if got := status(t, rt, run.ID()); got != "completed " {
			t.Errorf("with its code the run is %s", got)
		}
	})
}

func TestTimeWithoutCodeDoesNotCount(t *testing.T) {
	for name, test := range map[string]struct {
		other bool // a process without the code executes meanwhile
		want  string
	}{
		"parked":             {true, "completed "},
		"while nothing runs": {false, "failed "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data, other := memory.New(), newJob("other", echo)
				j := newJob("job", echo)
				j.Timeout, j.work.Delay = 2*time.Hour, time.Hour
				first := data.Open()
				rt := startJobs(t, first, 2, other, j)
				run, err := j.start(t.Context(), 1)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if err := errors.Join(rt.Close(context.Background()), first.Close()); err != nil {
					t.Fatal(err)
				}
				if test.other {
					second := data.Open()
					rt = startJobs(t, second, 2, other)
					time.Sleep(24 * time.Hour)
					if err := errors.Join(rt.Close(context.Background()), second.Close()); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(30 * time.Minute)
				if !test.other {
					time.Sleep(24 * time.Hour)
				}
				rt = startJobs(t, data.Open(), 2, other, j)
				defer rt.Close(context.Background())
				if got := status(t, rt, run.ID()); got != test.want {
					t.Errorf("with its code the run is %s, want %s", got, test.want)
				}
			})
		})
	}
}

// A run that was started where nobody knew its flow has the key of the flow's bound from its first claim on.
func TestABoundHoldsForRunsStartedWithoutCode(t *testing.T) {
	first := flow.FromInput(func(p *flow.Plan, in number) string { return strconv.FormatInt(flow.Div(p, 10, in.N), 10) })
	synctest.Test(t, func(t *testing.T) {
		rt := startJobs(t, memory.New().Open(), 16, newJob("other", echo))
		defer rt.Close(context.Background())
		inputs := []string{`{"n": 1}`, `{"n": 1}`, `{"n": 1}`, `{"n": 2}`, `{"n": 2}`, `{"n": 0}`, `{"n": 0}`} // 10/0 is no key
		for _, input := range inputs {
			if _, err := rt.StartVersion(t.Context(), "job", "1.0", json.RawMessage(input)); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		underWay, done := map[int64]int{}, 0
		j := newJob("job", func(_ context.Context, in number) (number, error) {
			count := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				underWay[in.N] += by
				if underWay[in.N] > 1 {
					t.Errorf("%d runs of the key %d are under way", underWay[in.N], in.N)
				}
				if by < 0 {
					done++
				}
			}
			count(1)
			defer count(-1)
			time.Sleep(time.Second)
			return in, nil
		})
		j.Concurrency = flow.Concurrency{Limit: 1, Key: first}
		if err := rt.Register(&j.Definition, runtime.StepHandler(&j.work, j.handle)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3*time.Second + 500*time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		if done != len(inputs) {
			t.Errorf("%d runs are over in the time that three of a key take, want all %d", done, len(inputs))
		}
	})
}

func TestEndsOfRunsWithoutCode(t *testing.T) {
	cancel := (*runtime.Runtime).CancelRun
	terminate := (*runtime.Runtime).TerminateRun
	for name, test := range map[string]struct {
		begun    bool
		act      func(rt *runtime.Runtime, ctx context.Context, runID, reason string, opts ...runtime.ActOption) error
		without  string // code
		withCode string
	}{
		"a pending one is cancelled":      {false, cancel, "cancelled ", "cancelled "},
		"a pending one is terminated":     {false, terminate, "cancelled ", "cancelled "},
		"a running one is terminated":     {true, terminate, "cancelled ", "cancelled "},
		"a cancel of a running one waits": {true, cancel, "running parked", "cancelled "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data, other := memory.New(), newJob("other", echo)
				first := data.Open()
				j := newJob("job", anHour)
				rt := startJobs(t, first, 2, j)
				begun, err := j.start(t.Context(), 1)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				first.Kill()
				rt.Close(context.Background())

				rt = startJobs(t, data.Open(), 2, other)
				defer rt.Close(context.Background())
				pending, err := j.start(on(t, rt), 1, runtime.WithIdempotencyKey("k"))
				if err != nil {
					t.Fatal(err)
				}
				id := pending.ID()
				if test.begun {
					id = begun.ID()
				}
				if err := test.act(rt, t.Context(), id, "enough"); err != nil {
					t.Fatal(err)
				}
				if got := status(t, rt, id); got != test.without {
					t.Errorf("without its code the run is %s, want %s", got, test.without)
				}
				if err := rt.Register(&j.Definition, runtime.StepHandler(&j.work, anHour)); err != nil {
					t.Fatal(err)
				}
				if got := status(t, rt, id); got != test.withCode {
					t.Errorf("with its code the run is %s, want %s", got, test.withCode)
				}
			})
		})
	}
}

// A run that called one for which there is no code does not wait for it when it is cancelled.
func TestACancelDoesNotWaitForAChildWithoutCode(t *testing.T) {
	f := newFamily(t)
	f.call.Calls.Version = "2.0" // the registered one is 1.0
	f.open(echo, noTakeBack)
	run := f.start()
	f.until(run, flow.KindCall)
	if err := run.Cancel(t.Context(), "enough"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := run.Wait(ctx); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Errorf("the parent ended with %v, want that it is cancelled", err)
	}
}

// What is asked of a run that is parked, or for later, can be seen until it obeys, and a pause
// can be taken back.
func TestWhatIsAskedOfARunThatDoesNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, absent := newJob("job", echo), newJob("absent", echo)
		rt := startJobs(t, memory.New().Open(), 2, j)
		defer rt.Close(context.Background())
		later, err := j.start(t.Context(), 1, runtime.WithStartDelay(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		parked, err := absent.start(on(t, rt), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{later.ID(), parked.ID()} {
			if err := rt.ResumeRun(t.Context(), id); !errors.Is(err, runtime.ErrNotPaused) {
				t.Errorf("a resume before a pause: %v", err)
			}
			if err := rt.PauseRun(t.Context(), id, "hold", runtime.WithActor("ops")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			d, err := rt.GetRun(t.Context(), id)
			if err != nil || len(d.Asked) != 1 || d.Asked[0].Act != store.MessagePause || d.Asked[0].Reason != "hold" || d.Asked[0].Actor != "ops" || !d.WillPause() {
				t.Errorf("of the run was asked: %+v, %v", d, err)
			}
			if err := rt.ResumeRun(t.Context(), id); err != nil {
				t.Errorf("a resume: %v", err)
			}
		}
		if _, err := waits(t, later); err != nil {
			t.Fatal(err)
		}
		d, err := rt.GetRun(t.Context(), later.ID())
		if err != nil || len(d.Asked) != 0 || d.FinishedAt.Sub(d.CreatedAt) != time.Hour {
			t.Errorf("the run that was paused and resumed before its time: %+v, %v", d, err)
		}
	})
}
