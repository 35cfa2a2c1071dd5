// The timeline of a run in a terminal: one line for each thing that happened.

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

const barWidth = 36

// line is one line of a timeline.
type line struct {
	name       string
	start, end time.Time
	fill       string // what its bar is drawn with
	text       string
}

// writeTimeline draws a run: what happened, when, for how long and how it ended.
// What began before this program was opened and ended after was taken up again.
func writeTimeline(w io.Writer, title string, run *runtime.RunDetail, opened time.Time) error {
	var b strings.Builder
	begin, end := span(run)
	fmt.Fprintf(&b, "%s  %s", title, run.Status)
	if run.Attempts > 1 {
		fmt.Fprintf(&b, " in attempt %d of the flow", run.Attempts)
	}
	fmt.Fprintf(&b, ", %s\n", short(end.Sub(begin)))
	for _, l := range linesOf(run, opened) {
		drawLine(&b, l, begin, end)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// span is the time from a run's first step to its end or the last thing known of it.
func span(run *runtime.RunDetail) (begin, end time.Time) {
	begin, end = run.StartedAt, run.FinishedAt
	for _, e := range run.Log {
		for _, t := range []time.Time{e.StartedAt, e.FinishedAt} {
			if t.After(end) {
				end = t
			}
		}
	}
	return begin, end
}

// linesOf turns the log into lines, the pauses behind failed attempts too.
func linesOf(run *runtime.RunDetail, opened time.Time) []line {
	var lines []line
	for i, e := range run.Log {
		l := line{name: e.Step, start: e.StartedAt, end: e.FinishedAt, fill: "█"}
		switch e.Kind {
		case flow.KindStep:
			l.text = outcome(&run.Log[i], opened)
		case flow.KindCompensation:
			l.name, l.fill, l.text = "  undo "+e.Step, "▒", outcome(&run.Log[i], opened)
		case flow.KindSkip:
			l.text = "skipped"
		case flow.KindDelay:
			l.name, l.fill, l.text = "  delay", "·", "before "+e.Step
		case flow.KindRestart:
			l.name, l.fill, l.text = "  pause", "·", fmt.Sprintf("before attempt %d of the flow", e.RunAttempt)
		case flow.KindCancel, flow.KindTimeout:
			l.name, l.text = "  "+string(e.Kind), e.Error.Message
		case flow.KindRollback:
			continue // its compensations are lines of their own
		}
		lines = append(lines, l)
		if next, ok := nextAttempt(run.Log[i+1:], e); ok {
			lines = append(lines, line{
				name: "  pause", start: e.FinishedAt, end: next, fill: "·",
				text: fmt.Sprintf("before attempt %d", e.Attempt+1),
			})
		}
	}
	return lines
}

// nextAttempt is when the attempt behind a failed one began, if there was one.
func nextAttempt(later []flow.Entry, failed flow.Entry) (time.Time, bool) {
	if failed.Attempt == 0 || failed.WakeAt.IsZero() {
		return time.Time{}, false
	}
	for _, e := range later {
		if e.Kind == failed.Kind && e.Step == failed.Step {
			return e.StartedAt, true
		}
	}
	return failed.WakeAt, true
}

// outcome is how an attempt ended.
func outcome(e *flow.Entry, opened time.Time) string {
	text := "ok"
	switch {
	case e.Open():
		text = "under way"
	case e.Error != nil:
		text = "failed: " + e.Error.Message
	case e.Attempt > 1:
		text = fmt.Sprintf("ok, in attempt %d", e.Attempt)
	}
	if e.StartedAt.Before(opened) && e.FinishedAt.After(opened) {
		text += ", interrupted and run again"
	}
	return text
}

// drawLine writes one line; its bar is to the scale of the whole run.
func drawLine(b *strings.Builder, l line, begin, end time.Time) {
	if l.end.IsZero() || l.end.After(end) { // it was not over when the run was
		l.end = end
	}
	total := end.Sub(begin)
	from := min(column(l.start.Sub(begin), total), barWidth-1)
	to := max(column(l.end.Sub(begin), total), from+1)
	bar := strings.Repeat(" ", from) + strings.Repeat(l.fill, to-from) + strings.Repeat(" ", barWidth-to)
	fmt.Fprintf(b, "  %-22s %7s ▏%s▕ %6s  %s\n", l.name, "+"+short(l.start.Sub(begin)), bar, short(l.end.Sub(l.start)), l.text)
}

// column is where a time stands on a bar, from 0 to barWidth.
func column(at, total time.Duration) int {
	if total <= 0 {
		return 0
	}
	return min(max(int(float64(barWidth)*float64(at)/float64(total)), 0), barWidth)
}

// short is a duration as one would say it: in milliseconds below a second.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2fs", d.Seconds())
}
