package timeline

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file draws a timeline in a terminal: one line for each bar.

const barWidth = 36

// Text is a timeline as text.
type Text struct {
	// Title stands before the run's status.
	Title string
	// Opened is when the program that executes was started: what began before and ended
	// after was taken up again. Zero says nothing about that.
	Opened time.Time
}

// Write draws it.
func (x Text) Write(w io.Writer, t Timeline) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", x.Title, t.Status)
	if t.Attempts > 1 {
		fmt.Fprintf(&b, " in attempt %d of the flow", t.Attempts)
	}
	fmt.Fprintf(&b, ", %s\n", Short(t.End.Sub(t.Begin)))
	for i := range t.Bars {
		x.line(&b, t, &t.Bars[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line writes one line; its bar is to the scale of the whole run.
func (x Text) line(b *strings.Builder, t Timeline, bar *Bar) {
	from := min(t.column(bar.From, barWidth), barWidth-1)
	to := max(t.column(bar.To, barWidth), from+1)
	name, fill, text := x.words(bar) // names of blocks are those of the spec
	line := strings.Repeat(" ", from) + strings.Repeat(fill, to-from) + strings.Repeat(" ", barWidth-to)
	fmt.Fprintf(b, "  %-22s %7s ▏%s▕ %6s  %s\n", name, "+"+Short(bar.From.Sub(t.Begin)), line, Short(bar.To.Sub(bar.From)), OneLine(text))
}

// words are the name of a bar, what it is drawn with, and what became of it.
func (x Text) words(b *Bar) (name, fill, text string) {
	e := b.Entry
	switch b.Kind {
	case Undo:
		return "  undo " + e.Step, "▒", x.outcome(b)
	case Retry:
		return "  pause", "·", fmt.Sprintf("before attempt %d", e.Attempt+1)
	case Delay:
		return "  delay", "·", "before " + e.Step
	case Restart:
		return "  pause", "·", fmt.Sprintf("before attempt %d of the flow", e.RunAttempt)
	case Paused:
		return "  paused", "·", by(e)
	case Wait:
		return e.Step, "░", x.outcome(b)
	case Moment:
		return x.moment(e)
	}
	return e.Step, "█", x.outcome(b)
}

// moment are the words for what has no duration.
func (x Text) moment(e *flow.Entry) (name, fill, text string) {
	switch e.Kind {
	case flow.KindSkip:
		return e.Step, "█", "skipped"
	case flow.KindSignal:
		return "  signal", "█", strings.TrimSpace("for " + e.Step + " " + e.Key)
	case flow.KindRetry:
		return "  retry", "█", "goes on with " + e.Key
	case flow.KindChoice, flow.KindEnter:
		return e.Step, "█", Outcome(e)
	}
	if e.Error != nil {
		return "  " + string(e.Kind), "█", e.Error.Message
	}
	return "  " + string(e.Kind), "█", by(e)
}

func by(e *flow.Entry) string {
	if e.Actor == "" {
		return ""
	}
	return "by " + e.Actor
}

// outcome is how a bar ended, and whether it was interrupted before.
func (x Text) outcome(b *Bar) string {
	text := "under way"
	if !b.Open {
		text = Outcome(b.Entry)
	}
	if b.Entry.StartedAt.Before(x.Opened) && b.Entry.FinishedAt.After(x.Opened) {
		text += ", interrupted and run again"
	}
	return text
}

// Outcome is how an entry of a log that is over ended, in words.
func Outcome(e *flow.Entry) string {
	switch {
	case e.Error != nil:
		return "failed: " + e.Error.Message
	case e.Open():
		return "under way"
	case e.Kind == flow.KindWait && e.Output == nil:
		return "nothing came"
	case e.Attempt > 1:
		return fmt.Sprintf("ok, in attempt %d", e.Attempt)
	}
	return "ok"
}

// OneLine is a text that came from outside in one line of a terminal, without what would steer it.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(strings.Fields(text), " "))
}

// Short is a duration as one would say it: in milliseconds below a second, in seconds
// below a minute, and then in the two largest units that it has.
func Short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd %02dh", int(d.Hours())/24, int(d.Hours())%24)
}
