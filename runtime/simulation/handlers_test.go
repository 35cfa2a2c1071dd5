package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	goruntime "runtime"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/simulation/randomflow"
)

// This file is what handlers do: mostly what they should.

// register registers a flow with the handlers of the process.
func (p *process) register(f *randomflow.Flow) error {
	var handlers []runtime.Handler
	for _, def := range f.Definition.Steps {
		if def.Calls == nil {
			handlers = append(handlers, runtime.StepHandler(def, func(ctx context.Context, in int64) (int64, error) {
				return p.handle(ctx, in, nil)
			}))
		}
		switch c := def.Compensation; {
		case c == nil:
		case c.Attempted:
			handlers = append(handlers, runtime.AttemptedCompensationHandler(def, func(ctx context.Context, in int64, out *int64) error {
				_, err := p.handle(ctx, in, out)
				return err
			}))
		default:
			handlers = append(handlers, runtime.CompensationHandler(def, func(ctx context.Context, in, out int64) error {
				_, err := p.handle(ctx, in, &out)
				return err
			}))
		}
	}
	err := p.rt.Register(&f.Definition, handlers...)
	if err == nil {
		p.w.has(p, f)
	}
	return err
}

// handle is a call of any handler.
func (p *process) handle(ctx context.Context, in int64, out *int64) (int64, error) {
	c, r := p.begin(ctx, in, out)
	if c == nil {
		return 0, errors.New("the process is dead")
	}
	if p.poisoned(c) {
		return 0, errors.New("the process died of it")
	}
	result, err := p.work(ctx, c, r)
	if errors.Is(err, errPanic) {
		p.end(c, 0, err)
		if chance(r, 30) {
			goruntime.Goexit()
		}
		panic(err.Error())
	}
	p.end(c, result, err)
	return result, err
}

// poisoned ends the process if the step of a call is one that does, whoever calls it.
func (p *process) poisoned(c *call) bool {
	w := p.w
	if !w.poison || !chance(w.dice.of("poison", c.run, c.step, c.undo), 4) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !p.isDead() {
		c.poisoned = true
		p.die()
	}
	return true
}

// begin notes a call, and draws how it will go. A call in a dead process is none.
func (p *process) begin(ctx context.Context, in int64, out *int64) (*call, *rand.Rand) {
	info, w := runtime.Info(ctx), p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.isDead() {
		return nil, nil
	}
	c := &call{
		process: p.number, flow: info.Flow, run: info.RunID, step: info.Step, undo: info.Compensation,
		attempt: info.Attempt, runAttempt: info.RunAttempt, key: info.IdempotencyKey, stepKey: info.StepKey, tenant: info.Tenant, in: in, out: out,
		writes: len(w.h.writes), began: w.now(),
	}
	what := fmt.Sprint(c.run, c.step, c.undo, c.runAttempt, c.attempt)
	w.called[what]++
	w.h.calls = append(w.h.calls, c)
	r := w.dice.of("handler", what, w.called[what])
	c.output = 1000 + r.Int64N(1_000_000_000) // nobody else has this result
	return c, r
}

// end notes how the call ended.
func (p *process) end(c *call, result int64, err error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if p.isDead() {
		return
	}
	c.returned, c.ended, c.output = true, p.w.now(), result
	if err != nil {
		c.err = err.Error()
	}
}

// startedBy is the label of runs that handlers start: the key of the step.
const startedBy = "started-by"

var errPanic = errors.New("the handler gave up")

// work is how the call goes.
func (p *process) work(ctx context.Context, c *call, r *rand.Rand) (int64, error) {
	if err := p.keepCheckpoints(ctx, c); err != nil {
		return 0, err
	}
	if err := p.takeTime(ctx, c, r); err != nil {
		return 0, err
	}
	if leaf := p.w.leaf; c.flow != leaf.Definition.Flow && c.flow != scheduled && chance(p.w.dice.of("starts", c.run, c.step), 10) {
		id := runID(p.w.dice.of("started", c.key, c.attempt, c.began))
		started, err := runtime.StartFlow[int64](ctx, &leaf.Definition, c.in, runtime.WithRunID(id), runtime.WithLabels(map[string]string{startedBy: c.key}))
		if err == nil && chance(p.w.dice.of("waits", c.run, c.step), 50) {
			err = p.waitFor(ctx, c, started)
		}
		if err != nil {
			return 0, fmt.Errorf("call %d: %w", c.output, err)
		}
	}
	failed := fmt.Errorf("call %d failed", c.output)
	switch n := r.IntN(100); {
	case n < 12:
		return 0, failed
	case n < 14:
		return 0, runtime.Permanent(failed)
	case n < 18:
		return 0, errPanic
	}
	return c.output, nil
}

// waitFor waits in a handler for a run that it has started. That this run fails is none of its failures.
func (p *process) waitFor(ctx context.Context, c *call, started *runtime.Run[int64]) error {
	p.w.mu.Lock()
	c.waits = p.w.now()
	p.w.mu.Unlock()
	_, err := started.Wait(ctx)
	if ctx.Err() != nil {
		p.w.mu.Lock()
		c.stopped = p.w.now()
		p.w.mu.Unlock()
		return err
	}
	var failure *runtime.RunError
	if errors.As(err, &failure) {
		return nil
	}
	return err
}

// keepCheckpoints goes on from the last checkpoint of some steps, and stores others. An
// error says that the attempt is over.
func (p *process) keepCheckpoints(ctx context.Context, c *call) error {
	r := p.w.dice.of("checkpoints", c.run, c.step, c.undo)
	if !chance(r, 20) {
		return nil
	}
	info := runtime.Info(ctx)
	var found int64
	if _, err := info.LastCheckpoint(&found); err != nil {
		return err
	}
	p.w.mu.Lock()
	c.found = found
	p.w.mu.Unlock()
	for n := range 1 + r.Int64N(3) {
		value := 10*c.output + n
		p.w.mu.Lock()
		c.tried = append(c.tried, value)
		p.w.mu.Unlock()
		if err := info.Checkpoint(value); err != nil {
			return fmt.Errorf("call %d: %w", c.output, err)
		}
		p.w.mu.Lock()
		if !p.isDead() {
			c.tried, c.kept = c.tried[:len(c.tried)-1], append(c.kept, value)
		}
		p.w.mu.Unlock()
		info.Progress(float64(n)/3, "")
	}
	return nil
}

// takeTime lets the call last. An error says that its context ended.
func (p *process) takeTime(ctx context.Context, c *call, r *rand.Rand) error {
	var lasts time.Duration
	switch n := r.IntN(100); {
	case n < 4: // it ignores its context
		time.Sleep(upTo(r, 6*time.Second))
		return nil
	case n < 10 && c.flow == scheduled: // more of them come all the time
		lasts = time.Second
	case n < 10:
		lasts = time.Minute
	case n < 30:
		lasts = upTo(r, 1500*time.Millisecond)
	default:
		lasts = upTo(r, 3*time.Millisecond)
	}
	select {
	case <-ctx.Done():
		p.w.mu.Lock()
		c.stopped = p.w.now()
		p.w.mu.Unlock()
		return fmt.Errorf("call %d: %w", c.output, context.Cause(ctx))
	case <-time.After(lasts):
		return nil
	}
}
