package sqlite

import (
	"errors"
	"hash/fnv"
	"sync"
	"sync/atomic"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file writes the one row that each transaction of the writer has of its own: which runs moved on, for those
// who follow them, in a few bytes each; what it changed of the numbers about runs (tally.go); and whose it
// is. It costs a transaction of a thousand runs as little as one of a single run.

// keeping is how many rows are kept for those who follow runs.
type keeping struct{ commits, moves int64 }

const (
	// addCommitText adds nothing if the epoch is over: a row without a writer is left out. (With SELECT and
	// WHERE instead, SQLite would make a table for what is selected.)
	addCommitText = `INSERT OR IGNORE INTO commits (total, moves, tally, writer) VALUES (
		? + coalesce((SELECT total FROM commits ORDER BY number DESC LIMIT 1), 0), ?, ?,
		CASE WHEN ?4 = 0 OR (SELECT epoch FROM meta WHERE id = 1) = ?4 THEN ? END)`
	// Both conditions of the age hold for a row only if they do for all before it. What is not folded stays.
	trimCommitsText = `DELETE FROM commits WHERE number IN (SELECT number FROM commits ORDER BY number LIMIT ?)
		AND (number <= (SELECT max(number) FROM commits) - ?
			OR total <= (SELECT total FROM commits ORDER BY number DESC LIMIT 1) - ?)
		AND number < (SELECT max(number) FROM commits) AND number <= (SELECT folded FROM meta WHERE id = 1)`
	// foldEvery is after how many rows the numbers in them are folded: by who writes the row of such a number.
	foldEvery = 256
	// trimEvery is after how many rows old ones are deleted, trimAtOnce how many of them.
	trimEvery  = 256
	trimAtOnce = 2 * trimEvery
)

// errEpochOver says that the transaction is one of an epoch that is over.
var errEpochOver = errors.New("another process has the right to execute")

// addCommit writes the row of the transaction, and sees to the rows before it.
func (b *batch) addCommit() error {
	result, err := b.w.conn.exec(stmtAddCommit, int64(len(b.moves)), encodeMoves(b.moves), b.w.tally.encode(), b.w.claims.current(), b.w.id)
	if err != nil {
		return err
	}
	switch n, err := result.RowsAffected(); {
	case err != nil:
		return err
	case n == 0:
		return errEpochOver
	}
	if b.number, err = result.LastInsertId(); err != nil {
		return err
	}
	if t := b.w.tally; b.number%foldEvery == 0 || t.slot > t.swept {
		if err := b.fold(); err != nil {
			return err
		}
	}
	if b.number%trimEvery == 0 {
		keep := b.w.opts.keep
		_, err = b.write(stmtTrimCommits, int64(trimAtOnce), keep.commits, keep.moves)
	}
	return err
}

// moved notes that the sequence numbers of a claimed run up to last are visible with the transaction.
func (b *batch) moved(claim store.Claim, last int64) {
	if before, ok := b.w.claims.advance(claim.Key, last); ok {
		b.moves = append(b.moves, store.Move{Key: claim.Key, Tag: tagOf(claim.RunID), After: before, Last: last})
	}
}

// lastOf is the last sequence number in a head, which may be nil, and in entries.
func lastOf(head *store.Run, entries []flow.Entry) int64 {
	var last int64
	if head != nil {
		last = head.EndSeq
		if !head.StartedAt.IsZero() {
			last = max(last, 1) // its start has no entry
		}
	}
	for i := range entries {
		last = max(last, entries[i].Seq, entries[i].EndSeq)
	}
	return last
}

// tagOf is the Tag of a run's moves.
func tagOf(runID string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(runID)) // never fails, says its documentation
	return h.Sum32()
}

func encodeMoves(moves []store.Move) []byte {
	const usual = 10 // bytes of a move
	w := &fieldWriter{make([]byte, 0, usual*len(moves))}
	for _, m := range moves {
		w.size(m.Key)
		w.tag(m.Tag)
		w.size(m.After)
		w.size(m.Last - m.After)
	}
	return w.fields
}

func decodeMoves(encoded []byte) ([]store.Move, error) {
	var moves []store.Move
	r := &fieldReader{fields: encoded}
	for len(r.fields) > 0 {
		m := store.Move{Key: r.size(), Tag: r.tag(), After: r.size()}
		m.Last = m.After + r.size()
		moves = append(moves, m)
	}
	if r.bad {
		return nil, damaged("the moves in a row of commits cannot be read")
	}
	return moves, nil
}

// watchers are called behind commits that make something visible.
type watchers struct {
	count atomic.Int32 // of them, so that the writer need not lock for none
	mu    sync.Mutex
	next  int
	all   map[int]func()
}

func (w *watchers) add(wake func()) (remove func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[int]func(){}
	}
	w.next++
	key := w.next
	w.all[key] = wake
	w.count.Add(1)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, ok := w.all[key]; ok {
			delete(w.all, key)
			w.count.Add(-1)
		}
	}
}

func (w *watchers) wake() {
	if w.count.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wake := range w.all {
		wake()
	}
}
