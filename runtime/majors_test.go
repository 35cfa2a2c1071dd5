package runtime_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// ofVersion is a job that adds a number, in a version.
func ofVersion(version string, adds int64) *job {
	j := newJob("job", func(_ context.Context, in number) (number, error) { return number{in.N + adds}, nil })
	j.Version, j.Input = version, reflect.TypeFor[number]()
	return j
}

// Two major versions stand side by side: each starts its own runs without being told the runtime,
// by name the newest is started, and no run is taken for one of the other version.
func TestMajorVersionsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := ofVersion("1.3", 10), ofVersion("2.0", 20)
		rt := startJobs(t, memory.New().Open(), 2, second, first)
		defer rt.Close(context.Background())
		for _, j := range []*job{first, second} {
			run, err := j.start(t.Context(), 1, runtime.WithIdempotencyKey("of "+j.Version))
			if err != nil {
				t.Fatal(err)
			}
			out, err := run.Wait(t.Context())
			if want := map[string]int64{"1.3": 11, "2.0": 21}[j.Version]; err != nil || out.N != want {
				t.Errorf("a run of %s gives %d, %v; want %d", j.Version, out.N, err, want)
			}
		}
		byName, err := rt.StartRun(t.Context(), "job", []byte(`{"N": 1}`))
		if err != nil {
			t.Fatal(err)
		}
		if d, err := rt.GetRun(t.Context(), byName.ID); err != nil || d.Version != "2.0" {
			t.Errorf("by name, version %s is started, %v; want the newest", d.Version, err)
		}
		if _, err := runtime.GetFlow[number](t.Context(), &first.Definition, byName.ID); !errors.Is(err, runtime.ErrOtherVersion) {
			t.Errorf("a run of 2.0 as one of 1.3: %v", err)
		}
		same, err := second.start(t.Context(), 1, runtime.WithIdempotencyKey("of 1.3"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := same.Wait(t.Context()); !same.Existing() || !errors.Is(err, runtime.ErrOtherVersion) {
			t.Errorf("the output of a run of 1.3 as one of 2.0: %v", err)
		}
	})
}

// A signal of one major version does not reach a run of the other, whatever is registered where it is sent.
func TestSignalsOfMajorVersions(t *testing.T) {
	for name, both := range map[string]bool{"both are registered": true, "its own is not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := newWaiting(), newWaiting()
				second.Version, second.approval.Timeout, first.approval.Timeout = "2.0", time.Hour, time.Hour
				rt := first.on(t, memory.New().Open())
				defer rt.Close(context.Background())
				if both {
					if err := rt.Register(&second.Definition); err != nil {
						t.Fatal(err)
					}
				}
				run, err := runtime.StartFlow[number](t.Context(), &first.Definition, number{1})
				if err != nil {
					t.Fatal(err)
				}
				send := func(f *waiting) error {
					return runtime.SignalFlow(on(t, rt), &f.Definition, &f.approval, run.ID(), "", number{5})
				}
				if err := send(second); !errors.Is(err, runtime.ErrOtherVersion) {
					t.Errorf("a signal of 2.0 to a run of 1.0: %v", err)
				}
				if err := send(first); err != nil {
					t.Fatal(err)
				}
				if out, err := run.Wait(t.Context()); err != nil || out.N != 5 {
					t.Errorf("the run ended with %d, %v", out.N, err)
				}
			})
		})
	}
}

// Where only the new major version is registered, runs of the old one are parked, listed as such, and
// go on when its code is registered beside.
func TestRunsOfAnOldMajorVersionAreParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data, first, second := memory.New(), ofVersion("1.0", 10), ofVersion("2.0", 20)
		rt := startJobs(t, data.Open(), 2, second)
		defer rt.Close(context.Background())
		run, err := first.start(on(t, rt), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := status(t, rt, run.ID()); got != "pending parked" {
			t.Errorf("without its code the run is %s", got)
		}
		page, err := rt.ListRuns(t.Context(), runtime.RunFilter{Phase: flow.PhaseParked})
		if err != nil || len(page.Runs) != 1 {
			t.Errorf("%d runs are listed as parked, %v", len(page.Runs), err)
		}
		if err := rt.Register(&first.Definition, runtime.StepHandler(&first.work, first.handle)); err != nil {
			t.Fatal(err)
		}
		if out, err := run.Wait(t.Context()); err != nil || out.N != 11 {
			t.Errorf("with its code the run gives %d, %v", out.N, err)
		}
	})
}
