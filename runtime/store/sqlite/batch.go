package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

type value = driver.Value

// verdict is what became of a transaction.
type verdict int

const (
	// settled: it is durable, or there was nothing to write.
	settled verdict = iota
	// undone: it is not, and its changes may be tried one by one.
	undone
	// unavailable: it is not, or that is unknown, and to go on at once is of no use.
	unavailable
)

// never is an age that no lazy entry has.
const never = time.Duration(math.MaxInt64)

// batch is one transaction.
type batch struct {
	w      *writer
	wrote  bool
	number int64 // of its row in commits
	// What the transaction changed in memory, to be settled or undone with it.
	over  []endedClaim // claims that end
	moves []store.Move // what becomes visible, see commits.go
	lazy  []*lazyRun   // of which something was written, or replaced by what was
	ended []int64      // the keys of runs that are over
}

// transact applies changes, and lazy entries of at least an age, in one transaction,
// and tells of it who wants to know.
func (w *writer) transact(changes []change, age time.Duration) (verdict, error) {
	if w.opts.observe == nil {
		return w.transactUnobserved(changes, age)
	}
	began, commits := time.Now(), w.commits
	v, err := w.transactUnobserved(changes, age)
	if err != nil || w.commits != commits {
		w.opts.observe(len(changes), time.Since(began), err)
	}
	return v, err
}

// transactUnobserved tries once more if the right to execute turns out to be lost: then
// the changes that need it are refused.
func (w *writer) transactUnobserved(changes []change, age time.Duration) (verdict, error) {
	v, err := w.transactOnce(changes, age)
	if errors.Is(err, errEpochOver) {
		w.claims.lose()
		v, err = w.transactOnce(changes, age)
	}
	return v, err
}

func (w *writer) transactOnce(changes []change, age time.Duration) (verdict, error) {
	if err := w.ready(); err != nil {
		return unavailable, err
	}
	b := &batch{w: w}
	if _, err := w.conn.exec(stmtBegin); err != nil {
		w.rollBack(err)
		return unavailable, err
	}
	if err := b.apply(changes, age); err != nil {
		b.undo()
		w.rollBack(err)
		if spoilsConnection(err) {
			return unavailable, err
		}
		return undone, err
	}
	if !b.wrote {
		w.rollBack(nil)
		b.settle(changes)
		return settled, nil
	}
	if err := w.commitNow(); err != nil {
		if v, err := w.afterFailedCommit(b.number, err); v != settled {
			b.undo()
			return v, err
		}
	}
	w.commits++
	b.settle(changes)
	return settled, nil
}

// apply makes the changes of the transaction.
func (b *batch) apply(changes []change, age time.Duration) error {
	b.w.tally.reset()
	for _, c := range changes {
		c.caller().err = nil
		if err := c.apply(b); err != nil {
			return err
		}
	}
	if err := b.dropMessages(); err != nil {
		return err
	}
	if err := b.applyLazy(age); err != nil {
		return err
	}
	if !b.wrote {
		return nil
	}
	return b.addCommit()
}

// applyLazy writes what is lazy and of at least an age.
func (b *batch) applyLazy(age time.Duration) error {
	if len(b.w.lazy.byRun) == 0 || age == never {
		return nil
	}
	for _, run := range b.w.lazy.olderThan(time.Now().Add(-age)) {
		b.lazy = append(b.lazy, run)
		if err := b.writeLazy(run, true); err != nil {
			return err
		}
	}
	return nil
}

// dropMessages deletes what was sent to runs that are over with this transaction and not obeyed. It
// looks for that of all of them at once: there rarely is anything.
func (b *batch) dropMessages() error {
	switch len(b.ended) {
	case 0:
		return nil
	case 1:
		_, err := b.write(stmtConsumeOf, b.ended[0])
		return err
	}
	keys, err := json.Marshal(b.ended)
	if err != nil {
		return err
	}
	_, err = b.write(stmtConsumeAll, string(keys))
	return err
}

