package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

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
	call   *call
}

// call is an attempt under way.
type call struct {
	*flow.Attempt
	execution *execution

	run     *store.Run // the head when the attempt began
	handler Handler
	cancel  context.CancelCauseFunc
	// stopGrace stops the timer that leaves a stopped handler behind.
	stopGrace func() bool
	done      func() <-chan struct{} // of the context that cancel ends
	untold    atomic.Bool            // the store does not know of it, see tell.go
	// placed says that the call has a place among the handlers that run.
	placed atomic.Bool
	// aside is how many wait for another run in the handler; moving is held while
	// that begins and ends.
	aside  atomic.Int64
	moving sync.Mutex
	// loan is for the transaction of a step that has one; nil for others.
	loan *loan
	// What the handler tells: progress that the run does not know of yet, and the last
	// checkpoint that it stored.
	progress atomic.Pointer[flow.Progress]
	saved    atomic.Pointer[json.RawMessage]

	findSecrets sync.Once // sets found, see secrets
	found       []string
}

// over releases what the call holds, also where its handler is still there: that
// finds in its context why the attempt is over, and takes no place from others.
func (c *call) over(places <-chan struct{}, err *flow.Error) {
	if err != nil {
		c.cancel(err)
	} else {
		c.cancel(nil)
	}
	c.leavePlace(places) // now that comeBack takes none any more
	if c.stopGrace != nil {
		c.stopGrace()
	}
}

