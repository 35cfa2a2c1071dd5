package sqlite

import (
	"context"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about runs under which processes died, and about suspects: see
// store.Store.Acquire and Claim. Counting costs nothing but at the start of a process.

const (
	// takenOver is what a run is counted when its process died: all are, but if one was tried
	// on its own, ?2, only that one.
	takenOver = `(takeovers + (?2 IN (0, run)))`

	// freeNowText frees what earlier processes left claimed, and counts it; ?3 is store.SuspectAfter.
	freeNowText = `UPDATE runs SET wake_at = 0, takeovers = ` + takenOver + `,
		claim = CASE WHEN ` + takenOver + ` >= ?3 THEN -` + takenOver + ` ELSE 0 END
		WHERE claim <> 0 AND claim > 0 AND claim <> ?1`

	// freeText gives one back that is as it was; ?3 is store.SuspectAfter.
	freeText = `UPDATE runs SET wake_at = 0, claim = CASE WHEN takeovers >= ?3 THEN -takeovers ELSE 0 END
		WHERE run = ?1 AND claim = ?2`

	// suspectsText asks for the suspects that are free, that with the most takeovers first.
	suspectsText = `SELECT run, flow, major, minor FROM runs WHERE claim <> 0 AND claim < 0 ORDER BY claim`
)

// takeSuspect claims a suspect.
func (s *Store) takeSuspect(ctx context.Context, flows []store.FlowVersion) ([]store.Claim, error) {
	run, err := s.suspect(ctx, flows)
	if err != nil || run == 0 && !s.alone {
		return nil, err
	}
	c := &suspecting{run: run}
	if err := s.write(ctx, c); err != nil {
		return nil, err
	}
	s.alone = c.claim != nil
	if c.claim == nil {
		return nil, nil
	}
	return []store.Claim{*c.claim}, nil
}

// suspect is the first one for which there is code; 0 for none.
func (s *Store) suspect(ctx context.Context, flows []store.FlowVersion) (run int64, err error) {
	rows, err := s.reads.suspects.QueryContext(ctx)
	err = each(rows, err, func(scan func(...any) error) error {
		var key int64
		var of store.FlowVersion
		if err := scan(&key, &of.Flow, &of.Major, &of.Minor); err != nil {
			return err
		}
		for _, f := range flows {
			if run == 0 && f.Flow == of.Flow && f.Major == of.Major && f.Minor >= of.Minor {
				run = key
			}
		}
		return nil
	})
	if err != nil {
		return 0, wrap(s.path, "look for runs under which processes died", err)
	}
	return run, nil
}

// suspecting claims a suspect and notes that it is tried on its own; without a run it
// notes that none is.
type suspecting struct {
	request
	run   int64
	taken bool
	claim *store.Claim // without RunID
}

func (c *suspecting) apply(b *batch) error {
	c.taken = false
	epoch := b.w.claims.current()
	if epoch == 0 {
		return nil
	}
	if c.run != 0 {
		n, err := b.write(stmtClaimSuspect, epoch, c.run)
		if err != nil {
			return fmt.Errorf("the run with the key %d: %w", c.run, err)
		}
		c.taken = n == 1
	}
	alone := int64(0)
	if c.taken {
		alone = c.run
	}
	_, err := b.write(stmtTryAlone, alone, alone)
	return err
}

func (c *suspecting) committed(w *writer) {
	if c.taken {
		c.claim = &store.Claim{Key: c.run, Token: w.claims.grant(c.run, false, 0)}
	}
}
