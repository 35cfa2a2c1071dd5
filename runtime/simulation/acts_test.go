package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is operators, who do to runs all that they can, at any moment.

// operators lets somebody pause, resume, terminate and skip the pauses of some runs.
func (w *world) operators(id string) {
	r := w.dice.of("operators", id)
	if chance(r, 25) {
		w.pauseAndResume(r, id)
	}
	if chance(r, 10) {
		if n, at := 1+r.IntN(15), upTo(r, 10*time.Second); chance(r, 50) {
			w.onWriteOf(id, n, func() { w.act(flow.KindTerminate, id, "", "terminate "+id) })
		} else {
			w.clients.Go(func() { time.Sleep(at); w.act(flow.KindTerminate, id, "", "terminate "+id) })
		}
	}
	for n := range r.IntN(4) {
		at := upTo(r, 8*time.Second)
		w.clients.Go(func() { time.Sleep(at); w.skipPause(id, fmt.Sprint("skip ", n, " ", id)) })
	}
}

// pauseAndResume pauses a run and resumes it later, at times both twice.
func (w *world) pauseAndResume(r *rand.Rand, id string) {
	for n := range 1 + r.IntN(2) {
		after, pause := upTo(r, 6*time.Second), upTo(r, 6*time.Second)
		hold := func() {
			w.act(flow.KindPause, id, "", fmt.Sprint("pause ", n, " ", id))
			time.Sleep(pause)
			w.act(flow.KindResume, id, "", fmt.Sprint("resume ", n, " ", id))
		}
		if writes := 1 + r.IntN(12); chance(r, 50) {
			w.onWriteOf(id, writes, hold)
		} else {
			w.clients.Go(func() { time.Sleep(after); hold() })
		}
	}
}

// act does something to a run. Who says who does it, and is the name of this very act.
func (w *world) act(kind flow.Kind, id, step, who string) {
	err := w.ask(who, func(ctx context.Context, rt *runtime.Runtime) error { return actOn(ctx, rt, kind, id, step, who) })
	if errors.Is(err, runtime.ErrNotPaused) || errors.Is(err, runtime.ErrNoPause) {
		return
	}
	w.acknowledged(err, asked{run: id, kind: kind, who: who})
}

func actOn(ctx context.Context, rt *runtime.Runtime, kind flow.Kind, id, step, who string) error {
	by := runtime.WithActor(who)
	switch kind {
	case flow.KindPause:
		return rt.PauseRun(ctx, id, "look", by)
	case flow.KindResume:
		return rt.ResumeRun(ctx, id, by)
	case flow.KindSkipDelay:
		return rt.SkipDelay(ctx, id, step, by)
	case flow.KindTerminate:
		return rt.TerminateRun(ctx, id, "no use", by)
	}
	return rt.CancelRun(ctx, id, "enough", by)
}

// skipPause ends one of the pauses that a run is in.
func (w *world) skipPause(id, who string) {
	run, log, err := w.eye.Get(context.Background(), id)
	if err != nil || run.Status.Final() {
		return // it has not been started, or is deleted
	}
	for i := range log {
		e := &log[i]
		switch {
		case e.Kind == flow.KindDelay && e.Open(), e.Kind == flow.KindRestart && e.Open():
		case (e.Kind == flow.KindStep || e.Kind == flow.KindCompensation) && !e.WakeAt.IsZero() && nextAttempt(log, e) == nil:
		default:
			continue
		}
		w.act(flow.KindSkipDelay, id, e.Step, who)
		return
	}
}

