// The check of the shop's books against the runs: whose money was taken, what came of it.

package main

import (
	"context"
	"fmt"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
)

// books are what the shop's database says about one order.
type books struct {
	charges   []bookedCharge
	shipments int
	mails     int
}

type bookedCharge struct {
	id         int64
	runID      string
	runAttempt int
	refunds    int
}

// checkAll returns what is wrong, a sentence each; none if all is well.
//
// For each order and each attempt of its run: what was charged in an attempt
// that failed was refunded exactly once. A completed order has exactly one charge
// that was not refunded, one mail, and one shipment if there was something to ship.
func checkAll(ctx context.Context, s *shop, all []orders.Order, runs map[string]*runtime.RunDetail) ([]string, error) {
	var wrong []string
	for _, order := range all {
		run, ok := runs[order.ID]
		if !ok {
			wrong = append(wrong, order.ID+" has no run")
			continue
		}
		b, err := s.booksOf(ctx, order.ID)
		if err != nil {
			return nil, fmt.Errorf("read the books of %s: %w", order.ID, err)
		}
		wrong = append(wrong, checkOrder(order, run, b)...)
	}
	return wrong, nil
}

func checkOrder(order orders.Order, run *runtime.RunDetail, b books) []string {
	if !run.Status.Final() {
		return []string{fmt.Sprintf("%s is not over: it is %s", order.ID, run.Status)}
	}
	var wrong []string
	complain := func(format string, args ...any) {
		wrong = append(wrong, order.ID+": "+fmt.Sprintf(format, args...))
	}
	completed := run.Status == runtime.StatusCompleted
	charged := make(map[int]int) // by attempt of the run
	for _, c := range b.charges {
		charged[c.runAttempt]++
		stands := completed && c.runAttempt == run.Attempts
		switch {
		case c.runID != run.ID:
			complain("%s is of another run, %s", chargeName(c.id), c.runID)
		case stands && c.refunds != 0:
			complain("%s paid for a completed order and was refunded", chargeName(c.id))
		case !stands && c.refunds != 1:
			complain("%s of attempt %d, which failed, was refunded %d times", chargeName(c.id), c.runAttempt, c.refunds)
		}
	}
	for attempt := 1; attempt <= run.Attempts; attempt++ {
		if charged[attempt] > 1 {
			complain("attempt %d charged %d times", attempt, charged[attempt])
		}
	}
	checkOutcome(order, completed, charged[run.Attempts], b, complain)
	return wrong
}

// checkOutcome holds what the customer got against how the run ended.
func checkOutcome(order orders.Order, completed bool, charges int, b books, complain func(string, ...any)) {
	mails, shipments := 0, 0
	if completed {
		mails = 1
		shipments = min(len(order.Items), 1)
		if charges == 0 {
			complain("completed without a charge")
		}
	}
	if b.mails != mails {
		complain("%d mails, and it should be %d", b.mails, mails)
	}
	if b.shipments != shipments {
		complain("%d shipments, and it should be %d", b.shipments, shipments)
	}
}

// booksOf reads what was booked for an order.
func (s *shop) booksOf(ctx context.Context, orderID string) (b books, err error) {
	err = s.db.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM shipments WHERE order_id = ?1), (SELECT count(*) FROM mails WHERE order_id = ?1)`,
		orderID).Scan(&b.shipments, &b.mails)
	if err != nil {
		return books{}, err
	}
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, run_id, run_attempt, (SELECT count(*) FROM refunds WHERE charge_id = charges.id)
		FROM charges WHERE order_id = ? ORDER BY id`, orderID)
	if err != nil {
		return books{}, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has what matters
	for rows.Next() {
		var c bookedCharge
		if err := rows.Scan(&c.id, &c.runID, &c.runAttempt, &c.refunds); err != nil {
			return books{}, err
		}
		b.charges = append(b.charges, c)
	}
	return b, rows.Err()
}

// totals counts the rows of the books, and the charges that were asked for more
// than once: those whose handler was interrupted.
func (s *shop) totals(ctx context.Context) (text string, err error) {
	var charges, refunds, shipments, mails, again int
	err = s.db.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM charges), (SELECT count(*) FROM refunds),
		       (SELECT count(*) FROM shipments), (SELECT count(*) FROM mails),
		       (SELECT count(*) FROM charges WHERE asked > 1)`).Scan(&charges, &refunds, &shipments, &mails, &again)
	return fmt.Sprintf("%d charges (%d asked for twice, made once), %d refunds, %d shipments, %d mails",
		charges, again, refunds, shipments, mails), err
}
