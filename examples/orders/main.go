// Command orders is a small shop that takes its orders through the flow process-order.
//
//	orders                                       # a server on http://127.0.0.1:8080
//	curl -d '{"orderId": "ord_1"}' http://127.0.0.1:8080/orders
//
//	orders -all                                  # takes all orders at once, and ends when they have
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
	addr               string // where the shop listens
	runs, shop, orders string
	all                bool // takes all orders of the file, and ends
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
	run := serve
	if cfg.all {
		run = sell
	}
	if err := run(ctx, cfg, stdout); err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return 1
	}
	return 0
}

func parseFlags(args []string, stderr io.Writer) (config, error) {
	cfg := config{closeGrace: 10 * time.Second, opened: time.Now()}
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&cfg.runs, "db", "runs.db", "`file` of the runs")
	flags.StringVar(&cfg.shop, "shop", "shop.db", "`file` of the shop's own database")
	flags.StringVar(&cfg.orders, "orders", "", "`file` with the orders (default: 20 of the shop's own)")
	flags.BoolVar(&cfg.all, "all", false, "take all orders of the file, wait for their ends, and end")
	flags.IntVar(&cfg.concurrency, "concurrency", 16, "orders at a time")
	flags.DurationVar(&cfg.chargeDelay, "charge-delay", 0, "how long the bank takes to answer")
	flags.BoolVar(&cfg.timeline, "timeline", false, "with -all: show what happened to each order")
	flags.BoolVar(&cfg.check, "check", false, "with -all: check the shop's books in the end, and fail if they are wrong")
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
