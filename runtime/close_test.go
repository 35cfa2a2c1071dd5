package runtime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
)

// This file is about what goes on while a runtime closes.

func TestACloseThatHasNoTimeCutsOffEachStep(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // the stages of Close may be seen one by one or all at once
		b := newBench(t)
		paying := make(chan struct{})
		b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
			close(paying)
			<-ctx.Done()
			return receipt{}, ctx.Err()
		}})
		b.start(shipment{})
		<-paying
		if err := b.rt.Close(ended); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStartThatTheClosingRuntimeRefusesIsNoFailureOfTheStep(t *testing.T) {
	b := newBench(t)
	shipping, closing := make(chan struct{}, 2), make(chan struct{})
	var refused error
	s := shop{ship: func(ctx context.Context, _ shipment) error {
		shipping <- struct{}{}
		<-closing
		_, err := b.flow.start(ctx, shipment{})
		if refused == nil {
			refused = err
		}
		return err
	}}
	b.open(s)
	run := b.start(shipment{Count: 1})
	<-shipping
	closed := make(chan error, 1)
	go func() { closed <- b.rt.Close(context.Background()) }()
	b.refusesStarts()
	close(closing)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if !errors.Is(refused, engine.ErrClosed) {
		t.Fatalf("the start in the handler: %v, want ErrClosed", refused)
	}
	b.close()
	b.open(s)
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(t.Context()); err != nil {
		t.Errorf("the run that was under way: %v", err)
	}
}

func TestASecondCloseWaitsForTheFirst(t *testing.T) {
	b := newBench(t)
	paying, paid := make(chan struct{}), make(chan struct{})
	b.open(shop{pay: func(context.Context, shipment) (receipt, error) {
		close(paying)
		<-paid
		return receipt{"p"}, nil
	}})
	b.start(shipment{})
	<-paying
	first := make(chan error, 1)
	go func() { first <- b.rt.Close(context.Background()) }()
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	b.refusesStarts()
	if err := b.rt.Close(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second Close while a step is under way: %v, want that it waits", err)
	}
	close(paid)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// refusesStarts returns when the runtime is closing.
func (b *bench) refusesStarts() {
	b.t.Helper()
	for {
		switch _, err := b.flow.start(runtime.NewContext(b.t.Context(), b.rt), shipment{}); {
		case errors.Is(err, engine.ErrClosed):
			return
		case err != nil:
			b.t.Fatal(err)
		}
	}
}

func TestAStepIsCutOffAlsoWhileTheStoreRefuses(t *testing.T) {
	b := newBench(t)
	w := &watched{}
	b.wrap = w.around
	paying := make(chan struct{})
	b.open(shop{pay: untilStopped(paying)})
	run := b.start(shipment{})
	<-paying
	w.refuse.Store(true)
	if err := run.Cancel(t.Context(), ""); err != nil { // which the run cannot write
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(ended); err != nil {
		t.Fatal(err)
	}
}
