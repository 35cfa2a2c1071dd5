package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// Tx is a transaction on the database of the store. A handler of a step with `transaction: true`
// gets one: what it writes through it and the result of the step are one commit. The transaction
// ends with the handler; used later, it returns sql.ErrTxDone. An *sql.Tx is a Tx too.
type Tx = store.Tx

var (
	// ErrInTransaction says that a handler with a transaction asked for what would wait for the
	// end of that transaction: a signal, a cancel, or the end of another run.
	ErrInTransaction = errors.New("a handler with a transaction cannot wait for others, which wait for its transaction")
	// ErrRolledBack says that the transaction of a handler was undone by a statement in it
	// that was cut short or asked for that. All statements behind it return it, and the attempt has failed.
	ErrRolledBack = store.ErrRolledBack
	// ErrNotOurs says that the transaction of a WithTx is not one on the runtime's database.
	ErrNotOurs = store.ErrNotOurs
)

// WithTx starts the run in a transaction of the caller's on the database of the store, such as an
// *sql.Tx on the same SQLite file. The run is there when that commits, and begins within
// a second (at once, if the transaction is that of a step); if it is rolled back, there never was one.
//
// In the handler of a step with a transaction, Start… does so by itself.
func WithTx(tx Tx) StartOption {
	return func(s *starting) { s.tx, s.txGiven = tx, true }
}

type txKey struct{}

// handlerTx is the transaction in a handler's context, nil if it has none, and whose it is.
type handlerTx struct {
	rt *Runtime
	tx Tx
}

// txOf is the transaction of a start: what the caller gave, or that of the handler; nil for none.
func (rt *Runtime) txOf(ctx context.Context, s *starting) (Tx, error) {
	if s.txGiven {
		if s.tx == nil {
			return nil, errors.New("the transaction of WithTx is nil")
		}
		return s.tx, nil
	}
	if h, ok := ctx.Value(txKey{}).(handlerTx); ok && h.rt == rt {
		return h.tx, nil
	}
	return nil, nil
}

// mayWait refuses what a handler with a transaction would wait for in vain.
func (rt *Runtime) mayWait(ctx context.Context, doing string) error {
	if h, ok := ctx.Value(txKey{}).(handlerTx); ok && h.rt == rt && h.tx != nil {
		return fmt.Errorf("%s: %w; do it in a step of its own", doing, ErrInTransaction)
	}
	return nil
}
