// The check of the directory against the runs: who was onboarded has everything, who was
// not has nothing, and what was undone was undone in the reverse order.

package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// books are what the directory has of one run.
type books struct {
	standing map[string]int // entries by kind
	removed  int            // entries that were taken away
	mails    int
}

// kinds are the kinds of entries.
func kinds() []string {
	return []string{kindAccount, kindDomain, kindWorkspace, kindPlan, kindBilling, kindSeat}
}

// booksOf reads them.
func (d *directory) booksOf(ctx context.Context, runID string) (b books, err error) {
	b.standing = map[string]int{}
	err = d.db.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM entries WHERE run_id = ?1 AND removed_by IS NOT NULL),
		       (SELECT count(*) FROM mails WHERE run_id = ?1)`, runID).Scan(&b.removed, &b.mails)
	if err != nil {
		return books{}, err
	}
	rows, err := d.db.QueryContext(ctx, `
		SELECT kind, count(*) FROM entries WHERE run_id = ? AND removed_by IS NULL GROUP BY kind`, runID)
	if err != nil {
		return books{}, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has what matters
	for rows.Next() {
		var kind string
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return books{}, err
		}
		b.standing[kind] = n
	}
	return b, rows.Err()
}

// checkCase returns what is wrong, a sentence each; none if all is well.
func checkCase(c *customerCase, b books) []string {
	var wrong []string
	complain := func(format string, args ...any) {
		wrong = append(wrong, c.Customer.CustomerID+": "+fmt.Sprintf(format, args...))
	}
	want := map[string]int{}
	if c.ended.Status == runtime.StatusCompleted {
		want = belongings(c.Customer)
		if b.removed > 0 {
			complain("onboarded, and %d of its entries were removed", b.removed)
		}
	}
	for _, kind := range kinds() {
		if b.standing[kind] != want[kind] {
			complain("%d entries of the kind %s, and it should be %d", b.standing[kind], kind, want[kind])
		}
	}
	if sent := mailsOf(c.ended); b.mails != sent {
		complain("%d mails, and it should be %d", b.mails, sent)
	}
	if step := undoneTooEarly(c.ended); step != "" {
		complain("%s was undone before a step that was done later", step)
	}
	return wrong
}

// belongings are the entries of a customer who was onboarded, by kind.
func belongings(c onboarding.OnboardCustomerInput) map[string]int {
	want := map[string]int{kindAccount: 1, kindDomain: 1, kindWorkspace: 1, kindPlan: 1, kindSeat: len(c.Seats)}
	if c.Plan == onboarding.PlanBusiness {
		want[kindBilling] = 1
	}
	return want
}

// mailsOf is how many mails a run has sent.
func mailsOf(run *runtime.RunDetail) (n int) {
	for _, e := range run.Log {
		if e.Kind == flow.KindStep && e.Error == nil && slices.Contains([]string{"send-welcome", "send-reminder", "announce"}, e.Step) {
			n++
		}
	}
	return n
}

// undoneTooEarly is a step that was undone when it was not its turn; empty if there is none.
func undoneTooEarly(run *runtime.RunDetail) string {
	log := inOrder(run.Log)
	done := map[string]int64{} // when each step was done
	before := int64(math.MaxInt64)
	for _, e := range log {
		switch e.Kind {
		case flow.KindStep:
			done[e.Step] = e.EndSeq
		case flow.KindCompensation:
			if done[e.Step] > before {
				return e.Step
			}
			before = done[e.Step]
		}
	}
	return ""
}
