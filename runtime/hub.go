package runtime

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads what changes, once for all who follow: ten thousand of them cost the
// store what one does. While nobody follows, nothing runs.

// followPoll is how often the store is asked for what other processes wrote.
const followPoll = 250 * time.Millisecond

// hub hands events to followers.
type hub struct {
	feed   store.Feed
	clock  engine.Clock
	logger *slog.Logger
	// hide hides the secrets in what was read, in place.
	hide func(ctx context.Context, run *store.Run, part []flow.Entry)

	woken chan struct{} // there may be something new
	loops sync.WaitGroup

	mu       sync.Mutex
	one      map[int64]map[*Follower]bool // who follows one run, by its key
	many     map[*Follower]bool
	position int64              // the last commit that was handed on
	stop     context.CancelFunc // of the loop; nil if none runs
	closed   bool
}

func newHub(feed store.Feed, clock engine.Clock, logger *slog.Logger, hide func(context.Context, *store.Run, []flow.Entry)) *hub {
	return &hub{
		feed: feed, clock: clock, logger: logger, hide: hide, woken: make(chan struct{}, 1),
		one: map[int64]map[*Follower]bool{}, many: map[*Follower]bool{},
	}
}

// join adds a follower. The first one starts the loop, from the present.
func (h *hub) join(ctx context.Context, f *Follower) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return engine.ErrClosed
	}
	if h.stop == nil {
		newest, err := h.feed.Newest(ctx)
		if err != nil {
			return err
		}
		h.position = newest
		h.start()
	}
	if !f.many {
		if h.one[f.run.Key] == nil {
			h.one[f.run.Key] = map[*Follower]bool{}
		}
		h.one[f.run.Key][f] = true
		return nil
	}
	f.commit = f.commitBefore()
	if f.live {
		// Not where the loop is: that may hand on a commit of which it reads only what
		// others follow.
		newest, err := h.feed.Newest(ctx)
		if err != nil {
			h.end(f, err)
			return err
		}
		f.commit = newest
	}
	h.many[f] = true
	return nil
}

// start starts the loop. It is called with mu held.
func (h *hub) start() {
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	unwatch := h.feed.Watch(h.wake)
	h.loops.Go(func() {
		defer unwatch()
		h.loop(ctx)
	})
}

