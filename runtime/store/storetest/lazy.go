package storetest

import (
	"runtime"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// patience is how long a lazy change may take on a machine under load.
const patience = 10 * time.Second

var lazyTests = []test{
	{"a lazy change is written by itself", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1)}, Lazy: true})
		s.eventually(st, run.ID, []flow.Entry{opened(1)})
	}},
	{"the end of a step replaces its lazy start", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		for seq := int64(1); seq < 20; seq += 2 {
			s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(seq)}, Lazy: true})
			s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(seq)}})
		}
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(21)}, Lazy: true})
		var want []flow.Entry
		for seq := int64(1); seq < 20; seq += 2 {
			want = append(want, step(seq))
		}
		s.eventually(st, run.ID, append(want, opened(21)))
	}},
	{"the end of a claim writes what is lazy", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1)}, Lazy: true})
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(50)), Release: true})
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{opened(1)})
	}},
	{"Close writes what is lazy", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1), opened(2)}, Lazy: true})
		if err := st.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		_, entries := s.get(s.open(s.T), run.ID)
		s.same("the log", entries, []flow.Entry{opened(1), opened(2)})
	}},
	{"a lazy head is written by itself", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1)}, Head: running(run, time.Time{}), Lazy: true})
		s.eventually(st, run.ID, []flow.Entry{opened(1)})
		got, _ := s.get(st, run.ID)
		s.same("the status", got.Status, flow.StatusRunning)
	}},
	{"a head replaces a lazy one, and entries of other places do not", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(50)), Lazy: true})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}, Head: running(run, at(60))})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(3)}, Lazy: true})
		s.eventually(st, run.ID, []flow.Entry{step(1), opened(3)})
		got, _ := s.get(st, run.ID)
		s.same("when it goes on", got.WakeAt, at(60))
	}},
	{"what cannot be lazy is not", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}, Head: running(run, at(50)), Release: true, Lazy: true})
		got, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{step(1)})
		s.same("the status", got.Status, flow.StatusRunning)
	}},
}

// eventually waits until a log is on disk.
func (s *suite) eventually(st store.Store, id string, want []flow.Entry) {
	s.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		if _, entries := s.get(st, id); len(entries) >= len(want) {
			s.same("the log", entries, want)
			return
		}
	}
	_, entries := s.get(st, id)
	s.same("the log, after a long wait,", entries, want)
}
