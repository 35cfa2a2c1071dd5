package sqlite

import (
	"slices"
	"sync"

	"github.com/bextgen/bextgen/runtime/store"
)

// claims are the runs that this store has claimed. The writer grants and ends
// them; others only ask.
type claims struct {
	mu    sync.Mutex
	epoch int64 // of our right to execute; 0 without it
	given int64 // how many tokens were given in this epoch
	live  map[int64]*liveClaim
	seen  []store.FlowVersion // for which blocked runs were looked after in this epoch, and those of them
	bound []store.FlowVersion // with a limit, to be looked after when a run ends
}

// liveClaim is the claim on one run.
type liveClaim struct {
	token int64
	// fresh says that it was given by Create and nothing was written with it: the
	// answer may have been lost, and a repeated Create may have it again.
	fresh bool
	// standing is how the run stands on disk; nil where that is not known.
	standing *standing
	// last is the greatest sequence number of the run that is visible.
	last int64
}

// tokensPerEpoch keeps the tokens of different epochs apart.
const tokensPerEpoch = 1 << 40

// begin starts an epoch, without claims.
func (c *claims) begin(epoch int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch, c.given, c.live = epoch, 0, map[int64]*liveClaim{}
	c.seen, c.bound = nil, nil
}

// lose ends the right to execute, and all claims with it.
func (c *claims) lose() { c.begin(0) }

// current is the epoch of the right to execute; 0 without it.
func (c *claims) current() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// grant gives a claim on a run; an earlier one on it is over. The last of its sequence
// numbers may be told later, see saw.
func (c *claims) grant(run int64, fresh bool, last int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given++
	token := c.epoch*tokensPerEpoch + c.given
	c.live[run] = &liveClaim{token: token, fresh: fresh, last: last}
	return token
}

// holds says whether a claim is live.
func (c *claims) holds(claim store.Claim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.live[claim.Key]
	return ok && l.token == claim.Token
}

// use says whether a claim is live, and that it is in use.
func (c *claims) use(claim store.Claim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.live[claim.Key]
	if !ok || l.token != claim.Token {
		return false
	}
	l.fresh = false
	return true
}

// note says how a claimed run stands on disk, if it still is.
func (c *claims) note(run int64, s *standing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, ok := c.live[run]; ok {
		l.standing = s
	}
}

// standing is how a claimed run stands, or nil. What it points to is the writer's.
func (c *claims) standing(run int64) *standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, ok := c.live[run]; ok {
		return l.standing
	}
	return nil
}

// forgetStandings is for when it is not plain what is on disk.
func (c *claims) forgetStandings() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.live {
		l.standing = nil
	}
}

// saw notes the last sequence number of a run whose claim was just given.
func (c *claims) saw(claim store.Claim, last int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, ok := c.live[claim.Key]; ok && l.token == claim.Token {
		l.last = last
	}
}

// advance notes that the sequence numbers of a run up to last are visible, and says up
// to which they were before; ok is false if nothing is new.
func (c *claims) advance(run, last int64) (before int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, live := c.live[run]
	if !live || last <= l.last {
		return 0, false
	}
	before, l.last = l.last, last
	return before, true
}

// retreat undoes advance, after a transaction that did not commit.
func (c *claims) retreat(run, before int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, ok := c.live[run]; ok {
		l.last = before
	}
}

// end ends the claim on a run. It returns the last of the run's sequence numbers.
func (c *claims) end(run int64) (last int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, ok := c.live[run]; ok {
		last = l.last
		delete(c.live, run)
	}
	return last
}

// revive undoes end or use, after a transaction that did not commit.
func (c *claims) revive(claim store.Claim, last int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != 0 && claim.Token/tokensPerEpoch == c.epoch {
		c.live[claim.Key] = &liveClaim{token: claim.Token, last: last}
	}
}

// unused says whether nobody here uses a claim on the run.
func (c *claims) unused(run int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.live[run]
	return !ok || l.fresh
}

// has says whether somebody here has a claim on the run.
func (c *claims) has(run int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.live[run]
	return ok
}

// unseen are the versions that were not seen in this epoch.
func (c *claims) unseen(flows []store.FlowVersion) []store.FlowVersion {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Equal(c.seen, flows) {
		return nil
	}
	var unseen []store.FlowVersion
	for _, f := range flows {
		if !slices.Contains(c.seen, f) {
			unseen = append(unseen, f)
		}
	}
	return unseen
}

// see notes versions as seen in an epoch, and no others.
func (c *claims) see(epoch int64, flows []store.FlowVersion) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch || epoch == 0 {
		return
	}
	c.seen, c.bound = flows, nil
	for _, f := range flows {
		if f.Limit > 0 {
			c.bound = append(c.bound, f)
		}
	}
}

// bounded are the versions seen that have a limit.
func (c *claims) bounded() []store.FlowVersion {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bound
}
