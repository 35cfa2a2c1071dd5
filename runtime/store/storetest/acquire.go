package storetest

import (
	"errors"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var acquireTests = []test{
	{"one store at a time executes", func(s *suite) {
		first, second := s.executing(), s.open(s.T)
		s.acquire(second, false)
		s.acquire(first, true)
		if err := first.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		s.acquire(second, true)
		s.acquire(s.open(s.T), false)
	}},
	{"what was claimed is free for the next, due at once", func(s *suite) {
		first := s.executing()
		pending, _ := s.claimed(first)
		run, claim := s.claimed(first)
		s.commit(first, store.Change{Claim: claim, Head: running(run, at(1<<30)), Entries: []flow.Entry{step(1), opened(3)}})
		asleep, claim := s.claimed(first)
		s.commit(first, store.Change{Claim: claim, Head: running(asleep, at(1<<30)), Release: true})
		over, claim := s.claimed(first)
		s.commit(first, store.Change{Claim: claim, Head: ended(over, flow.StatusCompleted)})
		if err := first.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		second := s.executing()
		got := s.claim(second, at(0), 10)
		s.same("what is free and due", ids(got), []string{run.ID, pending.ID})
		s.same("the log", got[0].Entries, []flow.Entry{step(1), opened(3)})
		s.commit(second, store.Change{Claim: got[0].Claim, Entries: []flow.Entry{step(3)}})
	}},
	{"a claim of an earlier time is refused", func(s *suite) {
		first := s.executing()
		run, old := s.claimed(first)
		if err := first.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		second := s.executing()
		for _, claim := range []store.Claim{old, {RunID: old.RunID, Key: old.Key, Token: 1}} {
			err := second.Commit(s.ctx, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}})
			if !errors.Is(err, store.ErrClaimLost) {
				s.Fatalf("Commit with the claim %+v: %v; want ErrClaimLost", claim, err)
			}
		}
		again := s.claim(second, at(0), 1)
		if err := second.Commit(s.ctx, store.Change{Claim: old, Entries: []flow.Entry{step(1)}}); !errors.Is(err, store.ErrClaimLost) {
			s.Fatalf("Commit with the old claim: %v; want ErrClaimLost", err)
		}
		s.same("what the second claimed", ids(again), []string{run.ID})
	}},
	{"who does not execute can start, send, read", func(s *suite) {
		executing, other := s.executing(), s.open(s.T)
		run := s.create(other, s.newRun(func(r *store.Run) { r.IdempotencyKey = "k" }), true)
		if run.Claim != nil {
			s.Fatal("a store that does not execute gave a claim")
		}
		if _, err := other.Send(s.ctx, cancelOf(run.Run.ID, "")); err != nil {
			s.Fatalf("Send: %v", err)
		}
		s.same("what is free", ids(s.claim(other, at(0), 10)), []string{})
		got := s.claim(executing, at(0), 10)
		s.same("what the one that executes claimed", ids(got), []string{run.Run.ID})
		s.same("the messages", len(got[0].Messages), 1)
		s.commit(executing, store.Change{Claim: got[0].Claim, Entries: []flow.Entry{step(1)}})
		if err := other.Commit(s.ctx, store.Change{Claim: got[0].Claim, Entries: []flow.Entry{step(3)}}); !errors.Is(err, store.ErrClaimLost) {
			s.Fatalf("Commit by a store without the right: %v; want ErrClaimLost", err)
		}
		_, entries := s.get(other, run.Run.ID)
		s.same("the log", entries, []flow.Entry{step(1)})
		s.same("the list", len(s.list(other, store.Filter{}).Runs), 1)
	}},
}

func (s *suite) acquire(st store.Store, want bool) {
	s.Helper()
	if ok, err := st.Acquire(s.ctx); err != nil || ok != want {
		s.Fatalf("Acquire: %v, %v; want %v", ok, err, want)
	}
}