// write runs a statement that changes something, and says how many rows it changed.
func (b *batch) write(s statement, args ...value) (int64, error) {
	n, err := b.w.conn.changes(s, args...)
	b.wrote = b.wrote || n > 0
	return n, err
}

// put writes an entry, over one of the same place.
func (b *batch) put(row *entryRow) error {
	var err error
	if row.plain {
		_, err = b.write(stmtPutPlainEntry, row.values[:plainValues]...)
	} else {
		args := row.all()
		_, err = b.write(stmtPutEntry, args[:]...)
	}
	return err
}

// writeLazy writes what is lazy of a run and not replaced, if its claim is not over: the
// entries, and with head that too.
func (b *batch) writeLazy(run *lazyRun, head bool) error {
	held := b.w.claims.holds(run.claim)
	var last int64
	for i := range run.rows {
		row := &run.rows[i]
		if held && !row.done {
			args := row.all()
			if _, err := b.write(stmtInsertEntry, args[:]...); err != nil {
				return err
			}
			last = max(last, row.last())
		}
		row.done = true
	}
	if head && held && run.head != nil && !run.headDone {
		if _, err := b.setHead(stmtSetHead, run.head, run.claim); err != nil {
			return err
		}
	}
	run.headDone = run.headDone || head
	b.moved(run.claim, last)
	return nil
}

// replaces notes that what is lazy in the place of these rows, or of the head, is
// not to be written any more. The other entries of the run are written now, since no
// number is visible before a smaller one; with all, the head is too.
func (b *batch) replaces(key int64, rows []entryRow, head, all bool) error {
	run := b.w.lazy.byRun[key]
	if run == nil {
		return nil
	}
	b.lazy = append(b.lazy, run)
	run.replace(rows, head)
	if len(rows) == 0 && !all {
		return nil
	}
	return b.writeLazy(run, all)
}

// setHead writes the run's row, if it is claimed by this store, and says how
// many rows that were: one or none. The statement may have one more value.
func (b *batch) setHead(s statement, head *headRow, claim store.Claim, more ...value) (int64, error) {
	from, err := b.standing(claim.Key)
	if err != nil {
		return 0, err
	}
	var space [len(head) + 3]value
	args := append(append(space[:0], head[:]...), more...)
	args = append(args, claim.Key, b.w.claims.current())
	n, err := b.write(s, args...)
	if n == 1 {
		b.w.tally.moved(from, head)
	}
	return n, err
}

// endedClaim is a claim that ends, with the last visible number of its run.
type endedClaim struct {
	store.Claim
	last int64
}

// end ends a claim with this transaction.
func (b *batch) end(claim store.Claim) {
	b.over = append(b.over, endedClaim{claim, b.w.claims.end(claim.Key)})
}

// settle carries out in memory what is durable.
func (b *batch) settle(changes []change) {
	for _, run := range b.lazy {
		b.w.lazy.settle(run)
	}
	for _, c := range changes {
		if c.caller().err == nil {
			c.committed(b.w)
		}
	}
	if len(b.moves) > 0 {
		b.w.watchers.wake()
	}
}

// undo takes back in memory what is not durable.
func (b *batch) undo() {
	clear(b.w.chunks)
	b.w.claims.forgetStandings()
	for _, run := range b.lazy {
		run.restore()
	}
	for _, ended := range b.over {
		b.w.claims.revive(ended.Claim, ended.last)
	}
	for _, m := range slices.Backward(b.moves) {
		b.w.claims.retreat(m.Key, m.After)
	}
}

// rollBack ends the transaction after an error; nil if there was none.
func (w *writer) rollBack(cause error) {
	if cause != nil && spoilsConnection(cause) {
		w.disconnect()
		return
	}
	if _, err := w.conn.exec(stmtRollback); err != nil {
		w.disconnect() // SQLite may have rolled back by itself; a new connection is sure to be in no transaction
	}
}

func (w *writer) commitNow() error {
	commit := func() error {
		_, err := w.conn.exec(stmtCommit)
		return err
	}
	if w.opts.commit != nil {
		return w.opts.commit(commit)
	}
	return commit()
}
