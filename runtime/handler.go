package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
)

// Handler is a typed handler, made ready for the engine: it decodes what it
// gets and encodes what it returns. Generated Register… functions make them.
type Handler struct {
	name string
	in   reflect.Type
	out  reflect.Type // of a compensation: what it gets of the result, if there is one
	// result is, of a step, what it returns; nil for nothing.
	result reflect.Type
	call   func(ctx context.Context, inv engine.Invocation) (json.RawMessage, error)
}

// StepHandler is the handler of a step with a result.
func StepHandler[In, Out any](def *flow.StepDef, f func(context.Context, In) (Out, error)) Handler {
	return returning[Out](handler[In](def.Name, func(ctx context.Context, in In, _ engine.Invocation) (json.RawMessage, error) {
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return encodeResult(def, out)
	}))
}

// PlainStepHandler is the handler of a step without a result.
func PlainStepHandler[In any](def *flow.StepDef, f func(context.Context, In) error) Handler {
	return handler[In](def.Name, func(ctx context.Context, in In, _ engine.Invocation) (json.RawMessage, error) {
		return nil, f(ctx, in)
	})
}

// TxStepHandler is the handler of a step with a result in a transaction.
func TxStepHandler[In, Out any](def *flow.StepDef, f func(context.Context, Tx, In) (Out, error)) Handler {
	return returning[Out](handler[In](def.Name, func(ctx context.Context, in In, inv engine.Invocation) (json.RawMessage, error) {
		if inv.Tx == nil {
			return nil, noTransaction(def)
		}
		out, err := f(ctx, inv.Tx, in)
		if err != nil {
			return nil, err
		}
		return encodeResult(def, out)
	}))
}

// PlainTxStepHandler is the handler of a step without a result in a transaction.
func PlainTxStepHandler[In any](def *flow.StepDef, f func(context.Context, Tx, In) error) Handler {
	return handler[In](def.Name, func(ctx context.Context, in In, inv engine.Invocation) (json.RawMessage, error) {
		if inv.Tx == nil {
			return nil, noTransaction(def)
		}
		return nil, f(ctx, inv.Tx, in)
	})
}

func noTransaction(def *flow.StepDef) error {
	return flow.Permanent(fmt.Errorf("the handler of step %s takes a transaction, and the step does not say that it has one", def.Name))
}

// encodeResult is a step's result as stored bytes.
func encodeResult(def *flow.StepDef, out any) (json.RawMessage, error) {
	raw, err := flow.Encode(out)
	if err != nil {
		return nil, payloadError("the result of step %s cannot be stored: %v", def.Name, err)
	}
	if err := flow.Check(out); err != nil {
		return nil, payloadError("the result of step %s is wrong: %v", def.Name, err)
	}
	return raw, nil
}

// CompensationHandler undoes a step with a result, or a call.
func CompensationHandler[In, Out any](def *flow.StepDef, f func(context.Context, In, Out) error) Handler {
	return undoing[Out](handler[In](def.Compensation.Name, func(ctx context.Context, in In, inv engine.Invocation) (json.RawMessage, error) {
		var out Out
		if err := flow.Decode(inv.Output, &out); err != nil {
			return nil, payloadError("the stored result of step %s does not fit its type: %v", def.Name, err)
		}
		return nil, f(ctx, in, out)
	}))
}

// AttemptedCompensationHandler undoes a step with a result also if it was tried and
// did not complete: what it gets of the result is then nil.
func AttemptedCompensationHandler[In, Out any](def *flow.StepDef, f func(context.Context, In, *Out) error) Handler {
	return undoing[Out](handler[In](def.Compensation.Name, func(ctx context.Context, in In, inv engine.Invocation) (json.RawMessage, error) {
		if inv.Output == nil {
			return nil, f(ctx, in, nil)
		}
		out := new(Out)
		if err := flow.Decode(inv.Output, out); err != nil {
			return nil, payloadError("the stored result of step %s does not fit its type: %v", def.Name, err)
		}
		return nil, f(ctx, in, out)
	}))
}

// undoing is a compensation that gets a result.
func undoing[Out any](h Handler) Handler {
	h.out = reflect.TypeFor[Out]()
	return h
}

