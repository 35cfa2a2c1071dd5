package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/simulation/randomflow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is what comes from outside: clients that start, signal and cancel, and
// somebody who sets the clock.

// script lets all of that happen by itself.
func (w *world) script() {
	r := w.dice.of("script")
	for i := range 1 + r.IntN(4) {
		f := w.main[r.IntN(len(w.main))]
		at, key := upTo(r, 3*time.Second), ""
		if chance(r, 60) {
			key = fmt.Sprint("key ", r.IntN(2))
		}
		for twin := range 1 + r.IntN(3) {
			if twin > 0 && key == "" {
				break
			}
			w.client(w.dice.of("client", i, twin), f, key, at)
		}
	}
	for n := range w.dice.of("bulks").IntN(2) {
		w.bulk(n)
	}
	for range r.IntN(4) {
		at, by := upTo(r, troubled), jumpBy(r)
		if !w.h.calm {
			w.clients.Go(func() { time.Sleep(at); w.setClock(by) })
		}
	}
}

// setClock sets the clock on the wall.
func (w *world) setClock(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.h.jumped, w.h.setBack = true, w.h.setBack || by < 0
	w.clock.jump(by)
}

// jumpBy is how far a clock is set. Not far back: what waits then waits for as long.
func jumpBy(r *rand.Rand) time.Duration {
	if chance(r, 50) {
		return -upTo(r, 40*time.Second)
	}
	return []time.Duration{upTo(r, 10*time.Second), upTo(r, time.Hour), 10 * 365 * 24 * time.Hour}[r.IntN(3)]
}

// client starts a run, and perhaps signals and cancels it.
func (w *world) client(r *rand.Rand, f *randomflow.Flow, key string, at time.Duration) {
	id, input := runID(r), r.Int64N(20)
	tenant, priority := []string{"", "acme"}[r.IntN(2)], r.IntN(3)
	at += upTo(r, 3*time.Millisecond)
	var delay time.Duration
	if r := w.dice.of("later", id); chance(r, 20) {
		delay = upTo(r, 5*time.Second)
	}
	if w.versions && chance(w.dice.of("version", id), 20) {
		f = older(f)
	}
	w.clients.Go(func() {
		time.Sleep(at)
		w.start(f, start{id: id, key: key, tenant: tenant, input: input},
			runtime.WithRunID(id), runtime.WithIdempotencyKey(key), runtime.WithTenant(tenant), runtime.WithPriority(priority),
			runtime.WithStartDelay(delay))
	})
	for _, wait := range f.Definition.Waits {
		for n := range r.IntN(3) {
			w.signalLater(r, f.Definition.Flow, id, wait, n)
		}
	}
	w.operators(id)
	switch {
	case chance(r, 15):
		w.onWriteOf(id, 1+r.IntN(15), func() { w.cancel(id) })
	case chance(r, 15):
		at := upTo(r, 10*time.Second)
		w.clients.Go(func() { time.Sleep(at); w.cancel(id) })
	}
}

// signalLater sends a signal at some time, sometimes twice.
func (w *world) signalLater(r *rand.Rand, flowName, runID string, wait *flow.WaitDef, n int) {
	key, id := "", ""
	if wait.Keyed {
		key = fmt.Sprint(r.IntN(4))
	}
	if chance(r, 70) {
		id = fmt.Sprint("signal ", n)
	}
	if r := w.dice.of("major", runID, wait.Name, n); chance(r, 10) {
		at := upTo(r, 12*time.Second)
		w.clients.Go(func() {
			time.Sleep(at)
			w.signalOtherMajor(flowName, runID, wait, key)
		})
	}
	for range 1 + r.IntN(2) {
		at, payload := upTo(r, 12*time.Second), r.Int64N(1000)
		w.clients.Go(func() {
			time.Sleep(at)
			w.signal(flowName, runID, wait.Name, key, id, payload)
		})
	}
}

// onWriteOf lets a client do something when a run was written so often.
func (w *world) onWriteOf(id string, n int, do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onWrite[id] = append(w.onWrite[id], func(writes int) {
		if writes == n {
			w.clients.Go(do)
		}
	})
}

