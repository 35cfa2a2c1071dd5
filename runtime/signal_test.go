package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about runs that wait for a signal, and about those that call others.

// family is two flows as bextgen would generate them: the parent calls the child and
// then waits for a signal; the child does one step.
type family struct {
	parent, child flow.Definition
	call, work    flow.StepDef
	approval      flow.WaitDef

	t    *testing.T
	path string
	db   *sqlite.Store
	rt   *runtime.Runtime
	wrap func(store.Store) store.Store // around what the runtime gets
}

type parentMachine struct {
	f        *family
	call     flow.Step[number, number]
	approval flow.Wait[number]
}

func (s *parentMachine) Next(p *flow.Plan) bool {
	return s.call.Run(p, &s.f.call, func() number { return number{1} }) &&
		s.approval.Run(p, &s.f.approval, nil, nil, nil)
}

func (s *parentMachine) Output(*flow.Plan) any { return number{s.call.Out.N + s.approval.Out.N} }

type childMachine struct {
	f    *family
	work flow.Step[number, number]
}

func (s *childMachine) Next(p *flow.Plan) bool {
	return s.work.Run(p, &s.f.work, func() number { return number{2} })
}

func (s *childMachine) Output(*flow.Plan) any { return s.work.Out }

func newFamily(t *testing.T) *family {
	f := &family{
		t: t, path: filepath.Join(t.TempDir(), "runs.db"),
		call:     flow.StepDef{Name: "call", Calls: &flow.CallDef{Flow: "child", Version: "1.0"}, Compensation: &flow.CompensationDef{Name: "take-back"}},
		work:     flow.StepDef{Name: "work"},
		approval: flow.WaitDef{Name: "approval", Payload: reflect.TypeFor[number]()},
	}
	f.parent = flow.Definition{
		Flow: "parent", Version: "1.0", Steps: []*flow.StepDef{&f.call}, Waits: []*flow.WaitDef{&f.approval},
		New: func([]byte) (flow.Machine, error) { return &parentMachine{f: f}, nil },
	}
	f.child = flow.Definition{
		Flow: "child", Version: "1.0", Steps: []*flow.StepDef{&f.work},
		New: func([]byte) (flow.Machine, error) { return &childMachine{f: f}, nil },
	}
	return f
}

