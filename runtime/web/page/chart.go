package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/runtime/timeline"
)

// This file turns a timeline into shapes: where each bar stands, in percent of the axis,
// so that the page can have any width.

const (
	shownRows = 60  // rows of a timeline; the others are said to be there
	barParts  = 240 // bars that lie in the same part of the axis are one
)

// chart is a timeline as shapes.
type chart struct {
	Ticks []tick
	Rows  []chartRow
	More  int // rows that are not shown
	Total string
}

// tick is a mark on the axis.
type tick struct {
	X    string
	Text string
	Last bool
}

// chartRow is one line.
type chartRow struct {
	Heading string // of an attempt of the flow, where there are several
	Label   string
	URL     string
	Depth   int
	Undo    bool
	Run     bool // about the run as a whole
	Mark    mark
	Took    string
	Says    string // for who cannot see the bars
	Bars    []chartBar
}

// chartBar is one shape.
type chartBar struct {
	X, W  string // in percent
	Shape string // bar, pause, dot
	Tone  string
	Says  string
}

func newChart(line timeline.Timeline, in *inside) chart {
	c := chart{Ticks: ticks(line), Total: timeline.Short(line.End.Sub(line.Begin))}
	rows := slices.DeleteFunc(line.Rows(), saidElsewhere)
	if len(rows) > shownRows {
		rows = together(rows)
	}
	if len(rows) > shownRows {
		c.More = len(rows) - shownRows
		rows = worthSeeing(rows)
	}
	heading := 0
	for _, r := range rows {
		cr := in.chartRow(line, r)
		if in.attempt > 1 && r.RunAttempt != heading {
			heading = r.RunAttempt
			cr.Heading = fmt.Sprintf("Attempt %d of the flow", heading)
		}
		c.Rows = append(c.Rows, cr)
	}
	return c
}

// saidElsewhere says whether a row tells only of an act that ended something: the bar that
// ends there shows it, and the list of acts has who it was.
func saidElsewhere(r timeline.Row) bool {
	kind := r.Bars[0].Entry.Kind
	return kind == flow.KindResume || kind == flow.KindRetry || kind == flow.KindSkipDelay && r.Step == ""
}

// together makes one row of those of a block in the elements of a foreach, but for the ones
// that failed or last.
func together(rows []timeline.Row) []timeline.Row {
	type key struct {
		runAttempt int
		pattern    string
		undo       bool
	}
	var out []timeline.Row
	place := map[key]int{}
	for _, r := range rows {
		k := key{r.RunAttempt, description.Pattern(r.Step), r.Undo}
		i, ok := place[k]
		switch {
		case k.pattern == r.Step || urgent(r):
			out = append(out, r)
		case !ok:
			place[k] = len(out)
			r.Step = k.pattern
			out = append(out, r)
		default:
			o := &out[i]
			o.Bars = append(o.Bars, r.Bars...)
			o.Attempts += r.Attempts
			if r.To.After(o.To) {
				o.To = r.To
			}
		}
	}
	for _, i := range place {
		slices.SortStableFunc(out[i].Bars, func(a, b timeline.Bar) int { return a.From.Compare(b.From) })
	}
	return out
}

// urgent says whether an operator wants to see a row.
func urgent(r timeline.Row) bool {
	return r.Status == flow.StatusFailed || r.Status == flow.StatusRunning
}

// worthSeeing keeps as many rows as are shown: those that failed or last, and of the others the last ones.
func worthSeeing(rows []timeline.Row) []timeline.Row {
	keep := make([]bool, len(rows))
	left := shownRows
	for pass := range 2 {
		for i := len(rows) - 1; i >= 0 && left > 0; i-- {
			if !keep[i] && (urgent(rows[i]) || pass == 1) {
				keep[i] = true
				left--
			}
		}
	}
	var out []timeline.Row
	for i, r := range rows {
		if keep[i] {
			out = append(out, r)
		}
	}
	return out
}

