package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bextgen/bextgen/runtime/store"
)

// However many runs and tenants wait, a claim reads a few rows.
func BenchmarkTurns(b *testing.B) {
	for _, size := range []struct{ runs, tenants, limit int }{
		{1_000, 1, 1}, {100_000, 1, 1}, {100_000, 10_000, 1}, {1_000, 1, 64}, {100_000, 1, 64}, {100_000, 30, 64}, {100_000, 10_000, 64},
	} {
		b.Run(fmt.Sprintf("runs=%d/tenants=%d/limit=%d", size.runs, size.tenants, size.limit), func(b *testing.B) {
			benchmarkTurns(b, size.runs, size.tenants, size.limit)
		})
	}
}

func benchmarkTurns(b *testing.B, runs, tenants, limit int) {
	s, err := Open(filepath.Join(b.TempDir(), "bench.db"), WithSynchronous(Normal))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	if err := s.writer.conn.run(fmt.Sprintf(`
		WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < %d)
		INSERT INTO runs (id, flow, version, major, minor, tenant, priority, idempotency_key, attempt, created_at, input, claim,
			status, phase, started_at, finished_at, wake_at, end_seq)
		SELECT 'run ' || n, 'orders', '1.0', 1, 0, 'tenant ' || (n %% %d), n %% 3, '', 1, 1, '1', 0, 'pending', '', 0, 0, 0, 0 FROM n`,
		runs-1, tenants)); err != nil {
		b.Fatal(err)
	}
	flows := []store.FlowVersion{{Flow: "orders", Major: 1}}
	for b.Loop() {
		got, err := s.pending(b.Context(), flows, limit)
		if err != nil || len(got) != limit {
			b.Fatalf("pending: %d runs, %v; want %d", len(got), err, limit)
		}
		for _, c := range got { // as if they were claimed, but that they stay
			s.turns.had(c)
		}
	}
}