// start begins an attempt, unless the process is stopping.
func (x *execution) start(a *flow.Attempt) {
	e := x.engine
	e.mu.Lock()
	if e.state == ended {
		e.mu.Unlock()
		return
	}
	e.attempts.Add(1)
	e.mu.Unlock()
	ctx, cancel := context.WithCancelCause(context.Background())
	c := &call{Attempt: a, execution: x, run: x.head, handler: x.code.Handlers[a.Handler], cancel: cancel, done: ctx.Done}
	if a.Transaction {
		c.loan = newLoan(ctx)
	}
	for _, o := range x.observers {
		ctx = o.Begins(ctx, a)
	}
	x.calls[a.Entry.Seq] = c
	if !a.Stored {
		if len(x.begun) == 0 {
			x.tells.Store(false) // it was about one that has ended
		}
		x.begun = append(x.begun, c)
		c.untold.Store(true)
		e.teller.add(c)
	}
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
		x.report(c, &attemptEnd{Ended: flow.Ended{Seq: seq, At: x.now(), Err: &flow.Error{
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
	growStack(0)
	err := e.takePlace(ctx)
	if err == nil {
		c.placed.Store(true)
		defer c.leavePlace(e.places)
		err = x.borrow(ctx, c)
	}
	if err != nil {
		if errors.Is(err, errClosing) {
			c.cancel(errClosing)
		}
		x.reportEnd(ctx, c, nil, err)
		return
	}
	if c.Timeout > 0 && c.loan == nil {
		stop := e.opts.Clock.AfterFunc(c.Timeout, func() { x.timeOut(c) })
		defer stop()
	}
	var output json.RawMessage
	err = &flow.Error{Kind: flow.ErrorPanic, Message: "the handler called runtime.Goexit"}
	defer func() { x.reportEnd(ctx, c, output, err) }() // Goexit ends this goroutine, and runs what is deferred
	output, err = x.call(ctx, c)
}

// leavePlace gives the call's place to another one, once.
func (c *call) leavePlace(places <-chan struct{}) {
	if c.placed.CompareAndSwap(true, false) {
		<-places
	}
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
	o := &attemptEnd{Ended: flow.Ended{Seq: c.Entry.Seq, Output: output, At: x.now()}}
	if err != nil {
		o.Err, o.cutOff = x.failure(ctx, c, err)
	}
	x.report(c, o)
}

// timeOut ends an attempt that took too long, whether its handler returns or not.
func (x *execution) timeOut(c *call) {
	err := &flow.Error{
		Kind:    flow.ErrorTimeout,
		Message: fmt.Sprintf("the attempt took longer than its timeout of %s", duration.Format(c.Timeout)),
	}
	x.report(c, &attemptEnd{Ended: flow.Ended{Seq: c.Entry.Seq, Err: err, At: x.now()}})
	c.cancel(err)
}

// call calls the handler. A panic is a failure with its stack, and so is, for
// good, that newer code of the flow has no such handler any more.
func (x *execution) call(ctx context.Context, c *call) (out json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &flow.Error{Kind: flow.ErrorPanic, Message: fmt.Sprintf("panic: %v", p), Stack: string(debug.Stack())}
		}
	}()
	if c.handler.Call == nil {
		return nil, &flow.Error{
			Kind: flow.ErrorHandler, Permanent: true,
			Message: fmt.Sprintf("version %s of the flow has no handler for this %s", x.code.Definition.Version, c.Entry.Kind),
		}
	}
	return c.handler.Call(context.WithValue(ctx, callKey{}, c), Invocation{
		Run: c.run, Step: c.Entry.Step, Attempt: c.Entry.Attempt, RunAttempt: c.Entry.RunAttempt,
		Compensation:   c.Entry.Kind == flow.KindCompensation,
		IdempotencyKey: c.IdempotencyKey, StepKey: c.StepKey, Input: c.Input, Output: c.Output, Tx: c.tx(), Notes: c,
	})
}

// failure is the stored form of a handler's error: with the kind that fits how
// the attempt ended, and without the secrets that the handler, or its run, was given. If the attempt failed
// because the process stops, it is cut off and has not failed.
func (x *execution) failure(ctx context.Context, c *call, err error) (_ *flow.Error, cutOff bool) {
	own, refused := x.errorOf(err)
	stored := *own
	stored.Step = "" // an error that came from another run tells of a step there
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		stored.Kind, stored.Permanent = flow.ErrorCancelled, true
	case stored.Kind == flow.ErrorCancelled:
		stored.Kind = flow.ErrorHandler // only the engine stops attempts
	}
	stored.Message, stored.Stack = flow.Blot(stored.Message, c.secrets()), flow.Blot(stored.Stack, c.secrets())
	return &stored, errors.Is(context.Cause(ctx), errClosing) || refused && x.closing()
}

// errorOf is the stored form of an error, and whether the closing engine's refusal
// is in it. The methods of errors are the handler's code too: they may panic.
func (x *execution) errorOf(err error) (stored *flow.Error, refused bool) {
	defer func() {
		if p := recover(); p != nil {
			stored = &flow.Error{
				Kind: flow.ErrorPanic, Stack: string(debug.Stack()),
				Message: fmt.Sprintf("the handler returned a %T that cannot be read: panic: %v", err, p),
			}
		}
	}()
	return x.code.Definition.ErrorOf(err), errors.Is(err, ErrClosed)
}

// report tells the execution how an attempt ended, if it is still there.
func (x *execution) report(c *call, o *attemptEnd) {
	o.call = c
	if c.loan != nil && c.loan.granted.Load() {
		c.loan.end(o) // the execution waits for nothing else
		return
	}
	select {
	case x.arrivals <- o:
	case <-x.gone:
		if o.Err == nil && closed(c.done()) { // else it is a timeout, or an end that nobody could store
			x.engine.tooLate(c, o)
		}
	}
}

// tooLate tells the run's present execution, if it has one, of the result of an attempt of an
// earlier one.
func (e *Embedded) tooLate(c *call, o *attemptEnd) {
	e.mu.Lock()
	x := e.active[c.execution.claim.RunID]
	e.mu.Unlock()
	if x == nil {
		c.execution.logLate(c) // nothing else can tell of it
		return
	}
	select {
	case x.arrivals <- o:
	case <-x.gone:
		c.execution.logLate(c)
	}
}

// late is the outcome that the result of an attempt is which was given up before; an error of
// such an attempt, as most return when they see the end of their context, is none.
func (x *execution) late(o *attemptEnd) (flow.Outcome, bool) {
	if o.Err != nil {
		return nil, false
	}
	o.call.execution.logLate(o.call)
	return flow.Late{Step: o.call.Entry.Step, Attempt: o.call.Entry.Attempt, At: o.At}, true
}

func (x *execution) logLate(c *call) {
	x.engine.opts.Logger.Warn("a handler returned a result after its attempt was given up; it is dropped",
		"run", x.claim.RunID, "flow", x.code.Definition.Flow, "kind", c.Entry.Kind, "step", c.Entry.Step, "attempt", c.Entry.Attempt)
}
