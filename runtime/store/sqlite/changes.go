package sqlite

import (
	"encoding/binary"
	"hash/fnv"
	"sync"
	"sync/atomic"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file writes which runs moved on: one row for each transaction that made something visible,
// with all of its moves in a few bytes each, so that it costs a transaction of a thousand
// runs as little as one of a single run.

// keeping is how much of that is kept.
type keeping struct{ commits, moves int64 }

const (
	addChangeText = `INSERT INTO changes (total, moves)
		SELECT ? + coalesce((SELECT total FROM changes ORDER BY number DESC LIMIT 1), 0), ?`
	// Both conditions hold for a row only if they do for all before it.
	trimChangesText = `DELETE FROM changes WHERE number IN (SELECT number FROM changes ORDER BY number LIMIT ?)
		AND (number <= (SELECT max(number) FROM changes) - ?
			OR total <= (SELECT total FROM changes ORDER BY number DESC LIMIT 1) - ?)
		AND number < (SELECT max(number) FROM changes)`
	// trimEvery is after how many rows old ones are deleted, trimAtOnce how many of them.
	trimEvery  = 256
	trimAtOnce = 2 * trimEvery
)

// moved notes that the sequence numbers of a claimed run up to last are visible with the transaction.
func (b *batch) moved(claim store.Claim, last int64) {
	if before, ok := b.w.claims.advance(claim.Key, last); ok {
		b.moves = append(b.moves, store.Move{Key: claim.Key, Tag: tagOf(claim.RunID), After: before, Last: last})
	}
}

// tellMoves writes what the transaction makes visible.
func (b *batch) tellMoves() error {
	if len(b.moves) == 0 {
		return nil
	}
	if _, err := b.write(stmtAddChange, int64(len(b.moves)), encodeMoves(b.moves)); err != nil {
		return err
	}
	b.w.told++
	if b.w.told%trimEvery != 0 {
		return nil
	}
	keep := b.w.opts.keep
	_, err := b.write(stmtTrimChanges, int64(trimAtOnce), keep.commits, keep.moves)
	return err
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
	text := make([]byte, 0, usual*len(moves))
	for _, m := range moves {
		text = binary.AppendUvarint(text, uint64(m.Key))
		text = binary.BigEndian.AppendUint32(text, m.Tag)
		text = binary.AppendUvarint(text, uint64(m.After))
		text = binary.AppendUvarint(text, uint64(m.Last-m.After))
	}
	return text
}

func decodeMoves(text []byte) ([]store.Move, error) {
	var moves []store.Move
	ok := true
	number := func() int64 {
		n, size := binary.Uvarint(text)
		if size <= 0 {
			ok = false
			return 0
		}
		text = text[size:]
		return int64(n)
	}
	for len(text) > 0 && ok {
		m := store.Move{Key: number()}
		if len(text) < 4 {
			ok = false
			break
		}
		m.Tag, text = binary.BigEndian.Uint32(text), text[4:]
		m.After = number()
		m.Last = m.After + number()
		moves = append(moves, m)
	}
	if !ok {
		return nil, damaged("a row of changes cannot be read")
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
