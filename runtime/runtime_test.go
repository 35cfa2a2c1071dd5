package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// A flow as bextgen would generate it, by hand so that its policies can be
// changed: reserve, pay and ship a number of things.

type (
	shipment struct {
		Count int64  `json:"count"`
		Card  string `json:"card" secret:"true"`
	}
	receipt struct {
		ID string `json:"id"`
	}
	shop struct {
		reserve func(context.Context, shipment) (receipt, error)
		release func(context.Context, shipment, receipt) error
		pay     func(context.Context, shipment) (receipt, error)
		payTx   func(context.Context, runtime.Tx, shipment) (receipt, error) // in place of pay, where that has a transaction
		ship    func(context.Context, shipment) error
	}
)

type cardDeclined struct {
	Reason string `json:"reason"`
}

func (e *cardDeclined) Error() string     { return flow.DeclaredErrorText(e) }
func (e *cardDeclined) ErrorName() string { return "card-declined" }

type shipMachine struct {
	def     *shipFlow
	input   shipment
	reserve flow.Step[shipment, receipt]
	pay     flow.Step[shipment, receipt]
	ship    flow.Step[shipment, flow.None]
}

func (s *shipMachine) Next(p *flow.Plan) bool {
	input := func() shipment { return s.input }
	return s.reserve.Run(p, &s.def.reserve, input) &&
		s.pay.Run(p, &s.def.pay, input) &&
		s.ship.RunWhen(p, &s.def.ship, func() bool { return s.input.Count > 0 }, input)
}

func (s *shipMachine) Output(*flow.Plan) any { return s.pay.Out }

type shipFlow struct {
	flow.Definition
	reserve, pay, ship flow.StepDef
}

func newShipFlow() *shipFlow {
	f := &shipFlow{
		reserve: flow.StepDef{Name: "reserve", Compensation: &flow.CompensationDef{Name: "release"}},
		pay:     flow.StepDef{Name: "pay"},
		ship:    flow.StepDef{Name: "ship"},
	}
	f.Definition = flow.Definition{
		Flow: "ship", Version: "1.0",
		Steps:  []*flow.StepDef{&f.reserve, &f.pay, &f.ship},
		Errors: []flow.ErrorDef{{Name: "card-declined", Permanent: true, New: func() flow.DeclaredError { return new(cardDeclined) }}},
		Input:  reflect.TypeFor[shipment](), Output: reflect.TypeFor[receipt](),
		New: func(input []byte) (flow.Machine, error) {
			s := &shipMachine{def: f}
			return s, flow.Decode(input, &s.input)
		},
	}
	return f
}

func (f *shipFlow) register(rt *runtime.Runtime, s shop) error { return f.registerWith(rt, s) }

// registerWith has more handlers than those of the shop.
func (f *shipFlow) registerWith(rt *runtime.Runtime, s shop, more ...runtime.Handler) error {
	if s.reserve == nil {
		s.reserve = func(context.Context, shipment) (receipt, error) { return receipt{"r"}, nil }
	}
	if s.release == nil {
		s.release = func(context.Context, shipment, receipt) error { return nil }
	}
	if s.pay == nil {
		s.pay = func(context.Context, shipment) (receipt, error) { return receipt{"p"}, nil }
	}
	if s.ship == nil {
		s.ship = func(context.Context, shipment) error { return nil }
	}
	pay := runtime.StepHandler(&f.pay, s.pay)
	if s.payTx != nil {
		pay = runtime.TxStepHandler(&f.pay, s.payTx)
	}
	return rt.Register(&f.Definition, append(more,
		runtime.StepHandler(&f.reserve, s.reserve),
		runtime.CompensationHandler(&f.reserve, s.release),
		pay,
		runtime.PlainStepHandler(&f.ship, s.ship),
	)...)
}

func (f *shipFlow) start(ctx context.Context, in shipment, opts ...runtime.StartOption) (*runtime.Run[receipt], error) {
	return runtime.StartFlow[receipt](ctx, &f.Definition, in, opts...)
}

// bench is a runtime on a database file, for one test.
type bench struct {
	t     *testing.T
	path  string
	flow  *shipFlow
	store *sqlite.Store
	rt    *runtime.Runtime
	wrap  func(store.Store) store.Store // around what the runtime gets

	storeOptions []sqlite.Option
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, path: filepath.Join(t.TempDir(), "runs.db"), flow: newShipFlow()}
}

