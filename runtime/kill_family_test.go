package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// Kills of a process whose runs wait for signals, call others and do a step for each
// element of a list; some fail, are undone and are tried again.

const (
	familyKills = 30
	tripsAtOnce = 60 // how many a process starts at a time, on top of what it finds
)

// trip is a flow: book each of some seats when it is ready, wait for an approval, call
// the payment, fly. How a run ends is told by its number, see ends.
type trip struct {
	flow.Definition
	seats           flow.ForeachDef
	ready, approval flow.WaitDef
	book, pay, fly  flow.StepDef

	payment flow.Definition
	charge  flow.StepDef
}

type seat struct {
	ready flow.Wait[number]
	book  flow.Step[number, number]
}

type tripMachine struct {
	def      *trip
	input    number
	seats    flow.Foreach[int64, seat, int64]
	approval flow.Wait[flow.None]
	pay      flow.Step[number, number]
	fly      flow.Step[number, number]
}

func (s *tripMachine) Next(p *flow.Plan) bool {
	input := func() number { return s.input }
	return flow.All(
		s.seats.Run(p, &s.def.seats, nil, nil, func() []int64 { return make([]int64, seatsOf(s.input.N)) },
			func(e *flow.Element[int64, seat]) bool {
				return e.Body.ready.Run(p, &s.def.ready, nil, nil, func() string { return strconv.FormatInt(e.Index, 10) }) &&
					e.Body.book.Run(p, &s.def.book, func() number { return e.Body.ready.Out })
			}, func(e *flow.Element[int64, seat]) int64 { return e.Body.book.Out.N }),
		s.approval.Run(p, &s.def.approval, nil, nil, nil),
	) && s.pay.Run(p, &s.def.pay, input) && s.fly.Run(p, &s.def.fly, input)
}

func (s *tripMachine) Output(*flow.Plan) any { return s.seats.Out }

type paymentMachine struct {
	def    *trip
	input  number
	charge flow.Step[number, number]
}

func (s *paymentMachine) Next(p *flow.Plan) bool {
	return s.charge.Run(p, &s.def.charge, func() number { return s.input })
}

func (s *paymentMachine) Output(*flow.Plan) any { return s.charge.Out }

func seatsOf(n int64) int { return int(n % 4) }

// ends is how a trip ends: whether it fails, after how many attempts, and how often
// the payment and the flight are taken back.
func ends(n int64) (failed bool, attempts, paid, flown int) {
	switch {
	case n%7 == 3:
		return true, 1, 0, 0 // the payment fails
	case n%8 == 0:
		return true, 2, 2, 2 // the flight fails
	case n%8 == 4:
		return true, 1, 1, 1 // for good
	}
	return false, 1, 0, 0
}

func newTrip() *trip {
	soon := flow.Policy{Retries: 5, Backoff: flow.Fixed, BackoffBase: 2 * time.Millisecond}
	f := &trip{
		seats:    flow.ForeachDef{Name: "seats", Limit: 2},
		ready:    flow.WaitDef{Name: "ready", Keyed: true, Payload: reflect.TypeFor[number]()},
		approval: flow.WaitDef{Name: "approval", Delay: 3 * time.Millisecond, Timeout: 24 * time.Hour},
		book:     flow.StepDef{Name: "book", Compensation: &flow.CompensationDef{Name: "unbook", Policy: &soon}},
		pay: flow.StepDef{
			Name: "pay", Calls: &flow.CallDef{Flow: "payment", Version: "1.0"},
			Compensation: &flow.CompensationDef{Name: "pay-back", Policy: &soon},
		},
		fly:    flow.StepDef{Name: "fly", Compensation: &flow.CompensationDef{Name: "land", Policy: &soon, Attempted: true}},
		charge: flow.StepDef{Name: "charge"},
	}
	f.Definition = flow.Definition{
		Flow: "trip", Version: "1.0", MaxAttempts: 2, Restart: flow.Policy{Backoff: flow.Fixed, BackoffBase: 3 * time.Millisecond},
		Steps: []*flow.StepDef{&f.book, &f.pay, &f.fly}, Waits: []*flow.WaitDef{&f.ready, &f.approval},
		New: func(input []byte) (flow.Machine, error) {
			s := &tripMachine{def: f}
			return s, flow.Decode(input, &s.input)
		},
	}
	f.payment = flow.Definition{
		Flow: "payment", Version: "1.0", Steps: []*flow.StepDef{&f.charge}, Concurrency: flow.Concurrency{Limit: 20},
		New: func(input []byte) (flow.Machine, error) {
			s := &paymentMachine{def: f}
			return s, flow.Decode(input, &s.input)
		},
	}
	return f
}

