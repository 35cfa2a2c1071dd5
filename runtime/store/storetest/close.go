package storetest

import (
	"errors"
	"sync"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var closeTests = []test{
	{"calls after Close are refused", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		for range 2 {
			if err := st.Close(); err != nil {
				s.Fatalf("Close: %v", err)
			}
		}
		for name, call := range map[string]func() error{
			"Acquire": func() error { _, err := st.Acquire(s.ctx); return err },
			"Create":  func() error { _, err := st.Create(s.ctx, s.newRun(), true, 0); return err },
			"Claim":   func() error { _, err := st.Claim(s.ctx, store.ClaimQuery{}); return err },
			"Commit":  func() error { return st.Commit(s.ctx, store.Change{Claim: claim}) },
			"lazy Commit": func() error {
				return st.Commit(s.ctx, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}, Lazy: true})
			},
			"Send":         func() error { _, err := st.Send(s.ctx, cancelOf(run.ID, "")); return err },
			"Schedule":     func() error { _, err := st.Schedule(s.ctx, "f", "n"); return err },
			"SaveSchedule": func() error { return st.SaveSchedule(s.ctx, store.Schedule{Flow: "f"}) },
			"SaveDefinition": func() error {
				return st.SaveDefinition(s.ctx, store.Definition{Flow: "f", Hash: "h"})
			},
			"SaveCoverage":  func() error { return st.SaveCoverage(s.ctx, store.Coverage{Since: at(1)}) },
			"Coverage":      func() error { _, err := st.Coverage(s.ctx); return err },
			"Definition":    func() error { _, err := st.Definition(s.ctx, "f", "1.0"); return err },
			"Definitions":   func() error { _, err := st.Definitions(s.ctx); return err },
			"DeleteExpired": func() error { _, err := st.DeleteExpired(s.ctx, at(0), 1); return err },
			"NextDue":       func() error { _, _, err := st.NextDue(s.ctx, nil); return err },
			"Unobeyed":      func() error { _, err := st.Unobeyed(s.ctx); return err },
			"Messages":      func() error { _, err := st.Messages(s.ctx, run.ID); return err },
			"Get":           func() error { _, _, err := st.Get(s.ctx, run.ID); return err },
			"List":          func() error { _, err := st.List(s.ctx, store.Filter{}); return err },
			"Stats":         func() error { _, err := st.Stats(s.ctx, store.StatsQuery{}); return err },
		} {
			if err := call(); !errors.Is(err, store.ErrClosed) {
				s.Errorf("%s after Close: %v; want ErrClosed", name, err)
			}
		}
	}},
	{"calls under way end first", func(s *suite) {
		st := s.executing()
		runs := make([]store.Run, 200)
		for i := range runs {
			runs[i] = s.newRun()
		}
		errs := make([]error, len(runs))
		var all sync.WaitGroup
		for i := range runs {
			all.Go(func() { _, errs[i] = st.Create(s.ctx, runs[i], true, 0) })
		}
		for range 3 {
			all.Go(func() {
				if err := st.Close(); err != nil {
					s.Errorf("Close: %v", err)
				}
			})
		}
		all.Wait()
		again := s.open(s.T)
		for i, err := range errs {
			_, _, getErr := again.Get(s.ctx, runs[i].ID)
			switch {
			case err == nil && getErr != nil:
				s.Errorf("the run %s was acknowledged and is not there: %v", runs[i].ID, getErr)
			case err != nil && !errors.Is(err, store.ErrClosed):
				s.Errorf("Create while the store closes: %v; want ErrClosed or none", err)
			case err != nil && !errors.Is(getErr, store.ErrNotFound):
				s.Errorf("the run %s was refused and is there", runs[i].ID)
			}
		}
	}},
}
