package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// BenchmarkGroupCommit measures the store alone: a flow is created claimed, then
// come four commits of an entry, the last one with the run's end. It prints a
// probe of the disk, without which the figures mean little.
func BenchmarkGroupCommit(b *testing.B) {
	b.Logf("fdatasync of 4 KiB takes %v (median)", probeDisk(b))
	for _, level := range []Synchronous{Full, Normal} {
		for _, callers := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/callers=%d", level, callers), func(b *testing.B) {
				benchmarkFlows(b, level, callers)
			})
		}
	}
}

func benchmarkFlows(b *testing.B, level Synchronous, callers int) {
	var commits atomic.Int64
	s, err := Open(filepath.Join(b.TempDir(), "bench.db"), WithSynchronous(level), commitCounter(&commits))
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
	var next atomic.Int64
	var callersLeft sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		callersLeft.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				if err := benchmarkFlow(b.Context(), s, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callersLeft.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(changesPerFlow*float64(b.N)/float64(commits.Load()), "changes/commit")
}

// changesPerFlow is how many changes a benchmarkFlow hands to the store.
const changesPerFlow = 5

// benchmarkFlow is one run of four steps.
func benchmarkFlow(ctx context.Context, s store.Store, n int64) error {
	now := time.Now()
	created, err := s.Create(ctx, store.Run{
		ID: fmt.Sprintf("01JD%022d", n), Flow: "process-order", Version: "1.0", Attempt: 1,
		Input: json.RawMessage(`{"orderId":"ord_12345"}`), CreatedAt: now,
	}, true, 0)
	if err != nil {
		return err
	}
	for step := range int64(4) {
		entry := flow.Entry{
			Seq: 2*step + 1, EndSeq: 2*step + 2, Kind: flow.KindStep, Step: "charge-payment", RunAttempt: 1, Attempt: 1,
			Input: json.RawMessage(`{"orderId":"ord_12345"}`), Output: json.RawMessage(`{"chargeId":"ch_123"}`),
			StartedAt: now, FinishedAt: now,
		}
		change := store.Change{Claim: *created.Claim, Entries: []flow.Entry{entry}}
		if step == 3 {
			head := created.Run
			head.Status, head.StartedAt, head.FinishedAt, head.EndSeq = flow.StatusCompleted, now, now, 9
			head.Output = json.RawMessage(`{"chargeId":"ch_123"}`)
			change.Head = &head
		}
		if err := s.Commit(ctx, change); err != nil {
			return err
		}
	}
	return nil
}

// probeDisk is the median time of a small synced write.
func probeDisk(b *testing.B) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "probe"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			b.Error(err)
		}
	}()
	page := make([]byte, 4096)
	times := make([]time.Duration, 101)
	for i := range times {
		start := time.Now()
		if _, err := f.WriteAt(page, 0); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return times[len(times)/2]
}
