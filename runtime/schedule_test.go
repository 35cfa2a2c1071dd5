package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about flows that start themselves. Its tests begin at midnight of the
// year 2000, in a time that passes as fast as the program can.

// scheduledBench is a bench whose flow has a schedule of every ten minutes.
func scheduledBench(t *testing.T, catchUp, overlap string) *bench {
	b := newBench(t)
	b.flow.Schedules = []flow.ScheduleDef{{
		Every: 10 * time.Minute, Input: `{"count": 1, "card": "visa"}`, CatchUp: catchUp, Overlap: overlap,
	}}
	return b
}

// runs are all runs, by the times at which they were due.
func (b *bench) runs() []runtime.RunSummary {
	b.t.Helper()
	synctest.Wait()
	page, err := b.rt.ListRuns(b.t.Context(), runtime.RunFilter{Limit: 500})
	if err != nil {
		b.t.Fatal(err)
	}
	slices.SortFunc(page.Runs, func(a, b runtime.RunSummary) int { return strings.Compare(a.Labels["due"], b.Labels["due"]) })
	return page.Runs
}

// wantDue compares the times for which there are runs: hours and minutes.
func (b *bench) wantDue(want string) {
	b.t.Helper()
	var due []string
	for _, r := range b.runs() {
		at, err := time.Parse(time.RFC3339, r.Labels["due"])
		if err != nil {
			b.t.Fatal(err)
		}
		due = append(due, at.Format("15:04"))
	}
	if diff := cmp.Diff(strings.Fields(want), due); diff != "" {
		b.t.Errorf("at %s there are runs for (-want +got):\n%s", time.Now().UTC().Format("15:04:05"), diff)
	}
}

func TestAScheduleStartsARunAtEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "", "")
		b.flow.Tenant = flow.FromInput(func(_ *flow.Plan, in shipment) string { return in.Card })
		b.flow.Priority = flow.FromInput(func(_ *flow.Plan, in shipment) int64 { return in.Count })
		b.flow.IdempotencyKey = constantKey("always the same")
		time.Sleep(300 * time.Millisecond) // so that no look comes at a full minute by chance
		b.open(shop{})
		time.Sleep(30 * time.Minute)
		b.wantDue("00:10 00:20 00:30")
		for i, r := range b.runs() {
			due := time.Date(2000, 1, 1, 0, 10*(i+1), 0, 0, time.UTC)
			if !r.CreatedAt.Equal(due) || r.Status != runtime.StatusCompleted {
				t.Errorf("the run that was due at %v was created at %v and is %s", due, r.CreatedAt, r.Status)
			}
			if r.Tenant != "visa" || r.Priority != 1 || r.Labels["schedule"] != "ship" || r.IdempotencyKey != "schedule/"+r.Labels["due"] {
				t.Errorf("the run is %+v", r)
			}
		}
	})
}

func TestAScheduleInItsTimezoneByItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.flow.Schedules = []flow.ScheduleDef{
			{Name: "morning", Cron: "10 1 * * *", Timezone: "Europe/Paris", Input: `{}`},
			{Name: "other", Every: 15 * time.Minute, Input: `{"count": 2}`},
		}
		b.open(shop{})
		time.Sleep(16 * time.Minute)
		b.wantDue("00:10 00:15")
		if r := b.runs()[0]; r.IdempotencyKey != "schedule/morning/2000-01-01T00:10:00Z" || r.Labels["schedule"] != "morning" {
			t.Errorf("the run is %+v", r)
		}
		d, err := b.rt.GetRun(t.Context(), b.runs()[1].ID)
		if err != nil || string(d.Input) != `{"card":"•••","count":2}` {
			t.Errorf("the input is %s, error %v", d.Input, err)
		}
	})
}

// TestCatchUp is about a program that does not run from 00:12 to 00:45.
func TestCatchUp(t *testing.T) {
	for catchUp, want := range map[string]string{
		"":     "00:10 00:50",
		"none": "00:10 00:50",
		"last": "00:10 00:40 00:50",
		"all":  "00:10 00:20 00:30 00:40 00:50",
	} {
		for _, overlap := range []string{"", "skip", "queue", "allow"} {
			t.Run(catchUp+" "+overlap, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := scheduledBench(t, catchUp, overlap)
					b.open(shop{})
					time.Sleep(12 * time.Minute)
					b.close()
					time.Sleep(33 * time.Minute)
					b.open(shop{})
					time.Sleep(6 * time.Minute)
					b.wantDue(want)
				})
			})
		}
	}
}

func TestARestartLosesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "none", "")
		b.open(shop{})
		time.Sleep(9*time.Minute + 30*time.Second)
		b.close()
		time.Sleep(time.Minute)
		b.open(shop{})
		b.wantDue("00:10")
		b.close()
		b.open(shop{})
		b.wantDue("00:10")
	})
}

func TestAMissedTimeCountsFromTheFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "all", "")
		time.Sleep(25 * time.Minute)
		b.open(shop{})
		time.Sleep(6 * time.Minute)
		b.wantDue("00:30")
	})
}

// TestOverlap is about runs of which the first takes 25 minutes, the others 2.
func TestOverlap(t *testing.T) {
	for overlap, want := range map[string]string{
		"":      "00:10 completed, 00:40 completed, ",
		"skip":  "00:10 completed, 00:40 completed, ",
		"queue": "00:10 completed, 00:20 completed, 00:30 completed, 00:40 running, ",
		"allow": "00:10 completed, 00:20 completed, 00:30 completed, 00:40 completed, ",
	} {
		t.Run(overlap, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := scheduledBench(t, "", overlap)
				var calls, now, most atomic.Int32
				b.open(shop{pay: func(context.Context, shipment) (receipt, error) {
					most.Store(max(most.Load(), now.Add(1)))
					defer now.Add(-1)
					takes := 2 * time.Minute
					if calls.Add(1) == 1 {
						takes = 25 * time.Minute
					}
					time.Sleep(takes)
					return receipt{}, nil
				}})
				time.Sleep(42*time.Minute + 30*time.Second)
				if overlap == "queue" {
					want = strings.Replace(want, "00:40 running", "00:40 completed", 1)
				}
				text := ""
				for _, r := range b.runs() {
					text += fmt.Sprintf("%s %s, ", r.Labels["due"][11:16], r.Status)
				}
				if text != want {
					t.Errorf("the runs are %s, want %s", text, want)
				}
				if overlap != "allow" && most.Load() != 1 {
					t.Errorf("%d runs were under way at a time", most.Load())
				}
			})
		})
	}
}

func TestWhatIsQueuedIsNotLostInARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "none", "queue")
		underWay := make(chan struct{})
		b.open(shop{pay: untilStopped(underWay)})
		time.Sleep(25 * time.Minute)
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.rt.Close(cut); err != nil {
			t.Fatal(err)
		}
		b.close()
		time.Sleep(20 * time.Minute)
		b.open(shop{})
		time.Sleep(10 * time.Second)
		b.wantDue("00:10 00:20 00:30 00:40")
	})
}

// lossy is a store that forgets to note where schedules are, as a process does that
// is killed before it could.
type lossy struct {
	store.Store
	notes atomic.Int32 // that are taken before that
}

var errKilled = errors.New("killed")

func (l *lossy) SaveSchedule(ctx context.Context, s store.Schedule) error {
	if l.notes.Add(-1) < 0 {
		return errKilled
	}
	return l.Store.SaveSchedule(ctx, s)
}

