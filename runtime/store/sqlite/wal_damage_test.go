package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// A WAL that was cut or changed gives what was stored before the place, as it was then, or an error: SQLite ends at
// the first piece that does not have its checksum. That something was stored later is not to be seen.
func TestDamagedWAL(t *testing.T) {
	const runs, copies = 20, 200
	used := filepath.Join(t.TempDir(), "used.db")
	s := execute(t, used)
	var want []store.Run
	for i := range runs {
		claim := claimed(t, s, runOf(i))
		head := testRun(runOf(i))
		head.Status, head.StartedAt, head.FinishedAt, head.Output = flow.StatusCompleted, testStart, testStart, []byte(`1`)
		if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}, Head: &head}); err != nil {
			t.Fatal(err)
		}
		want = append(want, head)
	}
	file, wal := read(t, used), read(t, used+"-wal")
	lengths := map[int]bool{}
	for seed := range uint64(copies) {
		random := rand.New(rand.NewPCG(seed, 4))
		path := filepath.Join(t.TempDir(), "copy.db")
		write(t, path, file)
		write(t, path+"-wal", damagedWAL(random, wal))
		copied, err := Open(path)
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("copy %d: Open: %v; want ErrDamaged", seed, err)
			}
			continue
		}
		lengths[prefixOf(t, fmt.Sprint("copy ", seed), copied, want)] = true
		closeNow(t, copied)
	}
	if len(lengths) < runs/2 {
		t.Errorf("there were only %d ways to end; this tests nothing", len(lengths))
	}
}

// damagedWAL is a WAL that is cut off, or has some bytes changed, or a page of zeros.
func damagedWAL(random *rand.Rand, wal []byte) []byte {
	data, at := slices.Clone(wal), random.IntN(len(wal))
	switch random.IntN(3) {
	case 0:
		return data[:at]
	case 1:
		clear(data[at:min(at+pageSize, len(data))])
	default:
		for range 1 + random.IntN(3) {
			data[random.IntN(len(data))] ^= byte(1 + random.IntN(255))
		}
	}
	return data
}

// prefixOf holds that the runs of a store are the first of those, and the last of them perhaps only created. It returns
// how many there are.
func prefixOf(t *testing.T, name string, s *Store, want []store.Run) int {
	t.Helper()
	page, err := s.List(t.Context(), store.Filter{Limit: 500})
	if err != nil {
		t.Fatalf("%s: List: %v", name, err)
	}
	for i := range page.Runs {
		id := runOf(i)
		run, entries, err := s.Get(t.Context(), id)
		if err == nil && run.Status == flow.StatusPending && i == len(page.Runs)-1 && len(entries) == 0 {
			continue
		}
		if err != nil || !cmp.Equal(want[i], run) || !cmp.Equal([]flow.Entry{testEntry(1)}, entries) {
			t.Errorf("%s: Get %s: %+v, %+v, %v; want it as it was", name, id, run, entries, err)
		}
	}
	return len(page.Runs)
}
