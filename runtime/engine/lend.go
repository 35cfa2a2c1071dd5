package engine

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about steps in a transaction. Their attempts take a place as all do, and
// then ask the execution for the store's transaction. While the handler has it, nothing
// else of the run could be stored, so the execution waits for that handler alone: it
// applies its result while the transaction is open, and hands what that leads to to the store for
// the same commit. A handler that fails leaves nothing there, and its failure
// is stored as any other.

// loan is the transaction of one call, from when it is asked for.
type loan struct {
	cause   func() error     // why the attempt is to end, before it has; nil
	grants  chan *lentTx     // what the attempt waits for; nil refuses
	granted atomic.Bool      // the attempt has it
	ends    chan *attemptEnd // of the handler and of the timeout: the first one counts
	tx      *lentTx          // the attempt's, once it is granted
}

func newLoan(ctx context.Context) *loan {
	return &loan{
		cause:  func() error { return context.Cause(ctx) },
		grants: make(chan *lentTx, 1), ends: make(chan *attemptEnd, 1),
	}
}

// end says how the attempt ended, if nobody did before.
func (l *loan) end(o *attemptEnd) {
	select {
	case l.ends <- o:
	default:
	}
}

// tx is what the handler gets; nil for a step without a transaction.
func (c *call) tx() store.Tx {
	if c.loan == nil {
		return nil
	}
	return c.loan.tx
}

// lentTx is the transaction as a handler has it: it cannot end it.
type lentTx struct {
	loan   store.Loan
	starts atomic.Bool // runs were started in it
}

// ExecContext implements store.Tx.
func (t *lentTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.loan.ExecContext(ctx, query, args...)
}

// QueryContext implements store.Tx.
func (t *lentTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.loan.QueryContext(ctx, query, args...)
}

// QueryRowContext implements store.Tx.
func (t *lentTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.loan.QueryRowContext(ctx, query, args...)
}

// CreateIn implements Engine.
func (e *Embedded) CreateIn(ctx context.Context, tx store.Tx, run store.Run) (store.Created, error) {
	if closed(e.closing) {
		return store.Created{}, ErrClosed
	}
	if t, ok := tx.(*lentTx); ok {
		t.starts.Store(true)
	}
	db, tx, err := e.in(tx)
	if err != nil {
		return store.Created{}, err
	}
	run, told := e.observeStart(ctx, run)
	created, err := db.CreateIn(ctx, tx, run)
	told(created, err)
	return created, err
}

// in is the store of a transaction, and the transaction as the store knows it.
func (e *Embedded) in(tx store.Tx) (store.SQL, store.Tx, error) {
	db, ok := e.store.(store.SQL)
	if !ok {
		return nil, nil, ErrNoTransactions
	}
	if t, ok := tx.(*lentTx); ok {
		tx = t.loan
	}
	return db, tx, nil
}

// canLend says what keeps a step from having a transaction.
func (e *Embedded) canLend(s *flow.StepDef) error {
	if !s.Transaction {
		return nil
	}
	if s.Policy.Timeout <= 0 {
		return errors.New("it is in a transaction and has no timeout; all others would wait for it without end")
	}
	if _, ok := e.store.(store.SQL); !ok {
		return fmt.Errorf("it is in a transaction: %w", ErrNoTransactions)
	}
	return nil
}

// asking is an attempt that asks for its transaction.
type asking struct{ call *call }

// arrive implements arrival.
func (a asking) arrive(x *execution) (flow.Outcome, bool) {
	x.asked = a.call
	return nil, false
}

// borrow waits until the attempt has its transaction, if it is to have one. It
// returns why there is to be none, as takePlace does.
func (x *execution) borrow(ctx context.Context, c *call) error {
	if c.loan == nil {
		return nil
	}
	select {
	case x.arrivals <- asking{c}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-x.engine.closing:
		return errClosing
	case <-x.gone:
		return errStopped
	}
	select {
	case tx := <-c.loan.grants:
		if tx == nil {
			return cmp.Or(context.Cause(ctx), errClosing)
		}
		c.loan.tx = tx
		return nil
	case <-x.gone:
		return errStopped
	}
}

