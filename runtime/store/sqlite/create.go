package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, run store.Run, claim bool, limit int) (store.Created, error) {
	leave, err := s.enter("create a run")
	if err != nil {
		return store.Created{}, err
	}
	defer leave()
	claim = claim && run.WakeAt.IsZero()
	row, err := encodeNewRun(&run)
	if err != nil {
		return store.Created{}, fmt.Errorf("create the run %q: %w", run.ID, err)
	}
	kept, err := encodeEntries(0, run.Kept)
	if err != nil {
		return store.Created{}, fmt.Errorf("create the run %q: %w", run.ID, err)
	}
	c := &creation{row: row, kept: kept, size: len(run.Input) + sizeOf(run.Kept), last: lastOf(nil, run.Kept), claim: claim, limit: int64(limit)}
	if err := s.write(ctx, c); err != nil {
		return store.Created{}, err
	}
	if c.conflict {
		return s.existing(ctx, asCreated(run), claim, limit)
	}
	return store.Created{Run: asCreated(run), Claim: c.claimOf(run.ID)}, nil
}

// asCreated is a run as it is read back after it was created.
func asCreated(run store.Run) store.Run {
	if len(run.Labels) == 0 {
		run.Labels = nil
	}
	return store.Run{
		ID: run.ID, Flow: run.Flow, Version: run.Version, Tenant: run.Tenant, Priority: run.Priority,
		IdempotencyKey: run.IdempotencyKey, Labels: run.Labels, Status: flow.StatusPending,
		Attempt: run.Attempt, Input: run.Input, CreatedAt: stored(run.CreatedAt),
		ParentID: run.ParentID, RetryOf: run.RetryOf, Concurrency: run.Concurrency, Trace: run.Trace,
		WakeAt: stored(run.WakeAt),
	}
}

// creation inserts a run.
type creation struct {
	request
	row      newRunRow
	kept     []entryRow
	size     int
	last     int64 // the last sequence number in kept
	claim    bool
	limit    int64 // how many of its key may be under way; 0: any
	conflict bool  // there is a run of this id or this key
	key      int64 // of the new run
	epoch    int64 // in which it was claimed; 0: it was not
	token    int64
}

func (c *creation) bytes() int { return c.size }

func (c *creation) apply(b *batch) error {
	c.epoch = 0
	if c.claim {
		c.epoch = b.w.claims.current()
	}
	first := c.epoch
	if c.row.concurrency != nil {
		first = 0 // until it has a place
	}
	var err error
	c.key, err = b.insertRun(&c.row, first)
	c.conflict = c.key == 0
	if err != nil || c.conflict {
		return err
	}
	if err := b.putKept(c.key, c.kept); err != nil {
		return err
	}
	if c.last > 0 {
		b.moves = append(b.moves, store.Move{Key: c.key, Tag: tagOf(c.row.id()), Last: c.last})
	}
	if first == c.epoch {
		return nil
	}
	placed, err := b.claim(stmtClaimPlaceOfNew, c.key, c.epoch, 0, c.limit)
	if !placed {
		c.epoch = 0
	}
	return err
}

// putKept writes the log with which a run begins.
func (b *batch) putKept(run int64, kept []entryRow) error {
	for i := range kept {
		kept[i].values[0] = run // which has its number only now
		kept[i].values[sumPlace] = kept[i].sum()
		if err := b.put(&kept[i]); err != nil {
			return err
		}
	}
	return nil
}

// insertRun inserts a run and returns its key; 0 if there is one of its id or its idempotency key.
func (b *batch) insertRun(row *newRunRow, epoch int64) (key int64, err error) {
	const values = newRunValueCount + 1
	var args [values + 10]value
	copy(args[:], row.values[:])
	args[values-1] = epoch
	var result driver.Result
	if row.plain() {
		result, err = b.w.conn.exec(stmtInsertRun, args[:values]...)
	} else {
		rest := row.rest()
		copy(args[values:], rest[:])
		result, err = b.w.conn.exec(stmtInsertOtherRun, args[:]...)
	}
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	b.wrote = true
	if key, err = result.LastInsertId(); err != nil {
		return 0, err
	}
	b.w.tally.created(row)
	return key, b.noteChunk(key, row.flow(), row.created())
}

