// bextgen runs list.

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime/timeline"
	"github.com/bextgen/bextgen/runtime/web"
)

func (r *runs) listCommand() *cobra.Command {
	var q listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists runs, the newest first",
		Args:  takes(0),
		RunE: r.reads(func(cmd *cobra.Command, c *client, _ []string) error {
			query, err := q.query(time.Now())
			if err != nil {
				return err
			}
			text, err := c.ask(cmd.Context(), "GET", "/admin/flows", query, nil)
			if err != nil || r.json {
				return cmp.Or(err, printJSON(cmd.OutOrStdout(), text))
			}
			var page web.RunPage
			if err := decode(text, &page); err != nil {
				return err
			}
			return writeRuns(cmd.OutOrStdout(), page, time.Now())
		}),
	}
	q.add(cmd)
	completeFlag(cmd, "status", "pending", "running", "completed", "failed", "cancelled")
	return cmd
}

// listFlags select runs.
type listFlags struct {
	flow, tenant, text, since, until, cursor string
	status, labels                           []string
	limit                                    int
}

func (q *listFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&q.flow, "flow", "", "of this `flow`")
	flags.StringSliceVar(&q.status, "status", nil, "of this `status`: pending, running, completed, failed or cancelled (several with commas)")
	flags.StringVar(&q.tenant, "tenant", "", "of this `tenant`")
	flags.StringSliceVar(&q.labels, "label", nil, "with this label, `key=value` (several with commas)")
	flags.StringVarP(&q.text, "query", "q", "", "with this `text` in the error")
	flags.StringVar(&q.since, "since", "", "created at this `time` (2026-11-27T08:00:00Z) or so long ago (2h, 3d) at the most")
	flags.StringVar(&q.until, "until", "", "created before this `time`, or longer ago than this")
	flags.IntVar(&q.limit, "limit", 50, "how `many` at the most, up to 500")
	flags.StringVar(&q.cursor, "cursor", "", "the next page: the `cursor` that the one before ended with")
}

// query is what the flags say, as the route takes it.
func (q *listFlags) query(now time.Time) (url.Values, error) {
	query := url.Values{"limit": {strconv.Itoa(q.limit)}}
	for name, value := range map[string]string{"flow_id": q.flow, "tenant_id": q.tenant, "q": q.text, "cursor": q.cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for _, status := range q.status {
		query.Add("status", status)
	}
	for _, label := range q.labels {
		query.Add("label", label)
	}
	for name, value := range map[string]string{"since": q.since, "until": q.until} {
		if value == "" {
			continue
		}
		at, err := moment(value, now)
		if err != nil {
			return nil, usagef("--%s %q: %v", name, value, err)
		}
		query.Set(name, strconv.FormatInt(at.UnixMilli(), 10))
	}
	return query, nil
}

// writeRuns writes a table of runs.
func writeRuns(w io.Writer, page web.RunPage, now time.Time) error {
	if len(page.Runs) == 0 && page.NextCursor == nil {
		_, err := fmt.Fprintln(w, "There are no such runs.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RUN\tFLOW\tSTATUS\tCREATED\tTOOK\tERROR")
	for i := range page.Runs {
		run := &page.Runs[i]
		fmt.Fprintf(table, "%s\t%s %s\t%s\t%s\t%s\t%s\n",
			run.ID, run.FlowID, run.Version, statusText(run), ago(run.CreatedAt, now), took(run, now), oneLine(whyFailed(run), 80))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if page.NextCursor != nil {
		_, err := fmt.Fprintf(w, "There may be more: --cursor %s\n", *page.NextCursor)
		return err
	}
	return nil
}

// statusText is the status of a run, and its phase if that tells more.
func statusText(run *web.Run) string {
	if run.Phase == nil || *run.Phase == "forward" {
		return string(run.Status)
	}
	return fmt.Sprintf("%s (%s)", run.Status, *run.Phase)
}

func ago(ms *int64, now time.Time) string {
	if ms == nil {
		return ""
	}
	return timeline.Short(now.Sub(time.UnixMilli(*ms))) + " ago"
}

// took is how long a run took, or has been under way.
func took(run *web.Run, now time.Time) string {
	if run.StartedAt == nil {
		return ""
	}
	end := now
	if run.FinishedAt != nil {
		end = time.UnixMilli(*run.FinishedAt)
	}
	return timeline.Short(end.Sub(time.UnixMilli(*run.StartedAt)))
}

// whyFailed is why a run failed, in a line.
func whyFailed(run *web.Run) string {
	if run.Error == nil {
		return ""
	}
	if run.Error.Step == "" {
		return run.Error.Message
	}
	return run.Error.Step + ": " + run.Error.Message
}

// oneLine is a text that came from outside, for one line of a terminal and no longer than it may be.
func oneLine(text string, width int) string {
	text = timeline.OneLine(text)
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}

// indented is JSON for people, byte for byte the same values.
func indented(text json.RawMessage) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
