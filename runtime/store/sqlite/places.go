package sqlite

import (
	"cmp"
	"context"
	"slices"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file bounds how many runs of a flow and key are under way.
//
// A pending run that finds no place is blocked: it leaves the index of what may be
// claimed, so that it costs nothing however many wait. Each end of a run unblocks
// the next of its key. That one takes the place when it is claimed, or is blocked
// once more if another was faster: to unblock too many is harmless, and to have
// blocked runs of a key with code while none of its runs is under way or unblocked
// is what must not be. Hence the care about versions: a run for which this process
// has no code would sit on the place that it was unblocked for.

const (
	// isUnderWay and isWaiting are the conditions of two partial indexes, of runs AS r.
	isUnderWay = `r.concurrency IS NOT NULL AND (r.status = 'running' OR r.status = 'pending' AND r.claim <> 0)`
	isWaiting  = `r.concurrency IS NOT NULL AND r.status = 'pending' AND r.claim = 0`

	// othersBlocked says of a new run that it has to wait, since one of the same
	// version and key does that is not behind it.
	othersBlocked = `EXISTS (SELECT 1 FROM runs AS r WHERE ` + isWaiting + ` AND r.blocked = 1
		AND r.flow = ? AND r.concurrency = ? AND r.major = ? AND r.minor = ? AND r.priority >= ?)`

	// claimPlace claims a pending run if there is a place for it. To be cancelled or terminated it needs none.
	claimPlace = `UPDATE runs SET claim = ? WHERE run = ? AND claim IN (0, ?) AND status = 'pending' AND blocked = 0
		AND (concurrency IS NULL
			OR (SELECT count(*) FROM runs AS r WHERE ` + isUnderWay + `
				AND r.flow = runs.flow AND r.concurrency = runs.concurrency AND r.run <> runs.run) < ?
			OR EXISTS (SELECT 1 FROM messages AS m WHERE m.run = runs.run AND m.kind IN ('cancel', 'terminate')))`

	// noneWaits keeps a new run from going ahead of those that wait.
	noneWaits = ` AND NOT EXISTS (SELECT 1 FROM runs AS r WHERE ` + isWaiting + ` AND r.blocked < 2
		AND r.flow = runs.flow AND r.concurrency = runs.concurrency AND r.run <> runs.run)`

	// blockText blocks a run that found no place, and some of those in the same position.
	blockText = `UPDATE runs SET blocked = 1 WHERE run IN (
		SELECT r.run FROM runs AS one CROSS JOIN runs AS r
		WHERE one.run = ? AND one.status = 'pending' AND one.claim = 0 AND one.blocked = 0
			AND ` + isWaiting + ` AND r.blocked = 0
			AND r.flow = one.flow AND r.concurrency = one.concurrency AND r.major = one.major
			AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.run = r.run AND m.kind IN ('cancel', 'terminate'))
		LIMIT ?)`

	// isNext is of runs AS r that wait for what a run that is over held, of one flow and version.
	isNext = ` FROM runs AS ended CROSS JOIN runs AS r WHERE ended.run = ?1 AND ended.flow = ?2
		AND ` + isWaiting + ` AND r.blocked = 1
		AND r.flow = ended.flow AND r.concurrency = ended.concurrency AND r.major = ?3 AND r.minor <= ?4`

	// isHighest is of those of them that have the highest priority.
	isHighest = isNext + ` AND r.priority = (SELECT r.priority` + isNext + ` ORDER BY r.priority DESC LIMIT 1)`

	// admitText unblocks the first so many of each key, of one flow and version.
	admitText = `UPDATE runs SET blocked = 0 WHERE run IN (
		SELECT run FROM (
			SELECT r.run, row_number() OVER (PARTITION BY r.concurrency ORDER BY r.priority DESC, r.run) AS turn
			FROM runs AS r WHERE ` + isWaiting + ` AND r.blocked = 1 AND r.flow = ? AND r.major = ? AND r.minor <= ?)
		WHERE turn <= ?)`
)

// unblockText unblocks the oldest run of the tenant that is behind that of the run that is over.
func unblockText(of string) string {
	return `UPDATE runs SET blocked = 0 WHERE run = coalesce(
		(SELECT r.run` + of + ` AND r.tenant > ended.tenant ORDER BY r.tenant, r.run LIMIT 1),
		(SELECT r.run` + of + ` ORDER BY r.tenant, r.run LIMIT 1))`
}

// claim claims a free run, or one that is claimed in the epoch also; with a limit,
// if the statement, claimPlace or one like it, finds a place.
func (b *batch) claim(s statement, run, epoch, also, limit int64) (bool, error) {
	if limit == 0 {
		n, err := b.write(stmtClaimRun, epoch, run, also)
		return n == 1, err
	}
	n, err := b.write(s, epoch, run, also, limit)
	return n == 1, err
}

// maxBlocked is how many runs are blocked by one statement.
const maxBlocked = 1000

// block blocks a run that could not be claimed, if the limit is why, and says
// whether it did.
func (b *batch) block(run int64) (bool, error) {
	n, err := b.write(stmtBlock, run, int64(maxBlocked))
	return n > 0, err
}

// freePlace unblocks the next in the place of a run that is over. What ended
// before this process had its first look at its flows is made up for then, by admitting.
//
// It is as it is with all that is pending: some places are given whatever the priority. Which
// ones is drawn from the key of the run that is over, so that keys of which a run ends
// in turn all get some, and nothing is kept account of for each.
func (b *batch) freePlace(run int64) error {
	next := stmtUnblockNext
	if scattered(run)%store.AnyPriorityTurn == 0 {
		next = stmtUnblockAny
	}
	for _, f := range b.w.claims.bounded() {
		if _, err := b.write(next, run, f.Flow, int64(f.Major), int64(f.Minor)); err != nil {
			return err
		}
	}
	return nil
}

// scattered makes of neighbouring numbers ones that are far apart.
func scattered(n int64) uint64 { return uint64(n) * 0x9e3779b97f4a7c15 >> 32 }

// admit sees to the blocked runs of flows whose code is new to this process, or
// has another limit now: those who blocked them may have known nothing of it.
func (s *Store) admit(ctx context.Context, flows []store.FlowVersion) error {
	flows = sorted(flows)
	unseen := s.claims.unseen(flows)
	if len(unseen) == 0 {
		return nil
	}
	return s.write(ctx, &admitting{unseen: unseen, all: flows})
}

func sorted(flows []store.FlowVersion) []store.FlowVersion {
	flows = slices.Clone(flows)
	slices.SortFunc(flows, func(a, b store.FlowVersion) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Major, b.Major),
			cmp.Compare(a.Minor, b.Minor), cmp.Compare(a.Limit, b.Limit))
	})
	return slices.Compact(flows)
}

// admitting unblocks as many runs of each key as may be under way.
type admitting struct {
	request
	unseen, all []store.FlowVersion
	epoch       int64
}

func (a *admitting) apply(b *batch) error {
	a.epoch = b.w.claims.current()
	if a.epoch == 0 {
		return nil
	}
	for _, f := range a.unseen {
		limit := int64(f.Limit)
		if limit == 0 {
			limit = unbounded
		}
		if _, err := b.write(stmtAdmit, f.Flow, int64(f.Major), int64(f.Minor), limit); err != nil {
			return err
		}
	}
	return nil
}

// unbounded is more runs than there are.
const unbounded = int64(1) << 62

func (a *admitting) committed(w *writer) { w.claims.see(a.epoch, a.all) }
