package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file holds what two stores on one file say, the numbers and the lists, against the rows, whatever they, a
// program's own transactions and failures do in whatever order.

// interleaved is a file with two stores, of which the first one executes, and a connection of somebody else's.
type interleaved struct {
	*rapid.T
	test          *testing.T
	path          string
	first, second *Store
	own           *sql.DB
	fails         *failing     // commits of the first store
	gone          *atomic.Bool // is the disk, for its new connections

	now    time.Time
	made   int // runs, for their ids
	claims map[string]store.Claim
	seen   map[string]row
}

// row is what is counted of a run.
type row struct {
	flow, tenant               string
	status                     flow.Status
	created, started, finished int64
}

func newInterleaved(test *testing.T, t *rapid.T) *interleaved {
	w := &interleaved{
		T: t, test: test, path: filepath.Join(test.TempDir(), "runs.db"),
		fails: &failing{}, gone: &atomic.Bool{}, now: testStart, claims: map[string]store.Claim{}, seen: map[string]row{},
	}
	w.open()
	// Not far from where the numbers are folded, and rows deleted.
	at := rapid.Int64Range(foldEvery-20, foldEvery).Draw(t, "commits before")
	w.exec(`UPDATE commits SET number = ?`, at)
	w.exec(`UPDATE meta SET folded = ?`, at)
	return w
}

func (w *interleaved) open() {
	keep := func(o *options) { o.keep = keeping{commits: 5, moves: 5} }
	connect := func(o *options) {
		o.connect = func(*conn) error {
			if w.gone.Load() {
				return errors.New("the disk is gone")
			}
			return nil
		}
	}
	var err1, err2, err3 error
	w.first, err1 = Open(w.path, WithSynchronous(Normal), keep, connect, w.fails.option)
	w.second, err2 = Open(w.path, WithSynchronous(Normal), keep)
	w.own, err3 = sql.Open("sqlite", uri(w.path, url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "synchronous(OFF)"}}))
	w.must(errors.Join(err1, err2, err3))
	w.acquire()
}

func (w *interleaved) close() {
	w.must(errors.Join(w.own.Close(), w.first.Close(), w.second.Close()))
}

func (w *interleaved) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// exec runs a statement of somebody else's.
func (w *interleaved) exec(text string, args ...any) {
	w.Helper()
	_, err := w.own.Exec(text, args...)
	w.must(err)
}

// may fail, since commits were made to.
func (w *interleaved) may(err error) bool {
	w.Helper()
	if err != nil && !errors.Is(err, errCommit) && !errors.Is(err, store.ErrClaimLost) {
		w.Fatal(err)
	}
	return err == nil
}

func (w *interleaved) acquire() {
	if ok, err := w.first.Acquire(w.test.Context()); w.may(err) && !ok {
		w.Fatal("the first store has no right to execute")
	}
}

func (w *interleaved) either() *Store {
	if rapid.Bool().Draw(w.T, "the first store") {
		return w.first
	}
	return w.second
}

// run is a new one.
func (w *interleaved) run() store.Run {
	w.made++
	r := testRun(fmt.Sprint(w.made))
	r.CreatedAt = w.now
	r.Flow = rapid.SampledFrom([]string{"orders", "returns"}).Draw(w.T, "flow")
	r.Tenant = rapid.SampledFrom([]string{"", "a", "b"}).Draw(w.T, "tenant")
	return r
}

// someRuns are ids of runs with a condition, in their order.
func (w *interleaved) someRuns(condition string) (ids []string) {
	rows, err := w.own.Query(`SELECT id FROM runs WHERE ` + condition + ` ORDER BY run DESC`)
	w.must(each(rows, err, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}))
	return ids
}

func (w *interleaved) pick(condition string) string {
	ids := w.someRuns(condition)
	if len(ids) == 0 {
		w.Skip("there is none")
	}
	return rapid.SampledFrom(ids).Draw(w.T, "run")
}

