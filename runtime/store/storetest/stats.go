package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var statsTests = []test{
	{"of an empty store", func(s *suite) {
		st := s.executing()
		s.same("the numbers", s.stats(st, store.StatsQuery{Now: at(0)}), store.Stats{})
	}},
	{"follow all that happens", func(s *suite) { testStats(s) }},
	{"of what waits", func(s *suite) { testQueue(s) }},
	{"a run that is begun by an entry alone", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(run, time.Time{}), Lazy: true})
		s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusFailed), Entries: []flow.Entry{step(1)}})
		f := s.stats(st, store.StatsQuery{Now: at(0)}).Flows[0]
		s.same("the counts", []int64{f.Pending, f.Running, f.Failed}, []int64{0, 0, 1})
	}},
	{"a change that is repeated counts once", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		for range 2 {
			s.commit(st, store.Change{Claim: claim, Head: running(run, time.Time{})})
		}
		for range 2 {
			s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusCompleted)})
		}
		f := s.stats(st, store.StatsQuery{Now: at(0)}).Flows[0]
		s.same("the counts", []int64{f.Pending, f.Running, f.Completed}, []int64{0, 0, 1})
		s.same("what happened", f.Slots, []store.Slot{{
			At: store.SlotOf(start), Started: 1, Completed: store.Durations{store.BucketOf(20 * time.Millisecond): 1},
		}})
	}},
	{"tenants of whom there are none have no numbers", func(s *suite) {
		st := s.executing()
		s.create(st, s.newRun(), false)
		s.same("the numbers", s.stats(st, store.StatsQuery{Now: at(0), Tenants: []string{}}), store.Stats{})
	}},
}

// counting does things at random and knows what the numbers are then.
type counting struct {
	*suite
	random     *rand.Rand
	st, other  store.Store // the other may not execute
	runs       map[string]*store.Run
	claims     map[string]store.Claim
	happened   []happening
	statesSeen map[string]bool
}

// happening is a run that was started, with no status, or ended.
type happening struct {
	at           time.Time
	flow, tenant string
	status       flow.Status
	bucket       int
}

func testStats(s *suite) {
	c := &counting{
		suite: s, random: rand.New(rand.NewPCG(3, 4)), st: s.executing(), other: s.open(s.T),
		runs: map[string]*store.Run{}, claims: map[string]store.Claim{}, statesSeen: map[string]bool{},
	}
	for n := range 600 {
		c.act()
		if n%20 == 0 {
			c.compare()
		}
	}
	c.compare()
	if len(c.statesSeen) != 6 {
		s.Fatalf("only %v was done", c.statesSeen)
	}
}

// act does one thing.
func (c *counting) act() {
	now := start.Add(time.Duration(c.random.IntN(180)) * time.Minute)
	id := c.anyOf(slices.Sorted(maps.Keys(c.claims)))
	claim, run := c.claims[id], c.runs[id]
	what := pick(c.random, "create", "create", "end", "begin", "release", "claim", "delete")
	switch {
	case what == "create":
		c.createOne(now)
	case what == "claim":
		for _, got := range c.claim(c.st, start.Add(time.Hour), 2, orders, store.FlowVersion{Flow: "other", Major: 1, Minor: 9}) {
			c.claims[got.Run.ID] = got.Claim
		}
	case what == "delete":
		c.deleteOne()
	case run == nil:
		return
	case what == "begin":
		*run = *running(*run, time.Time{})
		run.StartedAt = now
		c.commit(c.st, store.Change{Claim: claim, Head: run, Lazy: pick(c.random, true, false)})
	case what == "release":
		*run = *running(*run, time.Time{})
		c.commit(c.st, store.Change{Claim: claim, Head: run, Release: true})
		delete(c.claims, id)
	case what == "end":
		c.end(run, claim, now)
	}
	c.statesSeen[what] = true
}

// anyOf is one of some ids, if there is one.
func (c *counting) anyOf(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return pick(c.random, ids...)
}