func (in *inside) chartRow(line timeline.Timeline, r timeline.Row) chartRow {
	c := chartRow{
		Label: r.Step, Depth: min(r.Depth, 3), Undo: r.Undo, Run: r.Step == "",
		Mark: markOf(r.Status, ""), Took: timeline.Short(r.To.Sub(r.From)),
	}
	last := r.Bars[len(r.Bars)-1]
	if r.Step != "" {
		c.URL = "#" + anchor(r.RunAttempt, r.Step)
		if r.RunAttempt != in.attempt {
			c.URL = fmt.Sprintf("?attempt=%d#steps", r.RunAttempt)
		}
	}
	if last.Open && last.Kind != timeline.Attempt && last.Kind != timeline.Undo && last.Kind != timeline.Elements && last.Kind != timeline.Call {
		c.Mark = markOf(flow.StatusRunning, flow.PhaseWaiting)
	}
	switch {
	case r.Step == "":
		c.Label, c.Mark = runRowWords(last)
	case last.Entry.Kind == flow.KindSignal:
		c.Label, c.Mark, c.URL = "signal "+r.Step, mark{Icon: "signal", Tone: "plain", Word: "signal"}, ""
	case r.Undo:
		c.Label = "undo " + r.Step
		if r.Status == flow.StatusCompleted {
			c.Mark = mark{Icon: "undo", Tone: "undone", Word: "undone"}
		}
	}
	if last.Kind == timeline.Moment && len(r.Bars) == 1 {
		c.Took = ""
	}
	if strings.Contains(r.Step, "[]") { // many elements
		c.Label, c.URL = c.Label+" × "+count(elements(r)), ""
	}
	c.Says = c.Mark.Word
	if r.Attempts > 1 {
		c.Says += ", " + plural(r.Attempts, "attempt", "attempts")
	}
	for _, b := range line.Fold(r.Bars, barParts) {
		c.Bars = append(c.Bars, newChartBar(line, b))
	}
	return c
}

// elements is of how many elements a row tells.
func elements(r timeline.Row) int {
	paths := map[string]bool{}
	for _, b := range r.Bars {
		paths[b.Entry.Step] = true
	}
	return len(paths)
}

// runRowWords are the label and the mark of what is about the run as a whole.
func runRowWords(b timeline.Bar) (string, mark) {
	plain := func(icon, word string) (string, mark) { return word, mark{Icon: icon, Tone: "plain", Word: word} }
	switch b.Entry.Kind {
	case flow.KindRestart:
		return plain("waiting", "pause")
	case flow.KindPause:
		return plain("paused", "paused")
	case flow.KindTimeout:
		return "timeout of the flow", markOf(flow.StatusFailed, "")
	}
	return plain("cancelled", string(b.Entry.Kind))
}

// slimmest is the least width of a bar, in percent: a bar that is there can be seen.
const slimmest = 0.35

func newChartBar(line timeline.Timeline, b timeline.Bar) chartBar {
	x, end := 100*line.Share(b.From), 100*line.Share(b.To)
	w := max(end-x, slimmest)
	x = min(x, 100-w)
	c := chartBar{X: percent(x), W: percent(w), Shape: "bar", Tone: string(b.Status), Says: barSays(b)}
	switch b.Kind {
	case timeline.Retry, timeline.Delay, timeline.Restart, timeline.Paused, timeline.Wait:
		c.Shape = "pause"
		if b.Kind != timeline.Wait && b.Status != flow.StatusRunning {
			c.Tone = "plain"
		}
	case timeline.Undo:
		c.Shape = "undo"
	case timeline.Elements, timeline.Call:
		c.Shape = "span"
	case timeline.Moment:
		c.Shape = "dot"
		if b.Status == flow.StatusCompleted {
			c.Tone = "plain"
		}
	}
	if b.Open && c.Shape == "pause" {
		c.Tone = "waiting"
	}
	return c
}

// barSays tells a bar in words.
func barSays(b timeline.Bar) string {
	took := timeline.Short(b.To.Sub(b.From))
	switch {
	case b.Count > 1:
		return fmt.Sprintf("%s in %s", plural(b.Count, "thing", "things"), took)
	case b.Kind == timeline.Retry:
		return fmt.Sprintf("pause before attempt %d, %s", b.Entry.Attempt+1, took)
	case b.Kind == timeline.Attempt || b.Kind == timeline.Undo:
		return fmt.Sprintf("%s, %s, %s", attemptLabel(b.Entry), took, shorten(120, outcomeWords(b)))
	}
	return fmt.Sprintf("%s, %s", b.Kind, took)
}

func outcomeWords(b timeline.Bar) string {
	if b.Open {
		return "under way"
	}
	return timeline.Outcome(b.Entry)
}

// percent is a number with two places, without zeros at its end.
func percent(f float64) string { return strconv.FormatFloat(float64(int(f*100+0.5))/100, 'f', -1, 64) }

// ticks are about five round times on the axis.
func ticks(line timeline.Timeline) []tick {
	total := line.End.Sub(line.Begin)
	if total <= 0 {
		return nil
	}
	step := niceStep(total / 5)
	var out []tick
	for at := time.Duration(0); at <= total-step/2; at += step {
		out = append(out, tick{X: percent(100 * float64(at) / float64(total)), Text: tickText(at)})
	}
	return out
}

// niceStep is the least round duration that is not less.
func niceStep(d time.Duration) time.Duration {
	const day = 24 * time.Hour
	for unit := time.Millisecond; unit < time.Second; unit *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if n*unit >= d {
				return n * unit
			}
		}
	}
	for _, s := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day,
	} {
		if s >= d {
			return s
		}
	}
	return ((d + day - 1) / day) * day
}

func tickText(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return durationWords(d)
}

// durationWords is a duration in the words of the flow language.
func durationWords(d time.Duration) string { return duration.Format(d) }