// open opens the database and starts a runtime on it.
func (b *bench) open(s shop, opts ...runtime.Option) {
	b.t.Helper()
	var err error
	if b.store, err = sqlite.Open(b.path, b.storeOptions...); err != nil {
		b.t.Fatal(err)
	}
	var st store.Store = b.store
	if b.wrap != nil {
		st = b.wrap(st)
	}
	opts = append([]runtime.Option{runtime.WithLogger(slog.New(slog.DiscardHandler))}, opts...)
	if b.rt, err = runtime.New(st, opts...); err != nil {
		b.t.Fatal(err)
	}
	if err := b.flow.register(b.rt, s); err != nil {
		b.t.Fatal(err)
	}
	if err := b.rt.Start(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(b.close)
}

// close closes both, once.
func (b *bench) close() {
	b.t.Helper()
	if err := b.rt.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
	if err := b.store.Close(); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) start(in shipment, opts ...runtime.StartOption) *runtime.Run[receipt] {
	b.t.Helper()
	run, err := b.flow.start(b.t.Context(), in, opts...)
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

// untilStopped is a handler that says when it is under way and goes on until its
// context ends.
func untilStopped(underWay chan<- struct{}) func(context.Context, shipment) (receipt, error) {
	return func(ctx context.Context, _ shipment) (receipt, error) {
		close(underWay)
		<-ctx.Done()
		return receipt{}, ctx.Err()
	}
}

// history is the run's log in short.
func (b *bench) history(run *runtime.Run[receipt]) string {
	b.t.Helper()
	d, err := b.rt.GetRun(b.t.Context(), run.ID())
	if err != nil {
		b.t.Fatal(err)
	}
	text := ""
	for _, e := range d.Log {
		text += fmt.Sprintf("%s %s %d", e.Kind, e.Step, e.Attempt)
		if e.Error != nil {
			text += ": " + e.Error.Message
		}
		text += "\n"
	}
	return text
}

func TestARunCompletes(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	run := b.start(shipment{Count: 1, Card: "4242"}, runtime.WithTenant("acme"), runtime.WithPriority(3),
		runtime.WithLabels(map[string]string{"region": "eu"}))
	out, err := run.Wait(t.Context())
	if err != nil || out.ID != "p" {
		t.Fatalf("output %+v, error %v", out, err)
	}
	if got, want := b.history(run), "step reserve 1\nstep pay 1\nstep ship 1\n"; got != want {
		t.Errorf("history:\n%swant:\n%s", got, want)
	}
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if d.Status != runtime.StatusCompleted || d.Tenant != "acme" || d.Priority != 3 || d.Labels["region"] != "eu" || d.StartedAt.IsZero() || d.FinishedAt.IsZero() || len(d.Steps) != 3 {
		t.Errorf("the run is %+v", d)
	}
}

func TestASkippedStepIsStoredAsSuch(t *testing.T) {
	b := newBench(t)
	b.open(shop{ship: func(context.Context, shipment) error { t.Error("ship ran"); return nil }})
	run := b.start(shipment{})
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if d.Steps[2].Status != runtime.StatusSkipped {
		t.Errorf("ship is %+v", d.Steps[2])
	}
}

func TestADeclaredErrorIsFoundAgainAfterARestart(t *testing.T) {
	b := newBench(t)
	var released atomic.Int64
	s := shop{
		pay: func(context.Context, shipment) (receipt, error) {
			return receipt{}, fmt.Errorf("the bank: %w", &cardDeclined{Reason: "expired"})
		},
		release: func(_ context.Context, _ shipment, out receipt) error {
			if out.ID != "r" {
				t.Errorf("release gets %+v", out)
			}
			released.Add(1)
			return nil
		},
	}
	b.open(s)
	run := b.start(shipment{Count: 1})
	check := func(err error) {
		t.Helper()
		var declined *cardDeclined
		if !errors.As(err, &declined) || declined.Reason != "expired" || !errors.Is(err, runtime.ErrRunFailed) {
			t.Fatalf("error %v", err)
		}
		var re *runtime.RunError
		if !errors.As(err, &re) || re.RunID != run.ID() || re.Cause.Step != "pay" {
			t.Fatalf("error %+v", re)
		}
	}
	_, err := run.Wait(t.Context())
	check(err)
	b.close()
	b.open(s)
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Wait(t.Context())
	check(err)
	if released.Load() != 1 {
		t.Errorf("released %d times", released.Load())
	}
}

func TestRetriesTimeoutsAndPanics(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Policy = flow.Policy{Timeout: 20 * time.Millisecond, Retries: 3, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	var calls atomic.Int64
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		switch calls.Add(1) {
		case 1:
			return receipt{}, errors.New("no connection")
		case 2:
			<-ctx.Done()
			return receipt{}, context.Cause(ctx)
		case 3:
			panic("at the disco")
		}
		if info := runtime.Info(ctx); info.Attempt != 4 || info.Step != "pay" || info.IdempotencyKey == "" {
			t.Errorf("info %+v", info)
		}
		return receipt{"p"}, nil
	}})
	run := b.start(shipment{})
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "step reserve 1\nstep pay 1: no connection\nstep pay 2: the attempt took longer than its timeout of 20ms\n" +
		"step pay 3: panic: at the disco\nstep pay 4\nskip ship 0\n"
	if got := b.history(run); got != want {
		t.Errorf("history:\n%swant:\n%s", got, want)
	}
}

