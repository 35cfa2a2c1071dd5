// What is said about the customers in the end: how each ended, and what happened by the hour.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// report says what became of each customer, and checks the directory against it.
func report(ctx context.Context, out io.Writer, d *directory, cases []*customerCase) error {
	var wrong []string
	for _, c := range cases {
		fmt.Fprintf(out, "%s %s\n", c.Customer.CustomerID, fate(c.ended))
		for _, line := range history(c.ended) {
			fmt.Fprintln(out, "  "+line)
		}
		b, err := d.booksOf(ctx, c.runID)
		if err != nil {
			return fmt.Errorf("read what the directory has for %s: %w", c.Customer.CustomerID, err)
		}
		wrong = append(wrong, checkCase(c, b)...)
	}
	for _, sentence := range wrong {
		fmt.Fprintln(out, "wrong:", sentence)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the directory is wrong in %d places", len(wrong))
	}
	_, err := fmt.Fprintln(out, "\nThe directory is right: who was onboarded has all that belongs to it, nobody else has\n"+
		"anything, and what was undone was undone in the reverse order.")
	return err
}

// fate is how a customer's onboarding ended, in a line.
func fate(run *runtime.RunDetail) string {
	if run.Status != runtime.StatusCompleted {
		return fmt.Sprintf("%s at %s: %s", run.Status, run.Error.Step, run.Error.Message)
	}
	var result onboarding.OnboardCustomerOutput
	if err := json.Unmarshal(run.Output, &result); err != nil {
		return fmt.Sprintf("completed, with a result that cannot be read: %v", err)
	}
	return fmt.Sprintf("completed: %s, approved by %s, %s", result.AccountID, result.ApprovedBy, strings.Join(result.Logins, " "))
}

// history is what happened to a run in the order in which it ended, a line for each hour
// in which something did.
func history(run *runtime.RunDetail) []string {
	var lines []string
	var hour time.Duration
	var events []string
	flush := func() {
		if len(events) > 0 {
			lines = append(lines, fmt.Sprintf("%3.0f h  %s", hour.Hours(), strings.Join(counted(events), ", ")))
		}
		events = nil
	}
	for _, e := range inOrder(run.Log) {
		text := event(&e)
		if text == "" {
			continue
		}
		if at := e.FinishedAt.Sub(run.CreatedAt).Truncate(time.Hour); at != hour {
			flush()
			hour = at
		}
		events = append(events, text)
	}
	flush()
	return lines
}

// counted says each event that comes several times in a row once, with how often it did.
func counted(events []string) []string {
	var texts []string
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n] == events[0] {
			n++
		}
		text := events[0]
		if n > 1 {
			text += fmt.Sprintf(" (%d)", n)
		}
		texts = append(texts, text)
		events = events[n:]
	}
	return texts
}

// inOrder is a log in the order in which things ended.
func inOrder(log []flow.Entry) []flow.Entry {
	return slices.SortedFunc(slices.Values(log), func(a, b flow.Entry) int { return cmp.Compare(a.EndSeq, b.EndSeq) })
}

// event is what an entry of the log tells, in a few words; nothing for those of no interest here.
func event(e *flow.Entry) string {
	block := e.Step[strings.LastIndex(e.Step, ".")+1:] // seats[3].provision-seat is a provision-seat
	switch {
	case e.Kind == flow.KindWait && e.Output == nil:
		return "no " + block
	case e.Kind == flow.KindCompensation && e.Error != nil:
		return "failed to undo " + block
	case e.Kind == flow.KindCompensation:
		return "undo " + block
	case e.Kind != flow.KindStep && e.Kind != flow.KindWait:
		return ""
	case e.Error != nil:
		return block + " failed"
	}
	return block
}