func (c *creation) committed(w *writer) {
	if !c.conflict && c.epoch != 0 {
		c.token = w.claims.grant(c.key, true, c.last)
		w.claims.note(c.key, &standing{c.row.flow(), c.row.tenant(), flow.StatusPending})
	}
}

func (c *creation) claimOf(id string) *store.Claim {
	if c.token == 0 {
		return nil
	}
	return &store.Claim{RunID: id, Key: c.key, Token: c.token}
}

// existing answers a Create that found a run of its key or its id: that run of
// the key, or the run itself if this is a repeated Create, or ErrExists.
func (s *Store) existing(ctx context.Context, run store.Run, claim bool, limit int) (store.Created, error) {
	found, created, err := s.whatExists(run, func(text string, args ...any) (runRow, error) {
		stmt := s.reads.runByID
		if text == runByKeyText {
			stmt = s.reads.runByKey
		}
		return s.readRun(ctx, stmt, args...)
	})
	if err == nil && claim && !created.Existing && found.Status == flow.StatusPending {
		created.Claim, err = s.retake(ctx, found, limit)
	}
	return created, err
}

// whatExists is existing without a claim. It reads with runByKeyText and runByIDText.
func (s *Store) whatExists(run store.Run, read func(text string, args ...any) (runRow, error)) (runRow, store.Created, error) {
	if run.IdempotencyKey != "" {
		found, err := read(runByKeyText, run.Flow, run.Tenant, run.IdempotencyKey)
		switch {
		case err == nil && !sameCreation(&found.Run, &run):
			return found, store.Created{Run: found.Run, Existing: true}, nil
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return runRow{}, store.Created{}, wrap(s.path, "read the run of an idempotency key", err)
		}
	}
	found, err := read(runByIDText, run.ID)
	if err != nil {
		return runRow{}, store.Created{}, wrap(s.path, "read the run "+run.ID, err)
	}
	switch {
	case sameCreation(&found.Run, &run): // a repeated Create
		return found, store.Created{Run: found.Run}, nil
	case sameStart(&found.Run, &run):
		return found, store.Created{Run: found.Run, Existing: true}, nil
	}
	return runRow{}, store.Created{}, fmt.Errorf("create the run %q: %w and is another one; choose another id", run.ID, store.ErrExists)
}

// sameCreation says whether two runs were created with the same call.
func sameCreation(a, b *store.Run) bool { return sameStart(a, b) && a.CreatedAt.Equal(b.CreatedAt) }

// sameStart says whether two runs were started with the same id, options and input.
func sameStart(a, b *store.Run) bool {
	return a.ID == b.ID && a.Flow == b.Flow && a.Version == b.Version && a.Tenant == b.Tenant &&
		a.Priority == b.Priority && a.IdempotencyKey == b.IdempotencyKey && maps.Equal(a.Labels, b.Labels) &&
		string(a.Input) == string(b.Input) && a.ParentID == b.ParentID
}

// retake claims the run of a repeated Create, if nobody else has begun with it.
func (s *Store) retake(ctx context.Context, run runRow, limit int) (*store.Claim, error) {
	_, entries, err := s.read(ctx, s.reads.runByRun, run.key)
	if err != nil {
		return nil, wrap(s.path, "read the run "+run.ID, err)
	}
	r := &retaking{key: run.key, last: lastOf(nil, entries), limit: int64(limit)}
	if err := s.write(ctx, r); err != nil {
		return nil, err
	}
	if r.token == 0 {
		return nil, nil
	}
	return &store.Claim{RunID: run.ID, Key: run.key, Token: r.token}, nil
}

// retaking claims a run that is free, or whose claim was given by a Create
// whose answer was lost.
type retaking struct {
	request
	key   int64
	last  int64 // the run's last sequence number
	limit int64
	taken bool
	token int64
}

func (r *retaking) apply(b *batch) error {
	r.taken = false
	epoch := b.w.claims.current()
	if epoch == 0 || !b.w.claims.unused(r.key) {
		return nil
	}
	var err error
	r.taken, err = b.claim(stmtClaimPlace, r.key, epoch, epoch, r.limit)
	return err
}

func (r *retaking) committed(w *writer) {
	if r.taken {
		r.token = w.claims.grant(r.key, true, r.last)
	}
}
