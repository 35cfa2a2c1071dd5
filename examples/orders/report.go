// What is said about the orders in the end.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/timeline"
)

// report says what became of each order, and checks the books if that was asked for.
func report(ctx context.Context, cfg config, out io.Writer, file *orderFile, s *shop, runs map[string]*runtime.RunDetail) error {
	if cfg.timeline {
		for _, order := range file.Orders {
			run := runs[order.ID]
			text := timeline.Text{Title: order.ID, Opened: cfg.opened}
			if err := text.Write(out, timeline.New(timeline.Run{
				Status: run.Status, Attempts: run.Attempts, StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, Log: run.Log,
			}, run.FinishedAt)); err != nil {
				return err
			}
		}
		fmt.Fprintln(out)
	}
	for _, order := range file.Orders {
		if _, err := fmt.Fprintf(out, "%-7s %s\n", order.ID, fate(runs[order.ID])); err != nil {
			return err
		}
	}
	if !cfg.check {
		return nil
	}
	return reportCheck(ctx, out, file, s, runs)
}

// fate is what became of an order, in a line.
func fate(run *runtime.RunDetail) string {
	if run.Status != runtime.StatusCompleted {
		text := fmt.Sprintf("%-10s", run.Status)
		if run.Error != nil {
			text += fmt.Sprintf(" at %s: %s", run.Error.Step, run.Error.Message)
		}
		return text
	}
	var result orders.ProcessOrderOutput
	if err := json.Unmarshal(run.Output, &result); err != nil {
		return fmt.Sprintf("completed, with a result that cannot be read: %v", err)
	}
	text := "completed  " + result.ChargeID
	if result.Shipped {
		text += ", shipped"
	}
	if run.Attempts > 1 {
		text += fmt.Sprintf(", in attempt %d", run.Attempts)
	}
	return text
}

// reportCheck prints what is wrong with the books, and fails if anything is.
func reportCheck(ctx context.Context, out io.Writer, file *orderFile, s *shop, runs map[string]*runtime.RunDetail) error {
	wrong, err := checkAll(ctx, s, file.Orders, runs)
	if err != nil {
		return err
	}
	totals, err := s.totals(ctx)
	if err != nil {
		return fmt.Errorf("count the books: %w", err)
	}
	for _, sentence := range wrong {
		fmt.Fprintln(out, "wrong:", sentence)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the books are wrong in %d places", len(wrong))
	}
	_, err = fmt.Fprintf(out, "\nThe books are right: %s.\n"+
		"What was charged for an attempt that failed was refunded once; each completed order\n"+
		"has one charge that stands, one mail, and one shipment if there was something to ship.\n", totals)
	return err
}
