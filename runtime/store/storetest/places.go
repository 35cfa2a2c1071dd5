package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// two is the flow of these tests: two runs of a key are under way at a time.
var two = store.FlowVersion{Flow: "orders", Major: 1, Minor: 2, Limit: 2}

var placesTests = []test{
	{"as many of a key as the limit are claimed, by priority and age", func(s *suite) {
		st := s.executing()
		a := s.keyedRuns(st, "a", 0, 0, 5, 0, 1)
		b := s.keyedRuns(st, "b", 0)
		free := s.create(st, s.newRun(), false).Run.ID
		got := s.claim(st, at(0), 10, two)
		s.same("what was claimed", ids(got), []string{a[2], a[4], b[0], free})
		s.same("what was claimed then", ids(s.claim(st, at(0), 10, two)), []string{})
		s.nextDue(st, time.Time{}, false, two)
		for _, next := range []string{a[0], a[1]} {
			s.end(st, got[0])
			got = append(got[1:], s.claim(st, at(0), 10, two)...)
			s.same("the next", got[len(got)-1].Run.ID, next)
			s.same("what is left", ids(s.claim(st, at(0), 10, two)), []string{})
		}
	}},
	{"a limit leaves room for others", func(s *suite) {
		st := s.executing()
		a := s.keyedRuns(st, "a", 9, 9, 9, 9, 9, 9)
		b := s.keyedRuns(st, "b", 0)
		s.same("what was claimed", ids(s.claim(st, at(0), 3, two)), []string{a[0], a[1], b[0]})
	}},
	{"a run holds its place from its first claim to its end", func(s *suite) {
		st := s.executing()
		runs := s.keyedRuns(st, "", 0, 0, 0, 0)
		got := s.claim(st, at(0), 10, two)
		s.same("what was claimed", ids(got), runs[:2])
		s.commit(st, store.Change{Claim: got[0].Claim, Head: running(got[0].Run, at(50)), Release: true})
		s.sleep(st, got[1].Run, got[1].Claim)
		s.same("while they wait", ids(s.claim(st, at(0), 10, two)), []string{})
		s.nextDue(st, at(50), true, two)
		got = s.claim(st, at(50), 10, two)
		s.same("a run that goes on", ids(got), runs[:1])
		s.end(st, got[0])
		s.same("behind its end", ids(s.claim(st, at(50), 10, two)), runs[2:3])
	}},
	{"a pending run that is given back has no place", func(s *suite) {
		st := s.executing()
		runs := s.keyedRuns(st, "a", 0, 0, 0)
		got := s.claim(st, at(0), 10, two)
		s.commit(st, store.Change{Claim: got[1].Claim, Release: true})
		s.same("what was claimed", ids(s.claim(st, at(0), 10, two)), runs[1:2])
	}},
	{"a pending run that has no key may be given one", func(s *suite) {
		st := s.executing()
		a := s.keyedRuns(st, "a", 0, 0)
		var free []string
		for range 3 {
			free = append(free, s.create(st, s.newRun(), false).Run.ID)
		}
		key := "a"
		got := s.claim(st, at(0), 10, two)
		s.same("what was claimed", ids(got), append(a, free...))
		for _, c := range got[2:] {
			s.commit(st, store.Change{Claim: c.Claim, Release: true, Bound: &key})
		}
		s.same("while others of the key are under way", ids(s.claim(st, at(0), 10, two)), []string{})
		s.end(st, got[0])
		got = append(got[1:2], s.claim(st, at(0), 10, two)...)
		s.same("behind the end of one", ids(got[1:]), free[:1])
		s.same("its key", *got[1].Run.Concurrency, key)
		s.end(st, got[0])
		s.end(st, got[1])
		s.same("behind the end of both", ids(s.claim(st, at(0), 10, two)), free[1:])
	}},
	{"the runs of all versions count", func(s *suite) {
		st := s.executing()
		next := store.FlowVersion{Flow: "orders", Major: 2, Limit: 2}
		old := s.keyedRuns(st, "a", 0, 0)
		run := s.create(st, s.newRun(keyed("a"), func(r *store.Run) { r.Version, r.Priority = "2.0", 1 }), false).Run
		parked := s.create(st, s.newRun(keyed("a"), func(r *store.Run) { r.Version, r.Priority = "3.0", 9 }), false).Run
		got := s.claim(st, at(0), 10, two, next)
		s.same("what was claimed", ids(got), []string{run.ID, old[0]})
		s.end(st, got[0])
		s.same("the next, for there is no code for another", ids(s.claim(st, at(0), 10, two, next)), old[1:])
		s.end(st, got[1])
		third := store.FlowVersion{Flow: "orders", Major: 3, Limit: 2}
		s.same("what was parked", ids(s.claim(st, at(0), 10, third)), []string{parked.ID})
	}},
	{"what is parked does not hold up a key", func(s *suite) {
		st := s.executing()
		one := store.FlowVersion{Flow: "orders", Major: 1, Minor: 2, Limit: 1}
		all := store.FlowVersion{Flow: "orders", Major: 1, Minor: 9, Limit: 1}
		newer := func(r *store.Run) { r.Version, r.Priority = "1.9", 9 }
		first := s.create(st, s.newRun(keyed("a"), newer), false).Run
		second := s.create(st, s.newRun(keyed("a"), newer), false).Run
		claimed := s.claim(st, at(0), 10, all) // the second is blocked
		s.same("what was claimed", ids(claimed), []string{first.ID})
		runs := s.keyedRuns(st, "a", 0, 0)
		s.same("of another version", ids(s.claim(st, at(0), 10, one)), []string{})
		s.end(st, claimed[0])
		got := s.claim(st, at(0), 10, one)
		s.same("what has code", ids(got), runs[:1])
		s.end(st, got[0])
		late := s.keyedRuns(st, "a", 5)
		got = s.claim(st, at(0), 10, one)
		s.same("what came later, of a higher priority", ids(got), late)
		s.end(st, got[0])
		s.same("when there is code again", ids(s.claim(st, at(0), 10, all)), []string{second.ID})
	}},
	{"Create claims if there is a place", func(s *suite) {
		st := s.executing()
		create := func(key string) *store.Claim {
			created, err := st.Create(s.ctx, s.newRun(keyed(key)), true, two.Limit)
			if err != nil {
				s.Fatalf("Create: %v", err)
			}
			return created.Claim
		}
		first, second, third, other := create("a"), create("a"), create("a"), create("b")
		if first == nil || second == nil || third != nil || other == nil {
			s.Fatalf("the claims are %v, %v, %v and of another key %v; want the third to have none", first, second, third, other)
		}
		run, _ := s.get(st, first.RunID)
		s.commit(st, store.Change{Claim: *first, Head: ended(run, flow.StatusCompleted)})
		if create("a") != nil {
			s.Fatal("a new run went ahead of one that waits")
		}
		s.same("how many were claimed", len(s.claim(st, at(0), 10, two)), 1)
		if unbounded, err := st.Create(s.ctx, s.newRun(keyed("a")), true, 0); err != nil || unbounded.Claim == nil {
			s.Fatalf("Create without a limit: %v, %v; want a claim", unbounded, err)
		}
	}},
	{"a repeated Create has the place of the first", func(s *suite) {
		st := s.executing()
		run := s.newRun(keyed("a"))
		for range 2 {
			if again, err := st.Create(s.ctx, run, true, 1); err != nil || again.Claim == nil || again.Existing {
				s.Fatalf("Create: %+v, %v; want a claim", again, err)
			}
		}
		other := s.newRun(keyed("a"))
		for range 2 {
			if again, err := st.Create(s.ctx, other, true, 1); err != nil || again.Claim != nil || again.Existing {
				s.Fatalf("Create: %+v, %v; want no claim", again, err)
			}
		}
	}},
	{"a run that waits for a place can be cancelled", func(s *suite) {
		st := s.executing()
		runs := s.keyedRuns(st, "a", 0, 0, 0, 0)
		claimed := s.claim(st, at(0), 10, two)
		s.same("what was claimed", ids(claimed), runs[:2])
		for i, m := range []store.Message{signalTo(runs[2]), cancelOf(runs[3], "enough")} {
			if _, err := st.Send(s.ctx, m); err != nil {
				s.Fatalf("Send %d: %v", i, err)
			}
		}
		got := s.claim(st, at(0), 10, two)
		s.same("what was claimed to be cancelled", ids(got), runs[3:])
		s.commit(st, store.Change{Claim: got[0].Claim, Head: ended(got[0].Run, flow.StatusCancelled)})
		s.same("its place, which it never had", ids(s.claim(st, at(0), 10, two)), []string{})
		s.end(st, claimed[0])
		got = s.claim(st, at(0), 10, two)
		s.same("the next", ids(got), runs[2:3])
		s.same("its signal", len(got[0].Messages), 1)
	}},
	{"and terminated", func(s *suite) {
		st := s.executing()
		runs := s.keyedRuns(st, "a", 0, 0, 0)
		s.claim(st, at(0), 10, two)
		if _, err := st.Send(s.ctx, store.Message{RunID: runs[2], Kind: store.MessageTerminate, At: at(40)}); err != nil {
			s.Fatalf("Send: %v", err)
		}
		s.same("what was claimed", ids(s.claim(st, at(0), 10, two)), runs[2:])
	}},
	{"the next process goes on, with another limit", func(s *suite) {
		first := s.executing()
		runs := s.keyedRuns(first, "a", 0, 0, 0, 0, 0, 0)
		got := s.claim(first, at(0), 10, two)
		s.commit(first, store.Change{Claim: got[0].Claim, Head: running(got[0].Run, at(1<<30)), Release: true})
		if err := first.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		second := s.executing()
		four := two
		four.Limit = 4
		got = s.claim(second, at(0), 10, four)
		s.same("with room for three more", ids(got), runs[1:4])
		s.same("and no more", ids(s.claim(second, at(0), 10, four)), []string{})
		if err := second.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		third := s.executing()
		got = s.claim(third, at(0), 10, two)
		s.same("with room for one", ids(got), runs[1:2])
		unbounded := two
		unbounded.Limit = 0
		s.same("without a limit", ids(s.claim(third, at(0), 10, unbounded)), runs[2:])
	}},
	{"ends before the first look are made up for", func(s *suite) {
		first := s.executing()
		runs := s.keyedRuns(first, "a", 0, 0, 0, 0)
		s.claim(first, at(0), 10, two)
		if err := first.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		second := s.executing()
		created, err := second.Create(s.ctx, s.newRun(keyed("b")), true, two.Limit)
		if err != nil || created.Claim == nil {
			s.Fatalf("Create: %+v, %v; want a claim", created, err)
		}
		s.commit(second, store.Change{Claim: *created.Claim, Head: ended(created.Run, flow.StatusCompleted)})
		s.same("what was claimed", ids(s.claim(second, at(0), 10, two)), runs[:2])
	}},
	{"children wait for a place too", func(s *suite) {
		st := s.executing()
		parent, claim := s.claimed(st)
		children := []store.Run{s.newRun(keyed("a")), s.newRun(keyed("a")), s.newRun(keyed("a"))}
		s.commit(st, store.Change{Claim: claim, Children: children, Head: running(parent, time.Time{})})
		s.same("what was claimed", ids(s.claim(st, at(0), 10, two)), []string{children[0].ID, children[1].ID})
	}},
	{"many runs of few keys, each once and never too many", func(s *suite) { testManyPlaces(s) }},
}