func (h *hub) wake() {
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// leave removes a follower. The last one ends the loop.
func (h *hub) leave(f *Follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.err == nil {
		f.err = io.EOF
	}
	h.remove(f)
	if len(h.one) == 0 && len(h.many) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// remove is called with mu held.
func (h *hub) remove(f *Follower) {
	delete(h.many, f)
	delete(h.one[f.run.Key], f)
	if len(h.one[f.run.Key]) == 0 {
		delete(h.one, f.run.Key)
	}
}

// close ends following for all, and waits for the loop.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	h.drop(engine.ErrClosed, func(*Follower) bool { return true })
	if h.stop != nil {
		h.stop()
		h.stop = nil
	}
	h.mu.Unlock()
	h.loops.Wait()
}

// drop ends following for some. It is called with mu held.
func (h *hub) drop(err error, which func(*Follower) bool) {
	var gone []*Follower
	for f := range h.many {
		gone = append(gone, f)
	}
	for _, fs := range h.one {
		for f := range fs {
			gone = append(gone, f)
		}
	}
	for _, f := range gone {
		if which(f) {
			h.end(f, err)
		}
	}
}

// end ends following for one, with what it has not taken.
func (h *hub) end(f *Follower, err error) {
	f.queue, f.bytes, f.err = nil, 0, err
	h.remove(f)
	f.signal()
}

func (f *Follower) signal() {
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// loop reads what is new whenever there may be something, until the context ends.
func (h *hub) loop(ctx context.Context) {
	for ctx.Err() == nil {
		stop := h.clock.AfterFunc(followPoll, h.wake)
		select {
		case <-h.woken:
		case <-ctx.Done():
		}
		stop()
		for ctx.Err() == nil && h.pump(ctx) {
		}
	}
	h.wake() // of this loop may have been that of the next one
}

// pump hands on a page of commits, and says whether there may be more.
func (h *hub) pump(ctx context.Context) bool {
	h.mu.Lock()
	after := h.position
	h.mu.Unlock()
	commits, err := h.feed.Commits(ctx, after, historyPage)
	if err == nil {
		err = h.handOn(ctx, commits)
	}
	switch {
	case err == nil:
		return len(commits) == historyPage
	case errors.Is(err, store.ErrForgotten):
		h.restart(ctx)
	case ctx.Err() == nil:
		h.logger.Error("what changed cannot be read; it is tried again", "error", err)
	}
	return false
}

// handOn hands on what commits made visible, each as a whole.
func (h *hub) handOn(ctx context.Context, commits []store.Commit) error {
	for _, c := range commits {
		moved, err := h.read(ctx, h.wanted(c.Moves))
		if err != nil {
			return err
		}
		h.publish(ctx, c.Number, moved)
	}
	return nil
}

// wanted are the moves of runs that somebody follows.
func (h *hub) wanted(moves []store.Move) []store.Move {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.many) > 0 {
		return moves
	}
	var wanted []store.Move
	for _, m := range moves {
		if h.one[m.Key] != nil {
			wanted = append(wanted, m)
		}
	}
	return wanted
}

// read reads moves, with their secrets hidden.
func (h *hub) read(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	if len(moves) == 0 {
		return nil, nil
	}
	moved, err := h.feed.Read(ctx, moves)
	if err != nil {
		return nil, err
	}
	for i := range moved {
		h.hide(ctx, &moved[i].Run, moved[i].Entries)
	}
	return moved, nil
}

// publish queues the events of a commit for those who follow its runs.
func (h *hub) publish(ctx context.Context, commit int64, moved []store.Moved) {
	events := make([][]*Event, len(moved))
	for i := range moved {
		if moved[i].Run.ID != "" { // else it was deleted meanwhile
			events[i] = eventsOf(&moved[i], commit)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return // another loop may have begun
	}
	h.position = commit
	for i := range moved {
		m := &moved[i]
		for f := range h.one[m.Key] {
			if f.run.Tag == m.Tag && m.Run.ID != "" {
				h.give(f, m, events[i])
			}
		}
		for f := range h.many {
			if f.live && commit > f.commit && f.selects(&m.Run) {
				h.queue(f, events[i])
			}
		}
	}
	for f := range h.many {
		if f.live {
			f.commit = max(f.commit, commit)
		}
	}
}

// give hands the events of one run to who follows that. Those that it has from its history are left out.
func (h *hub) give(f *Follower, m *store.Moved, events []*Event) {
	if !f.live {
		f.behind = true
		return
	}
	if m.Last <= f.seq {
		return
	}
	seen := f.seq
	f.seq = m.Last
	h.queue(f, slices.DeleteFunc(slices.Clone(events), func(e *Event) bool { return e.Seq <= seen }))
	if f.err == nil && m.Run.Status.Final() && f.seq >= m.Run.EndSeq {
		f.err = io.EOF // behind what is queued
		f.signal()
	}
}

// queue adds events to what waits for a follower; one that takes nothing is dropped.
func (h *hub) queue(f *Follower, events []*Event) {
	if len(events) == 0 {
		return
	}
	f.queue = append(f.queue, events...)
	for _, e := range events {
		f.bytes += len(e.Data)
	}
	if len(f.queue) > maxQueued || f.bytes > maxQueuedBytes {
		h.end(f, ErrTooSlow)
		return
	}
	f.signal()
}

// restart goes on from the present, where the loop was left behind: who follows many runs
// is dropped, and who follows one reads its history.
func (h *hub) restart(ctx context.Context) {
	newest, err := h.feed.Newest(ctx)
	if err != nil {
		h.logger.Error("what changed cannot be read; it is tried again", "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.position = newest
	h.drop(ErrTooSlow, func(f *Follower) bool { return f.many })
	for _, fs := range h.one {
		for f := range fs {
			f.live, f.behind = false, true
			f.signal()
		}
	}
}
