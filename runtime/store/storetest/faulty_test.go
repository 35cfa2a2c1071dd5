package storetest_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

func openFaulty(t *testing.T, fault func(int) storetest.Fault) (*storetest.Faulty, store.Store) {
	t.Helper()
	inner, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	})
	f := storetest.NewFaulty(inner, fault)
	if ok, err := f.Acquire(t.Context()); err != nil || !ok {
		t.Fatalf("Acquire: %v, %v", ok, err)
	}
	return f, inner
}

// For each write of a small run, and both faults: the write fails once, is
// repeated, and in the end all is as if nothing had failed.
func TestFaultyRepeats(t *testing.T) {
	run := store.Run{ID: "1", Flow: "orders", Version: "1.0", Attempt: 1, IdempotencyKey: "k"}
	entry := flow.Entry{Seq: 1, EndSeq: 2, Kind: flow.KindStep, RunAttempt: 1, Attempt: 1}
	const writes = 4
	for n := 1; n <= writes; n++ {
		for _, fault := range []storetest.Fault{storetest.Before, storetest.After} {
			f, inner := openFaulty(t, storetest.FailNth(n, fault))
			failures := 0
			repeat := func(write func() error) {
				t.Helper()
				err := write()
				if errors.Is(err, storetest.ErrInjected) {
					failures++
					err = write()
				}
				if err != nil {
					t.Fatalf("write %d, fault %d: %v", n, fault, err)
				}
			}
			var created store.Created
			repeat(func() (err error) { created, err = f.Create(t.Context(), run, true, 0); return err })
			if created.Existing || created.Claim == nil {
				t.Fatalf("write %d, fault %d: Create gave %+v; want a claim", n, fault, created)
			}
			change := store.Change{Claim: *created.Claim, Entries: []flow.Entry{entry}}
			repeat(func() error { return f.Commit(t.Context(), change) })
			head := created.Run
			head.Status = flow.StatusCompleted
			last := store.Change{Claim: *created.Claim, Head: &head}
			repeat(func() error { return f.Commit(t.Context(), last) })
			saved := store.Schedule{Flow: "orders", Name: "daily", LastRun: "1"}
			repeat(func() error { return f.SaveSchedule(t.Context(), saved) })
			if found, err := inner.Schedule(t.Context(), "orders", "daily"); err != nil || found != saved {
				t.Fatalf("write %d, fault %d: the schedule %+v, %v", n, fault, found, err)
			}
			got, entries, err := inner.Get(t.Context(), "1")
			if err != nil || got.Status != flow.StatusCompleted || len(entries) != 1 {
				t.Fatalf("write %d, fault %d: %+v, %d entries, %v", n, fault, got, len(entries), err)
			}
			if failures != 1 || f.Writes() != writes+1 {
				t.Fatalf("write %d, fault %d: %d failures in %d writes; want 1 in %d", n, fault, failures, f.Writes(), writes+1)
			}
		}
	}
}

func TestFaultyFull(t *testing.T) {
	f, _ := openFaulty(t, nil)
	run := store.Run{ID: "1", Flow: "orders", Version: "1.0", Attempt: 1}
	f.SetFull(true)
	query := store.ClaimQuery{Limit: 1, Flows: []store.FlowVersion{{Flow: "orders", Major: 1}}}
	calls := map[string]func() error{
		"Create":         func() error { _, err := f.Create(t.Context(), run, false, 0); return err },
		"Commit":         func() error { return f.Commit(t.Context(), store.Change{}) },
		"SaveSchedule":   func() error { return f.SaveSchedule(t.Context(), store.Schedule{}) },
		"SaveDefinition": func() error { return f.SaveDefinition(t.Context(), store.Definition{}) },
		"DeleteExpired":  func() error { _, err := f.DeleteExpired(t.Context(), time.Time{}, 1); return err },
		"Send":           func() error { _, err := f.Send(t.Context(), store.Message{}); return err },
		"Claim":          func() error { _, err := f.Claim(t.Context(), query); return err },
		"Acquire":        func() error { _, err := f.Acquire(t.Context()); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, storetest.ErrFull) {
			t.Errorf("%s: %v; want ErrFull", name, err)
		}
	}
	if _, _, err := f.Get(t.Context(), "1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get: %v; want ErrNotFound", err)
	}
	f.SetFull(false)
	if _, err := f.Create(t.Context(), run, false, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Claim(t.Context(), query); err != nil || len(got) != 1 {
		t.Fatalf("Claim: %v, %v", got, err)
	}
}
