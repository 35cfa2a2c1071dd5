// Deciding about a customer: the signals that the flow waits for, and the words approve
// and refuse of the command line.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// decide sends a decision to a run. The flow waits for it twice, before the reminder and
// after. Who decides need not know where it is: a signal that comes early is kept for its
// wait, and one that comes late is ignored, so both waits get it.
func decide(ctx context.Context, runID string, d onboarding.Decision, opts ...runtime.SignalOption) error {
	if err := onboarding.SignalOnboardCustomerDecision(ctx, runID, d, opts...); err != nil {
		return err
	}
	err := onboarding.SignalOnboardCustomerLateDecision(ctx, runID, d, opts...)
	if errors.Is(err, store.ErrFinal) {
		return nil // the first one was enough: it has ended the run
	}
	return err
}

// decideByWords sends what the command line says: approve or refuse, the customer, who
// decides and why. Any process that has the runs' database may do so, also one that
// executes nothing.
func decideByWords(ctx context.Context, cfg config, out io.Writer) (err error) {
	customerID, decision, err := parseWords(cfg.words)
	if err != nil {
		return err
	}
	db, err := sqlite.Open(cfg.runs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rt, err := runtime.New(db, runtime.WithLogger(cfg.logger)) // not started: it only sends
	if err != nil {
		return err
	}
	runID, err := runOf(ctx, rt, customerID)
	if err != nil {
		return err
	}
	if err := decide(runtime.NewContext(ctx, rt), runID, decision, runtime.WithSignalActor(decision.By)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "told the onboarding of %s\n", customerID)
	return err
}

// runOf is the run that onboards a customer: the customer's id is its idempotency key.
func runOf(ctx context.Context, rt *runtime.Runtime, customerID string) (string, error) {
	page, err := rt.ListRuns(ctx, runtime.RunFilter{Flow: "onboard-customer", IdempotencyKey: customerID})
	switch {
	case err != nil:
		return "", err
	case len(page.Runs) == 0:
		return "", fmt.Errorf("nobody onboards a customer %s", customerID)
	}
	return page.Runs[0].ID, nil
}

func parseWords(words []string) (customerID string, d onboarding.Decision, err error) {
	if len(words) < 3 || len(words) > 4 || words[0] != "approve" && words[0] != "refuse" {
		return "", d, fmt.Errorf("%q is not understood: say approve or refuse, the customer's id, who you are and, if you like, why", words)
	}
	d = onboarding.Decision{Approved: words[0] == "approve", By: words[2]}
	if len(words) == 4 {
		d.Reason = &words[3]
	}
	return words[1], d, nil
}
