package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// manyRuns makes a database of so many completed runs, one each second. The oldest one is of
// another flow and has a label.
func manyRuns(t testing.TB, runs int) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runs.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := connect(writerURI(path, Normal))
	if err != nil {
		t.Fatal(err)
	}
	err = c.run(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO runs (id, flow, version, major, minor, tenant, priority, idempotency_key, labels, status, phase, attempt,
			created_at, started_at, finished_at, wake_at, end_seq, claim, input, output)
		SELECT printf('01JD%022d', i), iif(i = 1, 'rare', 'orders'), '1.0', 1, 0, '', 0, '', iif(i = 1, '{"rare":"yes"}', '{"x":"y"}'),
			'completed', '', 1, ? + 1000 * i, 0, 0, 0, 9, 0, '{"orderId":"ord_12345"}', '{"chargeId":"ch_123"}' FROM n`,
		int64(runs), testStart.UnixMilli())
	fill := c.run(`INSERT INTO run_chunks (chunk, flow, earliest, latest)
		SELECT run >> 10, flow, min(created_at), max(created_at) FROM runs GROUP BY run >> 10, flow`)
	if err := errors.Join(err, fill, c.close()); err != nil {
		t.Fatal(err)
	}
	return s
}

// A page looks at so many runs and no more, and goes on where it ended.
func TestPagesOfWhatIsRare(t *testing.T) {
	s := manyRuns(t, 2*maxLooked+99)
	rare := map[string]string{"rare": "yes"}
	for name, c := range map[string]struct {
		filter       store.Filter
		found, pages int
	}{
		"a label":              {store.Filter{Labels: rare}, 1, 3},
		"a flow":               {store.Filter{Flow: "rare"}, 1, 1},
		"a time":               {store.Filter{Until: testStart.Add(1500 * time.Millisecond)}, 1, 1},
		"a label, by its flow": {store.Filter{Flow: "rare", Labels: rare}, 1, 1},
		"a label, by its time": {store.Filter{Until: testStart.Add(time.Minute), Labels: rare}, 1, 1},
		"a label of no run":    {store.Filter{Flow: "orders", Labels: rare}, 0, 2},
		"what is later":        {store.Filter{Since: testStart.Add(1000 * time.Hour)}, 0, 1},
		"a status":             {store.Filter{Statuses: []flow.Status{"failed"}}, 0, 1},
		"a parent":             {store.Filter{ParentID: "x"}, 0, 1},
	} {
		found, pages := 0, 1
		for f := c.filter; ; pages++ {
			page, err := s.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			found += len(page.Runs)
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		if found != c.found || pages != c.pages {
			t.Errorf("%s: %d runs on %d pages; want %d on %d", name, found, pages, c.found, c.pages)
		}
	}
}

// Runs are found by their flow and their time also if the commit of an earlier one failed,
// if another process stored them, and if the clock was set back.
func TestFilterAfterTrouble(t *testing.T) {
	path, f := filepath.Join(t.TempDir(), "runs.db"), &failing{}
	s := execute(t, path, f.option)
	other := open(t, path)
	for i, c := range []struct {
		by     *Store
		at     time.Duration
		before int // how many commits fail
	}{{s, time.Hour, 1}, {s, time.Hour, 0}, {other, 0, 0}, {s, 2 * time.Hour, 0}, {other, -time.Hour, 0}, {s, 0, 0}} {
		f.mu.Lock()
		f.before = c.before
		f.mu.Unlock()
		run := testRun(fmt.Sprint(i))
		run.CreatedAt = testStart.Add(c.at)
		if _, err := c.by.Create(t.Context(), run, false, 0); (err != nil) != (c.before > 0) {
			t.Fatal(err)
		}
		if page, err := s.List(t.Context(), store.Filter{Flow: "orders"}); err != nil || len(page.Runs) != i {
			t.Fatalf("%d runs, %v; want %d", len(page.Runs), err, i)
		}
	}
	for since, want := range map[time.Duration]string{-time.Hour: "[5 4 3 2 1]", 0: "[5 3 2 1]", time.Hour: "[3 1]", 2 * time.Hour: "[3]"} {
		page, err := s.List(t.Context(), store.Filter{Flow: "orders", Since: testStart.Add(since)})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range page.Runs {
			got = append(got, r.ID)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("since %v: %v; want %s", since, got, want)
		}
	}
}

// BenchmarkList is what a page costs with a million runs there: the newest, those of a rare flow, of a
// time long ago, and one that looks at all that a page may look at.
func BenchmarkList(b *testing.B) {
	s := manyRuns(b, 1_000_000)
	for _, c := range []struct {
		name   string
		filter store.Filter
	}{
		{"newest", store.Filter{}},
		{"flow", store.Filter{Flow: "orders"}},
		{"rare flow", store.Filter{Flow: "rare"}},
		{"long ago", store.Filter{Until: testStart.Add(time.Hour)}},
		{"completed", store.Filter{Statuses: []flow.Status{flow.StatusCompleted}}},
		{"rare label", store.Filter{Labels: map[string]string{"rare": "yes"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.List(b.Context(), c.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
