package storetest

import (
	"errors"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var expireTests = []test{
	{"runs are deleted when their time has come, the oldest first", func(s *suite) {
		st := s.executing()
		var runs []string
		for _, deleteAt := range []int{300, 100, 200, 0} {
			run, claim := s.claimed(st, func(r *store.Run) { r.IdempotencyKey = "k" + r.ID })
			head := ended(run, flow.StatusCompleted)
			if deleteAt > 0 {
				head.DeleteAt = at(deleteAt)
			}
			s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1), step(3)}, Head: head})
			got, _ := s.get(st, run.ID)
			s.same("the run", got, *head)
			runs = append(runs, run.ID)
		}
		s.expire(st, at(99), 10, 0)
		s.expire(st, at(250), 0, 0)
		s.expire(st, at(250), 1, 1)
		s.gone(st, runs[1])
		s.expire(st, at(250), 10, 1)
		s.gone(st, runs[2])
		s.expire(st, at(1<<30), 10, 1)
		s.gone(st, runs[0])
		page := s.list(st, store.Filter{})
		s.same("how many are left", len(page.Runs), 1)
		_, entries := s.get(st, runs[3])
		s.same("the log of the one that is kept", len(entries), 2)
		again := s.create(st, s.newRun(func(r *store.Run) { r.IdempotencyKey = "k" + runs[0] }), false)
		if again.Existing {
			s.Fatal("the idempotency key of a run that was deleted is still taken")
		}
	}},
	{"a run that is not over is not deleted", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		head := running(run, at(5))
		head.DeleteAt = at(10)
		s.commit(st, store.Change{Claim: claim, Head: head, Release: true})
		s.expire(st, at(1<<30), 10, 0)
		s.get(st, run.ID)
	}},
	{"a run that is over is deleted by its id, and no other", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		if err := st.Delete(s.ctx, run.ID); !errors.Is(err, store.ErrNotFinal) {
			s.Fatalf("Delete a run that is not over: %v, want ErrNotFinal", err)
		}
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}, Head: ended(run, flow.StatusFailed)})
		if err := st.Delete(s.ctx, run.ID); err != nil {
			s.Fatalf("Delete: %v", err)
		}
		s.gone(st, run.ID)
		if err := st.Delete(s.ctx, run.ID); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Delete what is gone: %v, want ErrNotFound", err)
		}
	}},
	{"a run that was deleted takes no messages", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		if _, err := st.Send(s.ctx, cancelOf(run.ID, "")); err != nil {
			s.Fatalf("Send: %v", err)
		}
		head := ended(run, flow.StatusCompleted)
		head.DeleteAt = at(50)
		s.commit(st, store.Change{Claim: claim, Head: head})
		s.expire(st, at(50), 10, 1)
		if _, err := st.Send(s.ctx, cancelOf(run.ID, "")); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Send: %v; want ErrNotFound", err)
		}
		other := s.create(st, s.newRun(), false).Run // which may have the place of the one before
		got := s.claim(st, at(0), 10)
		s.same("what is due", ids(got), []string{other.ID})
		s.same("its messages", got[0].Messages, []store.Message{})
		s.same("its log", got[0].Entries, []flow.Entry{})
	}},
}

func (s *suite) expire(st store.Store, now time.Time, limit, want int) {
	s.Helper()
	if n, err := st.DeleteExpired(s.ctx, now, limit); err != nil || n != want {
		s.Fatalf("DeleteExpired: %d, %v; want %d", n, err, want)
	}
}

func (s *suite) gone(st store.Store, id string) {
	s.Helper()
	if _, _, err := st.Get(s.ctx, id); !errors.Is(err, store.ErrNotFound) {
		s.Fatalf("Get of a run that was deleted: %v; want ErrNotFound", err)
	}
}

var scheduleTests = []test{
	{"a schedule is read as it was saved", func(s *suite) {
		st := s.open(s.T)
		daily := store.Schedule{Flow: "orders", Name: "daily '1'", Last: at(10), LastRun: "r1"}
		other := store.Schedule{Flow: "other", Name: daily.Name, Last: at(20)}
		for _, one := range []store.Schedule{daily, other} {
			s.schedule(st, store.Schedule{Flow: one.Flow, Name: one.Name})
			for range 2 {
				if err := st.SaveSchedule(s.ctx, one); err != nil {
					s.Fatalf("SaveSchedule: %v", err)
				}
			}
		}
		s.schedule(st, daily)
		daily.Last, daily.LastRun = at(30), "r2"
		if err := s.open(s.T).SaveSchedule(s.ctx, daily); err != nil {
			s.Fatalf("SaveSchedule: %v", err)
		}
		s.schedule(st, daily)
		s.schedule(st, other)
	}},
}

func (s *suite) schedule(st store.Store, want store.Schedule) {
	s.Helper()
	got, err := st.Schedule(s.ctx, want.Flow, want.Name)
	if err != nil {
		s.Fatalf("Schedule: %v", err)
	}
	s.same("the schedule", got, want)
}
