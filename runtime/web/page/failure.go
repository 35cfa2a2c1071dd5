package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is what stands first on the page of a run in which something is wrong: where
// it failed, with what, what was tried, what was undone and what was not.

// failure is that.
type failure struct {
	Title   string
	Step    string
	Doc     string
	Source  string // where the step stands in the spec
	URL     string // of the step on the page
	Kind    string // what sort of error it is, in words; empty for a plain one
	Fields  payload
	Message payload
	Stack   string
	Input   payload
	Tries   []try
	More    int       // how many earlier tries are not shown
	Before  []earlier // attempts of the flow before this one
	Undone  []undone
	Done    []string // what completed and has nothing that undoes it
	Left    []string // what completed, could be undone and was not
	Next    string   // what happens next, or what retrying would do
	Calm    bool     // somebody asked for it: nothing is wrong
}

// try is one attempt of the step that failed.
type try struct {
	Attempt int
	At      time.Time
	Took    time.Duration
	Text    string
}

// undone is what became of undoing a step.
type undone struct {
	Step    string
	Handler string
	Mark    mark
	Text    string
	URL     string
}

// shownTries is how many attempts of the step that failed stand first.
const shownTries = 5

// newFailure is what is wrong with a run; nil for nothing.
func newFailure(in *inside) *failure {
	cause := in.cause()
	if cause == nil {
		return nil
	}
	f := &failure{
		Step: cause.Step, Kind: kindWords(cause), Stack: cause.Stack,
		Message: textPayload(cause.Message).at(in.value(0, "error")),
		Fields:  newPayload(cause.Fields),
		Calm:    cause.Kind == flow.ErrorCancelled,
	}
	if cause.Step != "" {
		f.URL = "#" + anchor(in.attempt, cause.Step)
	}
	if info, ok := in.info(cause.Step); ok {
		f.Doc, f.Source = info.Doc, info.Source
	}
	f.tries(in, cause)
	f.Before = earlierAttempts(in)
	f.Title = in.title(cause, len(f.Tries)+f.More)
	f.undone(in)
	f.Next = in.next()
	return f
}

// cause is why a run is not on its way to a good end: its error, or that of the rollback
// that is under way.
func (in *inside) cause() *flow.Error {
	if in.run.Error != nil || in.run.Status == flow.StatusCompleted {
		return in.run.Error
	}
	for i := range in.run.Log {
		if e := &in.run.Log[i]; e.Kind == flow.KindRollback && e.Open() && e.RunAttempt == in.attempt {
			return e.Error
		}
	}
	return nil
}

// title says in a line where it failed.
func (in *inside) title(cause *flow.Error, tries int) string {
	switch {
	case cause.Kind == flow.ErrorCancelled && in.run.Status == flow.StatusCancelled:
		return "Cancelled"
	case cause.Kind == flow.ErrorCancelled:
		return "Being cancelled"
	case cause.Step == "" && cause.Kind == flow.ErrorTimeout:
		return "The run took longer than its timeout"
	case cause.Step == "":
		return "The run failed"
	}
	how := "failed"
	if cause.Kind == flow.ErrorTimeout {
		how = "timed out"
	}
	if tries > 1 {
		return fmt.Sprintf("%s %s after %s attempts", cause.Step, how, count(tries))
	}
	return cause.Step + " " + how
}

func kindWords(e *flow.Error) string {
	switch {
	case e.Name != "":
		return e.Name
	case e.Kind == flow.ErrorHandler, e.Kind == flow.ErrorCancelled, e.Kind == flow.ErrorTimeout:
		return ""
	}
	return map[flow.ErrorKind]string{
		flow.ErrorPanic: "panic", flow.ErrorExpression: "an expression of the flow failed", flow.ErrorPayload: "a value does not fit",
	}[e.Kind]
}