func TestAHandlerThatIgnoresItsTimeoutIsLeftBehind(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Policy = flow.Policy{Timeout: 10 * time.Millisecond, Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	var calls atomic.Int64
	late := make(chan struct{})
	b.open(shop{pay: func(context.Context, shipment) (receipt, error) {
		if calls.Add(1) == 1 {
			<-late
			return receipt{"late"}, nil
		}
		return receipt{"p"}, nil
	}}, runtime.WithConcurrency(1))
	run := b.start(shipment{})
	out, err := run.Wait(t.Context())
	if _, err := b.start(shipment{Count: 1}).Wait(t.Context()); err != nil {
		t.Errorf("the run behind it: %v", err)
	}
	close(late)
	if err != nil || out.ID != "p" {
		t.Fatalf("output %+v, error %v", out, err)
	}
}

func TestCancelStopsTheStepAndUndoesTheOthers(t *testing.T) {
	b := newBench(t)
	paying := make(chan struct{})
	b.open(shop{pay: untilStopped(paying)})
	run := b.start(shipment{})
	<-paying
	if err := b.rt.CancelRun(t.Context(), run.ID(), "a mistake"); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatalf("error %v", err)
	}
	if err := b.rt.CancelRun(t.Context(), run.ID(), ""); !errors.Is(err, store.ErrFinal) {
		t.Errorf("a second cancel: %v, want ErrFinal", err)
	}
	want := "step reserve 1\nstep pay 1: context canceled\ncancel  0: cancelled: a mistake\n" +
		"rollback  0: cancelled: a mistake\ncompensation reserve 1\n"
	if got := b.history(run); got != want {
		t.Errorf("history:\n%swant:\n%s", got, want)
	}
}

func TestARunThatSleepsIsCancelled(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Delay = time.Hour
	b.open(shop{})
	run := b.start(shipment{})
	b.until(run, func(d *runtime.RunDetail) bool { return !d.WakeAt.IsZero() })
	if err := run.Cancel(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatalf("error %v", err)
	}
}

// until reads the run until it is as wanted.
func (b *bench) until(run *runtime.Run[receipt], ok func(*runtime.RunDetail) bool) {
	b.t.Helper()
	for b.t.Context().Err() == nil {
		d, err := b.rt.GetRun(b.t.Context(), run.ID())
		if err != nil {
			b.t.Fatal(err)
		}
		if ok(d) {
			return
		}
	}
}

func TestCloseLetsStepsFinishAndTheNextStartGoesOn(t *testing.T) {
	b := newBench(t)
	paying, paid := make(chan struct{}), make(chan struct{})
	var pays, ships atomic.Int64
	s := shop{
		pay: func(context.Context, shipment) (receipt, error) {
			pays.Add(1)
			close(paying)
			<-paid
			return receipt{"p"}, nil
		},
		ship: func(context.Context, shipment) error { ships.Add(1); return nil },
	}
	b.open(s)
	run := b.start(shipment{Count: 1})
	<-paying
	time.AfterFunc(10*time.Millisecond, func() { close(paid) })
	b.close()
	if ships.Load() != 0 {
		t.Error("a step began while the runtime was closing")
	}
	b.open(s)
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := again.Wait(t.Context()); err != nil || out.ID != "p" {
		t.Fatalf("output %+v, error %v", out, err)
	}
	if pays.Load() != 1 || ships.Load() != 1 {
		t.Errorf("paid %d times, shipped %d times", pays.Load(), ships.Load())
	}
}

func TestAStepThatIsCutOffByCloseRunsAgainWithTheSameAttempt(t *testing.T) {
	b := newBench(t)
	paying := make(chan struct{}, 2)
	var attempts []string
	s := shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		info := runtime.Info(ctx)
		attempts = append(attempts, fmt.Sprint(info.Attempt, info.IdempotencyKey))
		paying <- struct{}{}
		if len(attempts) == 1 {
			<-ctx.Done()
			return receipt{}, ctx.Err()
		}
		return receipt{"p"}, nil
	}}
	b.open(s)
	run := b.start(shipment{})
	<-paying
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(now); err != nil {
		t.Fatal(err)
	}
	b.close()
	b.open(s)
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(attempts) != 2 || attempts[0] != attempts[1] {
		t.Errorf("attempts %v, want the same one twice", attempts)
	}
}