func (w *interleaved) pickClaim() store.Claim {
	if len(w.claims) == 0 {
		w.Skip("there is none")
	}
	var ids []string
	for id := range w.claims {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return w.claims[rapid.SampledFrom(ids).Draw(w.T, "run")]
}

// create creates a run with one of the stores.
func (w *interleaved) create(*rapid.T) {
	s := w.either()
	created, err := s.Create(w.test.Context(), w.run(), rapid.Bool().Draw(w.T, "claim"), 0)
	if w.may(err) && created.Claim != nil {
		w.claims[created.Run.ID] = *created.Claim
	}
}

// createIn creates runs in a transaction of somebody else's.
func (w *interleaved) createIn(*rapid.T) {
	tx, err := w.own.Begin()
	w.must(err)
	for range rapid.IntRange(1, 3).Draw(w.T, "runs") {
		s := w.either()
		_, err := s.CreateIn(w.test.Context(), tx, w.run())
		w.must(err)
	}
	if rapid.Bool().Draw(w.T, "commit") {
		w.must(tx.Commit())
		return
	}
	w.must(tx.Rollback())
}

// lend creates runs in a loan, of which nothing may come.
func (w *interleaved) lend(*rapid.T) {
	claim := w.pickClaim()
	refusal := errors.New("no")
	err := w.first.Lend(w.test.Context(), claim, func(loan store.Loan) (store.Change, error) {
		for range rapid.IntRange(1, 2).Draw(w.T, "runs") {
			if _, err := w.first.CreateIn(w.test.Context(), loan, w.run()); err != nil {
				return store.Change{}, err
			}
		}
		if rapid.Bool().Draw(w.T, "refuse") {
			return store.Change{}, refusal
		}
		return w.change(claim), nil
	})
	if !errors.Is(err, refusal) {
		w.may(err)
	}
}

// change is one of how a run stands.
func (w *interleaved) change(claim store.Claim) store.Change {
	status := rapid.SampledFrom([]flow.Status{flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled}).Draw(w.T, "status")
	c := store.Change{Claim: claim, Head: &store.Run{Status: status, Attempt: 1, StartedAt: w.now.Add(-time.Second)}}
	switch {
	case status.Final():
		c.Head.FinishedAt = w.now
		if rapid.Bool().Draw(w.T, "never began") {
			c.Head.StartedAt = time.Time{}
		}
	default:
		c.Release = rapid.Bool().Draw(w.T, "release")
	}
	if endsClaim(&c) {
		delete(w.claims, claim.RunID)
	}
	return c
}

// commit commits a change and, if that fails, another one.
func (w *interleaved) commit(*rapid.T) {
	claim := w.pickClaim()
	if rapid.Bool().Draw(w.T, "fail") {
		w.fail(w.T)
	}
	for range 2 {
		if w.may(w.first.Commit(w.test.Context(), w.change(claim))) {
			return
		}
	}
}

// lazily begins a run of which nobody is told at once.
func (w *interleaved) lazily(*rapid.T) {
	claim := w.pickClaim()
	c := store.Change{Claim: claim, Lazy: true, Entries: []flow.Entry{testEntry(1)}, Head: &store.Run{Status: flow.StatusRunning, Attempt: 1}}
	if !w.may(w.first.Commit(w.test.Context(), c)) {
		return
	}
	for range 2 { // of which one may fail; it writes what is lazy, which must not come between two looks of ours
		w.may(w.first.Commit(w.test.Context(), store.Change{Claim: claim, Release: true}))
	}
	delete(w.claims, claim.RunID)
}

// claim claims what is free.
func (w *interleaved) claim(*rapid.T) {
	got, err := w.first.Claim(w.test.Context(), store.ClaimQuery{
		Now: w.now, Limit: rapid.IntRange(1, 3).Draw(w.T, "limit"), Flows: []store.FlowVersion{{Flow: "orders", Major: 1}, {Flow: "returns", Major: 1}},
	})
	w.may(err)
	for _, c := range got {
		w.claims[c.Run.ID] = c.Claim
	}
}

func (w *interleaved) release(*rapid.T) {
	claim := w.pickClaim()
	w.may(w.first.Commit(w.test.Context(), store.Change{Claim: claim, Release: true}))
	delete(w.claims, claim.RunID)
}

// batch has changes written in one transaction, which has to be undone since one of them cannot be made.
func (w *interleaved) batch(*rapid.T) {
	release := holdUp(w.test, w.first)
	var all sync.WaitGroup
	for range 2 {
		run := w.run()
		all.Go(func() {
			if _, err := w.first.Create(w.test.Context(), run, false, 0); err != nil && !errors.Is(err, errCommit) {
				w.test.Error(err)
			}
		})
	}
	all.Go(func() {
		if w.first.write(w.test.Context(), &bad{}) == nil {
			w.test.Error("a change that cannot be made was made")
		}
	})
	waitForQueue(w.first, 3)
	release()
	all.Wait()
}

// fail makes the next COMMIT fail, before it is durable or after.
func (w *interleaved) fail(*rapid.T) {
	if rapid.Bool().Draw(w.T, "before") {
		w.fails.set(1, 0)
		return
	}
	w.fails.set(0, 1)
}

// lose makes a COMMIT fail when the database cannot be asked.
func (w *interleaved) lose(*rapid.T) {
	w.fail(w.T)
	w.gone.Store(true)
	if _, err := w.first.Create(w.test.Context(), w.run(), true, 0); err == nil {
		w.Fatal("the fate of a transaction is known though nobody can know")
	}
	w.gone.Store(false)
}

// rob takes the right to execute away, as another process does that got the lock.
func (w *interleaved) rob(*rapid.T) {
	w.exec(`UPDATE meta SET epoch = epoch + 1`)
	w.exec(`UPDATE runs SET claim = 0 WHERE claim > 0`)
}

// remove deletes a run.
func (w *interleaved) remove(*rapid.T) {
	id := w.pick(`status IN ('completed', 'failed', 'cancelled')`)
	s := w.either()
	w.may(s.Delete(w.test.Context(), id))
}

// removeWithSQL deletes a run past the stores.
func (w *interleaved) removeWithSQL(*rapid.T) {
	w.exec(`DELETE FROM runs WHERE id = ?`, w.pick(`1`))
}

func (w *interleaved) reopen(*rapid.T) {
	w.fails.set(0, 0)
	w.close()
	clear(w.claims)
	w.open()
}

func (w *interleaved) nextSlot(*rapid.T) { w.now = w.now.Add(store.SlotLength) }

// list reads all pages of some statuses, while runs are claimed and given back.
func (w *interleaved) list(*rapid.T) {
	statuses := rapid.SliceOfNDistinct(rapid.SampledFrom([]flow.Status{flow.StatusPending, flow.StatusRunning, flow.StatusFailed}), 1, 3, rapid.ID).Draw(w.T, "statuses")
	f := store.Filter{Statuses: statuses, Limit: rapid.IntRange(1, 3).Draw(w.T, "page")}
	in := `status IN ('-'`
	for _, status := range statuses {
		in += `, '` + string(status) + `'`
	}
	want := w.someRuns(in + `)`)
	var got []string
	for {
		page, err := w.either().List(w.test.Context(), f)
		w.must(err)
		for _, r := range page.Runs {
			got = append(got, r.ID)
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
		if len(w.claims) > 0 && rapid.Bool().Draw(w.T, "give back") {
			w.release(w.T)
		} else {
			w.claim(w.T)
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.Fatalf("the pages of %v are not the rows (-want +got):\n%s", f, diff)
	}
}

// look notes what is counted of all runs, since those that are deleted count in their slots.
func (w *interleaved) look() (there map[string]row) {
	there = map[string]row{}
	rows, err := w.own.Query(`SELECT id, flow, tenant, status, created_at, started_at, finished_at FROM runs`)
	w.must(each(rows, err, func(scan func(...any) error) error {
		var id string
		var r row
		err := scan(&id, &r.flow, &r.tenant, &r.status, &r.created, &r.started, &r.finished)
		there[id], w.seen[id] = r, r
		return err
	}))
	return there
}

// wanted are the numbers that the rows say, of the runs of some tenants, or of all.
func (w *interleaved) wanted(there map[string]row, tenants []string) map[string]store.FlowStats {
	want := map[string]store.FlowStats{}
	for id, r := range w.seen {
		if tenants != nil && !slices.Contains(tenants, r.tenant) {
			continue
		}
		f := want[r.flow]
		if _, ok := there[id]; ok {
			add(&f, r.status)
		}
		started := store.NewSlot(store.SlotOf(toTime(r.created)))
		started.Started++
		f.AddSlot(&started)
		if r.status.Final() {
			over, bucket := store.NewSlot(store.SlotOf(toTime(r.finished))), store.NoDuration
			if r.started != 0 {
				bucket = store.BucketOf(toTime(r.finished).Sub(toTime(r.started)))
			}
			map[flow.Status]store.Durations{
				flow.StatusCompleted: over.Completed, flow.StatusFailed: over.Failed, flow.StatusCancelled: over.Cancelled,
			}[r.status].Count(bucket, 1)
			f.AddSlot(&over)
		}
		want[r.flow] = f
	}
	return want
}

func add(f *store.FlowStats, status flow.Status) {
	*map[flow.Status]*int64{
		flow.StatusPending: &f.Pending, flow.StatusRunning: &f.Running, flow.StatusCompleted: &f.Completed,
		flow.StatusFailed: &f.Failed, flow.StatusCancelled: &f.Cancelled,
	}[status]++
}

// check holds the numbers that one of the stores says against the rows.
func (w *interleaved) check(*rapid.T) {
	there := w.look()
	tenants := rapid.SampledFrom([][]string{nil, nil, {"a"}, {"", "b"}}).Draw(w.T, "tenants")
	stats, err := w.either().Stats(w.test.Context(), store.StatsQuery{Now: w.now, Since: testStart, Tenants: tenants})
	w.must(err)
	got := map[string]store.FlowStats{}
	for _, f := range stats.Flows {
		if f.Pending+f.Running+f.Completed+f.Failed+f.Cancelled > 0 || len(f.Slots) > 0 {
			got[f.Flow] = store.FlowStats{
				Pending: f.Pending, Running: f.Running, Completed: f.Completed, Failed: f.Failed, Cancelled: f.Cancelled, Slots: f.Slots,
			}
		}
	}
	if diff := cmp.Diff(w.wanted(there, tenants), got); diff != "" {
		w.Fatalf("the numbers of %q are not those of the rows (-want +got):\n%s", tenants, diff)
	}
	var unfolded int
	w.must(w.own.QueryRow(`SELECT count(*) FROM commits WHERE number > (SELECT folded FROM meta)`).Scan(&unfolded))
	if unfolded > foldEvery {
		w.Fatalf("%d transactions are not folded; want %d at most", unfolded, foldEvery)
	}
}

func TestNumbersAndListsOfTwoStores(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		if rapid.IntRange(0, 9).Draw(rt, "0 to open the stores") != 0 {
			return // they take a while
		}
		w := newInterleaved(t, rt)
		defer w.close()
		rt.Repeat(map[string]func(*rapid.T){
			"acquire": func(*rapid.T) { w.acquire() },
			"create":  w.create, "create in": w.createIn, "lend": w.lend, "claim": w.claim, "commit": w.commit, "lazily": w.lazily, "release": w.release,
			"batch": w.batch, "fail": w.fail, "lose": w.lose, "rob": w.rob, "remove": w.remove, "remove with SQL": w.removeWithSQL,
			"reopen": w.reopen, "next slot": w.nextSlot, "list": w.list,
			"": w.check,
		})
	})
}
