package storetest

import (
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// turnsTests are about whose turn it is among the pending runs.
var turnsTests = []test{
	{"a tenant with one run does not wait for one with many", func(s *suite) {
		st := s.executing()
		many := s.tenantRuns(st, "many", 0, 100)
		one := s.tenantRuns(st, "one", 0, 1)
		s.same("two", ids(s.claim(st, at(0), 2)), []string{many[0], one[0]})
		s.same("the rest", ids(s.claim(st, at(0), 200)), many[1:])
	}},
	{"a tenant that comes later is next", func(s *suite) {
		st := s.executing()
		for _, tenant := range []string{"b", "d", ""} {
			s.tenantRuns(st, tenant, 0, 20)
		}
		s.claim(st, at(0), 10)
		for _, tenant := range []string{"a", "c", "e"} {
			s.tenantRuns(st, tenant, 0, 1)
		}
		s.same("the shares of one round", s.shares(s.claim(st, at(0), 6)), map[string]int{"": 1, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1})
	}},
	{"a round goes on at the next claim", func(s *suite) {
		st := s.executing()
		for _, tenant := range []string{"a", "", "b", "c"} {
			s.tenantRuns(st, tenant, 0, 10)
		}
		var got []store.Claimed
		for _, n := range []int{1, 1, 3, 1, 5, 1, 1, 7, 4} {
			got = append(got, s.claim(st, at(0), n)...)
			least, most := 100, 0
			for _, tenant := range []string{"a", "", "b", "c"} {
				share := s.shares(got)[tenant]
				least, most = min(least, share), max(most, share)
			}
			if most > least+1 {
				s.Fatalf("of %d runs the shares are %v", len(got), s.shares(got))
			}
		}
	}},
	{"a tenant that has no more leaves its turns to the others", func(s *suite) {
		st := s.executing()
		a, b, c := s.tenantRuns(st, "a", 0, 9), s.tenantRuns(st, "b", 0, 1), s.tenantRuns(st, "c", 0, 3)
		want := []string{a[0], b[0], c[0], a[1], c[1], a[2], c[2], a[3], a[4], a[5], a[6], a[7], a[8]}
		s.same("what was claimed", ids(s.claim(st, at(0), 50)), want)
	}},
	{"a tenant has its turns for the runs of all flows together", func(s *suite) {
		st := s.executing()
		other := func(r *store.Run) { r.Flow = "other" }
		a := s.tenantRuns(st, "a", 0, 2)
		b := s.tenantRuns(st, "b", 0, 3, other)
		a = append(a, s.tenantRuns(st, "a", 0, 2, other)...)
		flows := []store.FlowVersion{{Flow: "other", Major: 1, Minor: 2}, orders}
		want := []string{a[0], b[0], a[1], b[1], a[2], b[2], a[3]}
		s.same("what was claimed", ids(s.claim(st, at(0), 50, flows...)), want)
	}},
	{"a higher priority comes first, whoever's it is", func(s *suite) {
		st := s.executing()
		low := s.tenantRuns(st, "a", 1, 3)
		high := s.tenantRuns(st, "b", 2, 3)
		lowest := s.tenantRuns(st, "c", -1, 1)
		s.same("what was claimed", ids(s.claim(st, at(0), 50)), append(append(high, low...), lowest...))
	}},
	{"a stream of a high priority does not starve a low one", func(s *suite) {
		st := s.executing()
		s.tenantRuns(st, "a", 9, 5)
		low := s.tenantRuns(st, "b", 0, 1)[0]
		for range 3 * store.AnyPriorityTurn {
			s.tenantRuns(st, "a", 9, 1)
			if ids(s.claim(st, at(0), 1))[0] == low {
				return
			}
		}
		s.Fatal("it was not claimed")
	}},
	{"nor do those of the same tenant, nor at once", func(s *suite) {
		st := s.executing()
		s.tenantRuns(st, "a", 9, 30)
		low := s.tenantRuns(st, "a", 0, 1)[0]
		for range 20 {
			s.tenantRuns(st, "a", 9, 4)
			for _, id := range ids(s.claim(st, at(0), 4)) {
				if id == low {
					return
				}
			}
		}
		s.Fatal("it was not claimed")
	}},
	{"nor do the many of another tenant that wait for longer", func(s *suite) {
		st := s.executing()
		s.tenantRuns(st, "a", 0, 200)
		low := s.tenantRuns(st, "b", 0, 1)[0]
		for range 4 * store.AnyPriorityTurn {
			s.tenantRuns(st, "c", 9, 1)
			if ids(s.claim(st, at(0), 1))[0] == low {
				return
			}
		}
		s.Fatal("it was not claimed")
	}},
	{"most turns are those of the highest priority", func(s *suite) {
		st := s.executing()
		s.tenantRuns(st, "a", 0, 100)
		s.tenantRuns(st, "b", 9, 100)
		share := 0
		for _, n := range []int{1, 4, 30, 5, 10} {
			share += s.shares(s.claim(st, at(0), n))["b"]
		}
		if share < 45 || share == 50 {
			s.Fatalf("the highest priority has %d of 50; want nine of ten, and more where its tenant has a turn of the others", share)
		}
	}},
	{"the tenants take turns for a place", func(s *suite) {
		st := s.executing()
		a := s.tenantRuns(st, "a", 0, 60, keyed("k"))
		got := s.claim(st, at(0), 10, two)
		s.same("what was claimed", ids(got), a[:2])
		one := s.tenantRuns(st, "b", 0, 1, keyed("k"))[0]
		for range 4 {
			s.end(st, got[0])
			got = append(got[1:], s.claim(st, at(0), 10, two)...)
			s.same("what is under way", len(got), 2)
			if got[1].Run.ID == one {
				return
			}
		}
		s.Fatal("it found no place")
	}},
	{"a stream of a high priority for a place does not starve a low one", func(s *suite) {
		st := s.executing()
		high := func() { s.tenantRuns(st, "a", 9, 1, keyed("k")) }
		for range 4 {
			high()
		}
		low, early := s.tenantRuns(st, "b", 0, 1, keyed("k"))[0], 0
		got := s.claim(st, at(0), 10, two)
		for n := range 20 * store.AnyPriorityTurn {
			high()
			s.end(st, got[0])
			got = append(got[1:], s.claim(st, at(0), 10, two)...)
			if got[1].Run.ID != low {
				continue
			}
			if early++; early > 5 {
				return
			}
			if n < early {
				s.Fatal("it went ahead of all")
			}
			low = s.tenantRuns(st, "b", 0, 1, keyed("k"))[0]
		}
		s.Fatal("it found no place")
	}},
	{"many tenants and priorities, each run once", func(s *suite) {
		st := s.executing()
		var want []string
		for i := range 200 {
			want = append(want, s.tenantRuns(st, fmt.Sprint(i%23), i%7, 1)...)
		}
		seen := map[string]bool{}
		for n := 1; ; n++ {
			got := s.claim(st, at(0), n)
			for _, id := range ids(got) {
				if seen[id] {
					s.Fatalf("%s was claimed twice", id)
				}
				seen[id] = true
			}
			if len(got) < n {
				break
			}
		}
		s.same("the number of claimed runs", len(seen), len(want))
	}},
}

// tenantRuns creates pending runs of a tenant and priority, and returns their ids.
func (s *suite) tenantRuns(st store.Store, tenant string, priority, n int, changes ...func(*store.Run)) []string {
	s.Helper()
	var all []string
	for range n {
		run := s.newRun(append(changes, func(r *store.Run) { r.Tenant, r.Priority = tenant, priority })...)
		all = append(all, s.create(st, run, false).Run.ID)
	}
	return all
}

// shares is how many of some runs each tenant has.
func (s *suite) shares(claimed []store.Claimed) map[string]int {
	shares := map[string]int{}
	for _, c := range claimed {
		shares[c.Run.Tenant]++
	}
	return shares
}
