package sqlite

import (
	"context"
	"sync/atomic"
)

// change is something for the writer to do in a transaction.
type change interface {
	// apply does it. An error is one of SQLite's, and the transaction has to be
	// undone; a change that may not be made writes nothing and calls refuse. It may
	// be called again after its transaction was undone.
	apply(b *batch) error
	// committed is called when the transaction of apply is durable, before the
	// caller has its answer.
	committed(w *writer)
	// bytes is about how much it writes.
	bytes() int

	caller() *request
}

// The states of a request.
const (
	queued int32 = iota
	taken
	withdrawn
)

// request is the part of a change that its caller waits on.
type request struct {
	state atomic.Int32
	done  chan struct{} // has room for the answer
	err   error         // the answer; read it after done
}

func (r *request) caller() *request { return r }

// bytes is for changes that write little.
func (r *request) bytes() int { return 0 }

// committed is for changes with nothing to do then.
func (r *request) committed(*writer) {}

// refuse says that the change may not be made. It has written nothing.
func (r *request) refuse(err error) { r.err = err }

// answer lets the caller go on.
func (r *request) answer() { r.done <- struct{}{} }

// take is the writer's: false if the caller has withdrawn the change.
func (r *request) take() bool { return r.state.CompareAndSwap(queued, taken) }

// submit hands a change to the writer and waits for the answer. If ctx ends
// before the writer takes the change, nothing is written and ctx.Err() is
// returned; after that, the end of the transaction is waited for.
func (w *writer) submit(ctx context.Context, c change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := c.caller()
	r.done = w.answers.Get().(chan struct{})
	select {
	case w.queue <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(queued, withdrawn) {
			return ctx.Err()
		}
		<-r.done
	}
	w.answers.Put(r.done) // which is empty again; one of which the answer may still come is not used again
	return r.err
}
