package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// However many runs wait for a place, an end and the claim of the next read a few rows.
func BenchmarkBlockedRuns(b *testing.B) {
	for _, waiting := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) { benchmarkBlocked(b, waiting) })
	}
}

func benchmarkBlocked(b *testing.B, waiting int) {
	s, err := Open(filepath.Join(b.TempDir(), "bench.db"), WithSynchronous(Normal))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	if ok, err := s.Acquire(b.Context()); !ok || err != nil {
		b.Fatalf("Acquire: %v, %v", ok, err)
	}
	var all sync.WaitGroup
	for worker := range 100 {
		all.Go(func() {
			for i := range waiting / 100 {
				if _, err := s.Create(b.Context(), boundRun(fmt.Sprintf("%d-%d", worker, i)), false, 0); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	query := store.ClaimQuery{Now: testStart, Limit: 64, Flows: []store.FlowVersion{{Flow: "orders", Major: 1, Limit: 1}}}
	began := time.Now()
	got, err := s.Claim(b.Context(), query)
	first := time.Since(began) // it blocks those for which there is no place
	n := 0
	for b.Loop() {
		if err != nil || len(got) != 1 {
			b.Fatalf("Claim: %d runs, %v; want one", len(got), err)
		}
		head := got[0].Run
		head.Status = flow.StatusCompleted
		n++
		next := boundRun(fmt.Sprint("next", n))
		if _, err := s.Create(b.Context(), next, true, 1); err != nil {
			b.Fatal(err)
		}
		if err := s.Commit(b.Context(), store.Change{Claim: got[0].Claim, Head: &head}); err != nil {
			b.Fatal(err)
		}
		got, err = s.Claim(b.Context(), query)
	}
	b.ReportMetric(float64(first.Milliseconds()), "first-claim-ms")
}

func boundRun(id string) store.Run {
	run := testRun(id)
	key := "customer"
	run.Concurrency = &key
	return run
}
