package page

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the blocks of a run, with each attempt's input, result and error.

// How much of a run is on its page; the rest is on pages of its own.
const (
	shownBlocks   = 100 // blocks of a page
	shownAttempts = 8   // attempts of a block, the latest
	pageAttempts  = 50  // attempts on the page of one block
)

// block is one block in one attempt of the flow.
type block struct {
	ID     string
	Step   string
	Doc    string
	Source string
	Kind   string // what sort of block it is, where it is no step
	Mark   mark
	Undo   *mark // how undoing it ended; nil for a block that was not undone
	Tries  int
	Took   time.Duration
	Open   bool // unfolded
	Policy string

	Attempts []attempt
	Earlier  int    // how many attempts in front of them are not shown
	More     string // where those are
}

// attempt is one entry of the log about the block.
type attempt struct {
	Label      string
	Mark       mark
	At         time.Time
	Took       time.Duration
	Over       bool
	Next       time.Time // when it is tried again
	Input      payload
	Output     payload
	Checkpoint payload
	Error      *flow.Error
	Message    payload
	Fields     payload
	Progress   *flow.Progress
	Percent    int
	Key        string // of a call: the run that it started; of a wait: its element
	Child      string // where that run is
}

// blocks gathers what is shown of the blocks: those of the last attempt of the flow, or of
// the attempt or block that the address names.
func (p *runPage) blocks(in *inside, q url.Values) {
	runAttempt, step := in.attempt, q.Get("step")
	if n, err := strconv.Atoi(q.Get("attempt")); err == nil && n > 0 {
		runAttempt = n
	}
	if runAttempt != in.attempt {
		p.Many = fmt.Sprintf("attempt %d of the flow", runAttempt)
	}
	from, _ := strconv.Atoi(q.Get("from")) // what is no number is the beginning
	g := gather(in.run.Log, runAttempt, step)
	if step != "" {
		p.oneBlock(in, g, runAttempt, step, max(from, 0))
		return
	}
	total := len(g.order)
	from = min(max(from, 0), max(total-1, 0))
	to := min(from+shownBlocks, total)
	for _, step := range g.order[from:to] {
		p.Blocks = append(p.Blocks, in.block(runAttempt, step, g.entries[step], shownAttempts, 0))
	}
	link := func(from int) string {
		return "?" + url.Values{"attempt": {strconv.Itoa(runAttempt)}, "from": {strconv.Itoa(from)}}.Encode() + "#steps"
	}
	if from > 0 {
		p.Before = link(max(from-shownBlocks, 0))
	}
	if to < total {
		p.After = link(to)
	}
	if from > 0 || to < total {
		p.Many = fmt.Sprintf("%s to %s of %s", count(from+1), count(to), count(total))
	}
}

// oneBlock shows one block alone, with many of its attempts.
func (p *runPage) oneBlock(in *inside, g gathered, runAttempt int, step string, from int) {
	entries := g.entries[step]
	if len(entries) == 0 {
		return
	}
	from = min(from, len(entries)-1)
	to := min(from+pageAttempts, len(entries))
	b := in.block(runAttempt, step, entries[:to], pageAttempts, from)
	b.Open, b.More, b.Earlier = true, "", 0
	p.Blocks = []block{b}
	link := func(from int) string {
		return "?" + url.Values{
			"attempt": {strconv.Itoa(runAttempt)}, "step": {step}, "from": {strconv.Itoa(from)},
		}.Encode() + "#steps"
	}
	if from > 0 {
		p.Before = link(max(from-pageAttempts, 0))
	}
	if to < len(entries) {
		p.After = link(to)
	}
	p.Many = fmt.Sprintf("attempts %s to %s of %s", count(from+1), count(to), count(len(entries)))
}

// gathered is a log by blocks.
type gathered struct {
	order   []string
	entries map[string][]*flow.Entry
}

// gather takes the entries of one attempt of the flow that tell of blocks; of one block, if it is named.
func gather(log []flow.Entry, runAttempt int, only string) gathered {
	g := gathered{entries: map[string][]*flow.Entry{}}
	for i := range log {
		e := &log[i]
		if e.RunAttempt != runAttempt || e.Step == "" || only != "" && e.Step != only {
			continue
		}
		switch e.Kind {
		case flow.KindSignal, flow.KindSkipDelay, flow.KindLate, flow.KindEnter:
			if e.Error == nil {
				continue
			}
		}
		if g.entries[e.Step] == nil {
			g.order = append(g.order, e.Step)
		}
		g.entries[e.Step] = append(g.entries[e.Step], e)
	}
	return g
}

// block is a block with the latest of its attempts, at most so many, from a place on.
func (in *inside) block(runAttempt int, step string, entries []*flow.Entry, most, from int) block {
	b := block{ID: anchor(runAttempt, step), Step: step, Mark: markOf(flow.StatusPending, "")}
	if info, ok := in.info(step); ok {
		b.Doc, b.Source, b.Policy = info.Doc, info.Source, info.Policy
	}
	for _, e := range entries {
		b.sum(in, e)
	}
	if from == 0 && len(entries) > most {
		from = len(entries) - most
		b.Earlier = from
		b.More = "?" + url.Values{"attempt": {strconv.Itoa(runAttempt)}, "step": {step}}.Encode() + "#steps"
	}
	for _, e := range entries[from:] {
		b.Attempts = append(b.Attempts, in.attemptOf(e))
	}
	b.Open = b.Mark.Tone == "failed" || b.Undo != nil && b.Undo.Tone == "failed"
	return b
}

