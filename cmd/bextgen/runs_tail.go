// bextgen runs tail: what happens to runs, as it happens.

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tmaxmax/go-sse"

	"github.com/bextgen/bextgen/runtime/timeline"
)

func (r *runs) tailCommand() *cobra.Command {
	var flowID string
	cmd := &cobra.Command{
		Use:   "tail [run]",
		Short: "Prints the events of a run, or of all runs, as they come",
		Long: `Tail prints what has happened to a run and then what happens, until the run is over. Without a run it prints what
happens to all, or to those of a flow, until it is interrupted.`,
		Args: takes(0),
		RunE: r.reads(func(cmd *cobra.Command, c *client, args []string) error {
			path, query := "/flows/stream", url.Values{}
			if len(args) == 1 {
				if flowID != "" {
					return usagef("a run is of one flow: leave --flow out")
				}
				path = "/flows/" + url.PathEscape(args[0]) + "/stream"
			} else if flowID != "" {
				query.Set("flow_id", flowID)
			}
			var failed error
			err := c.events(cmd.Context(), path, query, func(e sse.Event) (enough bool) {
				failed = r.printEvent(cmd.OutOrStdout(), e, len(args) == 0)
				return failed != nil || len(args) == 1 && endsRun(e.Type)
			})
			if failed != nil {
				return failed
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&flowID, "flow", "", "only runs of this `flow`")
	return cmd
}

func endsRun(event string) bool {
	return event == "run_completed" || event == "run_failed" || event == "run_cancelled"
}

// event is what an event of a stream says.
type event struct {
	RunID      string `json:"run_id"`
	StepName   string `json:"step_name"`
	Attempt    int    `json:"attempt"`
	At         *int64 `json:"at"`
	DurationMS *int64 `json:"duration_ms"`
	RetryAt    *int64 `json:"retry_at"`
	Error      *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// printEvent prints an event in a line.
func (r *runs) printEvent(w io.Writer, e sse.Event, withRun bool) error {
	if r.json {
		line, err := json.Marshal(map[string]any{"id": e.LastEventID, "event": e.Type, "data": json.RawMessage(e.Data)})
		if err != nil {
			return &problem{fmt.Sprintf("the event %s cannot be read: %v", e.LastEventID, err)}
		}
		_, err = fmt.Fprintf(w, "%s\n", line)
		return err
	}
	var d event
	if err := decode(json.RawMessage(e.Data), &d); err != nil {
		return err
	}
	words := []string{}
	if d.At != nil {
		words = append(words, time.UnixMilli(*d.At).Format("15:04:05.000"))
	}
	if withRun {
		words = append(words, d.RunID)
	}
	words = append(words, fmt.Sprintf("%-20s", e.Type))
	if d.StepName != "" {
		words = append(words, timeline.OneLine(d.StepName))
	}
	if d.Attempt > 1 {
		words = append(words, fmt.Sprintf("attempt %d", d.Attempt))
	}
	if d.DurationMS != nil {
		words = append(words, "after "+timeline.Short(time.Duration(*d.DurationMS)*time.Millisecond))
	}
	if d.Error != nil {
		words = append(words, oneLine(d.Error.Message, 200))
	}
	if d.RetryAt != nil {
		words = append(words, "again at "+time.UnixMilli(*d.RetryAt).Format(time.TimeOnly))
	}
	_, err := fmt.Fprintln(w, strings.Join(words, "  "))
	return err
}
