package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// A database of the first layout opens, with all that is in it, and goes on.
func TestOpenFirstLayout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	makeFirstLayout(t, path)
	s := execute(t, path)
	done, entries, err := s.Get(t.Context(), "done")
	want := store.Run{
		ID: "done", Flow: "orders", Version: "1.0", Tenant: "t", Priority: 3, IdempotencyKey: "k", Labels: map[string]string{"a": "b"},
		Status: flow.StatusCompleted, Attempt: 2, CreatedAt: toTime(1), StartedAt: toTime(2), FinishedAt: toTime(3),
		WakeAt: toTime(4), EndSeq: 5, Input: []byte(`[1]`), Output: []byte(`[2]`),
		Error: &flow.Error{Kind: flow.ErrorHandler, Message: "m"},
	}
	if err != nil || len(entries) != 1 || entries[0].Step != "a" || string(entries[0].Output) != `[4]` {
		t.Fatalf("Get: %+v, %v", entries, err)
	}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("the run is not what it was (-want +got):\n%s", diff)
	}
	stats, err := s.Stats(t.Context(), store.StatsQuery{Now: testStart})
	if want := []store.FlowStats{{Flow: "orders", Pending: 1, Completed: 1, OldestPending: toTime(1)}}; err != nil || !cmp.Equal(want, stats.Flows) {
		t.Errorf("Stats: %+v, %v; want %+v", stats.Flows, err, want)
	}
	if again, err := s.Create(t.Context(), store.Run{ID: "x", Flow: "orders", Version: "1.0", Tenant: "t", IdempotencyKey: "k"}, true, 0); err != nil || !again.Existing {
		t.Errorf("Create with the key of before: %+v, %v; want that run", again, err)
	}
	got, err := s.Claim(t.Context(), store.ClaimQuery{Now: testStart, Limit: 9, Flows: []store.FlowVersion{{Flow: "orders", Major: 1, Limit: 1}}})
	if err != nil || len(got) != 1 || got[0].Run.ID != "free" || len(got[0].Messages) != 1 || got[0].Messages[0].ID != 8 {
		t.Fatalf("Claim: %+v, %v; want the run that was free with its message", got, err)
	}
	var left int
	if err := s.readers.QueryRow(`SELECT count(*) FROM messages`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d messages are left, %v; want that of the run that is not over", left, err)
	}
	if err := s.Commit(t.Context(), store.Change{Claim: got[0].Claim, Consumed: []int64{8}, Entries: []flow.Entry{testEntry(1)}, Release: true}); err != nil {
		t.Fatal(err)
	}
}

// The numbers of a database that is older than they are begin with what is there.
func TestNumbersOfWhatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	makeFirstLayout(t, path)
	now := time.Now()
	for i, took := range []time.Duration{0, time.Millisecond, 17 * time.Millisecond, time.Hour} {
		edit(t, path, fmt.Sprintf(`INSERT INTO runs SELECT %d, 'new' || %d, flow, version, major, minor, tenant, priority, '', labels,
			status, phase, attempt, %d, %d, %d, 0, 5, 0, error, input, output FROM runs WHERE id = 'done'`,
			20+i, i, now.UnixMilli(), now.Add(-took).UnixMilli(), now.UnixMilli()))
	}
	s := open(t, path)
	stats, err := s.Stats(t.Context(), store.StatsQuery{Now: now, Since: now.Add(-time.Hour), Tenants: []string{"t"}})
	want := store.NewSlot(store.SlotOf(now))
	want.Started = 4
	for _, took := range []time.Duration{0, time.Millisecond, 17 * time.Millisecond, time.Hour} {
		want.Completed.Count(store.BucketOf(took), 1)
	}
	if err != nil || len(stats.Flows) != 1 || !cmp.Equal([]store.Slot{want}, stats.Flows[0].Slots) {
		t.Errorf("Stats: %+v, %v; want %+v", stats.Flows, err, want)
	}
}

// A migration that fails leaves the database as it was.
func TestMigrationFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	makeFirstLayout(t, path)
	edit(t, path, `CREATE TABLE schedules (a)`)
	if _, err := Open(path); err == nil {
		t.Fatal("a migration that cannot be made was made")
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	var runs, version int
	err = db.QueryRow(`SELECT (SELECT count(*) FROM runs), (SELECT max(version) FROM migrations)`).Scan(&runs, &version)
	if err := errors.Join(err, db.Close()); err != nil || runs != 2 || version != 1 {
		t.Fatalf("%d runs in the layout %d, %v; want the 2 of before in the first", runs, version, err)
	}
}

// A database of any layout opens, and its numbers are those of its rows, also when more is written to it.
func TestOpenEachLayout(t *testing.T) {
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	for n := range all {
		t.Run(fmt.Sprint(n+1), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runs.db")
			makeFirstLayout(t, path)
			c, err := connect(probeURI(path, false))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(migrate(c, all[:n+1]), c.close()); err != nil {
				t.Fatal(err)
			}
			const layoutOfChanges, layoutOfCommits = 10, 15
			newest := int64(0)
			if layout := n + 1; layout >= layoutOfChanges && layout < layoutOfCommits {
				newest = 300
				edit(t, path, `INSERT INTO changes VALUES (299, 1, x'07000000010001'), (300, 1, x'')`)
			}
			s := execute(t, path, WithSynchronous(Normal))
			wantNumbers(t, s)
			commits, err := s.Commits(t.Context(), max(newest-1, 0), 9)
			if err != nil || len(commits) == 0 || newest > 0 && commits[0].Number != newest {
				t.Errorf("Commits: %v, %v; want the last one that was there, and that of Acquire", commits, err)
			}
			for i := range 3 { // the first one folds, since it is in another slot
				claimed(t, s, fmt.Sprint(i))
			}
			edit(t, path, `DELETE FROM runs WHERE id IN ('done', '1')`)
			wantNumbers(t, s)
		})
	}
}

// makeFirstLayout makes a database as the first migration alone does, with something in each table.
func makeFirstLayout(t *testing.T, path string) {
	t.Helper()
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	if err := makeLockFile(path); err != nil {
		t.Fatal(err)
	}
	c, err := connect(probeURI(path, true))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(useWAL(c), migrate(c, all[:1]), c.close()); err != nil {
		t.Fatal(err)
	}
	edit(
		t, path,
		`INSERT INTO runs VALUES (7, 'done', 'orders', '1.0', 1, 0, 't', 3, 'k', '{"a":"b"}', 'completed', '', 2,
			1, 2, 3, 4, 5, 0, '{"kind":"error","message":"m"}', '[1]', '[2]')`,
		`INSERT INTO runs VALUES (9, 'free', 'orders', '1.0', 1, 0, '', 0, '', NULL, 'pending', '', 1, 1, 0, 0, 0, 0, 0, NULL, '[3]', NULL)`,
		`INSERT INTO log VALUES (7, 1, 2, 'step', 'a', 1, 1, '', 2, 3, 0, NULL, NULL, '[4]')`,
		`INSERT INTO messages VALUES (6, 7, 'cancel', 'r', 'a', 1), (8, 9, 'cancel', 'r', 'a', 1)`,
	)
}
