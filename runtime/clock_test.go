package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about clocks that are set: no timer is lost, and none fires twice.
//
// Pauses that are in memory are measured by the machine's monotonic clock, which nobody
// sets. What waits in the store is due by the clock on the wall: one that is set back
// makes it wait for as long, one that is set forward makes it due. (So a clock that was
// years ahead for a while makes what began to wait then wait for years: SkipDelay ends it.)
//
// Who executes a SQLite file is not a matter of time: it has a lock on a file, with an
// epoch in it, and no lease that could be over. So clocks that differ between processes
// cannot make two of them execute.

// wallClock is a clock that can be set, and that shows the time of a place.
type wallClock struct {
	engine.SystemClock
	offset atomic.Int64
	place  *time.Location // UTC if there is none
}

func (c *wallClock) Now() time.Time {
	now := time.Now().Add(time.Duration(c.offset.Load()))
	if c.place != nil {
		now = now.In(c.place)
	}
	return now
}

func (c *wallClock) set(d time.Duration) { c.offset.Add(int64(d)) }

const years = 10 * 365 * 24 * time.Hour

// sleeper is a flow with all kinds of timers: a delay, the pause before a retry, a step
// that takes longer than its timeout, a wait with a timeout, and the pause before the flow
// is tried again.
func sleeper(calls *atomic.Int64) (*shipFlow, shop) {
	f := newShipFlow()
	f.reserve.Delay = 5 * time.Minute
	f.pay.Policy = flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: 5 * time.Minute, Timeout: time.Minute}
	f.ship.Delay = 5 * time.Minute
	f.MaxAttempts, f.Restart = 2, flow.Policy{Backoff: flow.Fixed, BackoffBase: 5 * time.Minute}
	return f, shop{
		pay: func(ctx context.Context, _ shipment) (receipt, error) {
			calls.Add(1)
			if runtime.Info(ctx).Attempt == 1 {
				<-ctx.Done() // until its timeout
				return receipt{}, ctx.Err()
			}
			return receipt{"p"}, nil
		},
		ship: func(ctx context.Context, _ shipment) error {
			calls.Add(1)
			if runtime.Info(ctx).RunAttempt == 1 {
				return errors.New("fog")
			}
			return nil
		},
	}
}

func TestClocksThatAreSetWhileRunsSleep(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set   []time.Duration // one after the other, some minutes apart
		place *time.Location
		begin time.Time
	}{
		"an hour forward":                {set: []time.Duration{time.Hour}},
		"an hour back and forward again": {set: []time.Duration{-time.Hour, time.Hour}},
		"ten years forward":              {set: []time.Duration{years}},
		"ten years back and corrected":   {set: []time.Duration{-years, years}},
		"summer time begins":             {place: berlin, begin: time.Date(2026, 3, 29, 0, 50, 0, 0, time.UTC)},
		"summer time ends":               {place: berlin, begin: time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, at := range []time.Duration{2 * time.Minute, 5*time.Minute + 30*time.Second, 8 * time.Minute, 18 * time.Minute} {
				synctest.Test(t, func(t *testing.T) {
					clock := &wallClock{place: c.place}
					if !c.begin.IsZero() {
						clock.set(time.Until(c.begin))
					}
					sleepUnder(t, clock, at, c.set)
				})
			}
		})
	}
}

