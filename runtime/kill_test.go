package runtime_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// Durability with real kills: a child process has many runs under way and is
// killed with SIGKILL again and again; then the database and the handlers'
// diary are held against what docs/semantics.md promises.

// The environment of a child process: what it is to do, and with which files.
const (
	childRole = "BEXTGEN_TEST_CHILD" // kill, finish, fsync, power, checkpoints, kill-tx, finish-tx, family or family-finish
	childDir  = "BEXTGEN_TEST_DIR"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := child(role, os.Getenv(childDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const (
	kills    = 50
	underWay = 200    // runs, at least, at each kill
	starters = 20     // how many a process starts at a time on top of what it finds
	busy     = "busy" // what it says when all of them have begun
)

// child is the program that is killed.
func child(role, dir string) error {
	if role == "family" || role == "family-finish" {
		return familyChild(dir, role == "family-finish")
	}
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		return err
	}
	diary, err := os.OpenFile(filepath.Join(dir, "diary"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	rt, err := runtime.New(db, runtime.WithConcurrency(4*underWay), runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	f, handlers := killFlow(), diaryShop(diary)
	switch {
	case strings.HasSuffix(role, "-tx"):
		f, handlers = killTxFlow(), killTxShop()
	case role == "checkpoints":
		f, handlers = newShipFlow(), shop{pay: workInPieces(diary)}
	}
	if err := f.register(rt, handlers); err != nil {
		return err
	}
	ctx := context.Background()
	if err := rt.Start(ctx); err != nil {
		return err
	}
	switch role {
	case "kill":
		return keepBusy(ctx, rt, f)
	case "kill-tx":
		return keepCharging(ctx, rt, f)
	case "finish", "finish-tx":
		err = waitForAll(ctx, rt)
	case "fsync":
		err = oneAfterTheOther(ctx, f)
	case "power":
		err = powerChild(ctx, f)
	case "checkpoints":
		err = checkpointChild(ctx, rt, f)
	}
	return errors.Join(err, rt.Close(ctx), db.Close())
}

// killFlow has retries, a short delay and a compensation with retries.
func killFlow() *shipFlow {
	f := newShipFlow()
	f.pay.Policy = flow.Policy{Retries: 3, Backoff: flow.Fixed, BackoffBase: 5 * time.Millisecond}
	f.ship.Delay = 5 * time.Millisecond
	f.reserve.Compensation.Policy = &flow.Policy{Retries: 5, Backoff: flow.Fixed, BackoffBase: 2 * time.Millisecond}
	return f
}

// diaryShop are handlers that take a moment, at times fail, and write down what they do.
func diaryShop(diary *os.File) shop {
	note := noteIn(diary)
	return shop{
		reserve: func(ctx context.Context, _ shipment) (receipt, error) { note(ctx); return receipt{"r"}, nil },
		release: func(ctx context.Context, _ shipment, _ receipt) error {
			if info := note(ctx); info.Attempt == 1 {
				return errors.New("release fails once")
			}
			return nil
		},
		pay: func(ctx context.Context, in shipment) (receipt, error) {
			if info := note(ctx); info.Attempt <= int(in.Count%3) {
				return receipt{}, errors.New("the bank is busy")
			}
			return receipt{"p"}, nil
		},
		ship: func(ctx context.Context, in shipment) error {
			note(ctx)
			if in.Count%4 == 0 {
				return runtime.Permanent(errors.New("no such address"))
			}
			return nil
		},
	}
}

// noteIn is what handlers do: they write down what they are asked for, and take a moment.
func noteIn(diary *os.File) func(context.Context) runtime.StepInfo {
	return func(ctx context.Context) runtime.StepInfo {
		info := runtime.Info(ctx)
		act := "do"
		if info.Compensation {
			act = "undo"
		}
		// One write call for each line: the kernel has it even if this process is killed.
		fmt.Fprintln(diary, info.RunID, info.RunAttempt, info.Step, act)
		time.Sleep(rand.N(20 * time.Millisecond))
		return info
	}
}

// keepBusy starts runs for ever, so that enough are under way, and prints the id of each that was acknowledged.
func keepBusy(ctx context.Context, rt *runtime.Runtime, f *shipFlow) error {
	ctx = runtime.NewContext(ctx, rt)
	open, err := openRuns(ctx, rt)
	if err != nil {
		return err
	}
	var count atomic.Int64
	failed := make(chan error)
	var first sync.WaitGroup
	n := max(3*underWay-open, starters)
	first.Add(n)
	for range n {
		go func() { // until it is killed
			for i := 0; ; i++ {
				run, err := f.start(ctx, shipment{Count: count.Add(1)})
				if err != nil {
					failed <- err
					return
				}
				fmt.Println(run.ID())
				if i == 0 {
					first.Done()
				}
				run.Wait(ctx) //nolint:errcheck // how it ends is read from the database
			}
		}()
	}
	first.Wait()
	fmt.Println(busy)
	return <-failed
}

// waitForAll waits until every run in the database is over.
func waitForAll(ctx context.Context, rt *runtime.Runtime) error {
	for {
		open, err := openRuns(ctx, rt)
		if open == 0 || err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// openRuns counts the runs that are not over, as far as one page of each status shows them.
func openRuns(ctx context.Context, rt *runtime.Runtime) (open int, err error) {
	for _, status := range []runtime.Status{runtime.StatusPending, runtime.StatusRunning} {
		page, err := rt.ListRuns(ctx, runtime.RunFilter{Statuses: []runtime.Status{status}, Limit: 500})
		if err != nil {
			return 0, err
		}
		open += len(page.Runs)
	}
	return open, nil
}

// spawn starts this test's program as a child.
func spawn(t *testing.T, role, dir string, wrap ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, self)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("50 kills take a while")
	}
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	k := &killed{t: t, dir: dir, role: "kill", underWay: underWay, stored: map[string]bool{}, over: map[string]bool{}}
	for range kills {
		k.runAndKill(time.Duration(random.IntN(60)) * time.Millisecond)
		k.look()
	}
	if out, err := spawn(t, "finish", dir).Output(); err != nil {
		t.Fatalf("the last process: %v\n%s", err, out)
	}
	k.checkEnd(k.checkRun)
	t.Logf("%d runs were acknowledged, %d results were stored before a kill", len(k.acknowledged), len(k.stored))
}

// killed is what is known from outside of the process that is killed.
type killed struct {
	t            *testing.T
	dir          string
	role         string // of the process
	underWay     int    // runs, at least, at each kill
	acknowledged []string
	stored       map[string]bool // "run attempt step act" with a result on disk
	over         map[string]bool // runs that look has seen at their end
	read         int             // lines of the diary that were read
}

// runAndKill lets a child work until enough is under way and some time longer.
func (k *killed) runAndKill(after time.Duration) {
	k.t.Helper()
	cmd := spawn(k.t, k.role, k.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if line := lines.Text(); line != busy {
			k.acknowledged = append(k.acknowledged, line)
		} else {
			time.AfterFunc(after, func() { cmd.Process.Kill() }) //nolint:errcheck // it may have died on its own, which fails the test below
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		k.t.Fatalf("the child ended by itself: %v", err)
	}
}

// look reads the database between two processes. What the process before did
// must not include a result that was stored when it started.
func (k *killed) look() {
	k.t.Helper()
	for _, line := range k.diary() {
		if k.stored[line] {
			k.t.Fatalf("%q was stored, and was run again", line)
		}
	}
	open := 0
	k.each(k.over, func(d *runtime.RunDetail) {
		if k.over[d.ID] = d.Status.Final(); !k.over[d.ID] {
			open++
		}
		for _, e := range d.Log {
			if e.Error == nil && !e.Open() {
				k.stored[work(d.ID, e)] = true
			}
		}
	})
	if open < k.underWay {
		k.t.Fatalf("only %d runs were under way at the kill; the test proves nothing", open)
	}
}

// work names what an entry is an attempt of, as the diary does.
func work(runID string, e flow.Entry) string {
	act := string(e.Kind)
	switch e.Kind {
	case flow.KindStep:
		act = "do"
	case flow.KindCompensation:
		act = "undo"
	}
	return fmt.Sprintln(runID, e.RunAttempt, e.Step, act)
}

// diary are the lines that were written since the last call.
func (k *killed) diary() []string {
	k.t.Helper()
	raw, err := os.ReadFile(filepath.Join(k.dir, "diary"))
	if err != nil {
		k.t.Fatal(err)
	}
	all := strings.SplitAfter(string(raw), "\n")
	all = all[:len(all)-1]
	fresh := all[k.read:]
	k.read = len(all)
	return fresh
}

// each reads all runs of the database but some.
func (k *killed) each(but map[string]bool, f func(*runtime.RunDetail)) {
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
	filter := runtime.RunFilter{Limit: 500}
	for {
		page, err := rt.ListRuns(k.t.Context(), filter)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, r := range page.Runs {
			if but[r.ID] {
				continue
			}
			d, err := rt.GetRun(k.t.Context(), r.ID)
			if err != nil {
				k.t.Fatal(err)
			}
			f(d)
		}
		if filter.Cursor = page.NextCursor; filter.Cursor == "" {
			return
		}
	}
}

// checkEnd holds the database against the promises when all runs are over.
func (k *killed) checkEnd(check func(*runtime.RunDetail)) {
	k.t.Helper()
	for _, line := range k.diary() {
		if k.stored[line] {
			k.t.Errorf("%q was stored, and was run again", line)
		}
	}
	found, over := map[string]bool{}, map[runtime.Status]int64{}
	k.each(nil, func(d *runtime.RunDetail) {
		found[d.ID] = true
		over[d.Status]++
		check(d)
	})
	k.checkNumbers(int64(len(found)), over)
	for _, id := range k.acknowledged {
		if !found[id] {
			k.t.Errorf("run %s was acknowledged and is lost", id)
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

func (k *killed) checkRun(d *runtime.RunDetail) {
	k.t.Helper()
	count, err := strconv.ParseInt(strings.Trim(string(d.Input), `{}"card:ount,`), 10, 64)
	if err != nil {
		k.t.Fatalf("input %s: %v", d.Input, err)
	}
	want, undone := runtime.StatusCompleted, 0
	if count%4 == 0 {
		want, undone = runtime.StatusFailed, 1
	}
	if got := k.checkResults(d)[fmt.Sprintln(d.ID, 1, "reserve", "undo")]; d.Status != want || got != undone {
		k.t.Errorf("run %s of %d is %s with %d compensations, want %s with %d", d.ID, count, d.Status, got, want, undone)
	}
}

// checkResults are how often there is a result of each piece of work of a run that is
// over: once.
func (k *killed) checkResults(d *runtime.RunDetail) map[string]int {
	k.t.Helper()
	results := map[string]int{}
	for _, e := range d.Log {
		if e.Open() {
			k.t.Errorf("run %s is over and has an open entry %+v", d.ID, e)
		}
		if e.Error == nil && e.Kind != flow.KindSignal {
			results[work(d.ID, e)]++
		}
	}
	for what, n := range results {
		if n != 1 {
			k.t.Errorf("%q has %d results", what, n)
		}
	}
	return results
}