// returning is the handler of a step with a result.
func returning[Out any](h Handler) Handler {
	h.result = reflect.TypeFor[Out]()
	return h
}

// PlainCompensationHandler undoes a step without a result.
func PlainCompensationHandler[In any](def *flow.StepDef, f func(context.Context, In) error) Handler {
	return handler[In](def.Compensation.Name, func(ctx context.Context, in In, _ engine.Invocation) (json.RawMessage, error) {
		return nil, f(ctx, in)
	})
}

func handler[In any](name string, f func(context.Context, In, engine.Invocation) (json.RawMessage, error)) Handler {
	return Handler{
		name: name, in: reflect.TypeFor[In](),
		call: func(ctx context.Context, inv engine.Invocation) (json.RawMessage, error) {
			var in In
			if err := flow.Decode(inv.Input, &in); err != nil {
				return nil, payloadError("the stored input of step %s does not fit its type: %v", inv.Step, err)
			}
			return f(ctx, in, inv)
		},
	}
}

// payloadError is permanent: the same bytes will not fit at the next attempt either.
func payloadError(format string, args ...any) error {
	return &flow.Error{Kind: flow.ErrorPayload, Permanent: true, Message: fmt.Sprintf(format, args...)}
}

// bind gives the handler's context what Info and Start… find in it.
func (h Handler) bind(rt *Runtime) engine.Handler {
	return engine.Handler{In: h.in, Out: h.out, Call: func(ctx context.Context, inv engine.Invocation) (json.RawMessage, error) {
		return h.call(&handlerContext{Context: ctx, rt: rt, tx: inv.Tx, info: StepInfo{
			RunID: inv.Run.ID, Flow: inv.Run.Flow, Step: inv.Step, Tenant: inv.Run.Tenant,
			Attempt: inv.Attempt, RunAttempt: inv.RunAttempt, Compensation: inv.Compensation,
			IdempotencyKey: inv.IdempotencyKey, StepKey: inv.StepKey, notes: inv.Notes,
		}}, inv)
	}}
}

// handlerContext is the context of a handler. It is one for all that is found in it, since each
// attempt has one.
type handlerContext struct {
	context.Context //nolint:containedctx // it is a context itself
	rt              *Runtime
	info            StepInfo
	tx              Tx // nil for a step without a transaction
}

// Value implements context.Context.
func (c *handlerContext) Value(key any) any {
	switch key.(type) {
	case runtimeKey:
		return c.rt
	case infoKey:
		return &c.info
	case txKey:
		return handlerTx{c.rt, c.tx}
	}
	return c.Context.Value(key)
}

// StepInfo is what a handler can know of the attempt that it makes.
type StepInfo struct {
	RunID  string
	Flow   string
	Step   string
	Tenant string
	// Attempt counts those of the step, or of its compensation, from 1.
	Attempt int
	// RunAttempt counts those of the whole flow, from 1.
	RunAttempt int
	// Compensation says that the step is being undone.
	Compensation bool
	// IdempotencyKey is the same for each attempt of the same piece of work, also
	// after a crash: hand it to a service that is to do a thing once.
	IdempotencyKey string
	// StepKey is, in a compensation, the IdempotencyKey that the step had which it
	// undoes: a service that was asked under that key can tell what it did. In a step
	// it is IdempotencyKey.
	StepKey string
	// Logger has the run, the flow, the step and the attempt on each line.
	Logger *slog.Logger

	notes engine.Notes // nil outside of a handler
}

// infoKey is where a handler's context has its *StepInfo.
type infoKey struct{}

// Info is the StepInfo of the handler that was given this context. Outside of a
// handler it is empty, with a Logger that works.
func Info(ctx context.Context) StepInfo {
	stored, ok := ctx.Value(infoKey{}).(*StepInfo)
	if !ok {
		return StepInfo{Logger: slog.Default()}
	}
	info := *stored
	logger := slog.Default()
	if rt, ok := ctx.Value(runtimeKey{}).(*Runtime); ok {
		logger = rt.logger
	}
	info.Logger = logger.With("run", info.RunID, "flow", info.Flow, "step", info.Step, "attempt", info.Attempt)
	return info
}
