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
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
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
	t.Parallel()
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

// The same for a run that calls another one and waits for a signal, for every write
// of both and of who sends: it gets what it waits for, and nothing is done twice.
func TestEveryWriteOfACallAndASignalFailsOnce(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]func(n int) func(int) storetest.Fault{
		"is refused":              func(n int) func(int) storetest.Fault { return storetest.FailNth(n, storetest.Before) },
		"is made and not told of": func(n int) func(int) storetest.Fault { return storetest.FailNth(n, storetest.After) },
		"finds the disk full":     fullFrom,
	} {
		for end, calls := range map[string]string{"signal": "work", "cancel": "work take-back", "early cancel": "work"} {
			for n, writes := 1, 1; n <= writes; n++ {
				t.Run(fmt.Sprintf("%s/write %d %s", end, n, name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { writes = familyWithFault(t, end, calls, faults(n)) })
				})
			}
		}
	}
}

// familyWithFault runs a parent and its child on a store with faults and returns how often
// they wrote. The parent gets its signal, or is cancelled, when it is out of memory; with an
// early cancel while the child works.
func familyWithFault(t *testing.T, end, handlers string, fault func(int) storetest.Fault) int {
	t.Helper()
	f := newFamily(t)
	f.child.Concurrency.Limit = 1
	var faulty *storetest.Faulty
	f.wrap = func(s store.Store) store.Store {
		faulty = storetest.NewFaulty(s, fault)
		return faulty
	}
	var calls []string
	working := make(chan struct{})
	f.open(func(_ context.Context, in number) (number, error) {
		calls = append(calls, "work")
		close(working)
		time.Sleep(time.Second)
		return in, nil
	}, func(context.Context, number, number) error {
		calls = append(calls, "take-back")
		return nil
	})
	run := despite(t, func() (*runtime.Run[number], error) {
		return runtime.StartFlow[number](t.Context(), &f.parent, number{}, runtime.WithIdempotencyKey("one"))
	})
	<-working
	if end != "early cancel" {
		time.Sleep(5 * time.Second)
	}
	despite(t, func() (none struct{}, err error) {
		if end != "signal" {
			return none, run.Cancel(t.Context(), "")
		}
		return none, runtime.SignalFlow(t.Context(), &f.parent, &f.approval, run.ID(), "", number{40}, runtime.WithSignalID("one"))
	})
	out, err := waits(t, run)
	if diff := cmp.Diff(strings.Fields(handlers), calls); diff != "" {
		t.Errorf("handlers called (-want +got):\n%s", diff)
	}
	if completed := end == "signal"; completed == errors.Is(err, runtime.ErrRunCancelled) || completed && out.N != 42 {
		t.Errorf("output %+v, error %v", out, err)
	}
	page, err := f.rt.ListRuns(t.Context(), runtime.RunFilter{})
	if err != nil || len(page.Runs) != 2 {
		t.Errorf("there are %d runs, want 2 (%v)", len(page.Runs), err)
	}
	return faulty.Writes()
}

// despite does something until no fault comes in between. What a cancel asked for may
// be done when it is asked for once more.
func despite[T any](t *testing.T, do func() (T, error)) T {
	t.Helper()
	for {
		got, err := do()
		if err == nil || errors.Is(err, store.ErrFinal) {
			return got
		}
		if !errors.Is(err, storetest.ErrInjected) {
			t.Fatal(err)
		}
	}
}