// TestAKillBetweenARunAndItsNote: the run is found again, and counts as the last one.
func TestAKillBetweenARunAndItsNote(t *testing.T) {
	for name, down := range map[string]time.Duration{"at once": time.Second, "hours later": 2*time.Hour + 5*time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := scheduledBench(t, "none", "skip")
				b.wrap = func(s store.Store) store.Store {
					l := &lossy{Store: s}
					l.notes.Store(1)
					return l
				}
				underWay := make(chan struct{})
				b.open(shop{pay: untilStopped(underWay)})
				time.Sleep(10*time.Minute + 5*time.Second) // it tries again each second
				b.wantDue("00:10")
				cut, cancel := context.WithCancel(t.Context())
				cancel()
				if err := b.rt.Close(cut); err != nil {
					t.Fatal(err)
				}
				b.close()
				time.Sleep(down)
				b.wrap = nil
				again := make(chan struct{})
				b.open(shop{pay: untilStopped(again)})
				time.Sleep(11 * time.Minute)
				b.wantDue("00:10") // it is still under way
				if err := b.rt.Close(cut); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// deaf is a store that notes nothing of a schedule any more when a run was started.
type deaf struct {
	store.Store
	started atomic.Bool
}

func (d *deaf) Create(ctx context.Context, run store.Run, claim bool, limit int) (store.Created, error) {
	d.started.Store(true)
	return d.Store.Create(ctx, run, claim, limit)
}

func (d *deaf) SaveSchedule(ctx context.Context, s store.Schedule) error {
	if d.started.Load() {
		return errKilled
	}
	return d.Store.SaveSchedule(ctx, s)
}

// TestAKillWhileATimeIsMadeUpFor: the run that makes up for missed times is not the one
// of the first of them. It is found again all the same, and another one waits for its end.
func TestAKillWhileATimeIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "last", "skip")
		b.open(shop{})
		time.Sleep(12 * time.Minute)
		b.close()
		time.Sleep(33 * time.Minute)
		b.wrap = func(s store.Store) store.Store { return &deaf{Store: s} }
		b.open(shop{pay: untilStopped(make(chan struct{}))})
		time.Sleep(5 * time.Second) // it tries again each second
		b.wantDue("00:10 00:40")
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.rt.Close(cut); err != nil {
			t.Fatal(err)
		}
		b.close()
		time.Sleep(7 * time.Minute)
		b.wrap = nil
		b.open(shop{pay: untilStopped(make(chan struct{}))})
		time.Sleep(time.Minute)
		b.wantDue("00:10 00:40") // it is still under way
		if err := b.rt.Close(cut); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTwoProcessesStartOneRunForEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "", "")
		b.open(shop{})
		second := &bench{t: t, path: b.path, flow: scheduledBench(t, "", "").flow}
		second.open(shop{})
		time.Sleep(20*time.Minute + time.Second)
		b.close()
		time.Sleep(10 * time.Minute)
		second.wantDue("00:10 00:20 00:30")
	})
}

func TestAClockThatIsSetFiresNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "all", "allow")
		clock := new(wallClock)
		b.open(shop{}, runtime.WithClock(clock))
		time.Sleep(21 * time.Minute)
		clock.offset.Store(int64(-15 * time.Minute)) // it is 00:06 again
		time.Sleep(20 * time.Minute)                 // until 00:26
		b.wantDue("00:10 00:20")
		time.Sleep(5 * time.Minute)
		b.wantDue("00:10 00:20 00:30")
		clock.offset.Store(int64(10 * time.Minute)) // from 00:31 to 00:56
		time.Sleep(2 * time.Second)
		b.wantDue("00:10 00:20 00:30 00:40 00:50")
	})
}

func TestTheNewestVersionIsStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := scheduledBench(t, "", "")
		b.open(shop{})
		newer := scheduledBench(t, "", "").flow
		newer.Version = "2.0"
		if err := newer.register(b.rt, shop{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Minute + time.Second)
		b.wantDue("00:10")
		if r := b.runs()[0]; r.Version != "2.0" {
			t.Errorf("a run of the version %s was started, want 2.0", r.Version)
		}
	})
}

func TestEverySecondIsCaughtUpWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.flow.Schedules = []flow.ScheduleDef{{Name: "tick", Every: time.Second, Input: `{}`, CatchUp: "all", Overlap: "allow"}}
		b.open(shop{})
		time.Sleep(2 * time.Second)
		b.close()
		time.Sleep(3 * time.Minute)
		b.open(shop{})
		time.Sleep(2 * time.Second)
		if n := len(b.runs()); n != 184 {
			t.Errorf("there are %d runs, want one for each of 184 seconds", n)
		}
	})
}

func TestASchedulesFaultsAreFoundWhenItIsRegistered(t *testing.T) {
	good := flow.ScheduleDef{Every: time.Minute, Input: `{}`}
	for want, change := range map[string]func(*shipFlow){
		`schedule "a": the input does not fit the flow's type`: func(f *shipFlow) { f.Schedules[0].Name, f.Schedules[0].Input = "a", `{"count": "1"}` },
		`schedule "": tenant: ship.flow.yaml:4`:                func(f *shipFlow) { f.startsBy() },
		`schedule "": concurrency: no`: func(f *shipFlow) {
			f.Concurrency = flow.Concurrency{Limit: 1, Key: func([]byte) (string, error) { return "", errors.New("no") }}
		},
		`schedule "" is there twice`:                        func(f *shipFlow) { f.Schedules = append(f.Schedules, good) },
		`schedule "": timezone "Mars"`:                      func(f *shipFlow) { f.Schedules[0].Cron, f.Schedules[0].Timezone = "@daily", "Mars" },
		`schedule "": cron "0 0 30 2 *"`:                    func(f *shipFlow) { f.Schedules[0].Cron = "0 0 30 2 *" },
		`schedule "": 1ms is too short; the least is a sec`: func(f *shipFlow) { f.Schedules[0].Every = time.Millisecond },
	} {
		f := newShipFlow()
		f.Schedules = []flow.ScheduleDef{good}
		change(f)
		rt, err := runtime.New(newNoStore())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.register(rt, shop{}); err == nil || !strings.HasPrefix(err.Error(), "register flow ship: "+want) {
			t.Errorf("the error is %v, want … %s", err, want)
		}
	}
}

