package memory

import (
	"context"
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file tells what became visible, for those who follow runs.

var _ store.Feed = (*Store)(nil)

// keptCommits is how many commits are known.
const keptCommits = 100_000

// feed is what became visible. It is guarded by Data.mu.
type feed struct {
	commits  []store.Commit // numbers follow one another
	newest   int64
	watchers map[int]func()
	lastKey  int
}

// sees notes that a sequence number of the run is visible.
func (r *run) sees(seq int64) { r.last = max(r.last, seq) }

// moved tells what became visible of a run since it had a number.
func (d *Data) moved(r *run, before int64) {
	if r.last == before {
		return
	}
	f := &d.changes
	f.newest++
	f.commits = append(f.commits, store.Commit{Number: f.newest, Moves: []store.Move{{Key: r.key, After: before, Last: r.last}}})
	if len(f.commits) > 2*keptCommits {
		f.commits = append([]store.Commit(nil), f.commits[len(f.commits)-keptCommits:]...)
	}
	for _, wake := range f.watchers {
		wake()
	}
}

// Find implements store.Feed.
func (s *Store) Find(ctx context.Context, runID string) (store.Run, store.Move, error) {
	leave, err := s.enter(ctx, "find a run")
	if err != nil {
		return store.Run{}, store.Move{}, err
	}
	defer leave()
	r := s.data.runs[runID]
	if r == nil {
		return store.Run{}, store.Move{}, fmt.Errorf("the run %q: %w", runID, store.ErrNotFound)
	}
	return r.bare(), store.Move{Key: r.key, Last: r.last}, nil
}

// bare is the head without payloads.
func (r *run) bare() store.Run {
	head := r.Run
	head.Input, head.Output, head.Trace = nil, nil, ""
	return head
}

// Newest implements store.Feed.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	leave, err := s.enter(ctx, "look for the newest commit")
	if err != nil {
		return 0, err
	}
	defer leave()
	return s.data.changes.newest, nil
}

// Commits implements store.Feed.
func (s *Store) Commits(ctx context.Context, after int64, limit int) ([]store.Commit, error) {
	leave, err := s.enter(ctx, "read what changed")
	if err != nil {
		return nil, err
	}
	defer leave()
	f := &s.data.changes
	oldest := f.newest - int64(len(f.commits)) + 1
	if after < oldest-1 || after > f.newest {
		return nil, fmt.Errorf("read what changed after commit %d: %w", after, store.ErrForgotten)
	}
	behind := f.commits[after-oldest+1:]
	return append([]store.Commit(nil), behind[:min(limit, len(behind))]...), nil
}

// Read implements store.Feed. Keys are not used again here, so a Tag is not needed.
func (s *Store) Read(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	leave, err := s.enter(ctx, "read what became visible")
	if err != nil {
		return nil, err
	}
	defer leave()
	byKey := map[int64]*run{}
	for _, m := range moves {
		byKey[m.Key] = nil
	}
	for _, r := range s.data.order {
		if _, wanted := byKey[r.key]; wanted {
			byKey[r.key] = r
		}
	}
	moved := make([]store.Moved, len(moves))
	for i, m := range moves {
		moved[i].Move = m
		if r := byKey[m.Key]; r != nil {
			moved[i].Run, moved[i].Entries = r.bare(), r.between(m)
		}
	}
	return moved, nil
}

// between are the entries that began or ended with a move.
func (r *run) between(m store.Move) []flow.Entry {
	in := func(seq int64) bool { return seq > m.After && seq <= m.Last }
	var entries []flow.Entry
	for _, e := range r.log {
		if in(e.Seq) || in(e.EndSeq) {
			entries = append(entries, e)
		}
	}
	return entries
}

// Watch implements store.Feed. It is called for the commits of all stores on the data.
func (s *Store) Watch(wake func()) (stop func()) {
	d := s.data
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &d.changes
	if f.watchers == nil {
		f.watchers = map[int]func(){}
	}
	f.lastKey++
	key := f.lastKey
	f.watchers[key] = wake
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(f.watchers, key)
	}
}
