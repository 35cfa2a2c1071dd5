package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file calls handlers: one goroutine for each attempt.

// Why the context of an attempt was cancelled (context.Cause).
var (
	errClosing = errors.New("the process is stopping; the step runs again when it is back")
	errStopped = errors.New("the run does not go on")
)

// attemptEnd is what an attempt reports.
type attemptEnd struct {
	flow.Ended
	// cutOff says that the process stops: the attempt did not begin, or its
	// context was cancelled for that. It counts for nothing and runs again.
	cutOff bool
}

// call is an attempt under way.
type call struct {
	flow.Attempt
	run     *store.Run // the head when the attempt began
	handler Handler
	cancel  context.CancelCauseFunc
	// stopGrace stops the timer that leaves a stopped handler behind.
	stopGrace func() bool
}

// over releases what the call holds.
func (c *call) over() {
	c.cancel(nil)
	if c.stopGrace != nil {
		c.stopGrace()
	}
}

// start begins an attempt, unless the process is stopping.
func (x *execution) start(a flow.Attempt) {
	e := x.engine
	e.mu.Lock()
	if e.state == ended {
		e.mu.Unlock()
		return
	}
	e.attempts.Add(1)
	e.mu.Unlock()
	ctx, cancel := context.WithCancelCause(context.Background())
	c := &call{Attempt: a, run: x.head, handler: x.code.Handlers[a.Handler], cancel: cancel}
	x.calls[a.Entry.Seq] = c
	x.begun = append(x.begun, c)
	go x.do(ctx, c)
}

// stop cancels the context of an attempt because of its run. A handler that
// ignores that is left behind after a grace.
func (x *execution) stop(seq int64) {
	c := x.calls[seq]
	if c == nil {
		return
	}
	c.cancel(errStopped)
	grace := x.engine.opts.StopGrace
	c.stopGrace = x.engine.opts.Clock.AfterFunc(grace, func() {
		x.report(attemptEnd{Ended: flow.Ended{Seq: seq, At: x.now(), Err: &flow.Error{
			Kind: flow.ErrorCancelled, Permanent: true,
			Message: "stopped, and left behind because it did not return within " + duration.Format(grace),
		}}})
	})
}

// do is the goroutine of an attempt: it waits for a place, calls the handler and
// reports how it ended.
func (x *execution) do(ctx context.Context, c *call) {
	e := x.engine
	defer e.attempts.Done()
	if err := e.takePlace(ctx); err != nil {
		if errors.Is(err, errClosing) {
			c.cancel(errClosing)
		}
		x.reportEnd(ctx, c, nil, err)
		return
	}
	defer func() { <-e.places }()
	if c.Timeout > 0 {
		stop := e.opts.Clock.AfterFunc(c.Timeout, func() { x.timeOut(c) })
		defer stop()
	}
	output, err := x.call(ctx, c)
	x.reportEnd(ctx, c, output, err)
}

// takePlace waits for a place among the handlers that run. It returns why there
// is to be none: the cause of the context's end, or errClosing.
func (e *Embedded) takePlace(ctx context.Context) error {
	select {
	case e.places <- struct{}{}: // mostly there is one
		return nil
	default:
	}
	select {
	case e.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-e.closing:
		return errClosing
	}
}

// reportEnd reports what a handler returned.
func (x *execution) reportEnd(ctx context.Context, c *call, output json.RawMessage, err error) {
	o := attemptEnd{Ended: flow.Ended{Seq: c.Entry.Seq, Output: output, At: x.now()}}
	if err != nil {
		o.Err = x.storedError(ctx, c, err)
		o.cutOff = errors.Is(context.Cause(ctx), errClosing)
	}
	x.report(o)
}

// timeOut ends an attempt that took too long, whether its handler returns or not.
func (x *execution) timeOut(c *call) {
	err := &flow.Error{
		Kind:    flow.ErrorTimeout,
		Message: fmt.Sprintf("the attempt took longer than its timeout of %s", duration.Format(c.Timeout)),
	}
	x.report(attemptEnd{Ended: flow.Ended{Seq: c.Entry.Seq, Err: err, At: x.now()}})
	c.cancel(err)
}

// call calls the handler. A panic is a failure with its stack.
func (x *execution) call(ctx context.Context, c *call) (out json.RawMessage, err error) {
	returned := false
	defer func() {
		p := recover()
		switch {
		case p != nil:
			out, err = nil, &flow.Error{Kind: flow.ErrorPanic, Message: fmt.Sprintf("panic: %v", p), Stack: string(debug.Stack())}
		case !returned:
			out, err = nil, &flow.Error{Kind: flow.ErrorPanic, Message: "the handler called runtime.Goexit"}
		}
	}()
	out, err = c.handler.Call(ctx, Invocation{
		Run: c.run, Step: c.Entry.Step, Attempt: c.Entry.Attempt, RunAttempt: c.Entry.RunAttempt,
		Compensation:   c.Entry.Kind == flow.KindCompensation,
		IdempotencyKey: c.IdempotencyKey, Input: c.Input, Output: c.Output,
	})
	returned = true
	return out, err
}

// storedError is the stored form of a handler's error: with the kind that fits
// how the attempt ended, and without the secrets of its input.
func (x *execution) storedError(ctx context.Context, c *call, err error) *flow.Error {
	stored := *x.code.Definition.ErrorOf(err)
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		stored.Kind, stored.Permanent = flow.ErrorCancelled, true
	case stored.Kind == flow.ErrorCancelled:
		stored.Kind = flow.ErrorHandler // only the engine stops attempts
	}
	if secrets := flow.Secrets(c.handler.In, c.Input); len(secrets) > 0 {
		stored.Message = flow.Blot(stored.Message, secrets)
		stored.Stack = flow.Blot(stored.Stack, secrets)
	}
	return &stored
}

// report tells the execution how an attempt ended, if it is still there.
func (x *execution) report(o attemptEnd) {
	select {
	case x.ended <- o:
	case <-x.gone:
	}
}
