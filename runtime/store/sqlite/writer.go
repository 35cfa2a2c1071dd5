package sqlite

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// Limits of the writer.
const (
	// maxQueue is how many changes may wait; then callers wait to hand theirs over.
	maxQueue = 4096
	// maxBatch is how many changes share a transaction.
	maxBatch = 2048
	// maxBatchBytes is how much they may write together; one larger change goes alone.
	maxBatchBytes = 16 << 20
)

// writer is the one goroutine that writes. Its fields are its own, but for queue, answers
// and claims.
type writer struct {
	path    string
	uri     string
	id      int64 // of its rows in commits
	queue   chan change
	answers sync.Pool // of channels for one answer, used again: there is one for each commit
	claims  *claims
	ended   chan struct{} // closed when the goroutine has ended

	conn    *conn // nil before it is needed, and after a failure
	commits int64 // that it made
	lazy    *lazyRuns
	timer   *time.Timer // for the oldest of what is lazy
	armed   bool
	chunks  map[string]knownChunk // by flow
	tally   *tally
	orphans bool // rows may be claimed that nobody here has a claim on

	watchers watchers // of what becomes visible
	wal      wal

	taken []change   // the batch at hand
	many  bool       // the last one had more than one change
	loans []*lending // that wait for their turn
	size  int        // its bytes
	opts  options
}

func newWriter(path string, opts options, id int64, claims *claims) *writer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &writer{
		path: path, uri: writerURI(path, opts.synchronous), id: id,
		queue: make(chan change, maxQueue), claims: claims, ended: make(chan struct{}),
		lazy: newLazyRuns(), chunks: map[string]knownChunk{}, tally: newTally(), timer: timer, opts: opts,
		wal: newWAL(opts.walLimit), answers: sync.Pool{New: func() any { return make(chan struct{}, 1) }},
	}
}

// loop writes until the queue is closed; then it writes what was lazy and ends.
func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case c, ok := <-w.queue:
			if !ok {
				w.finish()
				return
			}
			w.take(c)
			if w.many {
				runtime.Gosched() // callers that were answered just now have their next change ready: a fifth more to a commit
			}
			w.fill()
			w.many = len(w.taken) > 1
			w.processAll()
		case <-w.timer.C:
			w.armed = false
			w.flush(lazyAge)
		case <-w.wal.timer.C:
			w.tryWAL()
		}
		w.tend()
	}
}

// take puts a change into the batch at hand.
func (w *writer) take(c change) {
	if lazy, ok := c.(*lazyChange); ok {
		w.lazy.add(lazy, time.Now())
		return
	}
	if l, ok := c.(*lending); ok {
		w.loans = append(w.loans, l)
		return
	}
	if c.caller().take() {
		w.taken = append(w.taken, c)
		w.size += c.bytes()
	}
}

// fill takes what else has come in, and waits for nothing.
func (w *writer) fill() {
	for len(w.taken) < maxBatch && w.size < maxBatchBytes {
		select {
		case c, ok := <-w.queue:
			if !ok {
				return // the loop finds that out too
			}
			w.take(c)
		default:
			return
		}
	}
}

// processAll commits the batch at hand and lends to all that wait for it, with a
// batch of what has come in after each loan.
func (w *writer) processAll() {
	if len(w.taken) > 0 {
		w.process()
	}
	for len(w.loans) > 0 {
		w.lendNext()
		w.fill()
		if len(w.taken) > 0 {
			w.process()
		}
		w.tend()
	}
}

// process commits the batch at hand, together if that is possible and else one
// by one, and answers.
func (w *writer) process() {
	verdict, err := w.transact(w.taken, lazyAge)
	switch {
	case verdict == settled || verdict == unavailable || len(w.taken) == 1:
		w.answer(w.taken, err)
	default:
		w.oneByOne()
	}
	clear(w.taken)
	w.taken, w.size = w.taken[:0], 0
}

// oneByOne commits each change of the batch in a transaction of its own, until
// there is no use in going on.
func (w *writer) oneByOne() {
	for i := range w.taken {
		one := w.taken[i : i+1]
		verdict, err := w.transact(one, never)
		w.answer(one, err)
		if verdict == unavailable {
			w.answer(w.taken[i+1:], err)
			return
		}
	}
}

// answer lets callers go on: with err, or with their own refusal.
func (w *writer) answer(changes []change, err error) {
	for _, c := range changes {
		r := c.caller()
		if err != nil {
			r.err = wrap(w.path, "write", err)
		}
		r.answer()
	}
}

// flush writes what is lazy and of at least that age in a transaction of its own.
func (w *writer) flush(age time.Duration) {
	if len(w.lazy.byRun) == 0 {
		return
	}
	if _, err := w.transact(nil, age); err != nil {
		w.arm(lazyRetry) // nobody waits for it: it stays, and is tried again
	}
}

// tend does what is due between two batches.
func (w *writer) tend() {
	if w.orphans && w.conn != nil {
		w.freeOrphans()
	}
	if w.lazy.count >= maxLazy {
		w.flush(0)
		if w.lazy.count >= maxLazy { // the disk is full: a start that is not recorded does no harm
			w.lazy.drop(maxLazy / 2)
		}
	}
	w.keepWALSmall()
	if at, ok := w.lazy.oldest(); ok && !w.armed {
		w.arm(max(lazyWait-time.Since(at), 0))
	}
}

func (w *writer) arm(d time.Duration) {
	w.timer.Reset(d)
	w.armed = true
}

// finish writes what is lazy and leaves.
func (w *writer) finish() {
	w.timer.Stop()
	w.wal.timer.Stop()
	w.flush(0)
	w.disconnect()
}

// disconnect drops the connection; the next transaction makes another.
func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	// A connection is dropped when it is of no use: what its end says is of none either.
	_ = w.conn.close()
	w.conn = nil
}

// ready makes sure that there is a connection.
func (w *writer) ready() error {
	if w.conn != nil {
		return nil
	}
	c, err := connect(w.uri)
	if err != nil {
		return err
	}
	err = errors.Join(c.prepare(), c.guard())
	if err == nil && w.opts.connect != nil {
		err = w.opts.connect(c)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	w.conn = c
	return nil
}

// lazyChange is a change that nobody waits for.
type lazyChange struct {
	request
	claim store.Claim
	rows  []entryRow
	head  *headRow // nil if the head stays as it is
}

// apply is never called: the writer keeps the change, see take.
func (l *lazyChange) apply(*batch) error { return nil }
