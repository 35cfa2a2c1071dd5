package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about the size of the WAL.

// smallWAL is the limit in these tests.
const smallWAL = 1 << 20

// walLimited empties a WAL that is larger.
func walLimited(limit int64) Option { return func(o *options) { o.walLimit = limit } }

// writeMuch stores that many runs of 100 kB.
func writeMuch(t *testing.T, s *Store, from, n int) {
	t.Helper()
	for i := range n {
		run := store.Run{ID: fmt.Sprint("r", from+i), Flow: "f", Version: "1.0", Input: []byte(`"` + strings.Repeat("x", 100_000) + `"`)}
		if _, err := s.Create(t.Context(), run, false, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func walSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Short reads of which there are always some do not keep the WAL from beginning anew.
func TestTheWALStaysSmallUnderReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := open(t, path, walLimited(smallWAL))
	writeMuch(t, s, 0, 10)
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for i := range 3 { // so that there is always one
		readers.Go(func() {
			time.Sleep(time.Duration(i) * 7 * time.Millisecond)
			for ctx.Err() == nil {
				_ = s.snapshot(ctx, func(tx *sql.Tx) error {
					_, err := scanRun(tx.StmtContext(ctx, s.reads.runByID).QueryRowContext(ctx, "r1").Scan, true)
					time.Sleep(20 * time.Millisecond)
					return err
				})
			}
		})
	}
	for i := range 20 {
		writeMuch(t, s, 100+i*10, 10)
	}
	defer readers.Wait()
	defer cancel()
	for deadline := time.Now().Add(10 * time.Second); walSize(t, path) > smallWAL; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the WAL has %d bytes after 20 MB were written; the limit is %d", walSize(t, path), smallWAL)
		}
	}
}

// Somebody who reads from a snapshot for long holds the WAL up, and nobody else; when
// that is over, the file becomes small by itself.
func TestTheWALIsEmptiedBehindALongReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := open(t, path, walLimited(smallWAL))
	writeMuch(t, s, 0, 1)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		if err := tx.QueryRow(`SELECT count(*) FROM runs`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	writeMuch(t, s, 100, 50)
	if after := count(); before != 1 || after != 1 {
		t.Fatalf("the reader sees %d and %d runs; this tests nothing", before, after)
	}
	if size := walSize(t, path); size < 4*smallWAL {
		t.Fatalf("the WAL has %d bytes; this tests nothing", size)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); walSize(t, path) > smallWAL; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the WAL has %d bytes still", walSize(t, path))
		}
	}
}
