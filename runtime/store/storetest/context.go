package storetest

import (
	"context"
	"errors"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// testEndedContext calls everything with a context that has ended.
func testEndedContext(s *suite) {
	st := s.executing()
	run, claim := s.claimed(st)
	free := s.create(st, s.newRun(), false)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	other := s.newRun()
	calls := map[string]func() error{
		"Create": func() error { _, err := st.Create(ctx, other, false, 0); return err },
		"Commit": func() error { return st.Commit(ctx, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}}) },
		"Send":   func() error { _, err := st.Send(ctx, cancelOf(run.ID, "")); return err },
		"Claim": func() error {
			_, err := st.Claim(ctx, store.ClaimQuery{Now: at(0), Limit: 1, Flows: []store.FlowVersion{orders}})
			return err
		},
		"SaveSchedule": func() error { return st.SaveSchedule(ctx, store.Schedule{Flow: "f", Name: "n", LastRun: "r"}) },
		"Schedule":     func() error { _, err := st.Schedule(ctx, "f", "n"); return err },
		"SaveDefinition": func() error {
			return st.SaveDefinition(ctx, store.Definition{Flow: "f", Version: "1.0", Hash: "h"})
		},
		"SaveCoverage":  func() error { return st.SaveCoverage(ctx, store.Coverage{Since: at(1)}) },
		"Coverage":      func() error { _, err := st.Coverage(ctx); return err },
		"Definition":    func() error { _, err := st.Definition(ctx, "f", "1.0"); return err },
		"Definitions":   func() error { _, err := st.Definitions(ctx); return err },
		"DeleteExpired": func() error { _, err := st.DeleteExpired(ctx, at(0), 1); return err },
		"Get":           func() error { _, _, err := st.Get(ctx, run.ID); return err },
		"List":          func() error { _, err := st.List(ctx, store.Filter{}); return err },
		"Stats":         func() error { _, err := st.Stats(ctx, store.StatsQuery{}); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			s.Errorf("%s with a context that has ended: %v; want context.Canceled", name, err)
		}
	}
	if _, _, err := st.Get(s.ctx, other.ID); !errors.Is(err, store.ErrNotFound) {
		s.Fatalf("the run of the Create that was refused: %v; want ErrNotFound", err)
	}
	s.schedule(st, store.Schedule{Flow: "f", Name: "n"})
	_, entries := s.get(st, run.ID)
	s.same("the log", entries, []flow.Entry{})
	s.same("what is free", ids(s.claim(st, at(0), 10)), []string{free.Run.ID})
}
