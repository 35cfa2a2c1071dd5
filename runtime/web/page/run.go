package page

import (
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/timeline"
)

// This file is the page of a run.

// Run is what the page of a run is made of.
type Run struct {
	// Detail is the run. Its secrets are hidden.
	Detail *runtime.RunDetail
	// Repeats are the runs that repeat it or go on with it, the newest first.
	Repeats []runtime.RunSummary
	// Flow describes the run's flow; nil where that is not known.
	Flow *description.Flow
	// Children are the runs that it called, as far as they are known.
	Children []runtime.RunSummary
	// Query is the query of the page's address: which part of a run that is too large
	// for one page is shown.
	Query url.Values
}

// WriteRun writes the page of a run or, if its query names one, that of a value. It returns
// ErrNoValue if there is no such value.
func WriteRun(w io.Writer, site Site, r Run) error {
	if r.Query.Has("value") {
		return writeValue(w, site, r)
	}
	d := r.Detail
	body := newRunPage(site, r)
	return write(w, "run.html", view{
		Site: site, Title: d.Flow + " " + d.ID, Here: "runs", Live: runStream(site, d), Body: body,
	})
}

// runStream is the stream of a run that is not over, from where the page is on.
func runStream(site Site, d *runtime.RunDetail) string {
	if d.Status.Final() {
		return ""
	}
	var last int64
	for i := range d.Log {
		last = max(last, d.Log[i].Seq, d.Log[i].EndSeq)
	}
	stream := site.Prefix + "/flows/" + url.PathEscape(d.ID) + "/stream"
	if last == 0 {
		return stream
	}
	return stream + "?" + url.Values{"last_event_id": {d.ID + "-" + strconv.FormatInt(last, 10)}}.Encode()
}

// runPage is what the template of a run's page reads.
type runPage struct {
	Site     Site
	URL      string
	Run      *runtime.RunDetail
	Doc      string
	Mark     mark
	Attempt  string        // which of the flow; empty where it has only one
	Took     time.Duration // so far
	Now      *present      // nil for a run that is over
	Failure  *failure      // nil for a run in which nothing is wrong
	Earlier  []earlier     // attempts of the flow before the last one
	Chart    chart
	Graph    template.HTML
	Blocks   []block
	Before   string // where the blocks before the ones shown are; empty for none
	After    string // where those behind them are
	Many     string // how many there are, where not all are shown
	Happened []happening
	Input    payload
	Output   payload
	Acts     acts
	Children []runtime.RunSummary
	Repeats  []runtime.RunSummary
}

func newRunPage(site Site, r Run) *runPage {
	d := r.Detail
	p := &runPage{
		Site: site, URL: site.RunURL(d.ID), Run: d, Mark: markOf(d.Status, d.Phase),
		Children: r.Children, Repeats: r.Repeats,
	}
	if r.Flow != nil {
		p.Doc = r.Flow.Doc
	}
	line := timeline.New(timeline.Run{
		Status: d.Status, Attempts: d.Attempts, StartedAt: d.StartedAt, FinishedAt: d.FinishedAt, Log: d.Log,
	}, site.Now)
	p.Took = line.End.Sub(line.Begin)
	in := newInside(r, site)
	switch {
	case in.most > 1:
		p.Attempt = fmt.Sprintf("attempt %d of %d", in.attempt, in.most)
	case in.attempt > 1:
		p.Attempt = fmt.Sprintf("attempt %d", in.attempt)
	}
	p.Now = newPresent(in, line)
	p.Failure = newFailure(in)
	if p.Failure == nil {
		p.Earlier = earlierAttempts(in)
	}
	p.Chart = newChart(line, in)
	p.blocks(in, r.Query)
	p.Happened = happenings(d)
	p.Graph = in.graph()
	p.Input = newPayload(d.Input).at(in.value(0, "input"))
	p.Output = newPayload(d.Output).at(in.value(0, "output"))
	p.Acts = newActs(in)
	return p
}

