package runtime_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is about values that are too large to be stored.

// tooLarge wants a *flow.SizeError with a limit.
func tooLarge(t *testing.T, what string, err error, limit int) {
	t.Helper()
	var size *flow.SizeError
	if !errors.As(err, &size) || size.Limit != limit || size.Size <= limit {
		t.Errorf("%s: %v; want a *flow.SizeError with the limit %d", what, err, limit)
	}
}

func TestAStartMayNotBeTooLarge(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	largest := 1<<20 - len(`{"count":0,"card":""}`)
	if _, err := b.flow.start(t.Context(), shipment{Card: strings.Repeat("x", largest)}); err != nil {
		t.Errorf("a start with 1 MiB: %v", err)
	}
	_, err := b.flow.start(t.Context(), shipment{Card: strings.Repeat("x", largest+1)})
	tooLarge(t, "a start with a byte more", err, 1<<20)
	b.close()
	b.open(shop{}, runtime.WithMaxPayload(30))
	_, err = b.flow.start(t.Context(), shipment{Card: strings.Repeat("x", 10)})
	tooLarge(t, "a start over a limit of 30 bytes", err, 30)
	page, err := b.rt.ListRuns(t.Context(), runtime.RunFilter{})
	if err != nil || len(page.Runs) != 1 {
		t.Errorf("there are %d runs, %v; want the one that was not refused", len(page.Runs), err)
	}
}

func TestALimitBelowZeroIsRefused(t *testing.T) {
	if _, err := runtime.New(newFamily(t).db, runtime.WithMaxPayload(-1)); err == nil {
		t.Error("a limit of -1 is taken")
	}
}

func TestAScheduledInputMayNotBeTooLarge(t *testing.T) {
	b := newBench(t)
	b.open(shop{}, runtime.WithMaxPayload(30))
	def := b.flow.Definition
	def.Flow = "nightly"
	def.Schedules = []flow.ScheduleDef{{Cron: "@daily", Input: `{"card":"` + strings.Repeat("x", 30) + `"}`}}
	tooLarge(t, "to register the schedule", b.rt.Register(&def), 30)
}

func TestAResultThatIsTooLarge(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Policy.Retries, b.flow.MaxAttempts = 3, 3
	var pays, releases atomic.Int64
	b.open(shop{
		pay: func(context.Context, shipment) (receipt, error) {
			pays.Add(1)
			return receipt{strings.Repeat("x", 100)}, nil
		},
		release: func(context.Context, shipment, receipt) error { releases.Add(1); return nil },
	}, runtime.WithMaxPayload(100))
	_, err := b.start(shipment{}).Wait(t.Context())
	var failed *runtime.RunError
	if !errors.As(err, &failed) || failed.Cause.Kind != flow.ErrorPayload || failed.Cause.Step != "pay" ||
		!strings.Contains(failed.Cause.Message, "the result of the step has 109 bytes as JSON, and may have 100") {
		t.Errorf("Wait: %v", err)
	}
	if pays.Load() != 1 || releases.Load() != 1 {
		t.Errorf("pay ran %d times and was undone %d times; want once each", pays.Load(), releases.Load())
	}
}

// What the handler wrote in its transaction is not there either.
func TestAResultThatIsTooLargeInATransaction(t *testing.T) {
	b := txBench(t)
	var refused error
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		_, refused = b.flow.start(ctx, shipment{Card: strings.Repeat("x", 100)})
		return receipt{strings.Repeat("x", 100)}, charge(ctx, tx, in)
	}}, runtime.WithMaxPayload(100))
	run := b.start(shipment{})
	_, err := run.Wait(t.Context())
	var failed *runtime.RunError
	if !errors.As(err, &failed) || failed.Cause.Kind != flow.ErrorPayload {
		t.Errorf("Wait: %v", err)
	}
	tooLarge(t, "a start in the transaction", refused, 100)
	if n := charges(t, db, run.ID()); n != 0 {
		t.Errorf("%d rows of the failed step are there", n)
	}
}

func TestACheckpointOverTheSetting(t *testing.T) {
	b := newBench(t)
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		tooLarge(t, "a checkpoint", runtime.Info(ctx).Checkpoint(strings.Repeat("x", 99)), 100)
		return receipt{"p"}, runtime.Info(ctx).Checkpoint(strings.Repeat("x", 98))
	}}, runtime.WithMaxPayload(100))
	b.waitFor(b.start(shipment{}))
}

func TestASignalMayNotBeTooLarge(t *testing.T) {
	f := newFamily(t)
	f.approval.Payload = reflect.TypeFor[string]()
	f.open(echo, noTakeBack, runtime.WithMaxPayload(20))
	run := f.start()
	long := strings.Repeat("x", 20)
	tooLarge(t, "SignalFlow", runtime.SignalFlow(t.Context(), &f.parent, &f.approval, run.ID(), "", long), 20)
	tooLarge(t, "SignalRun", f.rt.SignalRun(t.Context(), run.ID(), "approval", "", []byte(`"`+long+`"`)), 20)
	if err := f.rt.SignalRun(t.Context(), run.ID(), "approval", "", []byte(`"fits"`)); err != nil {
		t.Error(err)
	}
}

// The output of a child is refused where it comes to be: the child fails, and so does its call.
func TestAChildWhoseOutputIsTooLarge(t *testing.T) {
	f := newFamily(t)
	f.child.New = func([]byte) (flow.Machine, error) { return &longMachine{childMachine{f: f}}, nil }
	f.open(echo, noTakeBack, runtime.WithMaxPayload(100))
	run := f.start()
	_, err := run.Wait(t.Context())
	var failed *runtime.RunError
	if !errors.As(err, &failed) || failed.Cause.Kind != flow.ErrorPayload || failed.Cause.Step != "call" ||
		!strings.Contains(failed.Cause.Message, "the output has 202 bytes") {
		t.Errorf("Wait: %v", err)
	}
}

// longMachine is the child with a long output.
type longMachine struct{ childMachine }

func (*longMachine) Output(*flow.Plan) any { return strings.Repeat("x", 200) }

// An error of ten megabytes, and a reason of as many, do not come into the database.
func TestLongErrorsAreCut(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("long text ", 1<<20)
	underWay := make(chan struct{})
	b.open(shop{
		pay: untilStopped(underWay),
		release: func(context.Context, shipment, receipt) error {
			return &cardDeclined{Reason: long}
		},
		ship: func(context.Context, shipment) error { panic(long) },
	})
	run := b.start(shipment{})
	<-underWay
	if err := b.rt.CancelRun(t.Context(), run.ID(), long); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); err == nil || len(err.Error()) > 2*flow.MaxMessage {
		t.Errorf("Wait: an error of %d bytes", len(err.Error()))
	}
	d := b.detail(run)
	undone := d.Log[len(d.Log)-1]
	if undone.Kind != flow.KindCompensation || undone.Error == nil || undone.Error.Name != "card-declined" || undone.Error.Fields != nil {
		t.Errorf("the compensation's end is %+v", undone)
	}
	b.close()
	for _, file := range []string{b.path, b.path + "-wal"} {
		if info, err := os.Stat(file); err == nil && info.Size() > 1<<20 {
			t.Errorf("%s has %d bytes", file, info.Size())
		}
	}
}
