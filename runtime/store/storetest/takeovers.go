package storetest

import (
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// takeoversTests are about runs under which the process died, again and again.
var takeoversTests = []test{
	{"each time a process dies under a run is counted, until it is a suspect", func(s *suite) {
		st := s.executing()
		pending, _ := s.claimed(st)
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(1<<30)), Entries: []flow.Entry{opened(2)}})
		s.same("the takeovers at first", s.takeovers(s.claim(st, at(0), 10)), map[string]int{})
		for n := 1; n < store.SuspectAfter; n++ {
			st = s.crash(st)
			s.same("the takeovers", s.takeovers(s.claim(st, at(0), 10)), map[string]int{pending.ID: n, run.ID: n})
		}
		st = s.crash(st)
		s.nextDue(st, time.Time{}, false)
		s.same("what is no suspect", ids(s.claim(st, at(0), 10)), []string{})
		got := append(s.suspects(st), s.suspects(st)...)
		s.same("the suspects", s.takeovers(got), map[string]int{pending.ID: store.SuspectAfter, run.ID: store.SuspectAfter})
		s.same("others", ids(s.suspects(st)), []string{})
	}},
	{"who gets further is counted from 0", func(s *suite) {
		further := map[string]func(run store.Run, claim store.Claim) []store.Change{
			"it says so": func(_ store.Run, claim store.Claim) []store.Change {
				return []store.Change{{Claim: claim, Entries: []flow.Entry{step(1)}, Further: true, Lazy: true}}
			},
			"it waits": func(run store.Run, claim store.Claim) []store.Change {
				return []store.Change{{Claim: claim, Head: running(run, at(0)), Release: true}}
			},
		}
		for name, changes := range further {
			st := s.executing()
			run, _ := s.claimed(st)
			for range store.SuspectAfter {
				s.claim(st, at(0), 10)
				st = s.crash(st)
			}
			suspect := s.suspects(st)[0]
			for _, c := range changes(run, suspect.Claim) {
				s.commit(st, c)
			}
			s.claim(st, at(0), 10)
			st = s.crash(st)
			got := s.claim(st, at(0), 10)
			want := map[string]int{run.ID: 1}
			s.same("the takeovers, since "+name, s.takeovers(got), want)
			s.end(st, got[0])
			s.same("the close", st.Close(), nil)
		}
	}},
	{"a change that says nothing of it does not count, nor one that is given back as it was", func(s *suite) {
		st := s.executing()
		run, _ := s.claimed(st)
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		got := s.suspects(st)
		s.commit(st, store.Change{Claim: got[0].Claim, Entries: []flow.Entry{opened(1)}, Head: running(run, time.Time{})})
		s.commit(st, store.Change{Claim: got[0].Claim, Release: true})
		s.same("what is no suspect", ids(s.claim(st, at(0), 10)), []string{})
		if err := st.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		st = s.executing()
		s.same("the suspects of the next process", s.takeovers(s.suspects(st)), map[string]int{run.ID: store.SuspectAfter})
	}},
	{"what was given back before is not counted", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Release: true})
		free := s.create(st, s.newRun(), false).Run
		st = s.crash(st)
		s.same("the takeovers", s.takeovers(s.claim(st, at(0), 10)), map[string]int{run.ID: 0, free.ID: 0})
	}},
	{"while a suspect is tried on its own, it alone is counted", func(s *suite) {
		st := s.executing()
		suspect, _ := s.claimed(st)
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		s.suspects(st)
		beside, _ := s.claimed(st)
		st = s.crash(st)
		s.same("one beside it", s.takeovers(s.claim(st, at(0), 10)), map[string]int{beside.ID: 0})
		s.same("the suspect", s.takeovers(s.suspects(st)), map[string]int{suspect.ID: store.SuspectAfter + 1})
		s.same("no other suspect", ids(s.suspects(st)), []string{}) // so it is on its own no more
		st = s.crash(st)
		s.same("one beside it", s.takeovers(s.claim(st, at(0), 10)), map[string]int{beside.ID: 1})
		s.same("the suspect", s.takeovers(s.suspects(st)), map[string]int{suspect.ID: store.SuspectAfter + 2})
	}},
	{"but not if it was over, or given back, when the process died", func(s *suite) {
		st := s.executing()
		for range 2 {
			s.claimed(st)
		}
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		beside, _ := s.claimed(st)
		s.end(st, s.suspects(st)[0])
		st = s.crash(st)
		s.same("one beside it", s.takeovers(s.claim(st, at(0), 10)), map[string]int{beside.ID: 1})
		s.commit(st, store.Change{Claim: s.suspects(st)[0].Claim, Release: true})
		st = s.crash(st)
		s.same("one beside the other", s.takeovers(s.claim(st, at(0), 10)), map[string]int{beside.ID: 2})
	}},
	{"the suspects with the most takeovers, and with code, come first", func(s *suite) {
		st := s.executing()
		parked, _ := s.claimed(st, func(r *store.Run) { r.Flow = "other" })
		often, _ := s.claimed(st)
		for range store.SuspectAfter {
			s.claim(st, at(0), 10, orders, store.FlowVersion{Flow: "other", Major: 1, Minor: 2})
			st = s.crash(st)
		}
		s.suspects(st)
		st = s.crash(st)
		var fewer []string
		for range 2 {
			run, _ := s.claimed(st)
			fewer = append(fewer, run.ID)
		}
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		s.same("the first", ids(s.suspects(st)), []string{often.ID})
		others := append(ids(s.suspects(st)), ids(s.suspects(st))...)
		slices.Sort(others)
		s.same("the others", others, fewer)
		s.same("no other with code", ids(s.suspects(st)), []string{})
		s.same("what was parked", ids(s.suspects(st, store.FlowVersion{Flow: "other", Major: 1, Minor: 2})), []string{parked.ID})
	}},
	{"a suspect keeps its place of a key", func(s *suite) {
		st := s.executing()
		one := two
		one.Limit = 1
		runs := s.keyedRuns(st, "a", 0, 0)
		for range store.SuspectAfter {
			s.same("what was claimed", ids(s.claim(st, at(0), 10, one)), runs[:1])
			st = s.crash(st)
		}
		s.same("while a suspect has the place", ids(s.claim(st, at(0), 10, one)), []string{})
		got := s.suspects(st, one)
		s.same("the suspect", ids(got), runs[:1])
		s.end(st, got[0])
		s.same("behind its end", ids(s.claim(st, at(0), 10, one)), runs[1:])
	}},
	{"messages to a suspect wait for it", func(s *suite) {
		st := s.executing()
		run, _ := s.claimed(st)
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		if _, err := st.Send(s.ctx, cancelOf(run.ID, "enough")); err != nil {
			s.Fatalf("Send: %v", err)
		}
		messages, err := st.Unobeyed(s.ctx)
		if err != nil || len(messages) != 0 {
			s.Fatalf("Unobeyed: %d messages, %v; want none", len(messages), err)
		}
		s.same("what is no suspect", ids(s.claim(st, at(0), 10)), []string{})
		got := s.suspects(st)
		s.same("the messages that came with it", len(got[0].Messages), 1)
	}},
	{"a suspect without code can be ended", func(s *suite) {
		st := s.executing()
		run, _ := s.claimed(st)
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		if _, err := st.Send(s.ctx, store.Message{RunID: run.ID, Kind: store.MessageTerminate, At: at(40)}); err != nil {
			s.Fatalf("Send: %v", err)
		}
		got, err := st.Claim(s.ctx, store.ClaimQuery{Now: at(0), Limit: 10, Ending: true})
		if err != nil || len(got) != 1 || got[0].Run.ID != run.ID {
			s.Fatalf("Claim: %v, %v; want the suspect", ids(got), err)
		}
		s.end(st, got[0])
	}},
	{"no suspect is claimed without the right to execute", func(s *suite) {
		st := s.executing()
		s.claimed(st)
		for range store.SuspectAfter {
			s.claim(st, at(0), 10)
			st = s.crash(st)
		}
		s.same("what another store claimed", ids(s.suspects(s.open(s.T))), []string{})
		s.same("what this one did", len(s.suspects(st)), 1)
	}},
}

// crash ends a store as the end of its process does, with what it has claimed, and
// opens the next one.
func (s *suite) crash(st store.Store) store.Store {
	s.Helper()
	if err := st.Close(); err != nil {
		s.Fatalf("Close: %v", err)
	}
	return s.executing()
}

// suspects claims a suspect, if there is one.
func (s *suite) suspects(st store.Store, flows ...store.FlowVersion) []store.Claimed {
	s.Helper()
	if flows == nil {
		flows = []store.FlowVersion{orders}
	}
	got, err := st.Claim(s.ctx, store.ClaimQuery{Now: at(0), Limit: 10, Flows: flows, Suspect: true})
	if err != nil || len(got) > 1 {
		s.Fatalf("Claim: %d runs, %v; want one suspect at most", len(got), err)
	}
	return got
}

// takeovers are those of some runs.
func (s *suite) takeovers(claimed []store.Claimed) map[string]int {
	all := map[string]int{}
	for _, c := range claimed {
		all[c.Run.ID] = c.Takeovers
	}
	return all
}
