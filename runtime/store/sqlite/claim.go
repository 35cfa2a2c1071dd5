package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// Claim implements store.Store. The runs are chosen and read by the readers:
// the writer does nothing but mark them.
func (s *Store) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	leave, err := s.enter("claim runs")
	if err != nil {
		return nil, err
	}
	defer leave()
	s.claiming.Lock()
	defer s.claiming.Unlock()
	if err := s.unread; err != nil {
		s.unread = nil
		return nil, err
	}
	if q.Limit < 1 || s.claims.current() == 0 {
		return nil, nil
	}
	if q.Suspect {
		claims, err := s.takeSuspect(ctx, q.Flows)
		if err != nil {
			return nil, err
		}
		return s.readClaimed(ctx, claims)
	}
	if err := s.admit(ctx, q.Flows); err != nil {
		return nil, err
	}
	if err := s.letStart(ctx, q); err != nil {
		return nil, err
	}
	claims, err := s.take(ctx, q)
	if missing := q.Limit - len(claims); err == nil && q.Ending && missing > 0 {
		var ending []store.Claim
		ending, err = s.takeEnding(ctx, q.Flows, missing)
		claims = append(claims, ending...)
	}
	if err != nil {
		return nil, errors.Join(err, s.giveBack(claims))
	}
	return s.readClaimed(ctx, claims)
}

// take claims what is due. Where a run finds no place, those behind it get their turn.
func (s *Store) take(ctx context.Context, q store.ClaimQuery) ([]store.Claim, error) {
	var claims []store.Claim
	for len(claims) < q.Limit {
		candidates, err := s.due(ctx, q, q.Limit-len(claims))
		if err != nil {
			return claims, wrap(s.path, "look for runs that are due", err)
		}
		if len(candidates) == 0 {
			break
		}
		c := &claiming{candidates: candidates}
		if err := s.write(ctx, c); err != nil {
			return claims, err
		}
		claims = append(claims, c.claims...)
		for _, one := range c.taken {
			if one.pending {
				s.turns.had(one)
			}
		}
		if !c.blocked {
			break
		}
	}
	return claims, nil
}

// claiming marks free runs as claimed.
type claiming struct {
	request
	candidates []candidate
	taken      []candidate
	blocked    bool          // some found no place
	claims     []store.Claim // in the order of candidates, without RunID
}

func (c *claiming) apply(b *batch) error {
	c.taken, c.blocked = nil, false
	epoch := b.w.claims.current()
	if epoch == 0 {
		return nil
	}
	for _, one := range c.candidates {
		taken, err := b.claim(stmtClaimPlace, one.run, epoch, 0, one.limit)
		if err != nil {
			return err
		}
		if taken {
			c.taken = append(c.taken, one)
		} else if one.limit > 0 {
			blocked, err := b.block(one.run)
			if err != nil {
				return err
			}
			c.blocked = c.blocked || blocked
		}
	}
	return nil
}

func (c *claiming) committed(w *writer) {
	for _, one := range c.taken {
		c.claims = append(c.claims, store.Claim{Key: one.run, Token: w.claims.grant(one.run, false, 0)})
	}
}

// readClaimed reads what was claimed. If that fails all claims are given back.
func (s *Store) readClaimed(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	claimed, err := s.readAll(ctx, claims)
	if errors.Is(err, store.ErrDamaged) {
		return s.readSingly(ctx, claims)
	}
	if err != nil {
		return nil, errors.Join(wrap(s.path, "read the runs that were claimed", err), s.giveBack(claims))
	}
	return claimed, nil
}

// readSingly reads claimed runs of which one is damaged. That one stays claimed,
// so that it is not tried again and again, and the others are not held up by it.
// What is wrong with it is said by the next Claim, or by this one if it is alone.
func (s *Store) readSingly(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	var all []store.Claimed
	var bad error
	for i := range claims {
		one, err := s.readAll(ctx, claims[i:i+1])
		switch {
		case errors.Is(err, store.ErrDamaged):
			bad = errors.Join(bad, wrap(s.path, "read a run that was claimed; it is left alone", err))
		case err != nil:
			return nil, errors.Join(wrap(s.path, "read the runs that were claimed", err), s.giveBack(claims))
		default:
			all = append(all, one...)
		}
	}
	if len(all) == 0 {
		return nil, bad
	}
	s.unread = bad
	return all, nil
}

// giveBack frees runs that were claimed and could not be read. It does so even
// if the caller's context has ended.
func (s *Store) giveBack(claims []store.Claim) error {
	var errs []error
	for _, c := range claims {
		change := &commit{change: store.Change{Claim: c, Release: true}}
		errs = append(errs, s.write(context.Background(), change))
	}
	return errors.Join(errs...)
}

// readAll reads claimed runs, in the order of their claims.
func (s *Store) readAll(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	claimed := make([]store.Claimed, len(claims))
	place := make(map[int64]*store.Claimed, len(claims))
	keys := make([]int64, len(claims))
	for i, c := range claims {
		claimed[i].Claim, keys[i] = c, c.Key
		place[c.Key] = &claimed[i]
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		if err := s.readHeads(ctx, tx, string(list), place); err != nil {
			return err
		}
		if err := s.readLogs(ctx, tx, string(list), place); err != nil {
			return err
		}
		return s.readMessages(ctx, tx, string(list), place)
	})
	if err != nil {
		return nil, err
	}
	for i := range claimed {
		if claimed[i].Run.ID == "" {
			return nil, damaged("the run with the key %d is in an index and not in its table", claimed[i].Claim.Key)
		}
		s.claims.saw(claimed[i].Claim, lastOf(&claimed[i].Run, claimed[i].Entries))
	}
	return claimed, nil
}

func (s *Store) readHeads(ctx context.Context, tx *sql.Tx, keys string, into map[int64]*store.Claimed) error {
	rows, err := tx.StmtContext(ctx, s.reads.runsOf).QueryContext(ctx, keys)
	return each(rows, err, func(scan func(...any) error) error {
		r, err := scanRun(scan, true)
		if c := into[r.key]; c != nil && err == nil {
			c.Run, c.Claim.RunID, c.Takeovers = r.Run, r.ID, r.takeovers
			s.claims.note(r.key, &standing{r.Flow, r.Tenant, r.Status})
		}
		return err
	})
}

func (s *Store) readLogs(ctx context.Context, tx *sql.Tx, keys string, into map[int64]*store.Claimed) error {
	rows, err := tx.StmtContext(ctx, s.reads.logsOf).QueryContext(ctx, keys)
	return each(rows, err, func(scan func(...any) error) error {
		run, e, err := scanEntry(scan)
		if c := into[run]; c != nil && err == nil {
			c.Entries = append(c.Entries, e)
		}
		if err != nil {
			return fmt.Errorf("the run with the key %d: %w", run, err)
		}
		return nil
	})
}

func (s *Store) readMessages(ctx context.Context, tx *sql.Tx, keys string, into map[int64]*store.Claimed) error {
	rows, err := tx.StmtContext(ctx, s.reads.messagesOf).QueryContext(ctx, keys)
	return each(rows, err, func(scan func(...any) error) error {
		run, m, err := scanMessage(scan)
		if c := into[run]; c != nil && err == nil {
			c.Messages = append(c.Messages, m)
		}
		return err
	})
}