// inside is a run with what is asked of it again and again.
type inside struct {
	site    Site
	run     *runtime.RunDetail
	flow    *description.Flow    // nil where it is not known
	known   map[string]blockInfo // what the flow says of its blocks, by name; nil where it is not known
	most    int                  // how often the flow is tried; 0 where that is not known
	attempt int                  // the last one of the flow
}

func newInside(r Run, site Site) *inside {
	in := &inside{site: site, run: r.Detail, flow: r.Flow, attempt: max(r.Detail.Attempts, 1)}
	for i := range r.Detail.Log {
		in.attempt = max(in.attempt, r.Detail.Log[i].RunAttempt)
	}
	if r.Flow != nil {
		in.known, in.most = blocksOf(r.Flow), max(r.Flow.MaxAttempts, 1)
	}
	return in
}

// info is what the flow says of the block at a path; false where that is not known.
func (in *inside) info(path string) (blockInfo, bool) {
	info, ok := in.known[path[strings.LastIndexByte(path, '.')+1:]]
	return info, ok
}

// value is where all of a value of an entry is; the entry 0 is the run itself.
func (in *inside) value(seq int64, part string) string {
	return in.site.RunURL(in.run.ID) + "?" + url.Values{"value": {part}, "entry": {strconv.FormatInt(seq, 10)}}.Encode()
}

// present is what a run that is not over does.
type present struct {
	Text  string
	Items []presentItem
	More  int // how many other things are under way
}

// presentItem is one thing that is under way or waited for.
type presentItem struct {
	Mark     mark
	Step     string
	URL      string
	Text     string
	Error    string // why the attempt before failed
	Since    time.Time
	Until    time.Time
	Progress *flow.Progress
	Percent  int
	Seq      int64  // of the entry
	Signal   string // the wait that a signal may be sent for
	Payload  string // what it may carry, to be filled in; empty for nothing
	Key      string
	Skip     bool // the pause may be skipped
}

// presentItems is how many of the things that are under way are shown.
const presentItems = 12

func newPresent(in *inside, line timeline.Timeline) *present {
	d := in.run
	if d.Status.Final() {
		return nil
	}
	p := &present{Text: presentText(d)}
	failed := map[string]*flow.Error{} // why the last attempt failed, by block
	for i := range line.Bars {
		b := &line.Bars[i]
		if item, ok := in.presentItem(b); ok {
			if err := failed[b.Entry.Step]; err != nil {
				item.Error = shorten(200, err.Message)
			}
			p.Items = append(p.Items, item)
		}
		if e := b.Entry; e.Error != nil && e.RunAttempt == in.attempt {
			failed[e.Step] = e.Error
		}
	}
	if n := len(p.Items) - presentItems; n > 0 {
		p.Items = p.Items[:presentItems]
		p.More = n
	}
	return p
}

func presentText(d *runtime.RunDetail) string {
	switch {
	case d.Phase == flow.PhaseParked:
		return fmt.Sprintf("No program that is running has code for %s %s. The run goes on when one is started; nothing is lost.", d.Flow, d.Version)
	case d.Status == flow.StatusPending && !d.WakeAt.IsZero():
		return "It is to start later."
	case d.Status == flow.StatusPending:
		return "It waits for a place to run."
	case d.Phase == flow.PhasePaused:
		return "Somebody paused it. What was under way may end; nothing begins before it is resumed."
	case d.Phase == flow.PhaseCompensating:
		return "What was done is being undone."
	}
	return ""
}