// tries are the attempts of the step that failed, in the last attempt of the flow.
func (f *failure) tries(in *inside, cause *flow.Error) {
	var all []*flow.Entry
	for i := range in.run.Log {
		e := &in.run.Log[i]
		if e.Step == f.Step && f.Step != "" && e.RunAttempt == in.attempt && e.Attempt > 0 && e.Kind != flow.KindCompensation {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return
	}
	last := all[len(all)-1]
	f.Input = newPayload(last.Input).at(in.value(last.Seq, "input"))
	if len(all) > shownTries {
		f.More = len(all) - shownTries
		all = all[f.More:]
	}
	for _, e := range all {
		t := try{Attempt: e.Attempt, At: e.StartedAt, Text: "ok"}
		if !e.Open() {
			t.Took = e.FinishedAt.Sub(e.StartedAt)
		}
		if e.Error != nil {
			if t.Text = shorten(160, e.Error.Message); e.Error.Message == cause.Message {
				t.Text = "" // it stands above
			}
		}
		f.Tries = append(f.Tries, t)
	}
}

// undone says of each step that completed what became of undoing it, the last first.
func (f *failure) undone(in *inside) {
	undoing := map[string]*flow.Entry{} // the last attempt to undo each step
	var order []string
	for i := range in.run.Log {
		e := &in.run.Log[i]
		if e.Kind != flow.KindCompensation || e.RunAttempt != in.attempt {
			continue
		}
		if undoing[e.Step] == nil {
			order = append(order, e.Step)
		}
		undoing[e.Step] = e
	}
	for _, step := range order {
		f.Undone = append(f.Undone, in.undoneBy(step, undoing[step]))
	}
	for _, s := range in.run.Steps {
		if s.Status != flow.StatusCompleted || undoing[s.Name] != nil || len(s.Attempts) == 0 {
			continue
		}
		if info, ok := in.info(s.Name); ok && info.UndoneBy == "" {
			f.Done = append(f.Done, s.Name)
		} else {
			f.Left = append(f.Left, s.Name)
		}
	}
	f.Done, f.Left = fewWords(f.Done), fewWords(f.Left)
}

// fewWords keeps a list of names short.
func fewWords(names []string) []string {
	const most = 20
	if len(names) <= most {
		return names
	}
	return append(names[:most:most], count(len(names)-most)+" more")
}

func (in *inside) undoneBy(step string, e *flow.Entry) undone {
	u := undone{Step: step, URL: "#" + anchor(e.RunAttempt, step), Mark: mark{Icon: "undo", Tone: "undone", Word: "undone"}}
	if info, ok := in.info(step); ok {
		u.Handler = info.UndoneBy
	}
	switch {
	case e.Open():
		u.Mark = mark{Icon: "running", Tone: "running", Word: "being undone"}
	case e.Error != nil && !e.WakeAt.IsZero() && !in.run.Status.Final():
		u.Mark = mark{Icon: "waiting", Tone: "waiting", Word: "being undone"}
		u.Text = fmt.Sprintf("attempt %d failed: %s", e.Attempt, shorten(160, e.Error.Message))
	case e.Error != nil:
		u.Mark = mark{Icon: "failed", Tone: "failed", Word: "not undone"}
		u.Text = shorten(160, e.Error.Message)
	}
	return u
}

// next is what happens next by itself or, of a run that is over, what a retry would do.
func (in *inside) next() string {
	if !in.run.Status.Final() {
		if in.attempt < in.most {
			return fmt.Sprintf("Then the flow is tried again, unless the error is permanent: this is attempt %d of %d.", in.attempt, in.most)
		}
		return ""
	}
	kept := in.kept()
	from := in.retriesFrom()
	switch {
	case from == "" && len(kept) == 0:
		return "A retry starts a new run from the beginning, with the same input."
	case from == "":
		return "A retry starts a new run that keeps what completed."
	case len(kept) == 0:
		return fmt.Sprintf("A retry starts a new run, from %s.", from)
	}
	return fmt.Sprintf("A retry starts a new run that goes on from %s and keeps the results of %s.", from, list(fewWords(kept)))
}

// kept are the steps whose results a retry keeps.
func (in *inside) kept() []string {
	log, err := flow.Kept(in.run.ID, in.run.Log, "", "", in.site.Now)
	if err != nil {
		return nil
	}
	var names []string
	for i := range log {
		if e := &log[i]; (e.Kind == flow.KindStep || e.Kind == flow.KindCall || e.Kind == flow.KindWait) && !strings.Contains(e.Step, ".") {
			names = append(names, e.Step)
		}
	}
	return names
}

// retriesFrom is the first block that a retry does again; empty where there is none.
func (in *inside) retriesFrom() string {
	log, err := flow.Kept(in.run.ID, in.run.Log, "", "", in.site.Now)
	if err != nil {
		return ""
	}
	kept := map[string]bool{}
	for i := range log {
		kept[log[i].Step] = true
	}
	for _, s := range in.run.Steps {
		if !kept[s.Name] {
			return s.Name
		}
	}
	return ""
}
