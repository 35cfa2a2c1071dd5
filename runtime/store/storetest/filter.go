package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file holds what filters select against a plain reading of what they say.

// pick is one of some values.
func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

func testRandomFilters(s *suite) {
	st := s.executing()
	random := rand.New(rand.NewPCG(1, 2))
	var all []store.Run
	for range 60 {
		all = append(all, s.randomRun(st, random, all))
	}
	slices.Reverse(all)
	selected := 0
	for range 400 {
		f := randomFilter(random, all)
		var want []string
		for i := range all {
			if selects(&f, &all[i]) {
				want = append(want, all[i].ID)
			}
		}
		selected += len(want)
		s.same(fmt.Sprintf("what %+v selects", f), s.listAll(st, f), want)
	}
	if selected < 400 {
		s.Fatalf("the filters selected %d runs in all; they say too much", selected)
	}
}

// randomRun stores a run that may have anything, and returns it as lists have it.
func (s *suite) randomRun(st store.Store, random *rand.Rand, earlier []store.Run) store.Run {
	run := s.newRun(func(r *store.Run) {
		r.Flow, r.Tenant = pick(random, "orders", "orders", "other"), pick(random, "", "a", "b")
		r.Labels = pick(random, nil, map[string]string{"x": "1"}, map[string]string{"x": "2", "y": "1"})
		r.CreatedAt = at(random.IntN(20)) // the clock jumps
		if random.IntN(4) == 0 {
			r.IdempotencyKey = fmt.Sprint("key", s.ids)
		}
		if len(earlier) > 0 && random.IntN(4) == 0 {
			r.ParentID = earlier[random.IntN(min(3, len(earlier)))].ID
		}
		if len(earlier) > 0 && random.IntN(4) == 0 {
			r.RetryOf = earlier[random.IntN(min(3, len(earlier)))].ID
		}
	})
	status := pick(random, flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled)
	created := s.create(st, run, status != flow.StatusPending)
	head := created.Run
	switch {
	case status == flow.StatusRunning:
		head = *running(head, pick(random, time.Time{}, at(9)))
	case status.Final():
		head = *ended(head, status)
		if head.Error != nil {
			head.Error.Message = pick(random, "the Bank said no", "no 100% of it")
			head.Error.Name = pick(random, "", "PaymentDeclined")
		}
	}
	if status != flow.StatusPending {
		s.commit(st, store.Change{Claim: *created.Claim, Head: &head})
	}
	head.Input, head.Output = nil, nil
	return head
}

// randomFilter says one or a few things.
func randomFilter(random *rand.Rand, all []store.Run) store.Filter {
	f := store.Filter{Limit: pick(random, 0, 1, 3, store.MaxPage)}
	for range 1 + random.IntN(3) {
		switch random.IntN(9) {
		case 0:
			f.Flow = pick(random, "orders", "other", "none")
		case 1:
			f.Statuses = pick(random, []flow.Status{"failed"}, []flow.Status{"cancelled", "failed", "failed"},
				[]flow.Status{"completed", "pending"}, []flow.Status{"running"})
		case 2:
			f.Tenants = pick(random, []string{"a"}, []string{"b", "a", "a"}, []string{""}, []string{"", "b"}, []string{"none"})
		case 3:
			f.Labels = pick(random, map[string]string{"x": "1"}, map[string]string{"x": "2", "y": "1"}, map[string]string{"y": "2"})
		case 4:
			f.Since = at(random.IntN(20)).Add(pick(random, 0, time.Nanosecond))
		case 5:
			f.Until = at(random.IntN(20)).Add(pick(random, 0, time.Nanosecond))
		case 6:
			f.ErrorText, f.ErrorType = pick(random, "BANK", "% of", "declined", "nothing"), pick(random, "", "", "payment", "error")
		case 7:
			f.Phase = pick(random, flow.PhaseForward, flow.PhaseWaiting)
		case 8:
			one := all[random.IntN(len(all))]
			f.IdempotencyKey, f.ParentID = pick(random, one.IdempotencyKey, ""), pick(random, "", one.ParentID)
			f.RetryOf = pick(random, "", one.RetryOf)
		}
	}
	return f
}