func TestTheIdempotencyKeyMakesOneRun(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	key := runtime.WithIdempotencyKey("order-1")
	first := b.start(shipment{Count: 1}, key)
	second := b.start(shipment{Count: 2}, key)
	other := b.start(shipment{Count: 1}, key, runtime.WithTenant("else"))
	if first.ID() != second.ID() || first.Existing() || !second.Existing() || other.ID() == first.ID() {
		t.Errorf("first %s, second %s (existing %v), of another tenant %s", first.ID(), second.ID(), second.Existing(), other.ID())
	}
	for _, run := range []*runtime.Run[receipt]{first, second, other} {
		if _, err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestAStartInAHandlerIsNotDoubledByARetry(t *testing.T) {
	b := newBench(t)
	b.flow.ship.Policy = flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	var ids []string
	b.open(shop{ship: func(ctx context.Context, in shipment) error {
		run, err := b.flow.start(ctx, shipment{})
		if err != nil {
			return err
		}
		if ids = append(ids, run.ID()); len(ids) == 1 {
			return errors.New("after the start")
		}
		return nil
	}})
	if _, err := b.start(shipment{Count: 1}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("the handler started %v, want one run twice", ids)
	}
}

func TestThePendingRunOfTheHighestPriorityIsNext(t *testing.T) {
	b := newBench(t)
	var order []int64
	gate := make(chan struct{})
	entered := make(chan struct{}, 1)
	b.open(shop{reserve: func(_ context.Context, in shipment) (receipt, error) {
		if in.Count == 0 {
			entered <- struct{}{}
			<-gate
		} else {
			order = append(order, in.Count)
		}
		return receipt{"r"}, nil
	}}, runtime.WithConcurrency(1))
	b.start(shipment{})
	<-entered
	var runs []*runtime.Run[receipt]
	for i, priority := range []int{0, 5, 1, 5} {
		runs = append(runs, b.start(shipment{Count: int64(i + 1)}, runtime.WithPriority(priority)))
	}
	close(gate)
	for _, run := range runs {
		if _, err := run.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(order) != "[2 4 3 1]" {
		t.Errorf("the runs began in the order %v, want 2, 4, 3, 1", order)
	}
}

func TestARunThatIsDueIsNotStarvedByNewOnes(t *testing.T) {
	b := newBench(t)
	b.flow.ship.Delay = 150 * time.Millisecond // so long that the run goes back to the store
	b.open(shop{}, runtime.WithConcurrency(1))
	waiting := b.start(shipment{Count: 1})
	b.until(waiting, func(d *runtime.RunDetail) bool { return !d.WakeAt.IsZero() })
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	for {
		run, err := b.flow.start(ctx, shipment{}) // there is always one
		if err == nil {
			_, err = run.Wait(ctx)
		}
		if err != nil {
			t.Fatalf("the run that was due never got its turn: %v", err)
		}
		if status, err := waiting.Status(t.Context()); err != nil || status == runtime.StatusCompleted {
			return
		}
	}
}

func TestSecretsAreNotInStoredErrors(t *testing.T) {
	b := newBench(t)
	b.open(shop{pay: func(_ context.Context, in shipment) (receipt, error) {
		return receipt{}, fmt.Errorf("card %s of %+v refused", in.Card, in.Count)
	}})
	_, err := b.start(shipment{Card: "4242-4242"}).Wait(t.Context())
	var failed *runtime.RunError
	if !errors.As(err, &failed) || failed.Cause.Message != "card ••• of 0 refused" {
		t.Errorf("error %v", err)
	}
}

func TestAResultThatJSONCannotHoldIsRefused(t *testing.T) {
	type number struct {
		N float64 `json:"n"`
	}
	if _, err := flow.Encode(number{N: nan()}); err == nil {
		t.Error("NaN was stored")
	}
}

func nan() float64 { var zero float64; return zero / zero }

func TestTheSlot(t *testing.T) {
	f := newShipFlow()
	if _, err := f.start(t.Context(), shipment{}); !errors.Is(err, runtime.ErrNotRegistered) {
		t.Errorf("without a runtime: %v", err)
	}
	one, two := newBench(t), newBench(t)
	one.flow, two.flow = f, f
	one.open(shop{})
	two.open(shop{})
	if _, err := f.start(t.Context(), shipment{}); !errors.Is(err, runtime.ErrAmbiguous) {
		t.Errorf("with two runtimes: %v", err)
	}
	run, err := f.start(runtime.NewContext(t.Context(), two.rt), shipment{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.rt.GetRun(t.Context(), run.ID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the other runtime has the run: %v", err)
	}
	two.close()
	if _, err := f.start(t.Context(), shipment{}); err != nil {
		t.Errorf("with one runtime left: %v", err)
	}
}

func TestASecondProcessStartsRunsAndTakesOver(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	second := &bench{t: t, path: b.path, flow: newShipFlow()}
	second.open(shop{pay: func(context.Context, shipment) (receipt, error) { return receipt{"second"}, nil }})
	run := second.start(shipment{})
	if out, err := run.Wait(t.Context()); err != nil || out.ID != "p" {
		t.Fatalf("output %+v, error %v; want that of the first process", out, err)
	}
	b.close()
	run = second.start(shipment{})
	if out, err := run.Wait(t.Context()); err != nil || out.ID != "second" {
		t.Fatalf("output %+v, error %v; want that of the second process", out, err)
	}
}

func TestARuntimeThatLostItsRightTakesOverAgain(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	if err := os.Remove(b.path + ".lock"); err != nil { // somebody tidied up
		t.Fatal(err)
	}
	second := &bench{t: t, path: b.path, flow: newShipFlow()}
	second.open(shop{pay: func(context.Context, shipment) (receipt, error) { return receipt{"second"}, nil }})
	if out, err := b.start(shipment{}).Wait(t.Context()); err != nil || out.ID != "second" {
		t.Fatalf("output %+v, error %v; want that of the second process", out, err)
	}
	second.close()
	if out, err := b.start(shipment{}).Wait(t.Context()); err != nil || out.ID != "p" {
		t.Fatalf("output %+v, error %v; want that of the first process", out, err)
	}
}

func TestARunThatTookTooLongIsReadAndGoesOnAfterARestart(t *testing.T) {
	b := newBench(t)
	b.flow.Timeout = 20 * time.Millisecond
	b.flow.pay.Delay = time.Hour
	undoing := make(chan struct{}, 2)
	var undone atomic.Bool
	s := shop{release: func(ctx context.Context, _ shipment, _ receipt) error {
		undoing <- struct{}{}
		if !undone.Load() {
			<-ctx.Done()
		}
		return ctx.Err()
	}}
	b.open(s)
	run := b.start(shipment{})
	<-undoing
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(now); err != nil {
		t.Fatal(err)
	}
	undone.Store(true)
	b.close()
	b.open(s)
	<-undoing
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	var failed *runtime.RunError
	if _, err := again.Wait(t.Context()); !errors.As(err, &failed) || failed.Cause.Kind != flow.ErrorTimeout {
		t.Errorf("error %v, want the flow's timeout", err)
	}
}

func TestARunWithoutCodeWaitsForIt(t *testing.T) {
	b := newBench(t)
	newer := newShipFlow()
	newer.Version = "1.1"
	b.flow = newer
	b.flow.reserve.Delay = time.Hour
	b.open(shop{})
	run := b.start(shipment{})
	b.close()
	b.flow = newShipFlow() // 1.0 is older code of the same major version
	b.open(shop{})
	if err := b.rt.CancelRun(t.Context(), run.ID(), ""); err != nil {
		t.Fatal(err)
	}
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil || d.Status.Final() {
		t.Errorf("the run is %+v, error %v; want it left alone", d, err)
	}
}

// ahead is a clock that is an hour fast.
type ahead struct{ engine.SystemClock }

func (ahead) Now() time.Time { return time.Now().Add(time.Hour) }

func TestTheTimeComesFromTheClock(t *testing.T) {
	b := newBench(t)
	b.open(shop{}, runtime.WithClock(ahead{}))
	before := time.Now()
	run := b.start(shipment{Count: 1})
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{d.CreatedAt, d.StartedAt, d.FinishedAt, d.Log[0].FinishedAt} {
		if at.Before(before.Add(59 * time.Minute)) {
			t.Errorf("a time of the run is %v, an hour too early", at)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	if _, err := b.flow.start(t.Context(), shipment{}, runtime.WithRunID("not a ulid")); err == nil {
		t.Error("an id that is no ULID was accepted")
	}
	if err := b.flow.register(b.rt, shop{}); err == nil {
		t.Error("a flow was registered twice")
	}
	if _, err := runtime.New(nil); err == nil {
		t.Error("a runtime without a store was made")
	}
	if err := b.rt.Start(t.Context()); err == nil {
		t.Error("a runtime was started twice")
	}
}
