package encrypted

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file lists runs. The store around which this one is cannot look into the texts of
// errors that are encrypted, so whoever looks for one is answered here.

// List implements store.Store. An error that cannot be opened says so in its message: one run
// does not hold back a page of others. To look for the text of an error, the errors of
// all runs that the filter selects otherwise are opened, until a page is full.
func (s *around) List(ctx context.Context, f store.Filter) (store.Page, error) {
	if s.box.codec == nil || f.ErrorText == "" {
		page, err := s.Store.List(ctx, f)
		s.box.openErrors(page.Runs)
		return page, err
	}
	text, mark := f.ErrorText, cursorMark(f.ErrorText)
	var ours bool
	if f.Cursor, ours = strings.CutSuffix(f.Cursor, mark); !ours && f.Cursor != "" {
		return store.Page{}, store.ErrCursor
	}
	f.ErrorText, f.Limit = "", cmp.Or(f.Limit, store.DefaultPage)
	if f.Statuses == nil { // those that may have an error
		f.Statuses = []flow.Status{flow.StatusPending, flow.StatusRunning, flow.StatusFailed, flow.StatusCancelled}
	}
	var found []store.Run
	for {
		page, err := s.Store.List(ctx, f)
		if err != nil {
			return store.Page{}, err
		}
		s.box.openErrors(page.Runs)
		for _, r := range page.Runs {
			if hasText(&r, text) {
				found = append(found, r)
				f.Limit--
			}
		}
		switch f.Cursor = page.Next; {
		case f.Cursor == "":
			return store.Page{Runs: found}, nil
		case f.Limit <= 0:
			return store.Page{Runs: found, Next: f.Cursor + mark}, nil
		}
	}
}

// cursorMark ends the cursors of lists that look for a text: they are of no other.
func cursorMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "." + hex.EncodeToString(sum[:8])
}

// openErrors opens the errors of runs, in place. One that cannot be opened says so.
func (b box) openErrors(runs []store.Run) {
	for i := range runs {
		r := &runs[i]
		opened, err := b.openError(Place{r.ID, "error"}, r.Error)
		if err != nil {
			hidden := *r.Error
			hidden.Message, hidden.Fields = err.Error(), nil
			opened = &hidden
		}
		r.Error = opened
	}
}

// hasText says whether a text stands in the error of a run, as store.Filter has it.
func hasText(r *store.Run, text string) bool {
	if r.Error == nil || r.Status == flow.StatusCompleted {
		return false
	}
	text = lower(text)
	return strings.Contains(lower(r.Error.Message), text) || strings.Contains(lower(cmp.Or(r.Error.Name, string(r.Error.Kind))), text)
}

// lower is a text with its ASCII letters in lower case.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
