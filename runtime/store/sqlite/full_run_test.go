package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
)

// fullShop is a shop of which the handlers' results are large, and which counts calls.
type fullShop struct {
	mu    sync.Mutex
	calls map[string]int
}

func (s *fullShop) called(ctx context.Context) {
	info := runtime.Info(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[info.RunID+" "+info.Step]++
}

func (s *fullShop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

func (s *fullShop) Validate(ctx context.Context, _ orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	s.called(ctx)
	large := strings.Repeat("x", 20_000)
	return orders.ProcessOrderValidateOutput{Order: orders.Order{Items: []orders.Item{{SKU: large, Quantity: 1}}}}, nil
}

func (s *fullShop) ChargePayment(ctx context.Context, _ orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	s.called(ctx)
	return orders.ProcessOrderChargePaymentOutput{ChargeID: strings.Repeat("y", 20_000)}, nil
}

func (s *fullShop) RefundPayment(context.Context, orders.ProcessOrderChargePaymentInput, orders.ProcessOrderChargePaymentOutput) error {
	return nil
}

func (s *fullShop) Fulfill(ctx context.Context, _ orders.ProcessOrderFulfillInput) (orders.ProcessOrderFulfillOutput, error) {
	s.called(ctx)
	return orders.ProcessOrderFulfillOutput{Shipped: true}, nil
}

func (s *fullShop) Notify(ctx context.Context, _ orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	s.called(ctx)
	return orders.ProcessOrderNotifyOutput{Notified: true}, nil
}

// Runs on a disk that is full stop where they are: no handler is called on what is not
// stored. When there is room they go on, and nothing was done twice.
func TestRunsOnAFullDisk(t *testing.T) {
	d := &disk{pages: 1 << 30}
	s := open(t, filepath.Join(t.TempDir(), "runs.db"), d.option)
	rt, err := runtime.New(s, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	shop := &fullShop{calls: map[string]int{}}
	if err := orders.RegisterProcessOrder(rt, shop); err != nil {
		t.Fatal(err)
	}
	d.set(t, s, 100) // 30 runs need more than 150
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := runtime.NewContext(t.Context(), rt)
	var started []*runtime.Run[orders.ProcessOrderOutput]
	for i := range 30 {
		run, err := orders.StartProcessOrder(ctx, orders.ProcessOrderInput{OrderID: fmt.Sprint(i)})
		if err == nil {
			started = append(started, run)
		} else if !strings.Contains(err.Error(), "the disk is full") {
			t.Fatal(err)
		}
	}
	before := -1
	for n := shop.count(); n != before; n = shop.count() { // until they stand still
		before = n
		time.Sleep(200 * time.Millisecond)
	}
	if all := 4 * len(started); len(started) == 0 || before >= all {
		t.Fatalf("of %d runs, %d of %d steps were called on a full disk; the test proves nothing", len(started), before, all)
	}
	d.set(t, s, 1<<30)
	for _, run := range started {
		if _, err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := shop.count(); n != 4*len(started) {
		t.Errorf("%d steps of %d runs were called, want %d", n, len(started), 4*len(started))
	}
	for what, n := range shop.calls {
		if n != 1 {
			t.Errorf("%s was called %d times", what, n)
		}
	}
}
