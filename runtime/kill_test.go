package runtime_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// Durability with real kills: a child process has many trips under way and is killed
// with SIGKILL again and again, at any moment from the first on at which it may execute,
// some handlers' calls later on a machine of any speed.
// Then the database and the handlers' diary are held against what docs/semantics.md
// promises. Was too little under way at a kill, the test fails.

const (
	kills    = 200
	underWay = 500 // runs, at least, at each kill
	looks    = 10  // kills behind which the database is read as a whole
	most     = 400 // calls of handlers that a process lives to see; some more are on their way

	inMemory = underWay / 2
	enough   = 2 * underWay // runs that a process tries to have under way
	starters = 10           // how many it starts at a time on top of that
)

// What a child says.
const (
	busy    = "busy"    // there is enough under way: it may be killed
	found   = "found"   // so many runs were under way when it began
	started = "started" // this run was acknowledged
	called  = "called"  // a handler was called
)

func TestKills(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("200 kills take a minute")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	k := &killed{t: t, dir: t.TempDir(), stored: map[string]map[int64]flow.Entry{}}
	for n := range kills {
		k.runAndKill(random.IntN(most), time.Duration(random.Int64N(int64(20*time.Millisecond))))
		if n%(kills/looks) == 0 {
			k.look()
		}
	}
	out, err := spawn(t, "finish-trips", k.dir).Output()
	if err != nil {
		t.Fatalf("the last process: %v\n%s", err, out)
	}
	k.hear(strings.TrimSpace(strings.ReplaceAll(string(out), called+"\n", "")))
	k.checkEnd()
}

// killed is what is known from outside of the process that is killed.
type killed struct {
	t            *testing.T
	dir          string
	processes    int // that said what they found
	acknowledged []string
	stored       map[string]map[int64]flow.Entry // by run and place in its log: what had ended when somebody looked
}

