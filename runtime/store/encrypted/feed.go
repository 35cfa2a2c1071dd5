package encrypted

import (
	"context"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file opens what those read who follow runs.

// aroundFeed is an around of a store that tells what changes, aroundBoth of one that is in
// a SQL database besides.
type (
	aroundFeed struct {
		*around
		*opened
	}
	aroundBoth struct {
		*aroundSQL
		*opened
	}
)

// opened is the part of a store.Feed that is beside a store.
type opened struct {
	feed store.Feed
	box  box
}

// Find implements store.Feed. A head has no payload but its error; one that cannot be opened says
// so in its message, as in a list.
func (o *opened) Find(ctx context.Context, runID string) (store.Run, store.Move, error) {
	run, all, err := o.feed.Find(ctx, runID)
	one := []store.Run{run}
	o.box.openErrors(one)
	return one[0], all, err
}

// Newest implements store.Feed.
func (o *opened) Newest(ctx context.Context) (int64, error) { return o.feed.Newest(ctx) }

// Commits implements store.Feed.
func (o *opened) Commits(ctx context.Context, after int64, limit int) ([]store.Commit, error) {
	return o.feed.Commits(ctx, after, limit)
}

// Read implements store.Feed. A run that cannot be opened is missing, as one that was
// deleted is: it does not hold up those that can.
func (o *opened) Read(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	moved, err := o.feed.Read(ctx, moves)
	for i := range moved {
		if m := &moved[i]; o.box.openAll(&m.Run, m.Entries, nil) != nil {
			m.Run, m.Entries = store.Run{}, nil
		}
	}
	return moved, err
}

// Watch implements store.Feed.
func (o *opened) Watch(wake func()) (stop func()) { return o.feed.Watch(wake) }

var (
	_ store.Feed = (*aroundFeed)(nil)
	_ store.Feed = (*aroundBoth)(nil)
	_ store.SQL  = (*aroundBoth)(nil)
)
