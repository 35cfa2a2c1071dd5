package runtime_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// A flow of two steps that run together.

type pair struct {
	left, right flow.Step[number, number]
}

var (
	leftDef  = flow.StepDef{Name: "left", Compensation: &flow.CompensationDef{Name: "undo-left"}}
	rightDef = flow.StepDef{Name: "right"}
	pairFlow = flow.Definition{
		Flow: "pair", Version: "1.0", Steps: []*flow.StepDef{&leftDef, &rightDef},
		New: func([]byte) (flow.Machine, error) { return new(pair), nil },
	}
)

func (s *pair) Next(p *flow.Plan) bool {
	input := func() number { return number{} }
	return flow.All(s.left.Run(p, &leftDef, input), s.right.Run(p, &rightDef, input))
}

func (s *pair) Output(*flow.Plan) any { return number{s.left.Out.N + s.right.Out.N} }

type numberHandler = func(context.Context, number) (number, error)

// runPair runs the flow and returns its output and history.
func runPair(t *testing.T, left, right numberHandler, opts ...runtime.Option) (out number, history []string, runErr error) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rt, err := runtime.New(db, append([]runtime.Option{runtime.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	undo := func(context.Context, number, number) error { return nil }
	err = rt.Register(&pairFlow, runtime.StepHandler(&leftDef, left),
		runtime.CompensationHandler(&leftDef, undo), runtime.StepHandler(&rightDef, right))
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run, err := runtime.StartFlow[number](t.Context(), &pairFlow, number{})
	if err != nil {
		t.Fatal(err)
	}
	out, runErr = run.Wait(t.Context())
	d, err := rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Log {
		line := string(e.Kind) + " " + e.Step
		if e.Error != nil {
			line += ": " + e.Error.Message
		}
		history = append(history, line)
	}
	return out, history, runErr
}

func sameHistory(t *testing.T, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestBranchesAreUnderWayAtTheSameTime(t *testing.T) {
	met := make(chan struct{})
	meet := func(n int64) numberHandler {
		return func(ctx context.Context, _ number) (number, error) {
			select {
			case met <- struct{}{}:
			case <-met:
			case <-ctx.Done():
				return number{}, ctx.Err()
			}
			return number{n}, nil
		}
	}
	out, _, err := runPair(t, meet(1), meet(2))
	if err != nil || out.N != 3 {
		t.Fatalf("output %+v, error %v", out, err)
	}
}

func TestAFailureCancelsTheOtherBranch(t *testing.T) {
	begun := make(chan struct{})
	for name, c := range map[string]struct {
		left numberHandler
		want []string
	}{
		"that heeds its context": {
			func(ctx context.Context, _ number) (number, error) {
				close(begun)
				<-ctx.Done()
				return number{}, ctx.Err()
			},
			[]string{"step left: context canceled", "step right: no"},
		},
		"that is done nevertheless, and is undone": {
			func(ctx context.Context, _ number) (number, error) {
				close(begun)
				<-ctx.Done()
				return number{}, nil
			},
			[]string{"step left", "step right: no", "rollback : no", "compensation left"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			begun = make(chan struct{})
			_, history, err := runPair(t, c.left, func(context.Context, number) (number, error) {
				<-begun
				return number{}, errors.New("no")
			})
			if !errors.Is(err, runtime.ErrRunFailed) {
				t.Fatalf("error %v", err)
			}
			sameHistory(t, c.want, history)
		})
	}
}

func TestABranchThatIgnoresItsContextIsLeftBehindAfterTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, release := make(chan struct{}), make(chan struct{})
		began := time.Now()
		_, history, err := runPair(t, func(context.Context, number) (number, error) {
			close(begun)
			time.AfterFunc(time.Hour, func() { close(release) })
			<-release
			return number{1}, nil
		}, func(context.Context, number) (number, error) {
			<-begun
			return number{}, errors.New("no")
		}, runtime.WithStopGrace(time.Minute))
		if !errors.Is(err, runtime.ErrRunFailed) {
			t.Fatalf("error %v", err)
		}
		if took := time.Since(began); took < time.Minute {
			t.Errorf("it took %v, want the grace of a minute", took)
		}
		sameHistory(t, []string{
			"step left: stopped, and left behind because it did not return within 1m", "step right: no",
		}, history)
	})
}