// runAndKill lets a child work until enough is under way, for so many calls of handlers,
// and some time longer.
func (k *killed) runAndKill(calls int, after time.Duration) {
	k.t.Helper()
	cmd := spawn(k.t, "trips", k.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	isBusy := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch line := lines.Text(); line {
		case busy:
			isBusy = true
		case called:
			calls--
		default:
			k.hear(line)
			continue
		}
		if isBusy && calls <= 0 {
			time.AfterFunc(after, func() { cmd.Process.Kill() }) //nolint:errcheck // it may have died on its own, which fails the test below
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		k.t.Fatalf("the child ended by itself: %v", err)
	}
}

// hear notes what a process says.
func (k *killed) hear(line string) {
	k.t.Helper()
	what, value, _ := strings.Cut(line, " ")
	switch what {
	case started:
		k.acknowledged = append(k.acknowledged, value)
	case found:
		n, err := strconv.Atoi(value)
		if err != nil {
			k.t.Fatalf("the child says %q", line)
		}
		if k.processes++; k.processes > 1 && n < underWay {
			k.t.Fatalf("only %d runs were under way at the kill; the test proves nothing", n)
		}
	default:
		k.t.Fatalf("the child says %q", line)
	}
}

// look notes what is stored between two processes. That must not be different later.
func (k *killed) look() {
	k.t.Helper()
	eachRun(k.t, k.dir, func(d *runtime.RunDetail) {
		k.checkStored(d)
		ended := map[int64]flow.Entry{}
		for _, e := range d.Log {
			if !e.Open() {
				ended[e.Seq] = e
			}
		}
		k.stored[d.ID] = ended
	})
}

// checkStored holds a run against what had been stored of it before.
func (k *killed) checkStored(d *runtime.RunDetail) {
	k.t.Helper()
	now := map[int64]flow.Entry{}
	for _, e := range d.Log {
		now[e.Seq] = e
	}
	for seq, e := range k.stored[d.ID] {
		if !reflect.DeepEqual(now[seq], e) {
			k.t.Errorf("run %s: the entry %d was stored as %+v and is now %+v", d.ID, seq, e, now[seq])
		}
	}
}

// eachRun reads all runs of the database.
func eachRun(t *testing.T, dir string, f func(*runtime.RunDetail)) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rt, err := runtime.New(db)
	if err != nil {
		t.Fatal(err)
	}
	err = listed(t.Context(), rt, runtime.RunFilter{}, func(r runtime.RunSummary) error {
		d, err := rt.GetRun(t.Context(), r.ID)
		if err != nil {
			return err
		}
		run, log, err := db.Get(t.Context(), r.ID) // what GetRun hides, since the flow has no code here
		if err != nil {
			return err
		}
		d.Input, d.Output, d.Log = run.Input, run.Output, log
		f(d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listed calls f for each run of a filter.
func listed(ctx context.Context, rt *runtime.Runtime, filter runtime.RunFilter, f func(runtime.RunSummary) error) error {
	filter.Limit = store.MaxPage
	for {
		page, err := rt.ListRuns(ctx, filter)
		if err != nil {
			return err
		}
		for _, r := range page.Runs {
			if err := f(r); err != nil {
				return err
			}
		}
		if filter.Cursor = page.NextCursor; filter.Cursor == "" {
			return nil
		}
	}
}

// checkEnd holds the database against the promises when all runs are over.
func (k *killed) checkEnd() {
	k.t.Helper()
	diary := readDiary(k.t, k.dir)
	there, over := map[string]bool{}, map[runtime.Status]int64{}
	calls, children, again := map[string]string{}, map[string]string{}, map[string]int{}
	eachRun(k.t, k.dir, func(d *runtime.RunDetail) {
		there[d.ID] = true
		over[d.Status]++
		k.checkStored(d)
		k.checkResults(d)
		k.checkCalls(d, diary[d.ID], again)
		if d.ParentID != "" {
			children[d.ID] = d.ParentID
			return
		}
		k.checkTrip(d)
		for _, e := range d.Log {
			if e.Kind == flow.KindCall {
				calls[e.Key] = d.ID
			}
		}
	})
	k.checkNumbers(int64(len(there)), over)
	for _, id := range k.acknowledged {
		if !there[id] {
			k.t.Errorf("run %s was acknowledged and is lost", id)
		}
	}
	if !reflect.DeepEqual(calls, children) {
		k.t.Errorf("%d runs called others, and %d were called; want the same", len(calls), len(children))
	}
	k.t.Logf("%d trips were acknowledged; calls that a kill cut off: %v", len(k.acknowledged), again)
	for _, what := range []string{"book do", "book undo", "charge do", "pay undo", "fly do", "fly undo"} {
		if again[what] < 5 {
			k.t.Errorf("%q was under way at %d kills; the test proves nothing", what, again[what])
		}
	}
}

// checkNumbers holds what the store counted, across all kills, against the runs.
func (k *killed) checkNumbers(runs int64, over map[runtime.Status]int64) {
	k.t.Helper()
	db, err := sqlite.Open(filepath.Join(k.dir, "runs.db"))
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	rt, err := runtime.New(db)
	if err != nil {
		k.t.Fatal(err)
	}
	stats, err := rt.Stats(k.t.Context(), runtime.StatsQuery{Window: runtime.SlotsKept})
	if err != nil {
		k.t.Fatal(err)
	}
	all, happened := stats.All, stats.All.Happened
	want := []int64{0, 0, over[runtime.StatusCompleted], over[runtime.StatusFailed], over[runtime.StatusCancelled]}
	if got := []int64{all.Pending, all.Running, all.Completed, all.Failed, all.Cancelled}; !slices.Equal(got, want) {
		k.t.Errorf("the store counted %v runs by status; there are %v", got, want)
	}
	if happened.Started != runs || happened.Completed != over[runtime.StatusCompleted] || happened.Failed != over[runtime.StatusFailed] {
		k.t.Errorf("the store counted that %+v happened; there are %d runs, %v", happened, runs, over)
	}
}

// checkResults holds a run to one result of each piece of work.
func (k *killed) checkResults(d *runtime.RunDetail) {
	k.t.Helper()
	results := map[string]int{}
	for _, e := range d.Log {
		if e.Open() {
			k.t.Errorf("run %s is over and has an open entry %+v", d.ID, e)
		}
		if e.Error == nil && e.Kind != flow.KindSignal {
			results[fmt.Sprintln(e.RunAttempt, e.Step, e.Kind)]++
		}
	}
	for what, n := range results {
		if n != 1 {
			k.t.Errorf("run %s: %q has %d results", d.ID, what, n)
		}
	}
}

// checkCalls holds the calls of a run's handlers against its log: each attempt was made,
// and none was made again when its end was stored. It counts those that were made again,
// since a kill cut them off.
func (k *killed) checkCalls(d *runtime.RunDetail, diary map[attempt][]time.Time, again map[string]int) {
	k.t.Helper()
	for _, e := range d.Log {
		act := "do"
		switch e.Kind {
		case flow.KindStep:
		case flow.KindCompensation:
			act = "undo"
		default:
			continue
		}
		times := diary[attempt{e.RunAttempt, e.Step, act, e.Attempt}]
		if len(times) == 0 {
			k.t.Errorf("run %s: %+v has ended, and was never made", d.ID, e)
			continue
		}
		again[nameOf(e.Step)+" "+act] += len(times) - 1
		if first := times[0]; (e.Step == "fly" || act == "undo") && first.Before(lastBefore(d, e)) {
			k.t.Errorf("run %s: %+v began at %v, before the ends of all before it were stored", d.ID, e, first)
		}
		if last := times[len(times)-1]; last.After(e.FinishedAt.Add(time.Millisecond)) { // what is stored is whole milliseconds
			k.t.Errorf("run %s: %+v was made again at %v, when its end was stored", d.ID, e, last)
		}
	}
}

// lastBefore is when the last of the steps and compensations ended that stand before one
// that is not under way with others.
func lastBefore(d *runtime.RunDetail, e flow.Entry) (last time.Time) {
	for _, before := range d.Log {
		if (before.Kind == flow.KindStep || before.Kind == flow.KindCall || before.Kind == flow.KindCompensation) &&
			before.EndSeq < e.Seq && before.FinishedAt.After(last) {
			last = before.FinishedAt
		}
	}
	return last
}

// nameOf is the name of the block at a path.
func nameOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// checkTrip holds a run against what its number says of it.
func (k *killed) checkTrip(d *runtime.RunDetail) {
	k.t.Helper()
	var in number
	if err := json.Unmarshal(d.Input, &in); err != nil {
		k.t.Fatal(err)
	}
	failed, attempts, paid, flown := ends(in.N)
	status, unbooked := runtime.StatusCompleted, 0
	if failed {
		status, unbooked = runtime.StatusFailed, attempts*seatsOf(in.N)
	}
	undone := map[string]int{}
	for _, e := range d.Log {
		if e.Kind == flow.KindCompensation && e.Error == nil {
			undone[nameOf(e.Step)]++
		}
	}
	got := fmt.Sprint(d.Status, d.Attempts, undone["pay"], undone["fly"], undone["book"])
	if want := fmt.Sprint(status, attempts, paid, flown, unbooked); got != want {
		k.t.Errorf("trip %d, the run %s, ended with %s, want %s", in.N, d.ID, got, want)
	}
}
