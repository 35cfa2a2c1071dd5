package sqlite

import (
	"database/sql/driver"
	"math"
	"slices"
	"strconv"
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
	w     *writer
	wrote bool
	// What the transaction changed in memory, to be settled or undone with it.
	over  []endedClaim // claims that end
	moves []store.Move // what becomes visible, see changes.go
	lazy  []*lazyRun   // of which something was written, or replaced by what was
	// ended are the runs that are over with the transaction, as a JSON array without its last bracket.
	ended []byte
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

func (w *writer) transactUnobserved(changes []change, age time.Duration) (verdict, error) {
	if err := w.ready(); err != nil {
		return unavailable, err
	}
	b := &batch{w: w}
	if err := b.begin(); err != nil {
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
		if v, err := w.afterFailedCommit(err); v != settled {
			b.undo()
			return v, err
		}
	}
	w.commits++
	b.settle(changes)
	return settled, nil
}

// begin starts the transaction, counts it and checks the right to execute.
func (b *batch) begin() error {
	w := b.w
	if _, err := w.conn.exec(stmtBegin); err != nil {
		return err
	}
	count, epoch := w.commits+1, w.claims.current()
	var counted int64
	var err error
	if epoch == 0 {
		counted, err = w.conn.changes(stmtCountCommit, count, w.id)
	} else {
		counted, err = w.conn.changes(stmtCountClaimedCommit, count, w.id, epoch)
	}
	if err != nil || counted == 1 {
		return err
	}
	return b.beginFirst(count, epoch)
}

// beginFirst is begin where the count was not there, or the epoch is over.
func (b *batch) beginFirst(count, epoch int64) error {
	now, ok, err := b.w.conn.number(`SELECT epoch FROM meta WHERE id = 1`)
	if err != nil {
		return err
	}
	if !ok {
		return damaged("the table meta is empty")
	}
	if epoch != 0 && now != epoch {
		b.w.claims.lose()
	}
	_, err = b.w.conn.exec(stmtAddWriter, count, b.w.id)
	return err
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
	if err := b.tellMoves(); err != nil {
		return err
	}
	return b.writeTally()
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

// endRun notes that a run is over. What was sent to it and not obeyed goes at the
// end of the transaction, that of all runs at once: there rarely is anything.
func (b *batch) endRun(key int64) {
	separator := byte(',')
	if len(b.ended) == 0 {
		separator = '['
	}
	b.ended = strconv.AppendInt(append(b.ended, separator), key, 10)
}

func (b *batch) dropMessages() error {
	if len(b.ended) == 0 {
		return nil
	}
	_, err := b.write(stmtConsumeAll, string(append(b.ended, ']')))
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
