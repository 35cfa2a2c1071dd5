package timeline

import (
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file gathers bars by what they are about.

// Row is what happened to one block in one attempt of the flow, or to its undoing, or
// one sort of thing that happened to the run as a whole.
type Row struct {
	// Step is the block's path; empty for the run as a whole.
	Step string
	// Undo says that the row is of the block's compensation.
	Undo bool
	// RunAttempt is the attempt of the flow, from 1.
	RunAttempt int
	// Depth is how many foreach blocks the block stands in.
	Depth int
	// Status is that of the last bar; Attempts how often its handler was called.
	Status   flow.Status
	Attempts int
	From, To time.Time
	Bars     []Bar
}

// Rows gathers the bars, in the order in which the rows began.
func (t Timeline) Rows() []Row {
	type key struct {
		runAttempt int
		step       string
		undo       bool
		kind       flow.Kind // of what is about the run as a whole
	}
	var rows []Row
	place := map[key]int{}
	for _, b := range t.Bars {
		e := b.Entry
		k := key{runAttempt: e.RunAttempt, step: e.Step, undo: e.Kind == flow.KindCompensation}
		if e.Step == "" || e.Kind == flow.KindSignal || e.Kind == flow.KindLate {
			k.kind = e.Kind
		}
		i, ok := place[k]
		if !ok {
			i = len(rows)
			place[k] = i
			rows = append(rows, Row{
				Step: e.Step, Undo: k.undo, RunAttempt: e.RunAttempt,
				Depth: strings.Count(e.Step, "."), From: b.From,
			})
		}
		rows[i].add(b)
	}
	return rows
}

func (r *Row) add(b Bar) {
	r.Bars = append(r.Bars, b)
	r.Status = b.Status
	if b.Kind == Retry && b.Status == flow.StatusCancelled {
		r.Status = flow.StatusFailed // nobody tried again
	}
	if b.Kind == Attempt || b.Kind == Undo {
		r.Attempts++
	}
	if b.To.After(r.To) {
		r.To = b.To
	}
}

// Fold is the bars of a row where those that are too short to be seen beside each other
// are one: of the neighbours that lie in the same one of so many parts of the axis. Thus
// a row of any length has at most twice as many bars as parts.
func (t Timeline) Fold(bars []Bar, parts int) []Bar {
	if len(bars) <= parts {
		return bars
	}
	var folded []Bar
	last := -1 // the part in which all of the last bar lies; -1 for none
	for _, b := range bars {
		from, to := t.column(b.From, parts), t.column(b.To, parts)
		if from == to && from == last {
			folded[len(folded)-1].fold(b)
			continue
		}
		folded = append(folded, b)
		last = -1
		if from == to {
			last = from
		}
	}
	return folded
}

// fold takes another bar into this one.
func (b *Bar) fold(o Bar) {
	b.Count += o.Count
	b.Open = b.Open || o.Open
	if o.To.After(b.To) {
		b.To = o.To
	}
	if b.Status != flow.StatusFailed {
		b.Entry, b.Kind, b.Status = o.Entry, o.Kind, o.Status
	}
}

// column is where a time stands on an axis of so many columns, from 0 to that number.
func (t Timeline) column(at time.Time, columns int) int {
	return min(int(t.Share(at)*float64(columns)), columns)
}

// Share is where a time stands on the axis, from 0 to 1.
func (t Timeline) Share(at time.Time) float64 {
	total := t.End.Sub(t.Begin)
	if total <= 0 {
		return 0
	}
	return min(max(float64(at.Sub(t.Begin))/float64(total), 0), 1)
}
