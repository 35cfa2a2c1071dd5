package storetest

import (
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// endingTests are about runs without code that somebody wants to end.
var endingTests = []test{
	{"what can be ended without code is claimed if that is asked for", func(s *suite) {
		st := s.executing()
		send := func(run store.Run, kind store.MessageKind) string {
			s.Helper()
			if _, err := st.Send(s.ctx, store.Message{RunID: run.ID, Kind: kind, At: at(1)}); err != nil {
				s.Fatal(err)
			}
			return run.ID
		}
		parked := func(changes ...func(*store.Run)) store.Run {
			run := s.newRun(append(changes, func(r *store.Run) { r.Version = "2.0" })...)
			s.create(st, run, false)
			return run
		}
		begun := func() store.Run {
			run, claim := s.claimed(st, func(r *store.Run) { r.Version = "2.0" })
			s.commit(st, store.Change{Claim: claim, Head: running(run, at(1)), Entries: []flow.Entry{step(2)}, Release: true})
			return run
		}
		want := []string{
			send(parked(), store.MessageCancel),
			send(parked(), store.MessageTerminate),
			send(begun(), store.MessageTerminate),
			send(parked(func(r *store.Run) { r.WakeAt = at(5000) }), store.MessageCancel),
		}
		send(begun(), store.MessageCancel)
		send(parked(func(r *store.Run) { r.Kept = []flow.Entry{step(2)} }), store.MessageCancel)
		send(parked(), store.MessageSignal)
		parked()
		s.claim(st, at(100), 0)
		q := store.ClaimQuery{Now: at(100), Limit: 10, Ending: true}
		got, err := st.Claim(s.ctx, q)
		if err != nil {
			s.Fatal(err)
		}
		s.same("what is claimed", ids(got), want)
		for _, c := range got {
			s.same("its messages", len(c.Messages), 1)
		}
		if got, err = st.Claim(s.ctx, q); err != nil || len(got) > 0 {
			s.Fatalf("a second Claim: %v, %v; want nothing", ids(got), err)
		}
	}},
	{"runs with code are claimed as always, and not twice", func(s *suite) {
		st := s.executing()
		run := s.newRun()
		s.create(st, run, false)
		if _, err := st.Send(s.ctx, store.Message{RunID: run.ID, Kind: store.MessageCancel, At: at(1)}); err != nil {
			s.Fatal(err)
		}
		got, err := st.Claim(s.ctx, store.ClaimQuery{Now: at(100), Limit: 10, Flows: []store.FlowVersion{orders}, Ending: true})
		if err != nil {
			s.Fatal(err)
		}
		s.same("what is claimed", ids(got), []string{run.ID})
	}},
}
