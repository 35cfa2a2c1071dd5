package runtime_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about runs that sleep: however many there are, they are rows and nothing else.

var million = flag.Bool("million", false, "measure a million sleeping runs too")

// takenRuns is an observer that counts which runs a process has in its memory.
type takenRuns struct {
	flow      string
	mu        sync.Mutex
	taken     int
	executing int
	most      int // that were executing at a time
	lags      []time.Duration
	done      chan struct{} // gets a value for each run that left
}

func (o *takenRuns) Starting(context.Context, *store.Run) func(store.Created, error) { return nil }

func (o *takenRuns) Taken(t engine.Taken) engine.RunObserver {
	if t.Run.Flow != o.flow {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken++
	o.executing++
	o.most = max(o.most, o.executing)
	o.lags = append(o.lags, t.At.Sub(t.DueAt))
	return &takenRun{o}
}

func (o *takenRuns) counts() (taken, executing, most int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.taken, o.executing, o.most
}

type takenRun struct{ all *takenRuns }

func (r *takenRun) Calling(*store.Run) func() { return nil }

func (r *takenRun) Begins(ctx context.Context, _ *flow.Attempt) context.Context { return ctx }

func (r *takenRun) Stored(*store.Run, []flow.Entry) {}

func (r *takenRun) Left(*store.Run) {
	r.all.mu.Lock()
	r.all.executing--
	r.all.mu.Unlock()
	if r.all.done != nil {
		r.all.done <- struct{}{}
	}
}

// multiply makes copies of a database's first run, which sleeps: the first of them wakes at
// a time, and each further one later by a step.
func multiply(tb testing.TB, path string, copies int, wake time.Time, step time.Duration) {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	columns := func(table string, but ...string) string {
		var names []string
		rows, err := db.Query(`SELECT name FROM pragma_table_info(?)`, table)
		if err != nil {
			tb.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				tb.Fatal(err)
			}
			if !slices.Contains(but, name) {
				names = append(names, "o."+name)
			}
		}
		return strings.Join(names, ", ")
	}
	insert := func(table, with string, but ...string) string {
		names := columns(table, but...)
		return `INSERT INTO ` + table + ` (` + strings.Join(but, ", ") + `, ` + strings.ReplaceAll(names, "o.", "") + `) ` +
			strings.ReplaceAll(with, "COLUMNS", names)
	}
	var last int64
	err = db.QueryRow(`SELECT max(run) FROM runs`).Scan(&last)
	if err == nil {
		_, err = db.Exec(insert("runs", `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
			SELECT ? + 1 + n.i, printf('01JD%022d', ? + n.i), ? + n.i * ?, NULL, COLUMNS FROM n CROSS JOIN runs AS o
			WHERE o.run = (SELECT min(run) FROM runs)`, "run", "id", "wake_at", "sum"),
			copies, last, last, wake.UnixMilli(), step.Milliseconds())
	}
	if err == nil {
		_, err = db.Exec(insert("log", `SELECT r.run, iif(o.kind = 'delay', r.wake_at, o.wake_at), NULL, COLUMNS
			FROM runs AS r CROSS JOIN log AS o WHERE r.run > ? AND o.run = (SELECT min(run) FROM runs)`, "run", "wake_at", "sum"), last)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		tb.Fatal(err)
	}
}

func TestRunsThatSleepAreNotInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const asleep, due, atATime = 20_000, 50, 8
		b := newBench(t)
		b.flow.pay.Delay = 10 * time.Hour
		b.open(shop{})
		b.start(shipment{})
		time.Sleep(10 * time.Second) // then it has gone to the store
		b.close()
		begin := time.Now()
		multiply(t, b.path, asleep, begin.Add(9*time.Hour), time.Millisecond)
		multiply(t, b.path, due, begin.Add(10*time.Minute), 0)

		seen := &takenRuns{flow: "ship"}
		goroutines := goruntime.NumGoroutine()
		b.open(shop{}, runtime.WithObserver(seen), runtime.WithConcurrency(atATime))
		time.Sleep(time.Until(begin.Add(10*time.Minute - time.Second)))
		if taken, _, _ := seen.counts(); taken != 0 {
			t.Errorf("%d runs were taken before any was due", taken)
		}
		if n := goruntime.NumGoroutine() - goroutines; n > 50 {
			t.Errorf("there are %d goroutines more with %d runs asleep", n, asleep)
		}
		time.Sleep(time.Minute)
		if taken, executing, most := seen.counts(); taken != due || executing != 0 || most > atATime {
			t.Errorf("%d runs were taken, at most %d at a time, and %d are in memory; want the %d that were due, %d at a time",
				taken, most, executing, due, atATime)
		}
		stats, err := b.rt.Stats(t.Context(), runtime.StatsQuery{})
		if err != nil || stats.All.Due != 0 || stats.All.Happened.Completed != due {
			t.Errorf("the numbers: %+v, %v", stats.All, err)
		}
		b.close()
	})
}

