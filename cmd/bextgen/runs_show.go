// bextgen runs show and bextgen runs export: all that is known of a run.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/timeline"
	"github.com/bextgen/bextgen/runtime/web"
)

func (r *runs) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show run",
		Short: "Shows a run with its timeline",
		Args:  takes(1),
		RunE: r.reads(func(cmd *cobra.Command, c *client, args []string) error {
			text, err := wholeRun(cmd.Context(), c, args[0])
			if err != nil || r.json {
				return cmp.Or(err, printJSON(cmd.OutOrStdout(), text))
			}
			var run web.RunDetail
			if err := decode(text, &run); err != nil {
				return err
			}
			return writeRun(cmd.OutOrStdout(), &run, time.Now())
		}),
	}
}

func (r *runs) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export run",
		Short: "Prints a run with its whole history as JSON",
		Args:  takes(1),
		RunE: r.reads(func(cmd *cobra.Command, c *client, args []string) error {
			text, err := wholeRun(cmd.Context(), c, args[0])
			return cmp.Or(err, printJSON(cmd.OutOrStdout(), text))
		}),
	}
}

// wholeRun is a run with its history.
func wholeRun(ctx context.Context, c *client, id string) (json.RawMessage, error) {
	return c.ask(ctx, "GET", runPath(id, ""), url.Values{"history": {"true"}}, nil)
}

// writeRun writes what an operator wants to know of a run, what went wrong first.
func writeRun(w io.Writer, run *web.RunDetail, now time.Time) error {
	facts := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fact := func(name, value string) {
		if value != "" && value != "null" {
			fmt.Fprintf(facts, "%s\t%s\n", name, oneLine(value, 500))
		}
	}
	fact("run", run.ID)
	fact("flow", run.FlowID+" "+run.Version)
	fact("status", statusText(&run.Run))
	fact("asked for", strings.Join(askedFor(run.Acts), ", "))
	if run.Error != nil {
		fact("failed at", run.Error.Step)
		fact("error", run.Error.Message)
	}
	fact("undone", strings.Join(undone(run.Steps, flow.StatusCompleted), ", "))
	fact("not undone", strings.Join(undone(run.Steps, flow.StatusFailed), ", "))
	fact("tenant", run.TenantID)
	for _, name := range slices.Sorted(maps.Keys(run.Labels)) {
		fact("label", name+"="+run.Labels[name])
	}
	fact("created", clock(run.CreatedAt))
	fact("finished", clock(run.FinishedAt))
	if run.StartedAt == nil {
		fact("starts", clock(run.WakeAt))
	} else {
		fact("goes on", clock(run.WakeAt))
	}
	fact("called by", deref(run.ParentID))
	fact("retry of", deref(run.RetryOf))
	fact("input", string(run.Input))
	fact("output", string(run.Output))
	if err := facts.Flush(); err != nil {
		return err
	}
	if run.StartedAt == nil {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return timeline.Text{Title: run.FlowID}.Write(w, timeline.New(timeline.Run{
		Status: run.Status, Attempts: run.Attempts,
		StartedAt: timeOf(run.StartedAt), FinishedAt: timeOf(run.FinishedAt), Log: entries(run.History),
	}, now))
}

// askedFor are the acts that the run has not obeyed yet.
func askedFor(acts []web.Act) (texts []string) {
	for _, a := range acts {
		if a.Waits {
			texts = append(texts, strings.TrimSpace(a.Act+" "+a.StepName)+" (not obeyed yet)")
		}
	}
	return texts
}

// undone are the steps whose compensation ended so.
func undone(steps []web.Step, status flow.Status) (names []string) {
	for i := range steps {
		if c := steps[i].Compensation; c != nil && *c == status {
			names = append(names, steps[i].Name)
		}
	}
	return names
}

// entries are those of the log that a history was made from.
func entries(history []web.Entry) []flow.Entry {
	log := make([]flow.Entry, len(history))
	for i := range history {
		h := &history[i]
		log[i] = flow.Entry{
			Seq: h.Seq, EndSeq: h.EndSeq, Kind: h.Kind, Step: h.StepName, RunAttempt: h.RunAttempt, Attempt: h.Attempt, Key: h.Key,
			Input: h.Input, Output: h.Output, Error: h.Error, Actor: h.Actor,
			StartedAt: timeOf(h.StartedAt), FinishedAt: timeOf(h.FinishedAt), WakeAt: timeOf(h.WakeAt),
		}
	}
	return log
}

// timeOf is a time of an answer; none is the zero time.
func timeOf(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms)
}

// clock is a time for people, where they are.
func clock(ms *int64) string {
	if ms == nil {
		return ""
	}
	return time.UnixMilli(*ms).Format("2006-01-02 15:04:05.000 MST")
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
