package simulation

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow"
)

// A rule is a sentence of docs/semantics.md, or a part of one, and what it means for a
// history. (TestSentences looks whether the sentences still stand there.)
type rule struct {
	sentence string
	holds    func(h *history) error
}

// rules are all that are checked, in the order of the page.
func rules() []rule {
	return slices.Concat([]rule{
		{"The last three are final: everything is over, the compensations too.", each(finalIsFinal)},
		{"`Start…` commits the run as `pending` and returns when that is on disk.", startsAreKept},
		{"A handler runs only when every result before it is on disk.", each(resultsBeforeAreStored)},
		{"What later steps see is decoded from the stored bytes", each(outputIsOfWhatIsStored)},
		{"The last result and the end of the run are one commit.", each(endIsOneCommit)},
	}, blockRules(), failureRules(), timeRules(), actRules(), crashRules(), relatedRules(), codeRules(), scheduleRules())
}

// each is a rule about each run by itself.
func each(holds func(h *history, r *run) error) func(h *history) error {
	return func(h *history) error {
		for _, id := range sortedRuns(h) {
			r := h.runs[id]
			if err := holds(h, r); err != nil {
				return fmt.Errorf("%w\n%s", err, r)
			}
		}
		return nil
	}
}

func sortedRuns(h *history) []string {
	var ids []string
	for id := range h.runs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// check holds all rules against a history.
func check(h *history) error {
	for _, r := range rules() {
		if err := r.holds(h); err != nil {
			return fmt.Errorf("this does not hold: %q\n%w", plain(r.sentence), err)
		}
	}
	if err := errors.Join(h.wrong...); err != nil {
		return fmt.Errorf("an answer that nobody may get: %w", err)
	}
	return nil
}

// The sentences are those of the page, whatever its line breaks.
func TestSentences(t *testing.T) {
	page, err := os.ReadFile("../../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	text := plain(string(page))
	for _, r := range rules() {
		if !strings.Contains(text, plain(r.sentence)) {
			t.Errorf("docs/semantics.md does not say: %s", plain(r.sentence))
		}
	}
}

// plain is text in one line.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

func finalIsFinal(h *history, r *run) error {
	if !r.Status.Final() {
		return errors.New("the run does not end")
	}
	for i := range r.log {
		if r.log[i].Open() {
			return fmt.Errorf("the run is over and its entry %d is open", r.log[i].Seq)
		}
	}
	if ending := h.ending(r); len(r.writes) > 0 && r.writes[len(r.writes)-1] != ending && !same(h, r.writes[len(r.writes)-1], ending) {
		return errors.New("the run was written behind its end")
	}
	return nil
}

// same says whether two writes are of the same change: one of which the writer did not hear.
func same(h *history, a, b int) bool {
	first, second := &h.writes[a].change, &h.writes[b].change
	return first.Claim == second.Claim && first.Head == second.Head
}

func startsAreKept(h *history) error {
	for _, s := range h.starts {
		if h.runs[s.got] == nil && h.deleted[s.got] == nil {
			return fmt.Errorf("the run %s was started and is not there", s.got)
		}
	}
	return nil
}

// resultsBeforeAreStored looks at the last call of each attempt, if it is the one that
// ended it: with those before, the process died, and the log may have gone another way.
func resultsBeforeAreStored(h *history, r *run) error {
	last := map[string]*call{}
	for _, c := range r.calls {
		last[fmt.Sprint(c.step, c.undo, c.runAttempt, c.attempt)] = c
	}
	for _, c := range last {
		own := r.entryOf(c)
		if own == nil {
			continue
		}
		if at := h.stored(r, own.Seq, hasEnded); at == len(h.writes) || h.writes[at].process != c.process {
			continue
		}
		for i := range r.log {
			e := &r.log[i]
			if !e.Open() && e.EndSeq < own.Seq && h.stored(r, e.Seq, hasEnded) >= c.writes {
				return fmt.Errorf("%s was called before the end of entry %d was on disk", c.step, e.Seq)
			}
		}
	}
	return nil
}

// entryOf is the entry of the attempt that a call makes; nil if there is none.
func (r *run) entryOf(c *call) *flow.Entry {
	for i := range r.log {
		e := &r.log[i]
		if e.Kind == c.kind() && e.Step == c.step && e.RunAttempt == c.runAttempt && e.Attempt == c.attempt {
			return e
		}
	}
	return nil
}

// outputIsOfWhatIsStored: the output of these flows is the sum of all results.
func outputIsOfWhatIsStored(_ *history, r *run) error {
	if r.Status != flow.StatusCompleted {
		return nil
	}
	var want int64
	for _, e := range r.log {
		switch {
		case e.RunAttempt != r.Attempt || e.Error != nil:
		case e.Kind == flow.KindStep, e.Kind == flow.KindCall, e.Kind == flow.KindWait && e.Output != nil:
			var result int64
			if err := flow.Decode(e.Output, &result); err != nil {
				return err
			}
			want += result
		case e.Kind == flow.KindForeach:
			var items []int64
			if err := flow.Decode(e.Input, &items); err != nil {
				return err
			}
			for _, item := range items {
				want += item
			}
		}
	}
	if got := string(r.Output); got != fmt.Sprint(want) {
		return fmt.Errorf("the output is %s, the sum of the results %d", got, want)
	}
	return nil
}

func endIsOneCommit(h *history, r *run) error {
	if r.Status != flow.StatusCompleted {
		return nil // the last may have been an attempt that was lost in a crash
	}
	var last *flow.Entry
	for i := range r.log {
		if last == nil || r.log[i].EndSeq > last.EndSeq {
			last = &r.log[i]
		}
	}
	if last != nil && !r.isKept(last) && h.stored(r, last.Seq, hasEnded) != h.ending(r) {
		return fmt.Errorf("entry %d is the last, and was not stored with the run's end", last.Seq)
	}
	return nil
}
