package runtime_test

import (
	"context"
	"errors"
	goruntime "runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is about what handlers do that they should not.

// unreadable is an error that panics when it is asked for its text, as a nil
// pointer in an error does.
type unreadable struct{ text string }

func (u *unreadable) Error() string { return u.text }

func TestAFailureOfAnyKindIsStored(t *testing.T) {
	for name, test := range map[string]struct {
		fail func() error
		kind flow.ErrorKind
	}{
		"Goexit":                          {func() error { goruntime.Goexit(); return nil }, flow.ErrorPanic},
		"panic(nil)":                      {func() error { panic(nil) }, flow.ErrorPanic},
		"panic with an unreadable error":  {func() error { panic((*unreadable)(nil)) }, flow.ErrorPanic},
		"an unreadable error":             {func() error { return (*unreadable)(nil) }, flow.ErrorPanic},
		"a declared error without fields": {func() error { return (*cardDeclined)(nil) }, flow.ErrorHandler},
		"no stored error":                 {func() error { return (*flow.Error)(nil) }, flow.ErrorPanic},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.open(shop{pay: func(context.Context, shipment) (receipt, error) { return receipt{}, test.fail() }})
			_, err := b.start(shipment{}).Wait(t.Context())
			var failed *runtime.RunError
			if !errors.As(err, &failed) || failed.Cause.Kind != test.kind || failed.Cause.Step != "pay" {
				t.Fatalf("error %+v", err)
			}
		})
	}
}

func TestTheFailureOfAnotherRunIsTheHandlersOwn(t *testing.T) {
	b := newBench(t)
	b.flow.ship.Policy = flow.Policy{Retries: 5, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	var calls atomic.Int64
	b.open(shop{
		pay: func(_ context.Context, in shipment) (receipt, error) {
			if in.Count == 0 {
				return receipt{}, errors.New("no money")
			}
			return receipt{"p"}, nil
		},
		ship: func(ctx context.Context, in shipment) error {
			calls.Add(1)
			other, err := b.flow.start(ctx, shipment{})
			if err != nil {
				return err
			}
			_, err = other.Wait(ctx)
			return runtime.Permanent(err)
		},
	})
	_, err := b.start(shipment{Count: 1}).Wait(t.Context())
	var failed *runtime.RunError
	if !errors.As(err, &failed) || failed.Cause.Step != "ship" || !failed.Cause.Permanent {
		t.Errorf("error %+v", failed.Cause)
	}
	if calls.Load() != 1 {
		t.Errorf("a step that failed permanently was tried %d times", calls.Load())
	}
}

// The contexts that a handler makes of its own are ended with it by the context package itself, without a goroutine for each.
func TestContextsOfAHandlersContextTakeNoGoroutines(t *testing.T) {
	b := newBench(t)
	const many = 200
	var more int
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		before := goruntime.NumGoroutine()
		for range many {
			_, cancel := context.WithCancel(ctx)
			defer cancel()
		}
		more = goruntime.NumGoroutine() - before
		return receipt{"p"}, nil
	}})
	if _, err := b.start(shipment{}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if more >= many/2 {
		t.Errorf("%d goroutines for %d contexts", more, many)
	}
}

func TestTheContextOfAnAttemptSaysThatItTookTooLong(t *testing.T) {
	b := newBench(t)
	const attempts = 50
	b.flow.pay.Policy = flow.Policy{Timeout: time.Millisecond, Retries: attempts - 1, Backoff: flow.Fixed, BackoffBase: time.Nanosecond}
	causes := make(chan error, attempts)
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return receipt{}, ctx.Err()
	}})
	_, _ = b.start(shipment{}).Wait(t.Context())
	for range attempts {
		var own *flow.Error
		if err := <-causes; !errors.As(err, &own) || own.Kind != flow.ErrorTimeout {
			t.Fatalf("the cause is %v", err)
		}
	}
}
