package sqlite

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// numbersOf are the runs of the test's flow by status.
func numbersOf(t *testing.T, s *Store) map[flow.Status]int64 {
	t.Helper()
	stats, err := s.Stats(t.Context(), store.StatsQuery{Now: testStart})
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[flow.Status]int64{}
	for _, f := range stats.Flows {
		for status, n := range map[flow.Status]int64{
			flow.StatusPending: f.Pending, flow.StatusRunning: f.Running, flow.StatusCompleted: f.Completed,
			flow.StatusFailed: f.Failed, flow.StatusCancelled: f.Cancelled,
		} {
			if n != 0 {
				numbers[status] += n
			}
		}
	}
	return numbers
}

// wantNumbers holds the numbers against the rows.
func wantNumbers(t *testing.T, s *Store) {
	t.Helper()
	want := map[flow.Status]int64{}
	rows, err := s.readers.Query(`SELECT status, count(*) FROM runs GROUP BY status`)
	err = each(rows, err, func(scan func(...any) error) error {
		var status flow.Status
		var n int64
		err := scan(&status, &n)
		want[status] = n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, numbersOf(t, s)); diff != "" {
		t.Fatalf("the numbers are not those of the rows (-want +got):\n%s", diff)
	}
}

// Whatever becomes of a commit, and of the change that is repeated then, the numbers are
// those of the rows.
func TestNumbersAfterFailedCommits(t *testing.T) {
	for name, fail := range map[string]func(*failing){
		"before": func(f *failing) { f.before = 1 },
		"after":  func(f *failing) { f.after = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			f := &failing{}
			s := execute(t, filepath.Join(t.TempDir(), "runs.db"), f.option)
			run := testRun("a")
			claim := claimed(t, s, "a")
			began, over := run, run
			began.Status, began.Phase = flow.StatusRunning, flow.PhaseForward
			over.Status = flow.StatusCompleted
			for _, head := range []*store.Run{&began, &over} {
				f.mu.Lock()
				fail(f)
				f.mu.Unlock()
				change := store.Change{Claim: claim, Head: head}
				for err := s.Commit(t.Context(), change); err != nil; err = s.Commit(t.Context(), change) {
					wantNumbers(t, s)
				}
				wantNumbers(t, s)
			}
		})
	}
}

// A run that another process goes on with, and rows that somebody deletes with SQL, count too.
func TestNumbersOfOtherHands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	first := execute(t, path)
	for i := range 5 {
		claimed(t, first, fmt.Sprint(i))
	}
	closeNow(t, first)
	s := execute(t, path)
	got, err := s.Claim(t.Context(), store.ClaimQuery{Now: testStart, Limit: 3, Flows: []store.FlowVersion{{Flow: "orders", Major: 1}}})
	if err != nil || len(got) != 3 {
		t.Fatalf("Claim: %+v, %v", got, err)
	}
	for _, c := range got {
		c.Run.Status = flow.StatusFailed
		if err := s.Commit(t.Context(), store.Change{Claim: c.Claim, Head: &c.Run}); err != nil {
			t.Fatal(err)
		}
	}
	wantNumbers(t, s)
	edit(t, path, `DELETE FROM runs WHERE id IN ('1', '4')`)
	wantNumbers(t, s)
}

