package storetest

import (
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var claimTests = []test{
	{"pending runs by priority, then the oldest", func(s *suite) {
		st := s.executing()
		var runs []store.Run
		for _, priority := range []int{0, 5, -1, 5, 0} {
			run := s.newRun(func(r *store.Run) { r.Priority = priority })
			runs = append(runs, s.create(st, run, false).Run)
		}
		want := []string{runs[1].ID, runs[3].ID, runs[0].ID, runs[4].ID, runs[2].ID}
		first, second := s.claim(st, at(0), 2), s.claim(st, at(0), 10)
		s.same("what was claimed first", ids(first), want[:2])
		s.same("what was claimed then", ids(second), want[2:])
		s.same("a claimed run", first[0].Run, runs[1])
		s.same("what is left", ids(s.claim(st, at(0), 10)), []string{})
	}},
	{"running runs come first, by their time", func(s *suite) {
		st := s.executing()
		var want [3]string
		for i, wake := range []int{200, 100, 0} {
			run, claim := s.claimed(st)
			want[2-i] = run.ID
			var at0 time.Time
			if wake > 0 {
				at0 = at(wake)
			}
			s.commit(st, store.Change{Claim: claim, Head: running(run, at0), Release: true})
		}
		pending := s.create(st, s.newRun(func(r *store.Run) { r.Priority = 9 }), false)
		s.same("what is due at 99", ids(s.claim(st, at(99), 1)), want[:1])
		s.same("what is due at 150", ids(s.claim(st, at(150), 10)), []string{want[1], pending.Run.ID})
		s.same("what is due at 199", ids(s.claim(st, at(199), 10)), []string{})
		s.same("what is due at 200", ids(s.claim(st, at(200), 10)), want[2:])
	}},
	{"runs without code stay as they are", func(s *suite) {
		st := s.executing()
		version := func(flow, version string) string {
			return s.create(st, s.newRun(func(r *store.Run) { r.Flow, r.Version = flow, version }), false).Run.ID
		}
		older, same := version("orders", "1.1"), version("orders", "1.2")
		version("orders", "1.3")
		version("orders", "2.0")
		version("orders", "0.9")
		version("other", "1.0")
		ten := version("ten", "1.10")
		s.same("what has code", ids(s.claim(st, at(0), 10)), []string{older, same})
		s.same("1.10 with code for 1.9", ids(s.claim(st, at(0), 10, store.FlowVersion{Flow: "ten", Major: 1, Minor: 9})), []string{})
		s.same("1.10 with code for 1.10", ids(s.claim(st, at(0), 10, store.FlowVersion{Flow: "ten", Major: 1, Minor: 10})), []string{ten})
	}},
	{"runs of several flows are merged", func(s *suite) {
		st := s.executing()
		var want []string
		for i := range 6 {
			run := s.newRun(func(r *store.Run) { r.Flow = []string{"orders", "other"}[i%2] })
			want = append(want, s.create(st, run, false).Run.ID)
		}
		flows := []store.FlowVersion{orders, {Flow: "other", Major: 1, Minor: 5}, orders}
		s.same("the first", ids(s.claim(st, at(0), 4, flows...)), want[:4])
		s.same("the rest", ids(s.claim(st, at(0), 4, flows...)), want[4:])
	}},
	{"a claimed run comes with its log and messages", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		other, otherClaim := s.claimed(st)
		log := []flow.Entry{step(1), opened(3)}
		head := running(run, at(50))
		s.commit(st, store.Change{Claim: claim, Head: head, Entries: log, Release: true})
		s.commit(st, store.Change{Claim: otherClaim, Entries: []flow.Entry{step(1)}, Head: running(other, at(60)), Release: true})
		first, err := st.Send(s.ctx, cancelOf(run.ID, "first"))
		second, err2 := st.Send(s.ctx, cancelOf(run.ID, "second"))
		if err != nil || err2 != nil {
			s.Fatalf("Send: %v, %v", err, err2)
		}
		got := s.claim(st, at(100), 10)
		s.same("what was claimed", ids(got), []string{run.ID, other.ID})
		s.same("the log", got[0].Entries, log)
		s.same("the messages", got[0].Messages, []store.Message{first, second})
		s.same("the other's log", got[1].Entries, []flow.Entry{step(1)})
		s.same("the other's messages", got[1].Messages, []store.Message{})
		head.WakeAt = got[0].Run.WakeAt // a message may change it
		s.same("the head", got[0].Run, *head)
	}},
	{"a run is claimed once", func(s *suite) {
		st := s.executing()
		const runs = 40
		for range runs {
			s.create(st, s.newRun(), false)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 8 {
			all.Go(func() {
				for {
					got, err := st.Claim(s.ctx, store.ClaimQuery{Now: at(0), Limit: 3, Flows: []store.FlowVersion{orders}})
					if err != nil || len(got) == 0 {
						if err != nil {
							s.Errorf("Claim: %v", err)
						}
						return
					}
					mu.Lock()
					for _, c := range got {
						seen[c.Run.ID]++
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for id, times := range seen {
			if times != 1 {
				s.Errorf("the run %s was claimed %d times", id, times)
			}
		}
		s.same("the number of claimed runs", len(seen), runs)
	}},
	{"nothing is claimed without the right to execute", func(s *suite) {
		st := s.open(s.T)
		s.create(st, s.newRun(), false)
		s.same("what was claimed", ids(s.claim(st, at(0), 10)), []string{})
	}},
	{"a limit of none and no flows claim nothing", func(s *suite) {
		st := s.executing()
		s.create(st, s.newRun(), false)
		s.same("with the limit 0", ids(s.claim(st, at(0), 0)), []string{})
		none, err := st.Claim(s.ctx, store.ClaimQuery{Now: at(0), Limit: 10})
		if err != nil || len(none) != 0 {
			s.Fatalf("Claim without flows: %v, %v; want nothing", none, err)
		}
	}},
}

func cancelOf(id, reason string) store.Message {
	return store.Message{RunID: id, Kind: store.MessageCancel, Reason: reason, Actor: "somebody", At: at(40)}
}
