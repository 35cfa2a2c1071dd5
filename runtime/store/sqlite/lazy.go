package sqlite

import (
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

// How long a lazy entry may wait.
const (
	// lazyAge is the age from which it goes along with a transaction. A younger one
	// is likely to be replaced soon by what it is the start of.
	lazyAge = 5 * time.Millisecond
	// lazyWait is the age at which it is written even if nothing else is.
	lazyWait = 10 * time.Millisecond
	// lazyRetry is the pause after a transaction for lazy entries failed.
	lazyRetry = time.Second
	// maxLazy is how many may wait; then they are written at once.
	maxLazy = 4096
)

// lazyEntry is an entry that nobody waits for.
type lazyEntry struct {
	claim store.Claim
	row   entryRow
	at    time.Time // when it came
	gone  bool      // written, or replaced
}

// lazyEntries are those not yet written. They belong to the writer.
type lazyEntries struct {
	byRun map[int64][]*lazyEntry
	queue []*lazyEntry // by time; those that are gone are taken out at its front
	count int          // of those not gone
}

func newLazyEntries() *lazyEntries { return &lazyEntries{byRun: map[int64][]*lazyEntry{}} }

// add keeps an entry. One of the same place in the log is replaced.
func (l *lazyEntries) add(claim store.Claim, row entryRow, now time.Time) {
	for _, e := range l.byRun[claim.Key] {
		if e.row.seq == row.seq {
			e.claim, e.row = claim, row
			return
		}
	}
	e := &lazyEntry{claim: claim, row: row, at: now}
	l.byRun[claim.Key] = append(l.byRun[claim.Key], e)
	l.queue = append(l.queue, e)
	l.count++
}

// remove takes an entry out: it was written, or replaced.
func (l *lazyEntries) remove(e *lazyEntry) {
	if e.gone {
		return
	}
	e.gone = true
	l.count--
	rest := l.byRun[e.claim.Key]
	for i := range rest {
		if rest[i] == e {
			rest = append(rest[:i], rest[i+1:]...)
			break
		}
	}
	if len(rest) == 0 {
		delete(l.byRun, e.claim.Key)
		return
	}
	l.byRun[e.claim.Key] = rest
}

// drop takes out the n oldest entries.
func (l *lazyEntries) drop(n int) {
	for _, e := range l.queue {
		if n == 0 {
			break
		}
		if !e.gone {
			l.remove(e)
			n--
		}
	}
	l.trim()
}

// olderThan are the entries that came before a time, oldest first.
func (l *lazyEntries) olderThan(t time.Time) []*lazyEntry {
	l.trim()
	var old []*lazyEntry
	for _, e := range l.queue {
		if e.at.After(t) {
			break
		}
		if !e.gone {
			old = append(old, e)
		}
	}
	return old
}

// oldest is when the oldest entry came.
func (l *lazyEntries) oldest() (time.Time, bool) {
	l.trim()
	if len(l.queue) == 0 {
		return time.Time{}, false
	}
	return l.queue[0].at, true
}

// trim takes what is gone out at the queue's front.
func (l *lazyEntries) trim() {
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
