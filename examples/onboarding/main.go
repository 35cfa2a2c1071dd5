// Command onboarding takes new customers through the flow onboard-customer: an account, a
// mail, somebody's approval, accounts in several systems, and a login for each seat.
//
//	go run ./examples/onboarding
//
// Five customers are onboarded in a second or two, though the flow waits up to 72 hours for
// an approval: where all that is left to do is to wait, the program moves its clock
// forward. It prints what happened to each, by the hour, and checks in the end that
// the directory, the company's own database, has what the runs say.
//
// Start it again, after a kill too, and it goes on where it was: each customer has one
// run, found by the customer's id. The files that it writes are onboarding.db and
// directory.db; without them it begins anew.
//
// With -real-time the hours are real. Then decide at another terminal:
//
//	go run ./examples/onboarding -real-time
//	go run ./examples/onboarding approve dogwood Olga
//	go run ./examples/onboarding refuse elm Pete "they moved away"
package main

//go:generate go tool bextgen generate --out ../../generated/onboarding

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

// config is what the arguments say.
type config struct {
	runs, directory, customers string
	realTime                   bool
	seatDelay                  time.Duration
	words                      []string // behind the flags: approve or refuse, and whom
	logger                     *slog.Logger
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is the program: its arguments in, its exit code out.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parseArguments(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // the flag package has said why
	}
	do := onboard
	if len(cfg.words) > 0 {
		do = decideByWords
	}
	if err := do(ctx, cfg, stdout); err != nil {
		fmt.Fprintln(stderr, "onboarding:", err)
		return 1
	}
	return 0
}

func parseArguments(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("onboarding", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "onboarding [flags]\n"+
			"onboarding [flags] approve CUSTOMER WHO [REASON]\n"+
			"onboarding [flags] refuse CUSTOMER WHO [REASON]\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&cfg.runs, "db", "onboarding.db", "`file` of the runs")
	flags.StringVar(&cfg.directory, "directory", "directory.db", "`file` of the company's own database")
	flags.StringVar(&cfg.customers, "customers", "", "JSON `file` with the customers (default: five of this program's own)")
	flags.BoolVar(&cfg.realTime, "real-time", false, "wait for hours that are hours, instead of moving the clock")
	flags.DurationVar(&cfg.seatDelay, "seat-delay", 0, "how long the mail system takes to make a seat")
	verbose := flags.Bool("v", false, "log what the runtime does")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	cfg.words = flags.Args()
	level := slog.LevelError
	if *verbose {
		level = slog.LevelDebug
	}
	cfg.logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	return cfg, nil
}
