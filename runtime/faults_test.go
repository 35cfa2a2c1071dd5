package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

// countedShop are handlers of the order flow that note that they were called.
type countedShop struct {
	fulfillErr error

	mu    sync.Mutex
	calls []string
}

func (s *countedShop) called(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, name)
}

func (s *countedShop) Validate(context.Context, orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	s.called("validate")
	return orders.ProcessOrderValidateOutput{Order: orders.Order{Items: []orders.Item{{SKU: "a", Quantity: 1}}}}, nil
}

func (s *countedShop) ChargePayment(context.Context, orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	s.called("charge")
	return orders.ProcessOrderChargePaymentOutput{ChargeID: "ch_1"}, nil
}

func (s *countedShop) RefundPayment(context.Context, orders.ProcessOrderChargePaymentInput, orders.ProcessOrderChargePaymentOutput) error {
	s.called("refund")
	return nil
}

func (s *countedShop) Fulfill(context.Context, orders.ProcessOrderFulfillInput) (orders.ProcessOrderFulfillOutput, error) {
	s.called("fulfill")
	return orders.ProcessOrderFulfillOutput{Shipped: true}, s.fulfillErr
}

func (s *countedShop) Notify(context.Context, orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	s.called("notify")
	return orders.ProcessOrderNotifyOutput{Notified: true}, nil
}

// A store that fails or is full at its n-th write, for every write of the order
// flow: the run ends as without, and no handler is called twice.
func TestEveryWriteFailsOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		calls string
	}{
		{"completes", nil, "validate charge fulfill notify"},
		{"is undone", runtime.Permanent(errors.New("out of stock")), "validate charge fulfill refund"},
	} {
		for name, faults := range map[string]func(n int) func(int) storetest.Fault{
			"is refused":              func(n int) func(int) storetest.Fault { return storetest.FailNth(n, storetest.Before) },
			"is made and not told of": func(n int) func(int) storetest.Fault { return storetest.FailNth(n, storetest.After) },
			"finds the disk full":     fullFrom,
		} {
			for n, writes := 1, 1; n <= writes; n++ {
				t.Run(fmt.Sprintf("%s/write %d %s", c.name, n, name), func(t *testing.T) {
					shop := &countedShop{fulfillErr: c.err}
					writes = runWithFault(t, shop, faults(n))
					if diff := cmp.Diff(strings.Fields(c.calls), shop.calls); diff != "" {
						t.Errorf("handlers called (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

// fullFrom refuses the n-th write and those with which it is tried again, until there is room.
func fullFrom(n int) func(int) storetest.Fault {
	return func(write int) storetest.Fault {
		if n <= write && write < n+3 {
			return storetest.Before
		}
		return storetest.None
	}
}

// runWithFault runs one order on a store with faults, and returns how often it wrote.
func runWithFault(t *testing.T, shop *countedShop, fault func(int) storetest.Fault) int {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	faulty := storetest.NewFaulty(db, fault)
	rt, err := runtime.New(faulty, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	if err := orders.RegisterProcessOrder(rt, shop); err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := startDespite(t, rt)
	_, err = run.Wait(t.Context())
	if (err != nil) != (shop.fulfillErr != nil) {
		t.Errorf("the run ended with %v", err)
	}
	page, err := rt.ListRuns(t.Context(), runtime.RunFilter{})
	if err != nil || len(page.Runs) != 1 {
		t.Errorf("there are %d runs, want 1 (%v)", len(page.Runs), err)
	}
	return faulty.Writes()
}

// startDespite starts the order, a second time if the first was refused.
func startDespite(t *testing.T, rt *runtime.Runtime) *runtime.Run[orders.ProcessOrderOutput] {
	t.Helper()
	ctx := runtime.NewContext(t.Context(), rt)
	for {
		run, err := orders.StartProcessOrder(ctx, orders.ProcessOrderInput{OrderID: "o"}, runtime.WithIdempotencyKey("o"))
		if err == nil {
			return run
		}
		if !errors.Is(err, storetest.ErrInjected) {
			t.Fatal(err)
		}
	}
}

// On a full disk a run stops where it is, and goes on when there is room.
func TestARunWaitsForAFullDisk(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	faulty := storetest.NewFaulty(db, nil)
	rt, err := runtime.New(faulty, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	f := newShipFlow()
	var refused error
	err = f.register(rt, shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		faulty.SetFull(true)
		_, refused = f.start(runtime.NewContext(context.Background(), rt), shipment{})
		go faulty.SetFull(false)
		return receipt{"p"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run, err := f.start(t.Context(), shipment{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := run.Wait(t.Context()); err != nil || out.ID != "p" {
		t.Errorf("output %+v, error %v", out, err)
	}
	if !errors.Is(refused, storetest.ErrFull) {
		t.Errorf("a start on a full disk: %v, want ErrFull", refused)
	}
}
