package memory

import (
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is changes for which nobody waits: they are in the process alone until
// they are written, and lost if it is killed before.

// lazyWait is how long a lazy change waits.
const lazyWait = 10 * time.Millisecond

// lazyChange is what of one claim is not written yet.
type lazyChange struct {
	claim   store.Claim
	entries []flow.Entry
	head    *store.Run
}

// delay keeps a change to be written later.
func (s *Store) delay(c *store.Change) {
	l := s.lazy[c.Claim.RunID]
	if l == nil || l.claim != c.Claim {
		l = &lazyChange{claim: c.Claim}
		s.lazy[c.Claim.RunID] = l
	}
	l.drop(c)
	l.entries = append(l.entries, c.Entries...)
	if c.Head != nil {
		l.head = c.Head
	}
	if s.flush == nil {
		s.flush = time.AfterFunc(lazyWait, s.flushLazy)
	}
}

// drop forgets what a change replaces.
func (l *lazyChange) drop(c *store.Change) {
	l.entries = slices.DeleteFunc(l.entries, func(e flow.Entry) bool {
		return slices.ContainsFunc(c.Entries, func(other flow.Entry) bool { return other.Seq == e.Seq })
	})
	if c.Head != nil {
		l.head = nil
	}
}

// replaceLazy drops what is in the place of what a change writes. The other entries of
// the run are written now, if it has any, and with the end of the claim all that is lazy.
func (s *Store) replaceLazy(c *store.Change) {
	l := s.lazy[c.Claim.RunID]
	if l == nil {
		return
	}
	l.drop(c)
	if endsClaim(c) {
		s.write(l)
		delete(s.lazy, c.Claim.RunID)
	} else if len(c.Entries) > 0 {
		s.write(&lazyChange{claim: l.claim, entries: l.entries})
		l.entries = nil
	}
}

// flushLazy writes all that is lazy.
func (s *Store) flushLazy() {
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	if !s.closed {
		s.writeLazy()
	}
}

func (s *Store) writeLazy() {
	for _, l := range s.lazy {
		s.write(l)
	}
	clear(s.lazy)
	s.flush = nil
}

// write writes what is lazy of a run, if its claim is not over.
func (s *Store) write(l *lazyChange) {
	r := s.held(l.claim)
	if r == nil {
		return
	}
	before := r.last
	for _, e := range l.entries {
		if i, found := r.find(e.Seq); !found || r.log[i].Open() { // what has ended is not brought back
			r.put(e)
		}
	}
	if l.head != nil {
		r.setHead(l.head)
	}
	s.data.moved(r, before)
}
