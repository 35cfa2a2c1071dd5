package storetest

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var createTests = []test{
	{"a run is read as it was created", func(s *suite) {
		st := s.open(s.T)
		run := s.newRun(func(r *store.Run) {
			r.Tenant, r.Priority, r.IdempotencyKey = "tenant 'a'; --", -7, "key\n\"1\""
			r.Labels = map[string]string{"b": "<2>", "a": "ü"}
			r.Input = []byte("{ \"x\":\t\"é\u2028<\" }")
			key := ""
			r.ParentID, r.RetryOf, r.Concurrency = "01JC", "01JB", &key
		})
		created := s.create(st, run, false)
		run.Status = flow.StatusPending
		s.same("the created run", created.Run, run)
		if created.Existing || created.Claim != nil {
			s.Fatalf("Create: %+v; want a new run without a claim", created)
		}
		got, entries := s.get(st, run.ID)
		s.same("the run", got, run)
		s.same("its log", entries, []flow.Entry{})
	}},
	{"a run begins with the log that it is given, claimed or not", func(s *suite) {
		st := s.executing()
		for _, claim := range []bool{false, true} {
			kept := []flow.Entry{step(2), step(4)}
			run := s.newRun(func(r *store.Run) { r.RetryOf, r.Kept = "01JB", kept })
			created := s.create(st, run, claim)
			s.same("whether it was claimed", created.Claim != nil, claim)
			_, entries := s.get(st, run.ID)
			s.same("its log", entries, kept)
		}
	}},
	{"times are in whole milliseconds and in UTC", func(s *suite) {
		st := s.open(s.T)
		zone := time.FixedZone("east", 3600)
		run := s.newRun(func(r *store.Run) { r.CreatedAt = start.Add(999 * time.Microsecond).In(zone) })
		created := s.create(st, run, false)
		s.same("the created time", created.Run.CreatedAt, start)
		got, _ := s.get(st, run.ID)
		s.same("the stored time", got.CreatedAt, start)
		if got.CreatedAt.Location() != time.UTC {
			s.Fatalf("the stored time is in %v; want UTC", got.CreatedAt.Location())
		}
	}},
	{"only an executing store claims", func(s *suite) {
		st := s.open(s.T)
		if created := s.create(st, s.newRun(), true); created.Claim != nil {
			s.Fatalf("a store that may not execute gave the claim %+v", created.Claim)
		}
		_, claim := s.claimed(s.executing())
		if claim.RunID == "" {
			s.Fatal("the claim names no run")
		}
	}},
	{"a large input is kept", func(s *suite) {
		st := s.open(s.T)
		run := s.newRun(func(r *store.Run) { r.Input = []byte(`"` + strings.Repeat("x", 3<<20) + `"`) })
		s.create(st, run, false)
		if got, _ := s.get(st, run.ID); string(got.Input) != string(run.Input) {
			s.Fatalf("the input has %d bytes; want %d", len(got.Input), len(run.Input))
		}
	}},
	{"a used id of another run is refused", func(s *suite) {
		st := s.open(s.T)
		run := s.newRun()
		s.create(st, run, false)
		for what, change := range map[string]func(*store.Run){
			"input":  func(r *store.Run) { r.Input = []byte(`2`) },
			"parent": func(r *store.Run) { r.ParentID = "p" },
		} {
			other := run
			change(&other)
			if _, err := st.Create(s.ctx, other, false, 0); !errors.Is(err, store.ErrExists) {
				s.Fatalf("Create of a run with a used id and another %s: %v; want ErrExists", what, err)
			}
		}
		got, _ := s.get(st, run.ID)
		s.same("the input of the first", string(got.Input), string(run.Input))
	}},
	{"a used id of the same run, started later, is that run", func(s *suite) {
		st := s.executing()
		run := s.newRun()
		s.create(st, run, false)
		later := run
		later.CreatedAt = at(1 << 20)
		again := s.create(st, later, true)
		if !again.Existing || again.Claim != nil || !again.Run.CreatedAt.Equal(run.CreatedAt) {
			s.Fatalf("Create of the same run: %+v; want the first one without a claim", again)
		}
	}},
	{"a repeated Create is one", func(s *suite) {
		st := s.executing()
		run := s.newRun(func(r *store.Run) { r.IdempotencyKey, r.Labels = "k", map[string]string{} })
		first := s.create(st, run, true)
		again := s.create(st, run, true)
		if again.Existing || again.Claim == nil {
			s.Fatalf("a repeated Create gave %+v; want the run with a claim", again)
		}
		s.commit(st, store.Change{Claim: *again.Claim, Entries: []flow.Entry{step(1)}})
		if err := st.Commit(s.ctx, store.Change{Claim: *first.Claim, Entries: []flow.Entry{step(3)}}); !errors.Is(err, store.ErrClaimLost) {
			s.Fatalf("the claim of the first Create: %v; want ErrClaimLost, since the second has the run", err)
		}
		if third := s.create(st, run, true); third.Claim != nil {
			s.Fatal("a Create of a run that is being executed gave a claim")
		}
	}},
	{"a repeated Create claims a run that is free", func(s *suite) {
		st := s.executing()
		run := s.newRun()
		s.create(st, run, false)
		if again := s.create(st, run, true); again.Claim == nil {
			s.Fatal("no claim was given on a run that is free")
		}
	}},
	{"an idempotency key makes one run", func(s *suite) {
		st := s.executing()
		keyed := func(r *store.Run) { r.Tenant, r.IdempotencyKey = "a", "k" }
		first := s.create(st, s.newRun(keyed), false)
		second := s.create(st, s.newRun(keyed, func(r *store.Run) { r.Input = []byte(`2`) }), true)
		if !second.Existing || second.Claim != nil {
			s.Fatalf("Create with a used key: %+v; want the existing run without a claim", second)
		}
		s.same("the existing run", second.Run, first.Run)
		for what, change := range map[string]func(*store.Run){
			"tenant": func(r *store.Run) { r.Tenant = "b" },
			"flow":   func(r *store.Run) { r.Flow = "other" },
			"key":    func(r *store.Run) { r.IdempotencyKey = "l" },
			"no key": func(r *store.Run) { r.IdempotencyKey = "" },
		} {
			if other := s.create(st, s.newRun(keyed, change), false); other.Existing {
				s.Fatalf("a run with another %s is the existing one", what)
			}
		}
	}},
	{"a key lives as long as its run", func(s *suite) {
		st := s.executing()
		keyed := func(r *store.Run) { r.IdempotencyKey = "k" }
		run, claim := s.claimed(st, keyed)
		s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusCompleted)})
		again := s.create(st, s.newRun(keyed), true)
		if !again.Existing || again.Run.ID != run.ID || again.Run.Status != flow.StatusCompleted {
			s.Fatalf("Create with the key of a run that is over: %+v; want that run", again)
		}
	}},
	{"many starts at once with one key make one run", func(s *suite) {
		st := s.executing()
		const starts = 50
		runs := make([]store.Run, starts)
		for i := range runs {
			runs[i] = s.newRun(func(r *store.Run) { r.IdempotencyKey = "k" })
		}
		created := make([]store.Created, starts)
		errs := make([]error, starts)
		var all sync.WaitGroup
		for i := range runs {
			all.Go(func() { created[i], errs[i] = st.Create(s.ctx, runs[i], true, 0) })
		}
		all.Wait()
		made := 0
		for i, c := range created {
			if errs[i] != nil {
				s.Fatalf("Create: %v", errs[i])
			}
			if !c.Existing {
				made++
			}
			if c.Existing == (c.Claim != nil) || c.Run.ID != created[0].Run.ID {
				s.Fatalf("a start got the run %s (existing: %v, claim: %v), another the run %s",
					c.Run.ID, c.Existing, c.Claim, created[0].Run.ID)
			}
		}
		s.same("the number of runs made", made, 1)
	}},
	{"what cannot be a run is refused", func(s *suite) {
		st := s.open(s.T)
		for what, change := range map[string]func(*store.Run){
			"no id":       func(r *store.Run) { r.ID = "" },
			"no flow":     func(r *store.Run) { r.Flow = "" },
			"bad version": func(r *store.Run) { r.Version = "1" },
			"no version":  func(r *store.Run) { r.Version = "" },
		} {
			if _, err := st.Create(s.ctx, s.newRun(change), false, 0); err == nil {
				s.Fatalf("a run with %s was created", what)
			}
		}
	}},
	{"a run that is not there is not found", func(s *suite) {
		st := s.open(s.T)
		if _, _, err := st.Get(s.ctx, "nobody"); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Get: %v; want ErrNotFound", err)
		}
	}},
}
