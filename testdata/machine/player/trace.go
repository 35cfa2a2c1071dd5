package player

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/duration"
)

// trace is what an outcome led to, in the order of the effects.
func (d *driver) trace(eff flow.Effects) []string {
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, d.named("-> "+fmt.Sprintf(format, args...)))
	}
	for i := range eff.Entries {
		if text := entry(&eff.Entries[i]); text != "" {
			add("%s", text)
		}
	}
	for _, c := range eff.Calls {
		add("call %s: start %s %s %s", d.calls[c.ID], c.Flow, c.Version, c.Input)
	}
	for _, a := range eff.Attempts {
		add("%s", describe(a))
	}
	for _, seq := range eff.Stop {
		i := slices.IndexFunc(d.open, func(a flow.Attempt) bool { return a.Entry.Seq == seq })
		add("stop %s", attemptName(d.open[i]))
	}
	for _, id := range eff.CancelCalls {
		add("cancel %s", id)
	}
	return lines
}

// named is a line in which the runs of calls have the names of the calls, which people
// can read, in place of their ids.
func (d *driver) named(line string) string {
	for id, path := range d.calls {
		line = strings.ReplaceAll(line, id, "<"+path+">")
	}
	return line
}

// attemptName is what an attempt is of.
func attemptName(a flow.Attempt) string {
	if a.Entry.Kind == flow.KindCompensation {
		return undoing + a.Entry.Step
	}
	return a.Entry.Step
}

// describe is an attempt that is to be started.
func describe(a flow.Attempt) string {
	var b strings.Builder
	if a.Entry.Kind == flow.KindStep {
		b.WriteString("run ")
	}
	fmt.Fprintf(&b, "%s #%d", attemptName(a), a.Entry.Attempt)
	if a.Entry.Kind == flow.KindCompensation {
		fmt.Fprintf(&b, " with %s", a.Handler)
	}
	for _, value := range [][]byte{a.Input, a.Output} {
		if len(value) > 0 {
			fmt.Fprintf(&b, " %s", value)
		}
	}
	if a.Timeout > 0 {
		fmt.Fprintf(&b, " within %s", duration.Format(a.Timeout))
	}
	if a.Stored {
		b.WriteString(" once that is stored")
	}
	return b.String()
}

// entry is what is new about an entry of the log; empty where a line of the script
// said it.
func entry(e *flow.Entry) string {
	switch e.Kind {
	case flow.KindStep:
		return failed(e, e.Step)
	case flow.KindCompensation:
		return failed(e, undoing+e.Step)
	case flow.KindSkip:
		return "skip " + e.Step
	case flow.KindEnter:
		return "enter " + e.Step
	case flow.KindChoice:
		switch {
		case e.Error != nil:
			return fmt.Sprintf("choose %s has failed: %s", e.Step, e.Error.Message)
		case string(e.Output) == "-1":
			return "choose " + e.Step + ": no case"
		}
		return fmt.Sprintf("choose %s: case %s", e.Step, e.Output)
	case flow.KindTimeout, flow.KindCancel:
		return e.Error.Message
	case flow.KindSignal:
		return strings.Join(slices.DeleteFunc([]string{"keep", e.Step, e.Key, string(e.Output)}, isEmpty), " ")
	}
	if e.Open() {
		return began(e)
	}
	return ended(e)
}

func isEmpty(text string) bool { return text == "" }

// failed is how an attempt failed.
func failed(e *flow.Entry, name string) string {
	switch {
	case e.Error == nil:
		return ""
	case e.WakeAt.IsZero():
		return fmt.Sprintf("%s #%d has failed: %s", name, e.Attempt, e.Error.Message)
	default:
		return fmt.Sprintf("%s #%d has failed, again at %s", name, e.Attempt, clock(e.WakeAt))
	}
}

// began is the beginning of something that takes time.
func began(e *flow.Entry) string {
	switch e.Kind {
	case flow.KindDelay:
		return fmt.Sprintf("delay %s until %s", e.Step, clock(e.WakeAt))
	case flow.KindForeach:
		return fmt.Sprintf("foreach %s over %s", e.Step, e.Input)
	case flow.KindRollback:
		return "roll back: " + e.Error.Message
	case flow.KindRestart:
		return fmt.Sprintf("begin again at %s, attempt %d: %s", clock(e.WakeAt), e.RunAttempt, e.Error.Message)
	case flow.KindWait:
		text := "wait " + e.Step
		if e.Key != "" {
			text += " for " + e.Key
		}
		if !e.WakeAt.IsZero() {
			text += " until " + clock(e.WakeAt)
		}
		return text
	}
	return ""
}

// ended is the end of something that took time.
func ended(e *flow.Entry) string {
	switch {
	case e.Kind == flow.KindDelay:
		return fmt.Sprintf("delay %s is over", e.Step)
	case e.Kind == flow.KindRollback:
		return "rolled back"
	case e.Kind == flow.KindRestart:
		return fmt.Sprintf("attempt %d begins", e.RunAttempt)
	case e.Error != nil:
		return fmt.Sprintf("%s %s has ended: %s", e.Kind, e.Step, e.Error.Message)
	case len(e.Output) > 0:
		return fmt.Sprintf("%s %s has ended: %s", e.Kind, e.Step, e.Output)
	}
	return fmt.Sprintf("%s %s has ended", e.Kind, e.Step)
}

// changes are what is new about the run: its phase, when it wakes, how it ended.
func (d *driver) changes() []string {
	before, now := d.shown, d.run.State()
	d.shown = now
	switch {
	case now.Status == flow.StatusCompleted:
		return []string{fmt.Sprintf("= completed %s", now.Output)}
	case now.Status == flow.StatusCancelled:
		return []string{"= " + now.Err.Message}
	case now.Status.Final():
		return []string{d.named(fmt.Sprintf("= %s: %s", now.Status, now.Err.Message))}
	case now.Phase == before.Phase && now.WakeAt.Equal(before.WakeAt):
		return nil
	case now.WakeAt.IsZero():
		return []string{fmt.Sprintf("= %s", now.Phase)}
	default:
		return []string{fmt.Sprintf("= %s until %s", now.Phase, clock(now.WakeAt))}
	}
}

// clock is a time as what has passed since the script began.
func clock(t time.Time) string { return "+" + duration.Format(t.Sub(epoch)) }