var napDef = flow.StepDef{Name: "wake", Delay: 24 * time.Hour}

type nap struct {
	input number
	wake  flow.Step[number, number]
}

func (n *nap) Next(p *flow.Plan) bool {
	return n.wake.Run(p, &napDef, func() number { return n.input })
}

func (n *nap) Output(*flow.Plan) any { return n.wake.Out }

var napFlow = flow.Definition{
	Flow: "nap", Version: "1.0", Steps: []*flow.StepDef{&napDef},
	Input: reflect.TypeFor[number](), Output: reflect.TypeFor[number](),
	New: func(input []byte) (flow.Machine, error) {
		n := new(nap)
		return n, flow.Decode(input, &n.input)
	},
}

// BenchmarkSleeping has so many runs asleep, of which b.N wake, one every two milliseconds, while
// others are started by 50 callers. It reports what memory the program has more than without the
// runtime, before anybody works, and how long after their time the runs are taken.
func BenchmarkSleeping(b *testing.B) {
	sizes := []int{1_000, 100_000}
	if *million {
		sizes = append(sizes, 1_000_000)
	}
	for _, n := range sizes {
		path := asleep(b, n)
		b.Run(fmt.Sprintf("asleep=%d", n), func(b *testing.B) { benchmarkSleeping(b, path) })
	}
}

// asleep makes a database with so many runs that sleep for a day.
func asleep(b *testing.B, n int) (path string) {
	path = filepath.Join(b.TempDir(), "runs.db")
	seen := &takenRuns{flow: "nap", done: make(chan struct{}, 1)}
	rt, end := openNaps(b, path, runtime.WithObserver(seen))
	if _, err := runtime.StartFlow[number](runtime.NewContext(b.Context(), rt), &napFlow, number{}); err != nil {
		b.Fatal(err)
	}
	<-seen.done // it has gone to the store
	end()
	multiply(b, path, n, time.Now().Add(24*time.Hour), time.Millisecond)
	return path
}

func openNaps(b *testing.B, path string, opts ...runtime.Option) (rt *runtime.Runtime, end func()) {
	db, err := sqlite.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	if rt, err = runtime.New(db, append(opts, runtime.WithLogger(slog.New(slog.DiscardHandler)))...); err != nil {
		b.Fatal(err)
	}
	handlers := make([]runtime.Handler, len(fourDefs))
	for i := range fourDefs {
		handlers[i] = runtime.StepHandler(&fourDefs[i], addOne)
	}
	err = errors.Join(rt.Register(&napFlow, runtime.StepHandler(&napDef, addOne)), rt.Register(&fourFlow, handlers...), rt.Start(b.Context()))
	if err != nil {
		b.Fatal(err)
	}
	return rt, func() {
		if err := errors.Join(rt.Close(context.Background()), db.Close()); err != nil {
			b.Error(err)
		}
	}
}

func benchmarkSleeping(b *testing.B, path string) {
	const headStart = 300 * time.Millisecond
	begin := time.Now().Add(headStart)
	multiply(b, path, b.N, begin, 2*time.Millisecond)
	heap, resident := memoryUsed()
	seen := &takenRuns{flow: "nap", done: make(chan struct{}, b.N)}
	rt, end := openNaps(b, path, runtime.WithObserver(seen))
	defer end()
	time.Sleep(time.Until(begin) / 2)
	heapThen, residentThen := memoryUsed()

	ctx, stop := context.WithCancel(runtime.NewContext(b.Context(), rt))
	var load sync.WaitGroup
	for range 50 {
		load.Go(func() {
			for ctx.Err() == nil {
				if run, err := runtime.StartFlow[number](ctx, &fourFlow, number{}); err == nil {
					run.Wait(ctx) //nolint:errcheck // the context ends
				}
			}
		})
	}
	for range b.N {
		<-seen.done
	}
	stop()
	load.Wait()
	slices.Sort(seen.lags)
	b.ReportMetric(float64(heapThen-heap)/1e6, "heap-MB")
	b.ReportMetric(float64(residentThen-resident)/1e6, "resident-MB")
	b.ReportMetric(float64(seen.lags[b.N/2].Microseconds())/1e3, "lag-p50-ms")
	b.ReportMetric(float64(seen.lags[b.N*99/100].Microseconds())/1e3, "lag-p99-ms")
}

// memoryUsed is what Go has on its heap, and what the process has of the machine's memory, in
// bytes; 0 where the system does not tell.
func memoryUsed() (heap, resident int64) {
	goruntime.GC()
	var stats goruntime.MemStats
	goruntime.ReadMemStats(&stats)
	if f, err := os.Open("/proc/self/statm"); err == nil {
		var size, pages int64
		if _, err := fmt.Fscan(io.LimitReader(f, 100), &size, &pages); err == nil {
			resident = pages * int64(os.Getpagesize())
		}
		_ = f.Close() // it was only read
	}
	return int64(stats.HeapAlloc), resident
}