func (c *counting) createOne(now time.Time) {
	run := c.newRun(func(r *store.Run) {
		r.Flow, r.Tenant, r.CreatedAt = pick(c.random, "orders", "other"), pick(c.random, "", "a", "b"), now
	})
	by, claim := c.st, pick(c.random, true, false)
	if !claim {
		by = pick(c.random, c.st, c.other)
	}
	created := c.create(by, run, claim)
	if created.Claim != nil {
		c.claims[run.ID] = *created.Claim
	}
	run = created.Run
	c.runs[run.ID] = &run
	c.happened = append(c.happened, happening{at: now, flow: run.Flow, tenant: run.Tenant})
}

func (c *counting) end(run *store.Run, claim store.Claim, now time.Time) {
	wasAt := run.StartedAt
	*run = *ended(*run, pick(c.random, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled))
	run.StartedAt, run.FinishedAt = wasAt, now
	change := store.Change{Claim: claim, Head: run}
	if c.random.IntN(3) == 0 { // it calls another one at its end
		child := c.newRun(func(r *store.Run) { r.Tenant, r.ParentID, r.CreatedAt = run.Tenant, run.ID, now })
		change.Children = []store.Run{child}
		child.Status = flow.StatusPending
		c.runs[child.ID] = &child
		c.happened = append(c.happened, happening{at: now, flow: child.Flow, tenant: child.Tenant})
	}
	c.commit(c.st, change)
	delete(c.claims, run.ID)
	bucket := store.NoDuration
	if !wasAt.IsZero() {
		bucket = store.BucketOf(now.Sub(wasAt))
	}
	c.happened = append(c.happened, happening{now, run.Flow, run.Tenant, run.Status, bucket})
}

func (c *counting) deleteOne() {
	var over []string
	for _, id := range slices.Sorted(maps.Keys(c.runs)) {
		if c.runs[id].Status.Final() {
			over = append(over, id)
		}
	}
	if id := c.anyOf(over); id != "" {
		if err := pick(c.random, c.st, c.other).Delete(c.ctx, id); err != nil {
			c.Fatal(err)
		}
		delete(c.runs, id)
	}
}

// compare holds the numbers against what was done. A head that is lazy may not be written yet,
// so it is first.
func (c *counting) compare() {
	c.Helper()
	for id, claim := range c.claims {
		if run := c.runs[id]; run.Status == flow.StatusRunning {
			c.commit(c.st, store.Change{Claim: claim, Head: run})
		}
	}
	for _, tenants := range [][]string{nil, {"a"}, {"", "b"}, {"none"}} {
		for _, since := range []time.Time{{}, start.Add(100 * time.Minute)} {
			got := c.stats(pick(c.random, c.st, c.other), store.StatsQuery{Now: start, Since: since, Tenants: tenants})
			for i := range got.Flows {
				got.Flows[i].Due, got.Flows[i].OldestPending = 0, time.Time{} // another test's
			}
			got.Flows = slices.DeleteFunc(got.Flows, func(f store.FlowStats) bool { // of which there were runs
				return f.Pending+f.Running+f.Completed+f.Failed+f.Cancelled == 0 && len(f.Slots) == 0
			})
			c.same(fmt.Sprintf("the numbers of %q since %v", tenants, since), got, c.want(tenants, since))
		}
	}
}

func (c *counting) want(tenants []string, since time.Time) store.Stats {
	var stats store.Stats
	for _, name := range []string{"orders", "other"} {
		f := store.FlowStats{Flow: name}
		counts := map[flow.Status]int64{}
		for _, r := range c.runs {
			if r.Flow == name && (tenants == nil || slices.Contains(tenants, r.Tenant)) {
				counts[r.Status]++
			}
		}
		f.Pending, f.Running, f.Completed = counts[flow.StatusPending], counts[flow.StatusRunning], counts[flow.StatusCompleted]
		f.Failed, f.Cancelled = counts[flow.StatusFailed], counts[flow.StatusCancelled]
		for _, h := range c.happened {
			if h.flow == name && (tenants == nil || slices.Contains(tenants, h.tenant)) && !store.SlotOf(h.at).Before(store.SlotOf(since)) {
				f.Slots = h.addTo(f.Slots)
			}
		}
		slices.SortFunc(f.Slots, func(a, b store.Slot) int { return a.At.Compare(b.At) })
		if len(counts) > 0 || len(f.Slots) > 0 {
			stats.Flows = append(stats.Flows, f)
		}
	}
	return stats
}