// childBegins lets somebody cancel some of the runs that others call. The caller holds mu.
func (w *world) childBegins(id string) {
	if r := w.dice.of("child", id); chance(r, 5) {
		at := upTo(r, time.Second)
		w.clients.Go(func() { time.Sleep(at); w.cancel(id) })
	}
}

// ask asks one of the processes until it gets an answer. Those that die, and disks
// that fail, have none.
func (w *world) ask(what string, ask func(ctx context.Context, rt *runtime.Runtime) error) error {
	for n := 0; ; n++ {
		r := w.dice.of("ask", what, n)
		w.mu.Lock()
		p := w.processes[r.IntN(len(w.processes))]
		w.mu.Unlock()
		if p != nil {
			err := ask(runtime.NewContext(context.Background(), p.rt), p.rt)
			if !noAnswer(err) {
				return err
			}
		}
		if w.now() > horizon {
			return fmt.Errorf("%s: nobody answers", what)
		}
		time.Sleep(upTo(r, 200*time.Millisecond))
	}
}

// noAnswer says that the disk failed, or that the process died or was closed.
func noAnswer(err error) bool {
	return errors.Is(err, errDisk) || errors.Is(err, store.ErrClosed) || errors.Is(err, engine.ErrClosed)
}

// start starts a run and waits for its end.
func (w *world) start(f *randomflow.Flow, s start, opts ...runtime.StartOption) {
	var started *runtime.Run[int64]
	err := w.ask("start "+s.id, func(ctx context.Context, _ *runtime.Runtime) (err error) {
		started, err = runtime.StartFlow[int64](ctx, &f.Definition, s.input, opts...)
		return err
	})
	if err != nil {
		w.isWrong(err)
		return
	}
	s.flow, s.got, s.existing = f.Definition.Flow, started.ID(), started.Existing()
	w.mu.Lock()
	w.h.starts = append(w.h.starts, s)
	w.mu.Unlock()
	one := waited{run: started.ID(), status: flow.StatusCompleted}
	err = w.ask("wait "+s.id, func(ctx context.Context, _ *runtime.Runtime) error {
		found, err := runtime.GetFlow[int64](ctx, &f.Definition, started.ID())
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, horizon)
		defer cancel()
		one.output, err = found.Wait(ctx)
		return err
	})
	var failure *runtime.RunError
	switch {
	case errors.As(err, &failure):
		one.status = failure.Status
	case err != nil:
		w.isWrong(err)
		return
	}
	w.mu.Lock()
	w.h.waits = append(w.h.waits, one)
	w.mu.Unlock()
	w.afterwards(s)
}

// signal sends a signal; that there is no such run, or that it is over, is an answer.
func (w *world) signal(flowName, runID, wait, key, id string, payload int64) {
	f := w.h.flows[flowName]
	err := w.ask(fmt.Sprint("signal ", runID, wait, key, id, payload), func(ctx context.Context, _ *runtime.Runtime) error {
		return runtime.SignalFlow(ctx, &f.Definition, f.Waits[wait], runID, key, payload, runtime.WithSignalID(id))
	})
	w.acknowledged(err, asked{run: runID, kind: flow.KindSignal, signal: wait, key: key, id: id, payload: payload})
}

// signalOtherMajor is the generated code of another major version, which sends a signal to a run that is none of it.
func (w *world) signalOtherMajor(flowName, runID string, wait *flow.WaitDef, key string) {
	other := w.h.flows[flowName].Definition
	other.Version = "2.0"
	err := w.ask(fmt.Sprint("signal of another major version ", runID, wait.Name, key), func(ctx context.Context, _ *runtime.Runtime) error {
		return runtime.SignalFlow(ctx, &other, wait, runID, key, "no number")
	})
	w.mu.Lock()
	w.h.refusals = append(w.h.refusals, err)
	w.mu.Unlock()
}

// cancel cancels a run.
func (w *world) cancel(id string) {
	w.act(flow.KindCancel, id, "", "cancel "+id)
}

func (w *world) acknowledged(err error, one asked) {
	switch {
	case err == nil:
		w.mu.Lock()
		one.at, one.wall = w.now(), w.clock.Now()
		w.h.asked = append(w.h.asked, one)
		w.mu.Unlock()
	case !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrFinal):
		w.isWrong(err)
	}
}