// open starts a runtime with both flows.
func (f *family) open(work numberHandler, takeBack func(context.Context, number, number) error, opts ...runtime.Option) {
	f.t.Helper()
	var err error
	if f.db, err = sqlite.Open(f.path); err != nil {
		f.t.Fatal(err)
	}
	var st store.Store = f.db
	if f.wrap != nil {
		st = f.wrap(st)
	}
	if f.rt, err = runtime.New(st, append([]runtime.Option{runtime.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...); err != nil {
		f.t.Fatal(err)
	}
	if err := f.rt.Register(&f.parent, runtime.CompensationHandler(&f.call, takeBack)); err != nil {
		f.t.Fatal(err)
	}
	if err := f.rt.Register(&f.child, runtime.StepHandler(&f.work, work)); err != nil {
		f.t.Fatal(err)
	}
	if err := f.rt.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(f.close)
}

func (f *family) close() {
	f.t.Helper()
	if err := errors.Join(f.rt.Close(context.Background()), f.db.Close()); err != nil {
		f.t.Error(err)
	}
}

func (f *family) start() *runtime.Run[number] {
	f.t.Helper()
	run, err := runtime.StartFlow[number](f.t.Context(), &f.parent, number{})
	if err != nil {
		f.t.Fatal(err)
	}
	return run
}

func (f *family) approve(run *runtime.Run[number], n int64, opts ...runtime.SignalOption) {
	f.t.Helper()
	if err := runtime.SignalFlow(f.t.Context(), &f.parent, &f.approval, run.ID(), "", number{n}, opts...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *family) detail(id string) *runtime.RunDetail {
	f.t.Helper()
	d, err := f.rt.GetRun(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

// until waits until the log of a run has an entry of a kind.
func (f *family) until(run *runtime.Run[number], kind flow.Kind) flow.Entry {
	f.t.Helper()
	for f.t.Context().Err() == nil {
		for _, e := range f.detail(run.ID()).Log {
			if e.Kind == kind {
				return e
			}
		}
	}
	f.t.Fatalf("no %s came", kind)
	return flow.Entry{}
}

func echo(_ context.Context, in number) (number, error) { return in, nil }

func noTakeBack(context.Context, number, number) error { return errors.New("not to be taken back") }

func TestACallAndASignal(t *testing.T) {
	f := newFamily(t)
	f.open(echo, noTakeBack)
	run := f.start()
	f.until(run, flow.KindWait)
	f.approve(run, 40)
	if out, err := run.Wait(t.Context()); err != nil || out.N != 42 {
		t.Fatalf("output %+v, error %v, want 42", out, err)
	}
	d := f.detail(run.ID())
	if len(d.Steps) != 2 || d.Steps[0].Status != runtime.StatusCompleted || d.Steps[1].Status != runtime.StatusCompleted {
		t.Errorf("the steps are %+v", d.Steps)
	}
	if child := f.detail(d.Log[0].Key); child.ParentID != run.ID() || child.Status != runtime.StatusCompleted {
		t.Errorf("the child is %+v", child.RunSummary)
	}
}

func TestASignalIsKeptUntilTheRunComesToItsWait(t *testing.T) {
	f := newFamily(t)
	working, signalled := make(chan struct{}), make(chan struct{})
	f.open(func(_ context.Context, in number) (number, error) {
		close(working)
		<-signalled
		return in, nil
	}, noTakeBack)
	run := f.start()
	<-working
	f.approve(run, 40, runtime.WithSignalID("a"))
	f.approve(run, 41, runtime.WithSignalID("a"))
	f.approve(run, 50)
	close(signalled)
	if out, err := run.Wait(t.Context()); err != nil || out.N != 42 {
		t.Fatalf("output %+v, error %v, want that with the first signal: 42", out, err)
	}
	if err := f.rt.SignalRun(t.Context(), run.ID(), "approval", "", []byte(`{"n":1}`)); !errors.Is(err, store.ErrFinal) ||
		strings.Count(err.Error(), run.ID()) != 1 {
		t.Errorf("a signal to a run that is over: %v, want ErrFinal, and the run named once", err)
	}
}

func TestSignalsOfEachSortThatAreRefused(t *testing.T) {
	f := newFamily(t)
	f.open(echo, noTakeBack)
	run := f.start()
	child := f.until(run, flow.KindCall).Key
	for _, c := range []struct {
		run, name, key, payload string
		want                    string
	}{
		{run.ID(), "approvel", "", `{}`, "the flow has no such wait"},
		{run.ID(), "approval", "x", `{}`, `it has the key "x"`},
		{run.ID(), "approval", "", `{"n":"x"}`, "the payload does not fit its type"},
		{run.ID(), "approval", "", ``, "the payload does not fit its type"},
		{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "approval", "", `{}`, "no such run"},
		{child, "approval", "", `{}`, "the flow has no such wait"},
	} {
		err := f.rt.SignalRun(t.Context(), c.run, c.name, c.key, []byte(c.payload))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), c.run) != 1 {
			t.Errorf("signal %s with %s: %v, want %q in it, and the run named once", c.name, c.payload, err, c.want)
		}
	}
	if err := runtime.SignalFlow(t.Context(), &f.parent, &f.approval, child, "", number{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a signal of the parent to the child: %v, want ErrNotFound", err)
	}
}

func TestSignalsFromAProgramWithoutTheFlow(t *testing.T) {
	f := newFamily(t)
	f.open(echo, noTakeBack)
	run := f.start()
	other, err := runtime.New(f.db)
	if err != nil {
		t.Fatal(err)
	}
	for payload, want := range map[string]string{``: "the payload is no JSON", `{"n":`: "the payload is no JSON", `{"n":40}`: "<nil>"} {
		err := other.SignalRun(t.Context(), run.ID(), "approval", "", []byte(payload))
		if !strings.HasSuffix(fmt.Sprint(err), want) {
			t.Errorf("a signal with %q: %v, want %s", payload, err, want)
		}
	}
	if out, err := run.Wait(t.Context()); err != nil || out.N != 42 {
		t.Fatalf("output %+v, error %v, want 42", out, err)
	}
}

func TestWhatWaitsSurvivesARestart(t *testing.T) {
	f := newFamily(t)
	var calls atomic.Int64
	work := func(ctx context.Context, in number) (number, error) {
		calls.Add(1)
		return echo(ctx, in)
	}
	f.open(work, noTakeBack)
	run := f.start()
	f.until(run, flow.KindWait)
	f.close()
	f.open(work, noTakeBack)
	f.approve(run, 40)
	again, err := runtime.GetFlow[number](t.Context(), &f.parent, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := again.Wait(t.Context()); err != nil || out.N != 42 || calls.Load() != 1 {
		t.Fatalf("output %+v, error %v, %d calls, want 42 after one", out, err, calls.Load())
	}
}

func TestACancelReachesTheChildFirst(t *testing.T) {
	f := newFamily(t)
	working := make(chan struct{})
	f.open(func(ctx context.Context, _ number) (number, error) {
		close(working)
		<-ctx.Done()
		return number{}, ctx.Err()
	}, noTakeBack)
	run := f.start()
	<-working
	if err := run.Cancel(t.Context(), "enough"); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatalf("error %v", err)
	}
	child := f.detail(f.detail(run.ID()).Log[0].Key)
	want := fmt.Sprintf("cancelled: run %s of parent, which called this one, does not go on", run.ID())
	if child.Status != runtime.StatusCancelled || child.Error.Message != want {
		t.Errorf("the child is %s: %v", child.Status, child.Error)
	}
}

func TestACallThatCompletedIsTakenBack(t *testing.T) {
	f := newFamily(t)
	var back atomic.Int64
	f.open(echo, func(_ context.Context, in, out number) error {
		back.Store(10*in.N + out.N)
		return nil
	})
	run := f.start()
	f.until(run, flow.KindWait)
	if err := run.Cancel(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatalf("error %v", err)
	}
	if back.Load() != 12 {
		t.Errorf("taken back with %d, want the input 1 and the output 2", back.Load())
	}
}

func TestAChildThatFailsFailsItsParent(t *testing.T) {
	f := newFamily(t)
	f.open(func(context.Context, number) (number, error) { return number{}, errors.New("no way") }, noTakeBack)
	run := f.start()
	_, err := run.Wait(t.Context())
	var failed *runtime.RunError
	if !errors.As(err, &failed) || failed.Cause.Step != "call" || !strings.Contains(failed.Cause.Message, "did not complete at step work: no way") {
		t.Fatalf("error %v", err)
	}
}

// Many parents at once: none of them holds the room that the children need.
func TestParentsLeaveRoomForTheirChildren(t *testing.T) {
	f := newFamily(t)
	f.open(echo, noTakeBack, runtime.WithConcurrency(2))
	var runs []*runtime.Run[number]
	for range 40 {
		runs = append(runs, f.start())
	}
	for _, run := range runs {
		f.approve(run, 40)
	}
	for _, run := range runs {
		if out, err := run.Wait(t.Context()); err != nil || out.N != 42 {
			t.Fatalf("output %+v, error %v", out, err)
		}
	}
}

func TestAWaitTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		f.approval.Timeout = 10 * time.Minute
		f.open(echo, func(context.Context, number, number) error { return nil })
		run := f.start()
		began := time.Now()
		_, err := run.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "no signal approval came within 10m") {
			t.Fatalf("error %v", err)
		}
		if took := time.Since(began); took < 10*time.Minute || took > 10*time.Minute+2*time.Second {
			t.Errorf("that took %v", took)
		}
	})
}
