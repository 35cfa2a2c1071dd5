package storetest

import (
	"errors"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var commitTests = []test{
	{"an entry is read as it was written", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		full := flow.Entry{
			Seq: 1, EndSeq: 2, Kind: flow.KindStep, Step: "charge-payment", RunAttempt: 2, Attempt: 3,
			Input: []byte("{ \"a\" : \"<&>\u2028\" }"), Output: []byte(`null`), Actor: "ann",
			Error: &flow.Error{
				Kind: flow.ErrorPanic, Message: "a\nb <c>", Step: "charge-payment", Name: "declined",
				Fields: []byte(`{"reason":"<&>"}`), Permanent: true, Stack: "goroutine 1",
			},
			StartedAt: at(1), FinishedAt: at(2), WakeAt: at(3), Key: "k <1>", SignalID: "s",
		}
		log := []flow.Entry{full}
		for i, kind := range flow.Kinds() {
			log = append(log, flow.Entry{Seq: int64(i + 3), Kind: kind, RunAttempt: 1, StartedAt: at(i)})
		}
		s.commit(st, store.Change{Claim: claim, Entries: log})
		got, entries := s.get(st, run.ID)
		s.same("the log", entries, log)
		s.same("the head", got, run)
	}},
	{"an entry of the same place is replaced", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{opened(1), opened(2)}})
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(2)}})
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{opened(1), step(2)})
	}},
	{"a head replaces what it says and nothing else", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st, func(r *store.Run) {
			r.Tenant, r.Priority, r.IdempotencyKey, r.Labels = "t", 3, "k", map[string]string{"a": "b"}
		})
		head := *ended(run, flow.StatusRunning)
		head.Phase, head.Attempt, head.WakeAt = flow.PhaseCompensating, 2, at(99)
		head.Output = []byte(`[1]`)
		change := head
		change.Flow, change.Version, change.Tenant, change.Priority, change.Input, change.Labels = "x", "9.9", "x", 9, []byte(`9`), nil
		change.IdempotencyKey, change.CreatedAt, change.ParentID, change.Concurrency = "x", at(1000), "x", new(string)
		change.DeleteAt = at(500) // it is not over
		s.commit(st, store.Change{Claim: claim, Head: &change})
		got, _ := s.get(st, run.ID)
		s.same("the run", got, head)
		s.commit(st, store.Change{Claim: claim, Head: &run})
		got, _ = s.get(st, run.ID)
		s.same("the run after a head without all that", got, run)
	}},
	{"the same change twice is the same as once", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		change := store.Change{Claim: claim, Entries: []flow.Entry{step(1), opened(3)}, Head: running(run, at(50))}
		s.commit(st, change)
		s.commit(st, change)
		change.Release = true
		s.commit(st, change)
		s.commit(st, change)
		got, entries := s.get(st, run.ID)
		s.same("the run", got, *change.Head)
		s.same("the log", entries, change.Entries)
		claimed := s.claim(st, at(100), 1)
		final := store.Change{Claim: claimed[0].Claim, Entries: []flow.Entry{step(3)}, Head: ended(run, flow.StatusFailed)}
		s.commit(st, final)
		s.commit(st, final)
		got, entries = s.get(st, run.ID)
		s.same("the run at its end", got, *final.Head)
		s.same("the log at its end", entries, []flow.Entry{step(1), step(3)})
	}},
	{"giving back twice is the same as once", func(s *suite) {
		st := s.executing()
		_, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Release: true})
		s.commit(st, store.Change{Claim: claim, Release: true})
		s.same("what is free", len(s.claim(st, at(0), 10)), 1)
	}},
	{"a change after the claim is over is refused and changes nothing", func(s *suite) {
		st := s.executing()
		for what, end := range map[string]func(store.Run, store.Claim) store.Change{
			"release": func(_ store.Run, c store.Claim) store.Change { return store.Change{Claim: c, Release: true} },
			"a wait": func(r store.Run, c store.Claim) store.Change {
				return store.Change{Claim: c, Head: running(r, at(50)), Release: true}
			},
			"the end": func(r store.Run, c store.Claim) store.Change {
				return store.Change{Claim: c, Head: ended(r, flow.StatusCancelled)}
			},
		} {
			run, claim := s.claimed(st)
			s.commit(st, end(run, claim))
			before, _ := s.get(st, run.ID)
			for name, late := range map[string]store.Change{
				"entries": {Claim: claim, Entries: []flow.Entry{step(1)}},
				"a head":  {Claim: claim, Head: running(run, at(77))},
				"the end": {Claim: claim, Entries: []flow.Entry{step(1)}, Head: ended(run, flow.StatusCompleted)},
				"a start": {Claim: claim, Entries: []flow.Entry{opened(1)}, Lazy: true},
			} {
				if err := st.Commit(s.ctx, late); !errors.Is(err, store.ErrClaimLost) {
					s.Fatalf("%s after %s: %v; want ErrClaimLost", name, what, err)
				}
			}
			after, entries := s.get(st, run.ID)
			s.same("the run after "+what, after, before)
			s.same("the log after "+what, entries, []flow.Entry{})
		}
	}},
	{"a claim is over when the run is claimed again", func(s *suite) {
		st := s.executing()
		run, old := s.claimed(st)
		s.commit(st, store.Change{Claim: old, Head: running(run, time.Time{}), Release: true})
		again := s.claim(st, at(0), 1)
		if len(again) != 1 {
			s.Fatalf("%d runs were claimed; want the one that was released", len(again))
		}
		if err := st.Commit(s.ctx, store.Change{Claim: old, Entries: []flow.Entry{step(1)}}); !errors.Is(err, store.ErrClaimLost) {
			s.Fatalf("Commit with the claim of before: %v; want ErrClaimLost", err)
		}
		s.commit(st, store.Change{Claim: again[0].Claim, Entries: []flow.Entry{step(1)}})
	}},
	{"a claim that was never given is refused", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		for _, wrong := range []store.Claim{
			{},
			{RunID: run.ID, Key: claim.Key},
			{RunID: run.ID, Key: claim.Key, Token: claim.Token + 1},
			{RunID: run.ID, Key: claim.Key + 1000, Token: claim.Token},
		} {
			if err := st.Commit(s.ctx, store.Change{Claim: wrong, Entries: []flow.Entry{step(1)}}); !errors.Is(err, store.ErrClaimLost) {
				s.Fatalf("Commit with %+v: %v; want ErrClaimLost", wrong, err)
			}
		}
	}},
	{"a released run is due when it says", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(100)), Release: true})
		s.same("what is due before", ids(s.claim(st, at(99), 1)), []string{})
		got := s.claim(st, at(100), 1)
		s.same("what is due then", ids(got), []string{run.ID})
		s.commit(st, store.Change{Claim: got[0].Claim, Release: true})
		s.same("what is due at once", ids(s.claim(st, at(0), 1)), []string{run.ID})
	}},
	{"a run that is over is never claimed", func(s *suite) {
		st := s.executing()
		for _, status := range []flow.Status{flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled} {
			run, claim := s.claimed(st)
			s.commit(st, store.Change{Claim: claim, Head: ended(run, status)})
		}
		s.same("what is due", ids(s.claim(st, at(1<<30), 10)), []string{})
	}},
	{"what cannot be encoded is refused and does not take others with it", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		bad := step(1)
		bad.Error = &flow.Error{Message: "m", Fields: []byte(`{`)}
		if err := st.Commit(s.ctx, store.Change{Claim: claim, Entries: []flow.Entry{bad}}); err == nil {
			s.Fatal("an entry with broken fields was committed")
		}
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}})
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{step(1)})
	}},
	{"consumed messages are gone", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		one, err := st.Send(s.ctx, cancelOf(run.ID, "one"))
		two, err2 := st.Send(s.ctx, cancelOf(run.ID, "two"))
		if err != nil || err2 != nil || two.ID <= one.ID {
			s.Fatalf("Send: %+v, %v and %+v, %v; want ascending ids", one, err, two, err2)
		}
		change := store.Change{Claim: claim, Consumed: []int64{one.ID}, Release: true}
		s.commit(st, change)
		got := s.claim(st, at(0), 1)
		s.same("the messages", got[0].Messages, []store.Message{two})
	}},
	{"a context that has ended writes nothing", func(s *suite) {
		testEndedContext(s)
	}},
}
