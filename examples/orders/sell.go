// A day in the shop: open it, start a run for each order, wait for all, say what became of them.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// sell opens the shop, takes all orders to their end, and reports.
func sell(ctx context.Context, cfg config, out io.Writer) (err error) {
	file, err := readOrders(cfg.orders)
	if err != nil {
		return err
	}
	s, err := openShop(ctx, cfg.shop, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	store, err := sqlite.Open(cfg.runs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	rt, err := runtime.New(store, runtime.WithLogger(cfg.logger), runtime.WithConcurrency(cfg.concurrency))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeRuntime(rt, cfg.closeGrace)) }()

	steps := &handlers{file: file, shop: s, chargeDelay: cfg.chargeDelay, out: out}
	if err := orders.RegisterProcessOrder(rt, steps); err != nil {
		return err
	}
	if err := rt.Start(ctx); err != nil {
		return err
	}
	runs, err := processAll(runtime.NewContext(ctx, rt), rt, file.Orders)
	if err != nil {
		return err
	}
	return report(ctx, cfg, out, file, s, runs)
}

// closeRuntime takes no new work and gives the steps under way some time to finish.
func closeRuntime(rt *runtime.Runtime, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return rt.Close(ctx)
}

// processAll starts a run for each order, waits for all, and returns what is
// known of them, by the order's id.
func processAll(ctx context.Context, rt *runtime.Runtime, all []orders.Order) (map[string]*runtime.RunDetail, error) {
	started := make([]*runtime.Run[orders.ProcessOrderOutput], len(all))
	for i, order := range all {
		run, err := orders.StartProcessOrder(ctx, orders.ProcessOrderInput{OrderID: order.ID},
			runtime.WithIdempotencyKey(order.ID)) // a second start of this program starts nothing twice
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", order.ID, err)
		}
		started[i] = run
	}
	runs := make(map[string]*runtime.RunDetail, len(all))
	for i, order := range all {
		_, failure := started[i].Wait(ctx)
		if ctx.Err() != nil {
			return nil, errors.New("interrupted; start the shop again, and the orders go on")
		}
		detail, err := rt.GetRun(ctx, started[i].ID())
		if err != nil {
			return nil, fmt.Errorf("read the run of %s: %w", order.ID, errors.Join(err, failure))
		}
		runs[order.ID] = detail
	}
	return runs, nil
}
