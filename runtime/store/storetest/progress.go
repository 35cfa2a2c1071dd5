package storetest

import (
	"encoding/json"
	"runtime"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var progressTests = []test{
	{"an entry keeps its progress and its checkpoint", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		under, over := told(opened(1), 0.25, `{"at":1}`), told(step(2), 1, `{"at":"<9>"}`)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{under, over}})
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{under, over})
		s.commit(st, store.Change{Claim: claim, Release: true})
		s.same("the log of a claim", s.claim(st, at(1000), 9)[0].Entries, []flow.Entry{under, over})
	}},
	{"a checkpoint replaces the one before, and a lazy start does not take it away", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1)}, Lazy: true})
		for _, checkpoint := range []string{`1`, `2`} {
			s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{told(opened(1), 0, checkpoint)}})
			_, entries := s.get(st, run.ID)
			s.same("the log", entries, []flow.Entry{told(opened(1), 0, checkpoint)})
		}
		s.commit(st, store.Change{Claim: claim, Release: true})
		_, entries := s.get(st, run.ID)
		s.same("the log after the end of the claim", entries, []flow.Entry{told(opened(1), 0, `2`)})
	}},
	{"lazy progress replaces that of an open entry", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1)}})
		for _, fraction := range []float64{0.25, 0.5} {
			want := told(opened(1), fraction, `1`)
			s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{want}, Lazy: true})
			for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
				if _, entries := s.get(st, run.ID); entries[0].Told != nil && entries[0].Told.Progress.Fraction == fraction {
					break
				}
			}
			_, entries := s.get(st, run.ID)
			s.same("the log, after a long wait,", entries, []flow.Entry{want})
		}
	}},
	{"lazy progress does not bring back what has ended", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{told(opened(1), 0.5, `1`)}, Lazy: true})
		s.commit(st, store.Change{Claim: claim, Release: true}) // writes what is lazy
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{step(1)})
	}},
	{"a run keeps where its start is in a trace", func(s *suite) {
		st := s.executing()
		traced := func(r *store.Run) { r.Trace = "00-0123" }
		run, claim := s.claimed(st, traced)
		child := s.newRun(traced, func(r *store.Run) { r.ParentID = run.ID })
		s.commit(st, store.Change{Claim: claim, Children: []store.Run{child}})
		for _, id := range []string{run.ID, child.ID} {
			got, _ := s.get(st, id)
			s.same("the trace of "+id, got.Trace, "00-0123")
		}
		s.same("the trace of a claimed run", s.claim(st, at(1000), 9)[0].Run.Trace, "00-0123")
	}},
}

// told is an entry whose handler told of it.
func told(e flow.Entry, fraction float64, checkpoint string) flow.Entry {
	e.Told = &flow.Told{
		Progress:   &flow.Progress{Fraction: fraction, Text: "so far", At: at(15)},
		Checkpoint: json.RawMessage(checkpoint),
	}
	return e
}
