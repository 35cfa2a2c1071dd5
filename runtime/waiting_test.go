package runtime_test

import (
	"context"
	"log/slog"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

// This file is about runs that wait, under a virtual clock and on a store in memory.

// waiting is a flow of one wait with a timeout.
type waiting struct {
	flow.Definition
	approval flow.WaitDef
}

type waitingMachine struct {
	f        *waiting
	approval flow.Wait[number]
}

func (s *waitingMachine) Next(p *flow.Plan) bool {
	return s.approval.Run(p, &s.f.approval, nil, nil, nil)
}
func (s *waitingMachine) Output(*flow.Plan) any { return s.approval.Out }

func newWaiting() *waiting {
	f := &waiting{approval: flow.WaitDef{Name: "approval", Timeout: 10 * time.Second, Payload: reflect.TypeFor[number]()}}
	f.Definition = flow.Definition{
		Flow: "waiting", Version: "1.0", Waits: []*flow.WaitDef{&f.approval},
		New: func([]byte) (flow.Machine, error) { return &waitingMachine{f: f}, nil },
	}
	return f
}

// on starts a runtime on a store.
func (f *waiting) on(t *testing.T, s store.Store) *runtime.Runtime {
	t.Helper()
	rt, err := runtime.New(s, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Register(&f.Definition); err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return rt
}

// A run that only waits goes back to the store, also if the disk is full just then:
// later it is found again there.
func TestARunGoesBackWhenTheDiskHasRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, disk := newWaiting(), storetest.NewFaulty(memory.New().Open(), nil)
		rt := f.on(t, disk)
		defer rt.Close(context.Background())
		run, err := runtime.StartFlow[number](t.Context(), &f.Definition, number{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		disk.SetFull(true)
		time.Sleep(time.Second)
		disk.SetFull(false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := runtime.SignalFlow(ctx, &f.Definition, &f.approval, run.ID(), "", number{7}); err != nil {
			t.Fatal(err)
		}
		if out, err := run.Wait(ctx); err != nil || out.N != 7 {
			t.Errorf("the run ended with %+v, %v; want what the signal carried", out, err)
		}
	})
}

// Signals that came while nothing ran count before the timeouts that were over by then,
// however many came before them.
func TestASignalInTimeCountsAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, data := newWaiting(), memory.New()
		first := data.Open()
		rt := f.on(t, first)
		run, err := runtime.StartFlow[number](t.Context(), &f.Definition, number{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		first.Kill()
		rt.Close(context.Background())
		for _, name := range []string{"other", "another", "approval"} {
			m := store.Message{RunID: run.ID(), Kind: store.MessageSignal, Name: name, Payload: []byte(`{"N": 7}`)}
			if _, err := data.Open().Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		rt = f.on(t, data.Open())
		defer rt.Close(context.Background())
		again, err := runtime.GetFlow[number](t.Context(), &f.Definition, run.ID())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := again.Wait(t.Context()); err != nil || out.N != 7 {
			t.Errorf("the run ended with %+v, %v; want what the signal carried", out, err)
		}
	})
}