func (f *trip) register(rt *runtime.Runtime, diary *os.File) error {
	note := noteIn(diary)
	undo := func(ctx context.Context) error {
		if info := note(ctx); info.Attempt == 1 {
			return errors.New("to undo fails once")
		}
		return nil
	}
	err := rt.Register(&f.payment, runtime.StepHandler(&f.charge, func(ctx context.Context, in number) (number, error) {
		note(ctx)
		if in.N%7 == 3 {
			return in, runtime.Permanent(errors.New("no money"))
		}
		return in, nil
	}))
	return errors.Join(err, rt.Register(&f.Definition,
		runtime.StepHandler(&f.book, func(ctx context.Context, in number) (number, error) { note(ctx); return in, nil }),
		runtime.CompensationHandler(&f.book, func(ctx context.Context, _, _ number) error { return undo(ctx) }),
		runtime.CompensationHandler(&f.pay, func(ctx context.Context, _, _ number) error { return undo(ctx) }),
		runtime.StepHandler(&f.fly, func(ctx context.Context, in number) (number, error) {
			note(ctx)
			switch in.N % 8 {
			case 0:
				return in, errors.New("fog")
			case 4:
				return in, runtime.Permanent(errors.New("no such place"))
			}
			return in, nil
		}),
		runtime.AttemptedCompensationHandler(&f.fly, func(ctx context.Context, _ number, out *number) error {
			if out != nil {
				return runtime.Permanent(errors.New("a flight that failed has a result"))
			}
			return undo(ctx)
		}),
	))
}

// signalAll sends a trip all that it waits for, again if that was done before.
func (f *trip) signalAll(ctx context.Context, runID string, n int64) error {
	var errs []error
	for i := range seatsOf(n) {
		key := strconv.Itoa(i)
		errs = append(errs, runtime.SignalFlow(ctx, &f.Definition, &f.ready, runID, key, number{n}, runtime.WithSignalID("ready")))
	}
	errs = append(errs, runtime.SignalFlow(ctx, &f.Definition, &f.approval, runID, "", nil, runtime.WithSignalID("approval")))
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, store.ErrFinal) })...)
}

// familyChild is the program that is killed, or with finish the last one.
func familyChild(dir string, finish bool) error {
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		return err
	}
	diary, err := os.OpenFile(filepath.Join(dir, "diary"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	f := newTrip()
	if err := f.register(rt, diary); err != nil {
		return err
	}
	ctx := context.Background()
	if err := rt.Start(ctx); err != nil {
		return err
	}
	if err := f.signalOpen(ctx, rt); err != nil {
		return err
	}
	if finish {
		return errors.Join(waitForAll(ctx, rt), rt.Close(ctx), db.Close())
	}
	return f.travel(ctx)
}

// signalOpen sends all that the trips wait for that an earlier process left.
func (f *trip) signalOpen(ctx context.Context, rt *runtime.Runtime) error {
	for _, status := range []runtime.Status{runtime.StatusPending, runtime.StatusRunning} {
		page, err := rt.ListRuns(ctx, runtime.RunFilter{Flow: f.Flow, Statuses: []runtime.Status{status}, Limit: 500})
		if err != nil {
			return err
		}
		for _, r := range page.Runs {
			d, err := rt.GetRun(ctx, r.ID)
			if err != nil {
				return err
			}
			var in number
			if err := json.Unmarshal(d.Input, &in); err != nil {
				return err
			}
			if err := f.signalAll(ctx, r.ID, in.N); err != nil {
				return err
			}
		}
	}
	return nil
}

// travel starts trips for ever, many at a time, and prints the id of each that was
// acknowledged.
func (f *trip) travel(ctx context.Context) error {
	var count atomic.Int64
	failed := make(chan error)
	began := make(chan struct{}, tripsAtOnce)
	for range tripsAtOnce {
		go func() { // until it is killed
			for i := 0; ; i++ {
				n := count.Add(1)
				run, err := runtime.StartFlow[[]int64](ctx, &f.Definition, number{n})
				if err == nil {
					fmt.Println(run.ID())
					time.Sleep(rand.N(120 * time.Millisecond)) // at times the run is out of memory by then
					err = f.signalAll(ctx, run.ID(), n)
				}
				if err != nil {
					failed <- err
					return
				}
				if i == 0 {
					began <- struct{}{}
				}
				run.Wait(ctx) //nolint:errcheck // how it ends is read from the database
			}
		}()
	}
	for range tripsAtOnce / 2 {
		<-began
	}
	fmt.Println(busy)
	return <-failed
}

func TestKillsOfFamilies(t *testing.T) {
	if testing.Short() {
		t.Skip("30 kills take a while")
	}
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	k := &killed{t: t, dir: dir, role: "family", underWay: tripsAtOnce / 2, stored: map[string]bool{}, over: map[string]bool{}}
	for range familyKills {
		k.runAndKill(time.Duration(random.IntN(60)) * time.Millisecond)
		k.look()
	}
	if out, err := spawn(t, "family-finish", dir).Output(); err != nil {
		t.Fatalf("the last process: %v\n%s", err, out)
	}
	calls, children := map[string]string{}, map[string]string{}
	k.checkEnd(func(d *runtime.RunDetail) {
		k.checkResults(d)
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
	for id, parent := range children {
		if calls[id] != parent {
			t.Errorf("run %s says that %s called it, which knows nothing of that", id, parent)
		}
	}
	if len(calls) != len(children) {
		t.Errorf("there are %d calls, and %d runs that were called", len(calls), len(children))
	}
	t.Logf("%d runs were acknowledged, %d results were stored before a kill", len(k.acknowledged), len(k.stored))
}

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
			undone[e.Step[max(0, len(e.Step)-3):]]++ // pay, fly, and the end of book
		}
	}
	got := fmt.Sprint(d.Status, d.Attempts, undone["pay"], undone["fly"], undone["ook"])
	if want := fmt.Sprint(status, attempts, paid, flown, unbooked); got != want {
		k.t.Errorf("trip %d, the run %s, ended with %s, want %s", in.N, d.ID, got, want)
	}
}
