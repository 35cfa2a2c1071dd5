package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// tried are the steps of a shop whose carrier does not answer for one order.
type tried struct{}

func (tried) Validate(_ context.Context, in orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	return orders.ProcessOrderValidateOutput{Order: orders.Order{
		ID: in.OrderID, Email: "a@example.com", PaymentMethod: "tok_secret", Total: 12.5,
		Items: []orders.Item{{SKU: "mug", Quantity: 1}}, Address: "1 Harbour Road",
	}}, nil
}

func (tried) ChargePayment(context.Context, orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	return orders.ProcessOrderChargePaymentOutput{ChargeID: "ch_1"}, nil
}

func (tried) RefundPayment(context.Context, orders.ProcessOrderChargePaymentInput, orders.ProcessOrderChargePaymentOutput) error {
	return nil
}

func (tried) Fulfill(_ context.Context, in orders.ProcessOrderFulfillInput) (orders.ProcessOrderFulfillOutput, error) {
	if in.OrderID == "ord_2" {
		return orders.ProcessOrderFulfillOutput{}, runtime.Permanent(errors.New("no answer from\nthe \x1b[31mcarrier"))
	}
	return orders.ProcessOrderFulfillOutput{Shipped: true}, nil
}

func (tried) Notify(context.Context, orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	return orders.ProcessOrderNotifyOutput{Notified: true}, nil
}

// The runs of the tests; ids of later ones are greater.
const (
	completedRun = "01JD0000000000000000000001"
	failedRun    = "01JD0000000000000000000002"
	pendingRun   = "01JD0000000000000000000003"
)

// makeRuns makes a database with one run that completed, one that failed and was undone, and one
// that nobody has begun.
func makeRuns(ctx context.Context, path string) (err error) {
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	done := func(ctx context.Context) error { return startRuns(ctx, completedRun, failedRun) }
	begun := func(ctx context.Context) error { return startRuns(ctx, pendingRun) }
	return errors.Join(inShop(ctx, db, true, done), inShop(ctx, db, false, begun))
}

// inShop does something with a runtime, which executes runs or does not.
func inShop(ctx context.Context, db *sqlite.Store, executes bool, do func(context.Context) error) (err error) {
	rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	if err := orders.RegisterProcessOrder(rt, tried{}); err != nil {
		return err
	}
	if executes {
		if err := rt.Start(ctx); err != nil {
			return err
		}
	}
	if err := do(runtime.NewContext(ctx, rt)); err != nil || !executes {
		return err
	}
	for _, id := range []string{completedRun, failedRun} {
		run, err := orders.GetProcessOrder(runtime.NewContext(ctx, rt), id)
		if err != nil {
			return err
		}
		_, _ = run.Wait(ctx) // one of them fails
	}
	return nil
}

// startRuns starts a run for the order of the same number.
func startRuns(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		_, err := orders.StartProcessOrder(ctx, orders.ProcessOrderInput{OrderID: "ord_" + id[len(id)-1:]},
			runtime.WithRunID(id), runtime.WithLabels(map[string]string{"shop": "north"}))
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRunsIn is that for a script: `runs-database FILE`.
func makeRunsIn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: runs-database file")
	}
	ts.Check(makeRuns(context.Background(), ts.MkAbs(args[0])))
}

// runsDatabase is that for a test.
func runsDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runs.db")
	if err := makeRuns(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}