func (h *happening) addTo(slots []store.Slot) []store.Slot {
	i := slices.IndexFunc(slots, func(s store.Slot) bool { return s.At.Equal(store.SlotOf(h.at)) })
	if i < 0 {
		i = len(slots)
		slots = append(slots, store.NewSlot(store.SlotOf(h.at)))
	}
	switch h.status {
	case flow.StatusCompleted:
		slots[i].Completed[h.bucket]++
	case flow.StatusFailed:
		slots[i].Failed[h.bucket]++
	case flow.StatusCancelled:
		slots[i].Cancelled[h.bucket]++
	default:
		slots[i].Started++
	}
	return slots
}

func testQueue(s *suite) {
	st := s.executing()
	of := func(tenants []string, name string) store.FlowStats {
		s.Helper()
		for _, f := range s.stats(st, store.StatsQuery{Now: at(50), Tenants: tenants}).Flows {
			if f.Flow == name {
				return f
			}
		}
		s.Fatalf("there are no numbers of %s", name)
		return store.FlowStats{}
	}
	sleep := func(until time.Time, tenant, version string) {
		run, claim := s.claimed(st, func(r *store.Run) { r.Tenant, r.Version = tenant, version })
		s.commit(st, store.Change{Claim: claim, Head: running(run, until), Release: true})
	}
	sleep(at(49), "a", "1.0")
	sleep(at(50), "b", "1.1")
	sleep(at(51), "a", "1.0")
	sleep(at(1), "a", "3.0")
	run, claim := s.claimed(st) // this one waits for a message
	s.commit(st, store.Change{Claim: claim, Head: running(run, time.Time{}), Release: true, Dormant: true})
	_, _ = s.claimed(st) // and this one is claimed
	s.same("the oldest where the only one is claimed", of(nil, "orders").OldestPending, time.Time{})
	first := s.create(st, s.newRun(func(r *store.Run) { r.Flow = "other" }), false).Run
	second := s.create(st, s.newRun(func(r *store.Run) { r.Tenant, r.Priority = "b", 9 }), false).Run
	s.create(st, s.newRun(), false)
	later := s.newRun(func(r *store.Run) { r.Flow, r.Tenant, r.WakeAt = "later", "a", at(60) })
	s.create(st, later, false)
	s.same("the oldest where it is too early", of(nil, "later").OldestPending, time.Time{})
	s.create(st, s.newRun(func(r *store.Run) { r.Flow, r.CreatedAt, r.WakeAt = "later", at(0), at(40) }), false)
	s.same("the oldest where a time has come", of(nil, "later").OldestPending, at(40))
	s.same("the oldest of a, for whom it is too early", of([]string{"a"}, "later").OldestPending, time.Time{})
	s.same("what is due", of(nil, "orders").Due, int64(3))
	s.same("what is due of a", of([]string{"a"}, "orders").Due, int64(2))
	s.same("the oldest of other", of(nil, "other").OldestPending, first.CreatedAt)
	s.same("what is pending", of(nil, "orders").Pending, int64(3))
	s.same("the oldest of b", of([]string{"b"}, "orders").OldestPending, second.CreatedAt)
	s.same("the oldest of a", of([]string{"a"}, "orders").OldestPending, time.Time{})
}

func (s *suite) stats(st store.Store, q store.StatsQuery) store.Stats {
	s.Helper()
	stats, err := st.Stats(s.ctx, q)
	if err != nil {
		s.Fatalf("Stats: %v", err)
	}
	return stats
}