// The rows that are kept of a slot are bounded, however many tenants there are; those of
// slots long past go, and so do the counts of those that have no runs any more.
func TestNumbersAreBounded(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	const more = 20
	create := func(id string, tenant string, at time.Time) {
		run := testRun(id)
		run.Tenant, run.CreatedAt = tenant, at
		if _, err := s.Create(t.Context(), run, false, 0); err != nil {
			t.Fatal(err)
		}
	}
	for i := range store.MaxSlotTenants + more {
		create(fmt.Sprint(i), fmt.Sprint("tenant", i), testStart)
	}
	rows := func(table string) (n int) {
		if err := s.readers.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range foldEvery {
		create(fmt.Sprint("more", rows("runs")), "tenant0", testStart)
	}
	if n := rows("run_slots"); n != store.MaxSlotTenants+1 {
		t.Errorf("%d rows of the slot; want %d", n, store.MaxSlotTenants+1)
	}
	for tenant, want := range map[string]int64{"": store.MaxSlotTenants + more + foldEvery, "tenant1": 1, fmt.Sprint("tenant", store.MaxSlotTenants): 0} {
		q := store.StatsQuery{Now: testStart}
		if tenant != "" {
			q.Tenants = []string{tenant}
		}
		stats, err := s.Stats(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var started int64
		for _, slot := range stats.Flows[0].Slots {
			started += slot.Started
		}
		if started != want {
			t.Errorf("%d runs of %q were started; want %d", started, tenant, want)
		}
	}
	edit(t, s.path, `DELETE FROM runs WHERE tenant = 'tenant7'`)
	create("later", "later", testStart.Add(store.SlotsKept+store.SlotLength))
	if n := rows("commits WHERE number > (SELECT folded FROM meta)"); n >= foldEvery {
		t.Errorf("the numbers of %d transactions are not folded; want less than %d", n, foldEvery)
	}
	if slots, counts := rows("run_slots"), rows("run_counts"); slots != 1 || counts != store.MaxSlotTenants+more {
		t.Errorf("%d rows of slots and %d of counts are left; want 1 and %d", slots, counts, store.MaxSlotTenants+more)
	}
}

// What a transaction changed of the numbers is read as it was written, and a row that was cut off or
// changed is an error.
func TestNumbersAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(0, 3, 9)
		want := newTally()
		for range rapid.IntRange(0, 3).Draw(t, "counts") {
			key := countKey{name.Draw(t, "flow"), name.Draw(t, "tenant")}
			want.counts[key] = counts{rapid.Int64().Draw(t, "pending"), 1, -1, 0, rapid.Int64().Draw(t, "cancelled")}
		}
		for range rapid.IntRange(0, 3).Draw(t, "slots") {
			key := slotKey{rapid.Int64().Draw(t, "slot"), name.Draw(t, "flow"), rapid.Bool().Draw(t, "others"), name.Draw(t, "tenant"), rapid.IntRange(0, 200).Draw(t, "bucket")}
			want.slots[key] = happened{1, rapid.Int64().Draw(t, "completed"), 0, 2}
		}
		encoded := want.encode()
		got := newTally()
		if err := got.add(encoded); err != nil || !maps.Equal(got.counts, want.counts) || !maps.Equal(got.slots, want.slots) {
			t.Fatalf("%+v became %+v, %v", want, got, err)
		}
		if len(encoded) > 0 {
			got = newTally()
			if err := got.add(encoded[:len(encoded)-1]); !errors.Is(err, store.ErrDamaged) {
				t.Fatalf("without the last byte: %v, want %v", err, store.ErrDamaged)
			}
		}
	})
}

// Numbers of a transaction that cannot be read hold up no other one; what can be counted is counted anew.
func TestNumbersThatCannotBeRead(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"), WithSynchronous(Normal))
	for i := range 3 {
		claimed(t, s, fmt.Sprint(i))
	}
	edit(t, s.path, `UPDATE commits SET tally = substr(tally, 1, length(tally) - 1) WHERE number = 3`)
	if _, err := s.Stats(t.Context(), store.StatsQuery{Now: testStart}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("Stats: %v, want %v", err, store.ErrDamaged)
	}
	for i := range foldEvery {
		if _, err := s.Create(t.Context(), testRun(fmt.Sprint("more", i)), false, 0); err != nil {
			t.Fatalf("Create: %v; want it not to be held up", err)
		}
	}
	wantNumbers(t, s)
	stats, err := s.Stats(t.Context(), store.StatsQuery{Now: testStart})
	if err != nil || len(stats.Flows) != 1 || len(stats.Flows[0].Slots) != 1 || stats.Flows[0].Slots[0].Started != foldEvery+2 {
		t.Errorf("Stats: %+v, %v; want all runs but one to have been started", stats, err)
	}
}