// newNoStore is a store that is never asked.
func newNoStore() store.Store { return struct{ store.Store }{} }

// TestConcurrency: never are more runs of a key under way than the limit, from their
// first step to their end, while they wait too.
func TestConcurrency(t *testing.T) {
	for name, key := range map[string]func([]byte) (string, error){
		"of each card": flow.FromInput(func(_ *flow.Plan, in shipment) string { return in.Card }),
		"of all":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.flow.Concurrency = flow.Concurrency{Limit: 2, Key: key}
				b.flow.ship.Delay = 10 * time.Minute // at which nobody has them in memory
				var began time.Time
				var mu sync.Mutex
				under, most := map[string]int{}, map[string]int{}
				count := func(in shipment, by int) {
					mu.Lock()
					defer mu.Unlock()
					card := in.Card
					if key == nil {
						card = ""
					}
					under[card] += by
					most[card] = max(most[card], under[card])
				}
				b.open(shop{
					reserve: func(_ context.Context, in shipment) (receipt, error) {
						count(in, 1)
						if late := time.Since(began) % (10 * time.Minute); late > 100*time.Millisecond {
							t.Errorf("a run began %v after there was a place", late)
						}
						return receipt{}, nil
					},
					ship: func(_ context.Context, in shipment) error { count(in, -1); return nil },
				})
				time.Sleep(300 * time.Millisecond) // so that no look comes just then by chance
				began = time.Now()
				for i := range 10 {
					b.start(shipment{1, []string{"visa", "amex"}[i%2]})
				}
				time.Sleep(51 * time.Minute) // five of a key in turns of two take 30, ten take 50
				for _, r := range b.runs() {
					if r.Status != runtime.StatusCompleted {
						t.Errorf("a run is %s", r.Status)
					}
				}
				for card, n := range most {
					if n != 2 {
						t.Errorf("of %q %d runs were under way at a time, want 2", card, n)
					}
				}
			})
		})
	}
}

func TestOldRunsAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.flow.Retention = time.Hour
		b.flow.ship.Delay = 30 * time.Minute
		b.open(shop{})
		for range 205 { // more than are deleted at a time
			b.start(shipment{})
		}
		waiting := b.start(shipment{Count: 1})
		time.Sleep(59 * time.Minute)
		if n := len(b.runs()); n != 206 {
			t.Fatalf("after 59 minutes there are %d runs, want 206", n)
		}
		time.Sleep(2*time.Minute + time.Second)
		runs := b.runs()
		if len(runs) != 1 || runs[0].ID != waiting.ID() {
			t.Fatalf("after an hour there are %d runs, want the one that ended later", len(runs))
		}
		b.close()
		time.Sleep(time.Hour)
		b.open(shop{})
		if n := len(b.runs()); n != 0 {
			t.Errorf("at the next start there are %d runs", n)
		}
	})
}

// TestConcurrencyOfRunsThatAreCalled: a call waits like a start until there is a place.
func TestConcurrencyOfRunsThatAreCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t)
		f.child.Concurrency.Limit = 1
		var now, most atomic.Int32
		f.open(func(_ context.Context, in number) (number, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Minute)
			return in, nil
		}, noTakeBack)
		runs := []*runtime.Run[number]{f.start(), f.start(), f.start()}
		time.Sleep(3*time.Minute + time.Second)
		for _, run := range runs {
			f.approve(run, 1)
			if _, err := run.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if most.Load() != 1 {
			t.Errorf("%d were under way at a time, want 1", most.Load())
		}
	})
}

// TestABoundThatIsTakenAway: runs that were started with one do not wait for ever.
func TestABoundThatIsTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.flow.Concurrency.Limit = 1
		b.flow.ship.Delay = 10 * time.Minute
		b.open(shop{})
		for range 3 {
			b.start(shipment{Count: 1})
		}
		time.Sleep(time.Minute)
		b.close()
		b.flow.Concurrency.Limit = 0
		b.open(shop{})
		time.Sleep(11 * time.Minute)
		for _, r := range b.runs() {
			if r.Status != runtime.StatusCompleted {
				t.Errorf("a run is %s", r.Status)
			}
		}
	})
}
