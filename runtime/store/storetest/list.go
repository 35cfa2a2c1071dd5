package storetest

import (
	"errors"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var listTests = []test{
	{"filters", func(s *suite) { testFilters(s) }},
	{"filters of all kinds", func(s *suite) { testRandomFilters(s) }},
	{"labels and errors of odd characters", func(s *suite) { testOddTexts(s) }},
	{"tenants of whom there are none see nothing", func(s *suite) {
		st := s.executing()
		s.create(st, s.newRun(), false)
		s.same("the page", s.list(st, store.Filter{Tenants: []string{}}).Runs, []store.Run{})
	}},
	{"a cursor of another filter is refused", func(s *suite) { testCursors(s) }},
	{"pages", func(s *suite) { testPages(s) }},
	{"the runs of an idempotency key", func(s *suite) {
		st := s.executing()
		keyed := func(key, tenant string) func(*store.Run) {
			return func(r *store.Run) { r.IdempotencyKey, r.Tenant = key, tenant }
		}
		s.create(st, s.newRun(keyed("other", "")), false)
		s.create(st, s.newRun(), false)
		first := s.create(st, s.newRun(keyed("k", "a")), false).Run
		second := s.create(st, s.newRun(keyed("k", "b")), false).Run
		page := s.list(st, store.Filter{Flow: first.Flow, IdempotencyKey: "k"})
		s.same("the runs of all tenants", runIDs(page), []string{second.ID, first.ID})
		page = s.list(st, store.Filter{Flow: first.Flow, Tenants: []string{"a"}, IdempotencyKey: "k"})
		s.same("the run of one", runIDs(page), []string{first.ID})
	}},
	{"the sizes of pages", func(s *suite) {
		st := s.executing()
		const runs = store.DefaultPage + 1
		for range runs {
			s.create(st, s.newRun(), false)
		}
		for limit, want := range map[int]int{0: store.DefaultPage, 1: 1, store.MaxPage: runs} {
			page := s.list(st, store.Filter{Limit: limit})
			s.same("the size of a page", len(page.Runs), want)
			s.same("whether there is another", page.Next != "", want < runs)
		}
	}},
	{"a cursor that List did not give is refused", func(s *suite) {
		st := s.executing()
		s.create(st, s.newRun(), false)
		for _, cursor := range []string{"x", "r", "r-1", "r0", "r01", "r1 ", "1", "r99999999999999999999", "' OR 1=1"} {
			if _, err := st.List(s.ctx, store.Filter{Cursor: cursor}); !errors.Is(err, store.ErrCursor) {
				s.Errorf("List with the cursor %q: %v; want ErrCursor", cursor, err)
			}
		}
	}},
}

func testFilters(s *suite) {
	st := s.executing()
	var all []store.Run
	for _, flowName := range []string{"orders", "other"} {
		for _, tenant := range []string{"", "a", "b"} {
			for _, status := range []flow.Status{
				flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled,
			} {
				run, claim := s.claimed(st, func(r *store.Run) {
					r.Flow, r.Tenant, r.Labels = flowName, tenant, map[string]string{"x": "y"}
				})
				switch {
				case status == flow.StatusRunning:
					run = *running(run, at(9))
					s.commit(st, store.Change{Claim: claim, Head: &run})
				case status.Final():
					run = *ended(run, status)
					s.commit(st, store.Change{Claim: claim, Head: &run})
				}
				run.Input, run.Output = nil, nil
				all = append(all, run)
			}
		}
	}
	slices.Reverse(all)
	for _, flowName := range []string{"", "orders", "none"} {
		for _, tenant := range []string{"", "a", "none"} {
			for _, status := range []flow.Status{"", "pending", "running", "completed", "failed", "cancelled", "none"} {
				f := store.Filter{Flow: flowName}
				if tenant != "" {
					f.Tenants = []string{tenant}
				}
				if status != "" {
					f.Statuses = []flow.Status{status}
				}
				var want []store.Run
				for _, r := range all {
					if (flowName == "" || r.Flow == flowName) && (tenant == "" || r.Tenant == tenant) && (status == "" || r.Status == status) {
						want = append(want, r)
					}
				}
				s.same("the page of "+flowName+"/"+tenant+"/"+string(status), s.list(st, f).Runs, want)
			}
		}
	}
}

func testPages(s *suite) {
	st := s.executing()
	var want []string
	for i := range 23 {
		run := s.newRun(func(r *store.Run) { r.Tenant = []string{"a", "b"}[i%2] })
		want = append(want, run.ID)
		s.create(st, run, false)
	}
	slices.Reverse(want)
	var got []string
	filter := store.Filter{Limit: 5}
	for pages := 0; ; pages++ {
		page := s.list(st, filter)
		for _, r := range page.Runs {
			got = append(got, r.ID)
		}
		if page.Next == "" {
			s.same("the number of pages", pages+1, 5)
			break
		}
		filter.Cursor = page.Next
		s.create(st, s.newRun(), false) // moves no page
	}
	s.same("the runs of all pages", got, want)
	s.same("an exact last page", s.list(st, store.Filter{Tenants: []string{"a"}, Limit: 12}).Next, "")
}

func (s *suite) list(st store.Store, f store.Filter) store.Page {
	s.Helper()
	page, err := st.List(s.ctx, f)
	if err != nil {
		s.Fatalf("List %+v: %v", f, err)
	}
	return page
}

func runIDs(page store.Page) []string {
	var all []string
	for _, r := range page.Runs {
		all = append(all, r.ID)
	}
	return all
}