// presentItem is what a bar says of the present, if it lasts.
func (in *inside) presentItem(b *timeline.Bar) (presentItem, bool) {
	e := b.Entry
	item := presentItem{
		Step: e.Step, Seq: e.Seq, URL: "#" + anchor(e.RunAttempt, e.Step), Since: b.From,
		Mark: markOf(flow.StatusRunning, flow.PhaseWaiting),
	}
	if !b.Open {
		return item, false
	}
	switch b.Kind {
	case timeline.Retry:
		item.Text, item.Until, item.Skip = fmt.Sprintf("pauses before attempt %d", e.Attempt+1), e.WakeAt, true
		return item, true
	case timeline.Attempt:
		item.Text, item.Mark = "is under way"+inAttempt(e.Attempt), markOf(flow.StatusRunning, "")
	case timeline.Undo:
		item.Text, item.Mark = "is being undone"+inAttempt(e.Attempt), markOf(flow.StatusRunning, flow.PhaseCompensating)
	case timeline.Delay:
		item.Text, item.Until, item.Skip = "is delayed", e.WakeAt, true
	case timeline.Restart:
		item.Text, item.Until, item.Skip = fmt.Sprintf("pauses before attempt %d of the flow", e.RunAttempt), e.WakeAt, true
	case timeline.Wait:
		item.Text, item.Until, item.Signal, item.Key = "waits for its signal", e.WakeAt, e.Block(), e.Key
		item.Payload = in.payloadOf(e.Block())
	case timeline.Call:
		item.Text, item.URL = "waits for the run that it called", in.site.RunURL(e.Key)
	default:
		return item, false // a foreach: what is in it is said; a pause: the run's phase says so
	}
	if e.Told != nil && e.Told.Progress != nil {
		item.Progress = e.Told.Progress
		item.Percent = int(e.Told.Progress.Fraction * 100)
	}
	return item, true
}

func inAttempt(n int) string {
	if n <= 1 {
		return ""
	}
	return fmt.Sprintf(", attempt %d", n)
}

// earlier is an attempt of the flow that failed and was followed by another.
type earlier struct {
	Attempt int
	URL     string
	Step    string
	Error   *flow.Error
	At      time.Time
}

// earlierAttempts are the attempts of the flow before its last one.
func earlierAttempts(in *inside) []earlier {
	var out []earlier
	for i := range in.run.Log {
		e := &in.run.Log[i]
		if e.Kind != flow.KindRollback || e.RunAttempt == in.attempt || e.Error == nil {
			continue
		}
		out = append(out, earlier{
			Attempt: e.RunAttempt, Error: e.Error, Step: e.Error.Step, At: e.StartedAt,
			URL: "?" + url.Values{"attempt": {strconv.Itoa(e.RunAttempt)}}.Encode() + "#steps",
		})
	}
	const most = 10
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return out
}

// happening is a signal, a timer or an act: what came from outside.
type happening struct {
	At      time.Time
	What    string
	Who     string
	Step    string
	Text    string
	Payload payload
}

// mostHappenings is how many of them a page has, the latest.
const mostHappenings = 100

// happenings are what came from outside, the latest first.
func happenings(d *runtime.RunDetail) []happening {
	var out []happening
	for _, a := range slices.Backward(d.Asked) {
		out = append(out, happening{
			At: a.At, Who: a.Actor, Step: a.Step, Text: a.Reason, What: strings.ReplaceAll(string(a.Act), "_", " ") + ", which it has not obeyed yet",
		})
	}
	for i := range slices.Backward(d.Log) {
		e := &d.Log[i]
		h := happening{At: e.StartedAt, Who: e.Actor, Step: e.Step}
		switch e.Kind {
		case flow.KindSignal:
			h.What, h.Text, h.Payload = "signal", e.Key, newPayload(e.Output)
		case flow.KindPause:
			h.What, h.Text = "paused", strings.Trim(string(e.Output), `"`)
		case flow.KindResume:
			h.What = "resumed"
		case flow.KindSkipDelay:
			h.What = "pause skipped"
		case flow.KindCancel, flow.KindTerminate, flow.KindTimeout:
			h.What, h.Text = map[flow.Kind]string{
				flow.KindCancel: "cancel", flow.KindTerminate: "terminate", flow.KindTimeout: "timeout",
			}[e.Kind], e.Error.Message
		case flow.KindRetry:
			h.What, h.Text = "started from", e.Key
		default:
			continue
		}
		if out = append(out, h); len(out) == mostHappenings {
			break
		}
	}
	return out
}
