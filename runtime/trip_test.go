package runtime_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the flow whose runs are under way in processes that are killed: they wait
// for signals, call others and do a step for each element of a list; some fail, are undone
// and are tried again.

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
		book:     flow.StepDef{Name: "book", Policy: soon, Compensation: &flow.CompensationDef{Name: "unbook", Policy: &soon}},
		pay: flow.StepDef{
			Name: "pay", Calls: &flow.CallDef{Flow: "payment", Version: "1.0"},
			Compensation: &flow.CompensationDef{Name: "pay-back", Policy: &soon},
		},
		fly:    flow.StepDef{Name: "fly", Delay: 5 * time.Millisecond, Compensation: &flow.CompensationDef{Name: "land", Policy: &soon, Attempted: true}},
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
		runtime.StepHandler(&f.book, func(ctx context.Context, in number) (number, error) {
			if info := note(ctx); info.Attempt <= int(in.N%3) {
				return in, errors.New("the airline is busy")
			}
			return in, nil
		}),
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
