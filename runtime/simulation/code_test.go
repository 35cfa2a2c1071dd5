package simulation

import (
	"cmp"
	"time"

	"github.com/bextgen/bextgen/runtime/simulation/randomflow"
)

// This file is which code the processes have: in some worlds it lacks flows for a while, or is older.

const (
	oldVersion = "1.0" // in worlds of several versions
	newVersion = "1.1"
)

// older is a flow as it was before: the same but for its version.
func older(f *randomflow.Flow) *randomflow.Flow {
	old := *f
	old.Definition.Version = oldVersion
	return &old
}

// registerAll registers all flows, or what the process has of them for now.
func (p *process) registerAll() error {
	w := p.w
	for name, f := range w.h.flows {
		r := w.dice.of("code", p.number, name)
		if w.versions && !w.isQuiet() {
			switch n := r.IntN(100); {
			case n < 20:
				w.background.Go(func() {
					time.Sleep(upTo(r, 10*time.Second))
					w.isWrong(p.registerLate(f))
				})
				continue
			case n < 30:
				f, p.outdated = older(f), true
			}
		}
		if err := p.register(f); err != nil {
			return err
		}
	}
	return nil
}

// retire ends a process with older code soon.
func (p *process) retire() {
	r := p.w.dice.of("outdated", p.number)
	p.endLater(upTo(r, 10*time.Second), false, upTo(r, time.Second))
}

// registerLate registers a flow while the process is at work, if it still is.
func (p *process) registerLate(f *randomflow.Flow) error {
	if err := p.register(f); !noAnswer(err) {
		return err
	}
	return nil
}

// has notes that a process has code from now on.
func (w *world) has(p *process, f *randomflow.Flow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.h.codes = append(w.h.codes, code{p.number, f.Definition.Flow, f.Definition.Version, w.now(), w.clock.Now()})
}

// executes notes that a process has the right to execute.
func (w *world) executes(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.h.turns); n > 0 && w.h.turns[n-1].process == p.number || p.isDead() {
		return
	}
	w.h.turns = append(w.h.turns, turn{process: p.number, at: w.now(), from: w.clock.Now()})
}

// executed notes that a process does not execute any more. The caller holds mu.
func (w *world) executed(p *process) {
	if n := len(w.h.turns); n > 0 && w.h.turns[n-1].process == p.number && w.h.turns[n-1].to.IsZero() {
		w.h.turns[n-1].to, w.h.turns[n-1].until = w.clock.Now(), w.now()
	}
}

// code is that a process has registered a flow.
type code struct {
	process       int
	flow, version string
	at            time.Duration
	wall          time.Time
}

// turn is a time in which a process had the right to execute; without an end, to the last.
type turn struct {
	process   int
	at, until time.Duration
	from, to  time.Time // by the clock on the wall
}

// codeFor is since when a process had code for a run; nil if it never had.
func (h *history) codeFor(process int, r *run) *code {
	for i := range h.codes {
		if c := &h.codes[i]; c.process == process && c.flow == r.Flow && cmp.Compare(c.version, r.Version) >= 0 {
			return c
		}
	}
	return nil
}