// bulk lets somebody hold all runs of a flow or a tenant for a while, or cancel them.
func (w *world) bulk(n int) {
	r := w.dice.of("bulk", n)
	filter := runtime.RunFilter{Flow: w.main[r.IntN(len(w.main))].Definition.Flow}
	if chance(r, 30) {
		filter = runtime.RunFilter{Tenants: []string{"acme"}}
	}
	at, pause, cancels := upTo(r, 10*time.Second), upTo(r, 5*time.Second), chance(r, 15)
	w.clients.Go(func() {
		time.Sleep(at)
		if cancels {
			w.actOnAll(flow.KindCancel, filter, fmt.Sprint("cancel ", n))
			return
		}
		w.actOnAll(flow.KindPause, filter, fmt.Sprint("pause ", n))
		time.Sleep(pause)
		filter.Phase = flow.PhasePaused
		w.actOnAll(flow.KindResume, filter, fmt.Sprint("resume ", n))
	})
}

// actOnAll does something to all runs of a filter.
func (w *world) actOnAll(kind flow.Kind, filter runtime.RunFilter, who string) {
	w.isWrong(w.ask(who, func(ctx context.Context, rt *runtime.Runtime) error {
		tried := 0
		result, err := rt.ForRuns(ctx, filter, func(ctx context.Context, id string) error {
			tried++
			one := asked{run: id, kind: kind, who: who + " " + id}
			err := actOn(ctx, rt, kind, id, "", one.who)
			switch {
			case err == nil:
				w.acknowledged(nil, one)
			case !errors.Is(err, runtime.ErrNotPaused) && !errors.Is(err, store.ErrFinal) && !errors.Is(err, store.ErrNotFound) && !noAnswer(err):
				w.isWrong(err)
			}
			return err
		})
		if n := result.Done + len(result.Failed) + result.More; err == nil && n != tried {
			return fmt.Errorf("%s was tried with %d runs, and the result tells of %d", who, tried, n)
		}
		return err
	}))
}

// afterwards starts runs that repeat one that is over, and may delete it.
func (w *world) afterwards(s start) {
	r := w.dice.of("afterwards", s.id)
	if chance(r, 60) {
		_, log, err := w.eye.Get(context.Background(), s.got)
		if err != nil || w.isQuiet() {
			return // somebody deleted it
		}
		repeat := repeated{of: s.got, how: []string{"retry", "retry", "fork", "rerun"}[r.IntN(4)]}
		if len(log) > 0 {
			repeat.step = log[r.IntN(len(log))].Step
		}
		w.repeat(repeat, fmt.Sprint(repeat.how, " ", s.id))
	}
	if s.key == "" && chance(r, 20) { // else its key is free, and what a twin starts is another run
		w.remove(s.got)
	}
}

// repeat starts a run that repeats another one.
func (w *world) repeat(one repeated, who string) {
	w.mu.Lock()
	w.h.repeats[who] = one
	w.mu.Unlock()
	err := w.ask(who, func(ctx context.Context, rt *runtime.Runtime) (err error) {
		switch by := runtime.WithActor(who); one.how {
		case "retry":
			_, err = rt.RetryRun(ctx, one.of, by)
		case "fork":
			_, err = rt.ForkRun(ctx, one.of, one.step, by)
		default:
			_, err = rt.RerunRun(ctx, one.of, by)
		}
		return err
	})
	refused := one.how == "fork" && (one.step == "" || errors.Is(err, flow.ErrNoBlock) || errors.Is(err, flow.ErrCompensated))
	if !refused && !errors.Is(err, store.ErrNotFound) {
		w.isWrong(err)
	}
}

// remove deletes a run. What it was is remembered.
func (w *world) remove(id string) {
	head, log, err := w.eye.Get(context.Background(), id)
	w.isWrong(err)
	err = w.ask("delete "+id, func(ctx context.Context, rt *runtime.Runtime) error { return rt.DeleteRun(ctx, id) })
	if err != nil && !errors.Is(err, store.ErrNotFound) { // that it is not there may be what an earlier try did
		w.isWrong(err)
		return
	}
	w.mu.Lock()
	w.h.deleted[id] = &run{Run: head, flow: w.h.flows[head.Flow], log: log}
	w.mu.Unlock()
}
