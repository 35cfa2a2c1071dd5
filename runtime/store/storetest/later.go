package storetest

import (
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// laterTests are about runs that are started for later, and about starts that find a run.
var laterTests = []test{
	{"a run is not claimed before its time", func(s *suite) {
		st := s.executing()
		run := s.newRun(func(r *store.Run) { r.WakeAt = at(500) })
		created := s.create(st, run, true)
		if created.Claim != nil || !created.Run.WakeAt.Equal(at(500)) || created.Run.Status != flow.StatusPending {
			s.Fatalf("Create: %+v; want a pending run with its time, and no claim", created)
		}
		got, _ := s.get(st, run.ID)
		s.same("its time", got.WakeAt, at(500))
		s.nextDue(st, at(500), true)
		s.claim(st, at(499), 0)
		claimed := s.claim(st, at(500), 1)
		s.same("what is claimed", ids(claimed), []string{run.ID})
		s.claim(st, at(9999), 0)
		s.nextDue(st, time.Time{}, false)
	}},
	{"a time that came while nothing executed is due at once", func(s *suite) {
		st := s.executing()
		run := s.newRun(func(r *store.Run) { r.WakeAt = at(500) })
		s.create(st, run, false)
		if err := st.Close(); err != nil {
			s.Fatal(err)
		}
		st = s.executing()
		s.claim(st, at(400), 0)
		s.same("what is claimed", ids(s.claim(st, at(90000), 1)), []string{run.ID})
	}},
	{"runs of other code stay, and do not count as due", func(s *suite) {
		st := s.executing()
		run := s.newRun(func(r *store.Run) { r.Version, r.WakeAt = "2.0", at(500) })
		s.create(st, run, false)
		s.nextDue(st, time.Time{}, false)
		s.claim(st, at(600), 0)
		s.same("what is claimed with its code", ids(s.claim(st, at(600), 1, store.FlowVersion{Flow: "orders", Major: 2})), []string{run.ID})
	}},
	{"a signal makes it due no earlier, a cancel does", func(s *suite) {
		for kind, due := range map[store.MessageKind]int{
			store.MessageSignal: 0, store.MessagePause: 0, store.MessageCancel: 1, store.MessageTerminate: 1,
		} {
			st := s.executing()
			run := s.newRun(func(r *store.Run) { r.WakeAt = at(5000) })
			s.create(st, run, false)
			if _, err := st.Send(s.ctx, store.Message{RunID: run.ID, Kind: kind, Name: "w", At: at(10)}); err != nil {
				s.Fatal(err)
			}
			s.claim(st, at(100), due)
			if due == 0 {
				s.claim(st, at(5000), 1)
			}
			if err := st.Close(); err != nil {
				s.Fatal(err)
			}
		}
	}},
	{"it takes no place of its key before its time, and waits for one then", func(s *suite) {
		st, limited := s.executing(), store.FlowVersion{Flow: "orders", Major: 1, Minor: 2, Limit: 1}
		key := "k"
		bounded := func(r *store.Run) { r.Concurrency = &key }
		later := s.newRun(bounded, func(r *store.Run) { r.WakeAt = at(500) })
		s.create(st, later, false)
		now := s.newRun(bounded)
		created, err := st.Create(s.ctx, now, true, 1)
		if err != nil || created.Claim == nil {
			s.Fatalf("Create: %+v, %v; want a claim: the other one waits for its time", created, err)
		}
		s.claim(st, at(600), 0, limited)
		s.commit(st, store.Change{Claim: *created.Claim, Head: ended(now, flow.StatusCompleted)})
		s.same("what is claimed behind it", ids(s.claim(st, at(700), 1, limited)), []string{later.ID})
	}},
	{"a repeated Create gives no claim either", func(s *suite) {
		st := s.executing()
		run := s.newRun(func(r *store.Run) { r.WakeAt = at(500) })
		s.create(st, run, true)
		if again := s.create(st, run, true); again.Claim != nil || again.Existing {
			s.Fatalf("the second Create: %+v; want the same run, without a claim", again)
		}
		s.claim(st, at(100), 0)
	}},
	{"a start with another input is noted, also of a run that is over", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		note := func(n int) {
			s.Helper()
			if err := st.NoteOtherInput(s.ctx, run.ID, at(n)); err != nil {
				s.Fatal(err)
			}
			got, _ := s.get(st, run.ID)
			s.same("how often", got.OtherInputs, n)
			s.same("when", got.OtherInputAt, at(n))
		}
		note(1)
		s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusCompleted)})
		note(2)
		if err := st.NoteOtherInput(s.ctx, "nobody", at(1)); err != nil {
			s.Errorf("of a run that is not there: %v", err)
		}
	}},
}
