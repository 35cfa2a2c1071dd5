package sqlite

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// commitCounter counts transactions.
func commitCounter(n *atomic.Int64) Option {
	return func(o *options) {
		o.commit = func(commit func() error) error { n.Add(1); return commit() }
	}
}

func lazily(t *testing.T, s *Store, claim store.Claim, seq int64) {
	t.Helper()
	started := testEntry(seq)
	started.EndSeq = 0
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{started}, Lazy: true}); err != nil {
		t.Fatal(err)
	}
}

func TestLazyIsWrittenByTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commits atomic.Int64
		s := execute(t, filepath.Join(t.TempDir(), "runs.db"), commitCounter(&commits))
		claim := claimed(t, s, "1")
		before := commits.Load()
		lazily(t, s, claim, 1)
		time.Sleep(lazyWait - time.Nanosecond)
		synctest.Wait()
		if commits.Load() != before || len(logOf(t, s, "1")) != 0 {
			t.Fatal("it was written before its time")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if commits.Load() != before+1 || len(logOf(t, s, "1")) != 1 {
			t.Fatal("it was not written at its time")
		}
		time.Sleep(time.Minute)
		if n := commits.Load(); n != before+1 {
			t.Fatalf("%d transactions; want one", n-before)
		}
	})
}

func TestLazyGoesAlongOnceItIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commits atomic.Int64
		s := execute(t, filepath.Join(t.TempDir(), "runs.db"), commitCounter(&commits))
		claim, other := claimed(t, s, "1"), claimed(t, s, "2")
		lazily(t, s, claim, 1)
		synctest.Wait()
		for i, age := range []time.Duration{lazyAge - time.Millisecond, lazyAge} {
			if i == 1 {
				time.Sleep(time.Millisecond)
			} else {
				time.Sleep(age)
			}
			before := commits.Load()
			if err := s.Commit(t.Context(), store.Change{Claim: other, Entries: []flow.Entry{testEntry(int64(i + 1))}}); err != nil {
				t.Fatal(err)
			}
			if got := len(logOf(t, s, "1")); got != i || commits.Load() != before+1 {
				t.Fatalf("at the age of %v, the log has %d entries; want %d", age, got, i)
			}
		}
	})
}

// A step that ends soon is one insert: its start is never written.
func TestFastStepIsOneInsert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commits atomic.Int64
		s := execute(t, filepath.Join(t.TempDir(), "runs.db"), commitCounter(&commits))
		claim := claimed(t, s, "1")
		before := commits.Load()
		const steps = 50
		for seq := range int64(steps) {
			lazily(t, s, claim, seq+1)
			if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(seq + 1)}}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if n := commits.Load() - before; n != steps {
			t.Errorf("%d transactions; want %d", n, steps)
		}
		var last int64
		if err := s.readers.QueryRow(`SELECT max(rowid) FROM log`).Scan(&last); err != nil || last != steps {
			t.Errorf("%d rows were inserted, %v; want %d", last, err, steps)
		}
		for _, e := range logOf(t, s, "1") {
			if e.Open() {
				t.Errorf("the entry %d is open", e.Seq)
			}
		}
	})
}

// A start that comes late does not undo the end that is on disk.
func TestLazyNeverReplaces(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	claim := claimed(t, s, "1")
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}}); err != nil {
		t.Fatal(err)
	}
	lazily(t, s, claim, 1)
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Release: true}); err != nil {
		t.Fatal(err)
	}
	if got := logOf(t, s, "1"); len(got) != 1 || got[0].Open() {
		t.Fatalf("the log is %+v; want the end", got)
	}
}

// While the disk refuses, lazy changes wait, and not too many of them.
func TestLazyIsBoundedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f failing
		s := execute(t, filepath.Join(t.TempDir(), "runs.db"), f.option)
		var claims []store.Claim
		const runs = 64
		for i := range runs {
			claims = append(claims, claimed(t, s, fmt.Sprint(i)))
		}
		f.set(1<<30, 0)
		for seq := range int64(2 * maxLazy / runs) {
			for _, c := range claims {
				lazily(t, s, c, seq+1)
			}
		}
		time.Sleep(3 * lazyRetry)
		synctest.Wait()
		f.set(0, 0)
		time.Sleep(2 * lazyRetry)
		synctest.Wait()
		n := 0
		for i := range runs {
			n += len(logOf(t, s, fmt.Sprint(i)))
		}
		// Runs are dropped whole: the last of them may take what is over half with it.
		if n <= maxLazy/2-2*maxLazy/runs || n >= maxLazy {
			t.Errorf("%d entries were kept; want about half of %d", n, maxLazy)
		}
	})
}
