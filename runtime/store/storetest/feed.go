package storetest

import (
	"errors"
	"slices"
	"sync/atomic"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// feed opens a store that executes and is a store.Feed.
func (s *suite) feed() store.Feed {
	s.Helper()
	feed, ok := s.executing().(store.Feed)
	if !ok {
		s.Fatal("the store is no store.Feed")
	}
	return feed
}

// commits are those behind a number that made something visible.
func (s *suite) commits(st store.Feed, after int64) []store.Commit {
	s.Helper()
	commits, err := st.Commits(s.ctx, after, 1000)
	if err != nil {
		s.Fatalf("Commits after %d: %v", after, err)
	}
	return slices.DeleteFunc(commits, func(c store.Commit) bool { return len(c.Moves) == 0 })
}

// ranges are the moves of a run, in short: from and to of each.
func (s *suite) ranges(st store.Feed, runID string, after int64) (ranges [][2]int64) {
	s.Helper()
	_, all, err := st.Find(s.ctx, runID)
	if err != nil {
		s.Fatalf("Find %s: %v", runID, err)
	}
	last := after
	for _, c := range s.commits(st, after) {
		if c.Number <= last {
			s.Fatalf("commit %d comes after %d", c.Number, last)
		}
		last = c.Number
		for _, m := range c.Moves {
			if m.Key == all.Key && m.Tag == all.Tag {
				ranges = append(ranges, [2]int64{m.After, m.Last})
			}
		}
	}
	return ranges
}

var feedTests = []test{
	{"each commit tells which numbers of a run it made visible", func(s *suite) {
		st := s.feed()
		run, claim := s.claimed(st)
		s.same("what a start tells", s.commits(st, 0), []store.Commit(nil))
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(2)}})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(2)}}) // once more, after an error
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(4), step(5)}})
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(50)), Release: true}) // nothing new
		s.same("the moves", s.ranges(st, run.ID, 0), [][2]int64{{0, 3}, {3, 6}})
		again := s.claim(st, at(60), 1)[0].Claim
		closed := step(4)
		closed.EndSeq = 8
		s.commit(st, store.Change{Claim: again, Entries: []flow.Entry{closed}, Head: ended(run, flow.StatusCompleted)})
		s.same("the moves", s.ranges(st, run.ID, 0), [][2]int64{{0, 3}, {3, 6}, {6, 9}})
		newest, err := st.Newest(s.ctx)
		if err != nil || len(s.commits(st, newest)) != 0 {
			s.Fatalf("Newest: %d, %v; there is something behind it", newest, err)
		}
	}},
	{"what a run began with is told when it is created", func(s *suite) {
		st := s.feed()
		run := s.newRun(func(r *store.Run) { r.Kept = []flow.Entry{step(2), step(4)} })
		created := s.create(st, run, true)
		s.commit(st, store.Change{Claim: *created.Claim, Entries: []flow.Entry{step(6)}})
		s.same("the moves", s.ranges(st, run.ID, 0), [][2]int64{{0, 5}, {5, 7}})
	}},
	{"no number is visible before a smaller one", func(s *suite) {
		st := s.feed()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(2)}, Head: running(run, at(50)), Lazy: true})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(3)}})
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{opened(2), step(3)})
		ranges := s.ranges(st, run.ID, 0)
		if last := ranges[len(ranges)-1]; ranges[0][0] != 0 || last[1] != 4 {
			s.Fatalf("the moves are %v", ranges)
		}
	}},
	{"what moves made visible can be read, and what was deleted is missing", func(s *suite) {
		st := s.feed()
		run, claim := s.claimed(st)
		long := step(2)
		long.EndSeq = 6
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(2), step(3)}})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{long, step(7)}, Head: ended(run, flow.StatusFailed)})
		head, all, err := st.Find(s.ctx, run.ID)
		if err != nil || head.ID != run.ID || head.Input != nil || all.After != 0 || all.Last != 9 {
			s.Fatalf("Find: %+v, %+v, %v", head, all, err)
		}
		between := func(after, last int64) store.Move {
			return store.Move{Key: all.Key, Tag: all.Tag, After: after, Last: last}
		}
		moved, err := st.Read(s.ctx, []store.Move{between(0, 2), between(2, 4), between(4, 6), between(8, 9), {Key: all.Key + 99, Last: 9}})
		if err != nil {
			s.Fatalf("Read: %v", err)
		}
		s.same("up to 2", moved[0].Entries, []flow.Entry{long})
		s.same("3 and 4", moved[1].Entries, []flow.Entry{step(3)})
		s.same("5 and 6", moved[2].Entries, []flow.Entry{long})
		s.same("9", moved[3].Entries, []flow.Entry(nil))
		if moved[3].Run.EndSeq != 9 || moved[3].Run.Error == nil || moved[4].Run.ID != "" {
			s.Fatalf("the heads are %+v and %+v", moved[3].Run, moved[4].Run)
		}
		if err := st.Delete(s.ctx, run.ID); err != nil {
			s.Fatal(err)
		}
		if moved, err = st.Read(s.ctx, []store.Move{between(0, 9)}); err != nil || moved[0].Run.ID != "" {
			s.Fatalf("a deleted run: %+v, %v", moved, err)
		}
		if _, _, err := st.Find(s.ctx, run.ID); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Find of a deleted run: %v, want %v", err, store.ErrNotFound)
		}
	}},
	{"a commit that never was is forgotten", func(s *suite) {
		st := s.feed()
		_, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(2)}})
		newest, err := st.Newest(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		for _, after := range []int64{-2, newest + 1, 99} {
			if _, err := st.Commits(s.ctx, after, 10); !errors.Is(err, store.ErrForgotten) {
				s.Fatalf("Commits after %d: %v, want %v", after, err, store.ErrForgotten)
			}
		}
	}},
	{"watchers are woken behind commits, until they stop", func(s *suite) {
		st := s.feed()
		_, claim := s.claimed(st)
		var woken atomic.Int32
		stop := st.Watch(func() { woken.Add(1) })
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(2)}})
		if woken.Load() == 0 {
			s.Fatal("nobody was woken")
		}
		stop()
		before := woken.Load()
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(4)}})
		if woken.Load() != before {
			s.Fatal("somebody was woken who had stopped")
		}
	}},
	{"another store on the data tells the same", func(s *suite) {
		st := s.feed()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(2)}})
		other, ok := s.open(s.T).(store.Feed)
		if !ok {
			s.Fatal("the store is no store.Feed")
		}
		s.same("the commits", s.commits(other, 0), s.commits(st, 0))
		s.same("the moves", s.ranges(other, run.ID, 0), [][2]int64{{0, 3}})
	}},
}
