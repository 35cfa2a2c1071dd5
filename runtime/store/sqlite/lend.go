package sqlite

import (
	"context"
	"errors"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file lends the writer's transaction. While it is lent nobody else's changes are
// written; between two loans all that have come in meanwhile are.

var _ store.SQL = (*Store)(nil)

// Lend implements store.SQL.
func (s *Store) Lend(ctx context.Context, claim store.Claim, do func(loan store.Loan) (store.Change, error)) error {
	leave, err := s.enter("lend a transaction")
	if err != nil {
		return err
	}
	defer leave()
	l := &lending{claim: claim, do: do}
	err = s.write(ctx, l)
	if l.refusal != nil {
		return l.refusal
	}
	return err
}

// errNotKept says that what a loan was used for is not to be committed.
var errNotKept = errors.New("the loan was not used")

// lending is a change that somebody makes while the transaction is open. It is one of its own.
type lending struct {
	request
	claim   store.Claim
	do      func(store.Loan) (store.Change, error)
	refusal error // of do
}

// apply calls do once: a loan is alone in its transaction, and where that is made once more, since the right
// to execute is lost, the claim is too.
func (l *lending) apply(b *batch) error {
	if !b.w.claims.use(l.claim) {
		l.refuse(claimLost(l.claim))
		return nil
	}
	loan, err := b.w.borrow()
	if err != nil {
		return err
	}
	change, refusal := l.do(loan)
	lost := loan.End() // also for a do that did not
	switch {
	case refusal != nil:
		l.refusal = refusal
		return errNotKept
	case lost != nil:
		return lost
	}
	change.Claim = l.claim
	c, err := encodeChange(&change)
	if err != nil {
		return err
	}
	b.wrote = true // through the loan, for all that we know
	return c.apply(b)
}

// lendNext lends to the first that waits for it, in a transaction of its own.
func (w *writer) lendNext() {
	l := w.loans[0]
	w.loans = w.loans[1:]
	if !l.take() {
		return
	}
	one := []change{l}
	_, err := w.transact(one, never)
	w.answer(one, err)
}
