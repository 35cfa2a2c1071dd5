package storetest

import (
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

var nextDueTests = []test{
	{"there is none in an empty store", func(s *suite) {
		s.nextDue(s.executing(), time.Time{}, false)
	}},
	{"the earliest of running and pending ones", func(s *suite) {
		st := s.executing()
		for _, wake := range []int{900, 700, 800} {
			run, claim := s.claimed(st)
			s.commit(st, store.Change{Claim: claim, Head: running(run, at(wake)), Release: true})
		}
		s.nextDue(st, at(700), true)
		for _, created := range []int{650, 600, 2000} {
			run := s.newRun(func(r *store.Run) { r.CreatedAt, r.Priority = at(created), created })
			s.create(st, run, false)
		}
		s.nextDue(st, at(600), true)
		s.claim(st, at(0), 3)
		s.nextDue(st, at(700), true)
	}},
	{"what is claimed, over or without code does not count", func(s *suite) {
		st := s.executing()
		s.claimed(st)
		s.create(st, s.newRun(func(r *store.Run) { r.Version = "1.3" }), false)
		run, claim := s.claimed(st, func(r *store.Run) { r.Version = "2.0" })
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(5)), Release: true})
		over, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: ended(over, "completed")})
		s.nextDue(st, time.Time{}, false)
		s.nextDue(st, at(5), true, orders, store.FlowVersion{Flow: "orders", Major: 2})
	}},
	{"a run that waits for nothing is due", func(s *suite) {
		st := s.executing()
		_, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(s.newRun(), time.Time{}), Release: true})
		got, ok, err := st.NextDue(s.ctx, []store.FlowVersion{orders})
		if err != nil || !ok || got.After(start) {
			s.Fatalf("NextDue: %v, %v, %v; want a time that has passed", got, ok, err)
		}
	}},
}

func (s *suite) nextDue(st store.Store, want time.Time, wantOK bool, flows ...store.FlowVersion) {
	s.Helper()
	if flows == nil {
		flows = []store.FlowVersion{orders}
	}
	got, ok, err := st.NextDue(s.ctx, flows)
	if err != nil || ok != wantOK || !got.Equal(want) {
		s.Fatalf("NextDue: %v, %v, %v; want %v, %v", got, ok, err, want, wantOK)
	}
}
