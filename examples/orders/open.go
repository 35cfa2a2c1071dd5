// Opening the shop: its database, the database of its runs, and the runtime that executes them.

package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// openedShop is a shop in which orders can be taken.
type openedShop struct {
	file *orderFile
	shop *shop
	rt   *runtime.Runtime

	closers []func() error // in the order of opening
}

// open opens the shop. Orders that were under way when it was closed, or killed, go on.
func open(ctx context.Context, cfg config, out io.Writer) (_ *openedShop, err error) {
	o := &openedShop{}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	if o.file, err = readOrders(cfg.orders); err != nil {
		return nil, err
	}
	if o.shop, err = openShop(ctx, cfg.shop, o.file); err != nil {
		return nil, err
	}
	o.closers = append(o.closers, o.shop.close)
	store, err := sqlite.Open(cfg.runs)
	if err != nil {
		return nil, err
	}
	o.closers = append(o.closers, store.Close)
	o.rt, err = runtime.New(store, runtime.WithLogger(cfg.logger), runtime.WithConcurrency(cfg.concurrency))
	if err != nil {
		return nil, err
	}
	o.closers = append(o.closers, func() error { return closeRuntime(o.rt, cfg.closeGrace) })

	steps := &handlers{file: o.file, shop: o.shop, chargeDelay: cfg.chargeDelay, out: out}
	if err := orders.RegisterProcessOrder(o.rt, steps); err != nil {
		return nil, err
	}
	return o, o.rt.Start(ctx)
}

// close closes all that was opened, the last first.
func (o *openedShop) close() error {
	var errs []error
	for i := len(o.closers) - 1; i >= 0; i-- {
		errs = append(errs, o.closers[i]())
	}
	return errors.Join(errs...)
}

// closeRuntime takes no new work and gives the steps under way some time to finish.
func closeRuntime(rt *runtime.Runtime, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return rt.Close(ctx)
}