func keyed(key string) func(*store.Run) {
	return func(r *store.Run) { r.Concurrency = &key }
}

// keyedRuns creates pending runs of a key and returns their ids.
func (s *suite) keyedRuns(st store.Store, key string, priorities ...int) []string {
	s.Helper()
	var all []string
	for _, priority := range priorities {
		run := s.newRun(keyed(key), func(r *store.Run) { r.Priority = priority })
		all = append(all, s.create(st, run, false).Run.ID)
	}
	return all
}

// end ends a run that is claimed.
func (s *suite) end(st store.Store, c store.Claimed) {
	s.Helper()
	s.commit(st, store.Change{Claim: c.Claim, Head: ended(c.Run, flow.StatusCompleted)})
}

// testManyPlaces has several claim, end and create at once.
func testManyPlaces(s *suite) {
	st := s.executing()
	const runs, keys, workers = 300, 3, 4
	for i := range runs {
		s.create(st, s.newRun(keyed(fmt.Sprint(i%keys))), false)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	underWay, done := map[string]int{}, 0
	for range workers {
		all.Go(func() {
			for {
				got, err := st.Claim(s.ctx, store.ClaimQuery{Now: at(0), Limit: 5, Flows: []store.FlowVersion{two}})
				if err != nil {
					s.Errorf("Claim: %v", err)
					return
				}
				mu.Lock()
				for _, c := range got {
					key := *c.Run.Concurrency
					if underWay[key]++; underWay[key] > two.Limit {
						s.Errorf("%d runs of the key %s are under way", underWay[key], key)
					}
				}
				over := done == runs
				mu.Unlock()
				if over || s.Failed() {
					return
				}
				for _, c := range got {
					mu.Lock() // before the end, which frees the place
					underWay[*c.Run.Concurrency]--
					done++
					mu.Unlock()
					if err := st.Commit(s.ctx, store.Change{Claim: c.Claim, Head: ended(c.Run, flow.StatusCompleted)}); err != nil {
						s.Errorf("Commit: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	s.same("the runs that were executed", done, runs)
}
