package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, c store.Change) error {
	leave, err := s.enter("commit a change")
	if err != nil {
		return err
	}
	defer leave()
	change, err := encodeChange(&c)
	if err != nil {
		return fmt.Errorf("commit a change of the run %q: %w", c.Claim.RunID, err)
	}
	if mayWait(&c) {
		return s.commitLazily(ctx, &lazyChange{claim: c.Claim, rows: change.rows, head: change.head})
	}
	err = s.write(ctx, change)
	if errors.Is(err, store.ErrClaimLost) && endsClaim(&c) {
		return s.repeated(ctx, &c, err)
	}
	return err
}

// mayWait says whether a change is lazy.
func mayWait(c *store.Change) bool {
	return c.Lazy && !c.Further && len(c.Consumed) == 0 && len(c.Children) == 0 && len(c.Messages) == 0 && !endsClaim(c)
}

// commitLazily hands a change over and does not wait for it.
func (s *Store) commitLazily(ctx context.Context, c *lazyChange) error {
	if !s.claims.use(c.claim) {
		return claimLost(c.claim)
	}
	select {
	case s.writer.queue <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func claimLost(c store.Claim) error {
	return fmt.Errorf("commit a change of the run %q: %w", c.RunID, store.ErrClaimLost)
}

// commit applies a Change.
type commit struct {
	request
	change store.Change
	rows   []entryRow
	head   *headRow // nil if the head stays as it is

	children []newRunRow
	messages []*messageRow
}

func (c *commit) bytes() int {
	n := sizeOf(c.change.Entries)
	for i := range c.change.Children {
		n += len(c.change.Children[i].Input)
	}
	for i := range c.change.Messages {
		n += len(c.change.Messages[i].Payload)
	}
	return n
}

// sizeOf is the size of the payloads of entries.
func sizeOf(entries []flow.Entry) int {
	n := 0
	for i := range entries {
		e := &entries[i]
		n += len(e.Input) + len(e.Output)
		if e.Told != nil {
			n += len(e.Told.Checkpoint)
		}
	}
	return n
}

// endsClaim says whether the claim is over when the change is committed.
func endsClaim(c *store.Change) bool { return c.Release || endsRun(c) }

// endsRun says whether the run is over with the change.
func endsRun(c *store.Change) bool { return c.Head != nil && c.Head.Status.Final() }

func (c *commit) apply(b *batch) error {
	claim := c.change.Claim
	if !b.w.claims.use(claim) {
		c.refuse(claimLost(claim))
		return nil
	}
	for i := range c.rows {
		if err := b.put(&c.rows[i]); err != nil {
			return err
		}
	}
	if err := c.applyMessages(b); err != nil {
		return err
	}
	if c.change.Further {
		if _, err := b.write(stmtFurther, claim.Key); err != nil {
			return err
		}
	}
	if bound := c.change.Bound; bound != nil {
		if _, err := b.write(stmtBind, *bound, claim.Key); err != nil {
			return err
		}
	}
	if err := b.replaces(claim.Key, c.rows, c.head != nil, endsClaim(&c.change)); err != nil {
		return err
	}
	changed, err := c.applyHead(b)
	if err != nil {
		return err
	}
	if changed == 0 { // not so by anything that this store does
		b.w.claims.end(claim.Key)
		return claimLost(claim)
	}
	b.moved(claim, lastOf(c.change.Head, c.change.Entries))
	if endsClaim(&c.change) {
		b.end(claim)
	}
	if endsRun(&c.change) {
		b.ended = append(b.ended, claim.Key)
		return b.freePlace(claim.Key)
	}
	return nil
}

// applyMessages creates the children, and puts in the messages to other runs, which
// may be these, and takes out those that were obeyed.
func (c *commit) applyMessages(b *batch) error {
	for i := range c.children {
		if _, err := b.insertRun(&c.children[i], 0); err != nil {
			return err
		}
	}
	for _, m := range c.messages {
		if _, err := b.send(m); err != nil {
			return err
		}
	}
	for _, id := range c.change.Consumed {
		if _, err := b.write(stmtConsume, id, c.change.Claim.Key); err != nil {
			return err
		}
	}
	return nil
}

// applyHead writes the run's row, if it changes, and says whether it was there
// and claimed.
func (c *commit) applyHead(b *batch) (int64, error) {
	claim := c.change.Claim
	switch {
	case c.head == nil && c.change.Release:
		return b.write(stmtFree, claim.Key, b.w.claims.current(), int64(store.SuspectAfter))
	case c.head == nil:
		return 1, nil
	case endsRun(&c.change) && !c.change.Head.DeleteAt.IsZero():
		return b.setHead(stmtSetExpiringHead, c.head, claim, fromTime(c.change.Head.DeleteAt))
	case endsRun(&c.change):
		return b.setHead(stmtSetLastHead, c.head, claim)
	case c.change.Release:
		return b.setHead(stmtSetHeadAndFree, c.head, claim)
	}
	return b.setHead(stmtSetHead, c.head, claim)
}

// repeated answers a change that would have ended its claim, and whose claim is
// over: if all of it is on disk, it was applied before and its answer was lost.
func (s *Store) repeated(ctx context.Context, c *store.Change, lost error) error {
	run, entries, err := s.read(ctx, s.reads.runByRun, c.Claim.Key)
	if errors.Is(err, sql.ErrNoRows) {
		return lost
	}
	if err != nil {
		return wrap(s.path, "read the run "+c.Claim.RunID, err)
	}
	if run.ID != c.Claim.RunID { // it was deleted, and its key was used again
		return lost
	}
	if c.Head == nil && len(c.Entries) == 0 {
		if run.claim <= 0 && !run.Status.Final() {
			return nil
		}
		return lost
	}
	if c.Head != nil && !sameHead(&run.Run, c.Head) || !hasEntries(entries, c.Entries) {
		return lost
	}
	return nil
}

// sameHead compares what a change sets, but for WakeAt, which a message may have changed since.
func sameHead(a, b *store.Run) bool {
	return a.Status == b.Status && a.Phase == b.Phase && a.Attempt == b.Attempt && a.EndSeq == b.EndSeq &&
		string(a.Output) == string(b.Output) && sameError(a.Error, b.Error) &&
		fromTime(a.StartedAt) == fromTime(b.StartedAt) && fromTime(a.FinishedAt) == fromTime(b.FinishedAt) &&
		(!b.Status.Final() || fromTime(a.DeleteAt) == fromTime(b.DeleteAt))
}

// hasEntries says whether all of some entries are in a log.
func hasEntries(log, some []flow.Entry) bool {
	bySeq := make(map[int64]*flow.Entry, len(log))
	for i := range log {
		bySeq[log[i].Seq] = &log[i]
	}
	for i := range some {
		if found := bySeq[some[i].Seq]; found == nil || !sameEntry(found, &some[i]) {
			return false
		}
	}
	return true
}

func sameEntry(a, b *flow.Entry) bool {
	return a.EndSeq == b.EndSeq && a.Kind == b.Kind && a.Step == b.Step && a.RunAttempt == b.RunAttempt &&
		a.Attempt == b.Attempt && a.Actor == b.Actor && string(a.Input) == string(b.Input) &&
		string(a.Output) == string(b.Output) && sameError(a.Error, b.Error) &&
		fromTime(a.StartedAt) == fromTime(b.StartedAt) && fromTime(a.FinishedAt) == fromTime(b.FinishedAt) &&
		fromTime(a.WakeAt) == fromTime(b.WakeAt) && a.Key == b.Key && a.SignalID == b.SignalID &&
		sameTold(a.Told, b.Told)
}

func sameTold(a, b *flow.Told) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameProgress(a.Progress, b.Progress) && string(a.Checkpoint) == string(b.Checkpoint)
}

func sameProgress(a, b *flow.Progress) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Fraction == b.Fraction && a.Text == b.Text && fromTime(a.At) == fromTime(b.At)
}

func sameError(a, b *flow.Error) bool {
	if a == nil || b == nil {
		return a == b
	}
	first, err1 := encodeError(a)
	second, err2 := encodeError(b)
	return err1 == nil && err2 == nil && first == second
}