// lending is a call with its transaction as the execution sees it.
type lending struct {
	x *execution
	c *call

	began  bool        // the store has called back
	end    *attemptEnd // how the attempt ended
	next   *step       // what that leads to, if it is stored in the transaction
	change store.Change
}

// errNotUsed says that a transaction is of no use: the attempt failed.
var errNotUsed = errors.New("the attempt failed")

// lend gives the call that asked for it the store's transaction, and stores what
// comes of it. It returns an outcome that is still to be applied, if there is one, and
// says false if the execution is to end.
func (x *execution) lend() (flow.Outcome, bool) {
	c := x.asked
	x.asked = nil
	db, ok := x.engine.store.(store.SQL) // so it was when the flow was registered
	if !ok || x.closing() || c.loan.cause() != nil {
		c.loan.grants <- nil // its end comes as any other's
		return nil, true
	}
	for pause := firstCommitPause; ; pause = min(2*pause, lastCommitPause) {
		l := &lending{x: x, c: c}
		err := db.Lend(context.Background(), x.claim, l.run)
		switch {
		case err == nil:
			return nil, l.committed()
		case l.began && errors.Is(err, errNotUsed):
			if !x.forget(l.end) {
				return nil, true
			}
			return l.end.Ended, true
		case errors.Is(err, errClosing):
			c.loan.grants <- nil
			return nil, true
		case l.began, isOver(err):
			return nil, x.startOver(err)
		}
		x.refused(err, pause)
		if !x.sleep(pause) {
			c.loan.grants <- nil
			return nil, true
		}
	}
}

// run is called by the store with the transaction. The execution's goroutine waits meanwhile.
func (l *lending) run(tx store.Loan) (store.Change, error) {
	if l.x.closing() {
		return store.Change{}, errClosing // it has not begun
	}
	l.began = true
	l.end = l.await(tx)
	if err := tx.End(); err != nil && l.end.Err == nil && !l.end.cutOff {
		if !errors.Is(err, store.ErrRolledBack) {
			return store.Change{}, err
		}
		l.end.Err = &flow.Error{Kind: flow.ErrorHandler, Message: "the handler's " + err.Error()}
	}
	l.end.Ended = l.x.run.Bounded(l.end.Ended)
	if l.end.Err != nil || l.end.cutOff {
		return store.Change{}, errNotUsed
	}
	l.x.forget(l.end)
	next, err := l.x.decide(l.end.Ended)
	if err != nil {
		return store.Change{}, err
	}
	l.next = &next
	l.change, _ = l.x.change(next) // there is one: the end of the attempt
	return l.change, nil
}

// await lets the attempt have the transaction and waits for its end, at most for its timeout.
func (l *lending) await(tx store.Loan) *attemptEnd {
	x, c := l.x, l.c
	c.loan.granted.Store(true)
	stop := x.engine.opts.Clock.AfterFunc(c.Timeout, func() { x.timeOut(c) })
	defer stop()
	c.loan.grants <- &lentTx{loan: tx}
	cutting := x.engine.cutting
	for {
		select {
		case o := <-c.loan.ends:
			return o
		case <-cutting:
			c.cancel(errClosing)
			cutting = nil
		case <-x.engine.abandoned:
			return &attemptEnd{Ended: flow.Ended{Seq: c.Entry.Seq}, cutOff: true}
		}
	}
}

// committed goes on behind the commit.
func (l *lending) committed() bool {
	l.x.stored(l.change)
	if l.c.loan.tx.starts.Load() {
		l.x.engine.queued()
	}
	return l.x.carryOut(*l.next)
}

// startOver ends the execution after a transaction of which it is not known whether it is on disk, or that
// the disk took away. The run in memory may be ahead of the one that is stored; whoever
// claims it next goes on from that. The handler then runs again, if its result is not there.
func (x *execution) startOver(err error) bool {
	x.cancelCalls(errStopped)
	if isOver(err) {
		x.lost(err)
		return false
	}
	x.refused(err, startOverPause)
	if x.sleep(startOverPause) {
		x.commit(store.Change{Claim: x.claim, Release: true})
	}
	return false
}

// startOverPause is how long a run pauses whose transaction was lost.
const startOverPause = time.Second