// sleepUnder runs a sleeper while the clock is set, from a moment on.
func sleepUnder(t *testing.T, clock *wallClock, at time.Duration, set []time.Duration) {
	t.Helper()
	var calls atomic.Int64
	b := newBench(t)
	var handlers shop
	b.flow, handlers = sleeper(&calls)
	b.open(handlers, runtime.WithClock(clock))
	run := b.start(shipment{Count: 1})
	time.Sleep(at)
	for _, d := range set {
		clock.set(d)
		time.Sleep(3 * time.Minute)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	if _, err := run.Wait(ctx); err != nil {
		t.Fatalf("set %v from %v on: %v\n%s", set, at, err, b.history(run))
	}
	const want = "delay reserve 0\nstep reserve 1\nstep pay 1: the attempt took longer than its timeout of 1m\nstep pay 2\ndelay ship 0\nstep ship 1: fog\n" +
		"rollback  0: fog\ncompensation reserve 1\nrestart  0: fog\n" +
		"delay reserve 0\nstep reserve 1\nstep pay 1: the attempt took longer than its timeout of 1m\nstep pay 2\ndelay ship 0\nstep ship 1\n"
	if got := b.history(run); got != want || calls.Load() != 6 {
		t.Errorf("set %v from %v on: %d calls, want 6, and the history\n%s", set, at, calls.Load(), got)
	}
}

// The same for a wait with a timeout and for the flow's own, of a run that is in the store
// and in no memory: each is over once, whatever the clock was in between.
func TestTimeoutsOfRunsThatWaitWhileTheClockIsSet(t *testing.T) {
	for name, set := range map[string][]time.Duration{
		"forward":              {time.Hour},
		"back and corrected":   {-time.Hour, time.Hour},
		"years":                {years},
		"years back, and back": {-years, years},
	} {
		for _, of := range []string{"wait", "flow"} {
			t.Run(of+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					clock := &wallClock{}
					f := newFamily(t)
					if of == "flow" {
						f.parent.Timeout = 10 * time.Minute
					} else {
						f.approval.Timeout = 10 * time.Minute
					}
					var back atomic.Int32
					f.open(echo, func(context.Context, number, number) error { back.Add(1); return nil }, runtime.WithClock(clock))
					run := f.start()
					f.until(run, flow.KindWait)
					time.Sleep(2 * time.Minute)
					for _, d := range set {
						clock.set(d)
						time.Sleep(2 * time.Minute)
					}
					if _, err := waits(t, run); err == nil || errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("the run ended with %v, want a timeout", err)
					}
					ends := 0
					for _, e := range f.detail(run.ID()).Log {
						if e.Error != nil && e.Error.Kind == flow.ErrorTimeout && (e.Kind == flow.KindTimeout || e.Kind == flow.KindWait) {
							ends++
						}
					}
					if ends != 1 || back.Load() != 1 {
						t.Errorf("%d timeouts, undone %d times; want 1 of each", ends, back.Load())
					}
				})
			})
		}
	}
}

// Two processes on one file, of which one's clock is far from the other's: only the first
// executes, and what sleeps when it ends is done once by the second.
func TestProcessesWithOtherClocks(t *testing.T) {
	for _, other := range []time.Duration{time.Hour, -time.Hour, years, -years} {
		t.Run(fmt.Sprint(other), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var first, second atomic.Int64
				count := func(n *atomic.Int64) shop {
					return shop{ship: func(context.Context, shipment) error { n.Add(1); return nil }}
				}
				b := newBench(t)
				b.flow.ship.Delay = 10 * time.Minute
				b.open(count(&first))
				done, asleep := b.start(shipment{Count: 1}), b.start(shipment{Count: 2})
				clock := &wallClock{}
				clock.set(other)
				db, err := sqlite.Open(b.path)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)), runtime.WithClock(clock))
				if err != nil {
					t.Fatal(err)
				}
				defer rt.Close(context.Background())
				f := newShipFlow()
				f.ship.Delay = b.flow.ship.Delay
				if err := errors.Join(f.register(rt, count(&second)), rt.Start(t.Context())); err != nil {
					t.Fatal(err)
				}
				if _, err := done.Wait(t.Context()); err != nil || second.Load() != 0 {
					t.Fatalf("%v; the other process called %d handlers while the first one executes", err, second.Load())
				}
				if _, err := asleep.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				late := b.start(shipment{Count: 3})
				time.Sleep(time.Minute)
				b.close()
				time.Sleep(time.Minute)
				clock.set(-other) // at last it is right
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				found, err := runtime.GetFlow[receipt](runtime.NewContext(ctx, rt), &f.Definition, late.ID())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := found.Wait(ctx); err != nil || first.Load() != 2 || second.Load() != 1 {
					t.Errorf("%v; the processes called %d and %d handlers, want 2 and 1", err, first.Load(), second.Load())
				}
			})
		})
	}
}