// selects says whether a run has all that a filter says.
func selects(f *store.Filter, r *store.Run) bool {
	kind, message := "", ""
	if r.Error != nil {
		kind, message = strings.ToLower(string(r.Error.Kind)), strings.ToLower(r.Error.Message)
		if r.Error.Name != "" {
			kind = strings.ToLower(r.Error.Name)
		}
	}
	text := strings.ToLower(f.ErrorText)
	for key, value := range f.Labels {
		if r.Labels[key] != value {
			return false
		}
	}
	return (f.Flow == "" || f.Flow == r.Flow) && (f.Phase == "" || f.Phase == r.Phase) &&
		(f.Statuses == nil || slices.Contains(f.Statuses, r.Status)) && (f.Tenants == nil || slices.Contains(f.Tenants, r.Tenant)) &&
		(f.IdempotencyKey == "" || f.IdempotencyKey == r.IdempotencyKey) && (f.ParentID == "" || f.ParentID == r.ParentID) &&
		(f.RetryOf == "" || f.RetryOf == r.RetryOf) &&
		!r.CreatedAt.Before(f.Since) && (f.Until.IsZero() || r.CreatedAt.Before(f.Until)) &&
		(strings.Contains(message, text) || strings.Contains(kind, text)) && strings.Contains(kind, strings.ToLower(f.ErrorType))
}

func testOddTexts(s *suite) {
	st := s.executing()
	texts := []string{`a"b`, `a\b`, `a.b`, `$`, `ä`, `a'b`, "a\nb", `%`, `_`, `<&>`, "\u2028", `a[0]`, ``}
	byText := map[string]string{}
	for _, text := range texts {
		run, claim := s.claimed(st, func(r *store.Run) { r.Labels = map[string]string{text: text} })
		head := ended(run, flow.StatusFailed)
		head.Error.Message = "see (" + text + ") for it"
		s.commit(st, store.Change{Claim: claim, Head: head})
		byText[text] = run.ID
	}
	for _, text := range texts {
		want := []string{byText[text]}
		s.same(fmt.Sprintf("what has the label %q", text), s.listAll(st, store.Filter{Labels: map[string]string{text: text}}), want)
		s.same(fmt.Sprintf("what has (%q) in its error", text), s.listAll(st, store.Filter{ErrorText: "SEE (" + text + ")"}), want)
	}
}

func testCursors(s *suite) {
	st := s.executing()
	for range 3 {
		s.create(st, s.newRun(func(r *store.Run) { r.Tenant, r.Labels = "a", map[string]string{"x": "1", "y": "2"} }), false)
	}
	first := store.Filter{
		Flow: "orders", Statuses: []flow.Status{"pending", "failed"}, Tenants: []string{"a", "b"},
		Labels: map[string]string{"x": "1", "y": "2"}, Since: at(0), Limit: 1,
	}
	next := s.list(st, first).Next
	same := first
	same.Statuses, same.Tenants = []flow.Status{"failed", "pending"}, []string{"b", "a", "a"}
	same.Since, same.Limit, same.Cursor = at(0).In(time.FixedZone("x", 3600)), 2, next
	s.same("the size of a page of the same filter in other words", len(s.list(st, same).Runs), 2)
	for name, change := range map[string]func(*store.Filter){
		"flow":       func(f *store.Filter) { f.Flow = "" },
		"statuses":   func(f *store.Filter) { f.Statuses = []flow.Status{"pending"} },
		"phase":      func(f *store.Filter) { f.Phase = flow.PhaseForward },
		"tenants":    func(f *store.Filter) { f.Tenants = []string{"b"} },
		"all":        func(f *store.Filter) { f.Tenants = nil },
		"none":       func(f *store.Filter) { f.Tenants = []string{} },
		"key":        func(f *store.Filter) { f.IdempotencyKey = "x" },
		"parent":     func(f *store.Filter) { f.ParentID = "x" },
		"repeated":   func(f *store.Filter) { f.RetryOf = "x" },
		"labels":     func(f *store.Filter) { f.Labels = map[string]string{"x": "1"} },
		"since":      func(f *store.Filter) { f.Since = at(1) },
		"until":      func(f *store.Filter) { f.Until = at(9) },
		"error":      func(f *store.Filter) { f.ErrorText = "x" },
		"error type": func(f *store.Filter) { f.ErrorType = "x" },
	} {
		other := first
		other.Cursor = next
		change(&other)
		if _, err := st.List(s.ctx, other); !errors.Is(err, store.ErrCursor) {
			s.Errorf("a filter with another %s took the cursor: %v; want ErrCursor", name, err)
		}
	}
}

// listAll are the ids of the runs of all pages.
func (s *suite) listAll(st store.Store, f store.Filter) []string {
	s.Helper()
	var all []string
	for {
		page := s.list(st, f)
		if len(page.Runs) > f.PageSize() {
			s.Fatalf("a page of %d runs; the limit is %d", len(page.Runs), f.PageSize())
		}
		all = append(all, runIDs(page)...)
		if f.Cursor = page.Next; f.Cursor == "" {
			return all
		}
	}
}
