package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	lib "modernc.org/sqlite/lib"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// setPages sets how many pages the database may have: SQLite's own disk full.
type setPages struct {
	request
	pages int64
}

func (p *setPages) apply(b *batch) error {
	_, _, err := b.w.conn.number(fmt.Sprintf(`PRAGMA max_page_count = %d`, p.pages))
	return err
}

// disk is how many pages all connections may use.
type disk struct {
	mu    sync.Mutex
	pages int64
}

func (d *disk) option(o *options) {
	o.connect = func(c *conn) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		_, _, err := c.number(fmt.Sprintf(`PRAGMA max_page_count = %d`, d.pages))
		return err
	}
}

func (d *disk) set(t *testing.T, s *Store, pages int64) {
	t.Helper()
	d.mu.Lock()
	d.pages = pages
	d.mu.Unlock()
	if err := s.write(context.Background(), &setPages{pages: pages}); err != nil {
		t.Fatal(err)
	}
}

// What was acknowledged before the disk was full is there, what was refused is
// not, and when there is room again the store goes on by itself.
func TestDiskFull(t *testing.T) {
	d := &disk{pages: 1 << 30}
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path, d.option)
	claim := claimed(t, s, "long")
	d.set(t, s, 40)
	acknowledged, refused := fill(t, s, claim)
	if refused == 0 || len(acknowledged) == 0 {
		t.Fatalf("%d changes were taken and %d refused; want some of both", len(acknowledged), refused)
	}
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1 << 40)}, Lazy: true}); err != nil {
		t.Fatalf("a lazy change on a full disk: %v; want none, since nobody waits", err)
	}
	checkLog(t, s, acknowledged)
	d.set(t, s, 1<<30)
	more, refused := fill(t, s, claim)
	if refused != 0 {
		t.Fatalf("%d changes were refused when there was room again", refused)
	}
	for seq := range more {
		acknowledged[seq] = true
	}
	closeNow(t, s)
	acknowledged[1<<40] = true
	checkLog(t, open(t, path), acknowledged)
}

// fill commits large entries from many goroutines.
func fill(t *testing.T, s *Store, claim store.Claim) (acknowledged map[int64]bool, refused int) {
	t.Helper()
	acknowledged = map[int64]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for worker := range int64(8) {
		all.Go(func() {
			for i := range int64(15) {
				e := testEntry(worker*1000 + i + 1)
				e.Output = []byte(`"` + strings.Repeat("x", 5000) + `"`)
				err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{e}})
				mu.Lock()
				switch {
				case err == nil:
					acknowledged[e.Seq] = true
				case code(err) == lib.SQLITE_FULL && strings.Contains(err.Error(), "the disk is full"):
					refused++
				default:
					t.Errorf("Commit: %v; want SQLite's error for a full disk", err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return acknowledged, refused
}

func checkLog(t *testing.T, s *Store, want map[int64]bool) {
	t.Helper()
	entries := logOf(t, s, "long")
	for _, e := range entries {
		if !want[e.Seq] {
			t.Errorf("the entry %d was refused and is there", e.Seq)
		}
	}
	if len(entries) != len(want) {
		t.Errorf("the log has %d entries; want the %d that were acknowledged", len(entries), len(want))
	}
}
