package sqlite

import (
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// How long what is lazy may wait.
const (
	// lazyAge is the age from which it goes along with a transaction. What is
	// younger is likely to be replaced soon by what it is the start of.
	lazyAge = 5 * time.Millisecond
	// lazyWait is the age at which it is written even if nothing else is.
	lazyWait = 10 * time.Millisecond
	// lazyRetry is the pause after a transaction for it failed.
	lazyRetry = time.Second
	// maxLazy is how many entries may wait; then all of them are written at once.
	maxLazy = 4096
)

// lazyRun is what of one run is not yet written, and nobody waits for.
type lazyRun struct {
	claim store.Claim
	rows  []lazyRow
	head  *headRow
	at    time.Time // when the oldest of it came

	headDone bool // in the transaction at hand, as with lazyRow.done
	gone     bool // nothing of it is left
}

// lazyRow is an entry. It is done if the transaction at hand writes or replaces
// it; then it goes when that is durable, and else it stays.
type lazyRow struct {
	entryRow
	done bool
}

// replace marks as done what is in the place of what a change writes.
func (l *lazyRun) replace(rows []entryRow, head bool) {
	for i := range l.rows {
		for j := range rows {
			if l.rows[i].seq == rows[j].seq {
				l.rows[i].done = true
			}
		}
	}
	l.headDone = l.headDone || head
}

// restore takes back what was marked as done.
func (l *lazyRun) restore() {
	for i := range l.rows {
		l.rows[i].done = false
	}
	l.headDone = false
}

// lazyRuns are those with something not yet written. They belong to the writer.
type lazyRuns struct {
	byRun map[int64]*lazyRun
	queue []*lazyRun // by time; those that are gone are taken out at its front
	count int        // of entries
}

func newLazyRuns() *lazyRuns { return &lazyRuns{byRun: map[int64]*lazyRun{}} }

// add keeps a change. What is in the same place is replaced.
func (l *lazyRuns) add(c *lazyChange, now time.Time) {
	run := l.byRun[c.claim.Key]
	if run == nil {
		run = &lazyRun{at: now}
		l.byRun[c.claim.Key] = run
		l.queue = append(l.queue, run)
	}
	run.claim = c.claim
	if c.head != nil {
		run.head = c.head
	}
	l.count -= len(run.rows)
	for _, row := range c.rows {
		run.put(row)
	}
	l.count += len(run.rows)
}

func (l *lazyRun) put(row entryRow) {
	for i := range l.rows {
		if l.rows[i].seq == row.seq {
			l.rows[i].entryRow = row
			return
		}
	}
	l.rows = append(l.rows, lazyRow{entryRow: row})
}

// settle takes out of a run what is done.
func (l *lazyRuns) settle(run *lazyRun) {
	left := run.rows[:0]
	for _, row := range run.rows {
		if !row.done {
			left = append(left, row)
		}
	}
	l.count -= len(run.rows) - len(left)
	run.rows = left
	if run.headDone {
		run.head, run.headDone = nil, false
	}
	if len(run.rows) == 0 && run.head == nil {
		l.remove(run)
	}
}

func (l *lazyRuns) remove(run *lazyRun) {
	if run.gone {
		return
	}
	run.gone = true
	l.count -= len(run.rows)
	if l.byRun[run.claim.Key] == run {
		delete(l.byRun, run.claim.Key)
	}
}

// drop takes out the runs that have waited longest, until at most so many entries are left.
func (l *lazyRuns) drop(most int) {
	for _, run := range l.queue {
		if l.count <= most {
			break
		}
		l.remove(run)
	}
	l.trim()
}

// olderThan are the runs of which something came before a time, oldest first.
func (l *lazyRuns) olderThan(t time.Time) []*lazyRun {
	l.trim()
	n := 0
	for n < len(l.queue) && !l.queue[n].at.After(t) {
		n++
	}
	return l.queue[:n]
}

// oldest is when the oldest of all came.
func (l *lazyRuns) oldest() (time.Time, bool) {
	l.trim()
	if len(l.queue) == 0 {
		return time.Time{}, false
	}
	return l.queue[0].at, true
}

// trim takes what is gone out at the queue's front.
func (l *lazyRuns) trim() {
	n := 0
	for n < len(l.queue) && l.queue[n].gone {
		l.queue[n] = nil
		n++
	}
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
}
