// Command orders is a small shop that takes its orders through the flow process-order.
//
//	orders -db runs.db -shop shop.db -orders testdata/orders.json
//
// Start it again, after a kill too, and it goes on where it was: each order has
// one run, found by the order's id.
package main

//go:generate go tool bextgen generate --out ../../generated/orders

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// config is what the flags say.
type config struct {
	runs, shop, orders string
	concurrency        int
	chargeDelay        time.Duration
	closeGrace         time.Duration // for steps under way when the shop closes
	timeline, check    bool
	opened             time.Time
	logger             *slog.Logger
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is the program: its arguments in, its exit code out.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // the flag package has said why
	}
	if err := sell(ctx, cfg, stdout); err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return 1
	}
	return 0
}

func parseFlags(args []string, stderr io.Writer) (config, error) {
	cfg := config{closeGrace: 10 * time.Second, opened: time.Now()}
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.runs, "db", "runs.db", "`file` of the runs")
	flags.StringVar(&cfg.shop, "shop", "shop.db", "`file` of the shop's own database")
	flags.StringVar(&cfg.orders, "orders", "testdata/orders.json", "`file` with the orders")
	flags.IntVar(&cfg.concurrency, "concurrency", 16, "orders at a time")
	flags.DurationVar(&cfg.chargeDelay, "charge-delay", 0, "how long the bank takes to answer")
	flags.BoolVar(&cfg.timeline, "timeline", false, "show what happened to each order")
	flags.BoolVar(&cfg.check, "check", false, "check the shop's books in the end, and fail if they are wrong")
	verbose := flags.Bool("v", false, "log what the runtime does")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	level := slog.LevelError
	if *verbose {
		level = slog.LevelDebug
	}
	cfg.logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	return cfg, nil
}
