package page

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the page of one value that is too long for its run's page: all of it.

// ErrNoValue says that a query names a value of a run, and there is none.
var ErrNoValue = errors.New("the run has no such value")

// valuePage is what its template reads.
type valuePage struct {
	Run   *Run
	URL   string // of the run
	Title string
	Of    string
	Text  string
	Size  int
}

// writeValue writes the page of the value that the query names.
func writeValue(w io.Writer, site Site, r Run) error {
	part := r.Query.Get("value")
	seq, err := strconv.ParseInt(r.Query.Get("entry"), 10, 64)
	if err != nil {
		seq = -1
	}
	p := valuePage{Run: &r, URL: site.RunURL(r.Detail.ID), Title: part, Of: "run " + r.Detail.ID}
	raw, text, ok := valueOf(r, seq, part)
	if !ok {
		return ErrNoValue
	}
	if raw != nil {
		text = indented(raw)
	}
	p.Text, p.Size = text, len(raw)
	if raw == nil {
		p.Size = len(text)
	}
	for i := range r.Detail.Log {
		if e := &r.Detail.Log[i]; e.Seq == seq {
			p.Of = e.Step + ", " + attemptLabel(e)
		}
	}
	return write(w, "value.html", view{Site: site, Title: part + " of " + p.Of, Here: "runs", Body: p})
}

// valueOf finds a part of an entry, or of the run itself: a value, or a text.
func valueOf(r Run, seq int64, part string) (raw json.RawMessage, text string, ok bool) {
	e := &flow.Entry{Input: r.Detail.Input, Output: r.Detail.Output, Error: r.Detail.Error}
	if seq != 0 {
		e = nil
		for i := range r.Detail.Log {
			if r.Detail.Log[i].Seq == seq {
				e = &r.Detail.Log[i]
			}
		}
	}
	switch {
	case e == nil:
		return nil, "", false
	case part == "input" && e.Input != nil:
		return e.Input, "", true
	case part == "output" && e.Output != nil:
		return e.Output, "", true
	case part == "checkpoint" && e.Told != nil && e.Told.Checkpoint != nil:
		return e.Told.Checkpoint, "", true
	case part == "error" && e.Error != nil && e.Error.Stack != "":
		return nil, e.Error.Message + "\n\n" + e.Error.Stack, true
	case part == "error" && e.Error != nil:
		return nil, e.Error.Message, true
	}
	return nil, "", false
}
