// The main job: open everything, start a run for each customer, take all to their end, and
// say what became of them.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// closeGrace is for the steps under way when the program ends.
const closeGrace = 10 * time.Second

func onboard(ctx context.Context, cfg config, out io.Writer) (err error) {
	customers, err := readCustomers(cfg.customers)
	if err != nil {
		return err
	}
	d, err := openDirectory(ctx, cfg.directory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	store, err := sqlite.Open(cfg.runs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	clk := newClock()
	rt, err := runtime.New(store, runtime.WithLogger(cfg.logger), runtime.WithClock(clk))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeRuntime(rt)) }()

	if err := onboarding.RegisterOnboardCustomer(rt, &handlers{directory: d, seatDelay: cfg.seatDelay, out: out}); err != nil {
		return err
	}
	ctx = runtime.NewContext(ctx, rt)
	cases, err := startAll(ctx, customers)
	if err != nil {
		return err
	}
	o := &office{rt: rt, clock: clk, realTime: cfg.realTime, cases: cases, out: out}
	if !cfg.realTime {
		if err := o.resumeClock(ctx); err != nil {
			return err
		}
	}
	if err := rt.Start(ctx); err != nil {
		return err
	}
	if err := o.work(ctx); err != nil {
		return err
	}
	return report(ctx, out, d, cases)
}

// closeRuntime takes no new work and gives the steps under way some time to finish.
func closeRuntime(rt *runtime.Runtime) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	return rt.Close(ctx)
}

// startAll starts a run for each customer who has none.
func startAll(ctx context.Context, customers []customer) ([]*customerCase, error) {
	cases := make([]*customerCase, len(customers))
	for i, c := range customers {
		run, err := onboarding.StartOnboardCustomer(ctx, c.Customer)
		if err != nil {
			return nil, fmt.Errorf("onboard %s: %w", c.Customer.CustomerID, err)
		}
		cases[i] = &customerCase{customer: c, runID: run.ID()}
	}
	return cases, nil
}
