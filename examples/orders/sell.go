// A day in the shop: start a run for each order, wait for all, say what became of them.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
)

// sell opens the shop, takes all orders to their end, and reports.
func sell(ctx context.Context, cfg config, out io.Writer) (err error) {
	o, err := open(ctx, cfg, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	runs, err := processAll(runtime.NewContext(ctx, o.rt), o.rt, o.file.Orders)
	if err != nil {
		return err
	}
	return report(ctx, cfg, out, o.file, o.shop, runs)
}

// processAll starts a run for each order, waits for all, and returns what is
// known of them, by the order's id.
func processAll(ctx context.Context, rt *runtime.Runtime, all []orders.Order) (map[string]*runtime.RunDetail, error) {
	started := make([]*runtime.Run[orders.ProcessOrderOutput], len(all))
	for i, order := range all {
		run, err := take(ctx, order.ID)
		if err != nil {
			return nil, err
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

// take starts the run of an order. One that was taken before has its run already, also
// if that was in an earlier process.
func take(ctx context.Context, orderID string) (*runtime.Run[orders.ProcessOrderOutput], error) {
	run, err := orders.StartProcessOrder(ctx, orders.ProcessOrderInput{OrderID: orderID}, runtime.WithIdempotencyKey(orderID))
	if err != nil {
		return nil, fmt.Errorf("take the order %s: %w", orderID, err)
	}
	return run, nil
}