// sum takes the next entry into what is said of the whole block.
func (b *block) sum(in *inside, e *flow.Entry) {
	over := in.run.Status.Final() || e.RunAttempt < in.attempt
	if !e.Open() && e.Kind != flow.KindDelay {
		b.Took += e.FinishedAt.Sub(e.StartedAt)
	}
	if e.Kind == flow.KindCompensation {
		m := undoMark(e, over)
		b.Undo = &m
		return
	}
	switch e.Kind {
	case flow.KindStep:
		b.Tries++
	case flow.KindCall, flow.KindWait, flow.KindForeach, flow.KindChoice:
		b.Kind = map[flow.Kind]string{
			flow.KindCall: "call", flow.KindWait: "wait", flow.KindForeach: "foreach", flow.KindChoice: "choose",
		}[e.Kind]
	}
	b.Mark = entryMark(e, over)
}

// entryMark is what the latest entry makes of its block.
func entryMark(e *flow.Entry, over bool) mark {
	switch {
	case e.Kind == flow.KindSkip, e.Kind == flow.KindWait && !e.Open() && e.Error == nil && e.Output == nil:
		return markOf(flow.StatusSkipped, "")
	case e.Open() && over:
		return markOf(flow.StatusCancelled, "")
	case e.Open() && e.Kind != flow.KindStep && e.Kind != flow.KindForeach:
		return markOf(flow.StatusRunning, flow.PhaseWaiting)
	case e.Open():
		return markOf(flow.StatusRunning, "")
	case e.Error != nil && !e.WakeAt.IsZero() && !over:
		return markOf(flow.StatusRunning, flow.PhaseWaiting)
	case e.Error != nil && e.Error.Kind == flow.ErrorCancelled:
		return markOf(flow.StatusCancelled, "")
	case e.Error != nil:
		return markOf(flow.StatusFailed, "")
	case e.Kind == flow.KindDelay:
		return markOf(flow.StatusPending, "")
	}
	return markOf(flow.StatusCompleted, "")
}

func undoMark(e *flow.Entry, over bool) mark {
	switch {
	case e.Open():
		return mark{Icon: "running", Tone: "running", Word: "being undone"}
	case e.Error != nil && !e.WakeAt.IsZero() && !over:
		return mark{Icon: "waiting", Tone: "waiting", Word: "being undone"}
	case e.Error != nil:
		return mark{Icon: "failed", Tone: "failed", Word: "undo failed"}
	}
	return mark{Icon: "undo", Tone: "undone", Word: "undone"}
}

func (in *inside) attemptOf(e *flow.Entry) attempt {
	a := attempt{
		Label: attemptLabel(e), Mark: entryMark(e, true), At: e.StartedAt, Over: !e.Open(), Next: e.WakeAt, Error: e.Error,
		Input:  newPayload(e.Input).at(in.value(e.Seq, "input")),
		Output: newPayload(e.Output).at(in.value(e.Seq, "output")),
		Key:    e.Key,
	}
	if e.Open() {
		a.Mark = entryMark(e, in.run.Status.Final())
	} else {
		a.Took = e.FinishedAt.Sub(e.StartedAt)
	}
	if e.Error == nil && e.Kind != flow.KindDelay && e.Kind != flow.KindWait {
		a.Next = time.Time{}
	}
	if e.Kind == flow.KindDelay {
		a.Mark = markOf(flow.StatusRunning, flow.PhaseWaiting)
		if !e.Open() {
			a.Mark = markOf(flow.StatusCompleted, "")
		}
	}
	if e.Kind == flow.KindCall {
		a.Child = in.site.RunURL(e.Key)
	}
	if e.Error != nil {
		a.Message = textPayload(e.Error.Message).at(in.value(e.Seq, "error"))
		a.Fields = newPayload(e.Error.Fields)
	}
	if e.Told != nil {
		a.Checkpoint = newPayload(e.Told.Checkpoint).at(in.value(e.Seq, "checkpoint"))
		if a.Progress = e.Told.Progress; a.Progress != nil {
			a.Percent = int(a.Progress.Fraction * 100)
		}
	}
	return a
}

func attemptLabel(e *flow.Entry) string {
	switch e.Kind {
	case flow.KindStep:
		return fmt.Sprintf("attempt %d", e.Attempt)
	case flow.KindCompensation:
		return fmt.Sprintf("undo, attempt %d", e.Attempt)
	case flow.KindForeach:
		return "elements"
	case flow.KindChoice:
		return "case"
	case flow.KindSkip:
		return "skipped: its condition did not hold"
	}
	return string(e.Kind)
}
