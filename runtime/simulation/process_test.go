package simulation

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is processes: a runtime on a store, that may die.

// process is a program that executes runs, or stands by.
type process struct {
	w      *world
	number int
	slot   int // of world.processes
	st     *memory.Store
	rt     *runtime.Runtime
	diesAt int // at which of its writes; 0: at none
	dead   atomic.Bool
	// outdated says that it has older code: it ends soon, whatever else there is.
	outdated bool
	ends     bool // it is being ended, and another will take its place; guarded by world.mu
}

func (p *process) isDead() bool { return p.dead.Load() }

// boot begins a process in a slot. It returns when that takes calls.
func (w *world) boot(slot int) {
	w.mu.Lock()
	w.booted++
	p := &process{w: w, number: w.booted, slot: slot, st: w.data.Open()}
	w.h.boots[p.number] = w.now()
	w.mu.Unlock()
	r := w.dice.of("process", p.number)
	if chance(r, w.crashes) {
		p.diesAt = 1 + r.IntN(30)
	}
	d := &disk{Store: p.st, p: p, asked: map[string]int{}}
	var err error
	p.rt, err = runtime.New(d, runtime.WithClock(&w.clock), runtime.WithConcurrency(w.concurrency), runtime.WithStopGrace(stopGrace),
		runtime.WithLogger(w.logger(p.number)),
		func(o *engine.Options) { o.PollInterval = pollInterval })
	if err == nil {
		err = p.registerAll()
	}
	w.isWrong(err)
	for p.rt.Start(context.Background()) != nil { // the disk may fail
		time.Sleep(upTo(r, time.Second))
	}
	w.mu.Lock()
	if w.over {
		w.background.Go(func() { p.close(time.Minute) })
	} else if !p.ends {
		w.processes[slot] = p
	}
	w.mu.Unlock()
	if p.outdated {
		w.background.Go(p.retire)
	}
	if chance(r, w.crashes) {
		w.background.Go(func() { p.endLater(upTo(r, 15*time.Second), chance(r, 50), upTo(r, time.Second)) })
	}
}

// logger shows what the processes log if one seed is looked at with -v.
func (w *world) logger(number int) *slog.Logger {
	if *oneSeed == 0 || !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("process", number)
}

// endLater ends the process after a while, by a crash or in good order, and then
// begins the next one.
func (p *process) endLater(after time.Duration, crash bool, patience time.Duration) {
	time.Sleep(after)
	w := p.w
	w.mu.Lock()
	inOrder := !p.ends && (!w.quiet || p.outdated) && !crash
	if inOrder {
		p.ends, w.processes[p.slot] = true, nil
	} else if !w.quiet {
		p.die()
	}
	w.mu.Unlock()
	if inOrder {
		p.close(patience)
		w.boot(p.slot)
	}
}

// close ends the process in good order.
func (p *process) close(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = p.rt.Close(ctx) // handlers that ignore it are left behind
	p.dead.Store(true)
	_ = p.st.Close() // never fails
	p.w.mu.Lock()
	p.w.executed(p)
	p.w.mu.Unlock()
}

// die is the sudden end of the process, and the beginning of the next one later on.
// What its goroutines do from now on reaches nobody. The caller holds world.mu.
func (p *process) die() {
	w := p.w
	if p.dead.Swap(true) {
		return
	}
	p.st.Kill()
	w.executed(p)
	if p.ends {
		return // it was to end in good order, and has died instead
	}
	p.ends, w.processes[p.slot] = true, nil
	w.background.Go(func() { // so that its goroutines end
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.rt.Close(ctx)
	})
	w.background.Go(func() {
		time.Sleep(upTo(w.dice.of("reboot", p.number), 3*time.Second))
		w.boot(p.slot)
	})
}
