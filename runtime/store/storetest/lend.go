package storetest

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// lendTests are those of RunSQL. What handlers write goes into a table of the test's own.
var lendTests = []test{
	{"what is written through a loan is committed with the change", func(s *suite) {
		st := s.lending()
		run, claim := s.claimed(st)
		s.lend(st, claim, store.Change{Entries: []flow.Entry{step(1)}, Head: running(run, at(50)), Release: true})
		got, entries := s.get(st, run.ID)
		s.same("the head", got, *running(run, at(50)))
		s.same("the log", entries, []flow.Entry{step(1)})
		s.same("the rows", s.rows(st), 1)
	}},
	{"what fails leaves nothing", func(s *suite) {
		st := s.lending()
		run, claim := s.claimed(st)
		failure := errors.New("no money")
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			s.insert(loan)
			return store.Change{Entries: []flow.Entry{step(1)}}, failure
		})
		if !errors.Is(err, failure) {
			s.Fatalf("Lend: %v; want the error of do", err)
		}
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{})
		s.same("the rows", s.rows(st), 0)
		s.commit(st, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}})
	}},
	{"a loan that is over cannot be used", func(s *suite) {
		st := s.lending()
		_, claim := s.claimed(st)
		var kept store.Loan
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			kept = loan
			s.insert(loan)
			if err := loan.End(); err != nil {
				s.Errorf("End: %v", err)
			}
			s.over(loan)
			return store.Change{Entries: []flow.Entry{step(1)}}, nil
		})
		if err != nil {
			s.Fatalf("Lend: %v", err)
		}
		s.over(kept)
		if err := kept.End(); err != nil {
			s.Errorf("End once more: %v", err)
		}
		s.same("the rows", s.rows(st), 1)
	}},
	{"a loan without End is over with the call, rows and all", func(s *suite) {
		st := s.lending()
		_, claim := s.claimed(st)
		var kept store.Loan
		var rows *sql.Rows
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (_ store.Change, err error) {
			kept = loan
			s.insert(loan)
			rows, err = loan.QueryContext(s.ctx, `SELECT n FROM own`) // and they stay open
			return store.Change{Entries: []flow.Entry{step(1)}}, err
		})
		if err != nil {
			s.Fatalf("Lend: %v", err)
		}
		s.over(kept)
		if rows.Next() || rows.Close() != nil {
			s.Error("the rows can be read behind the loan")
		}
	}},
	{"bytes of open rows that are in use do not hold up the store", func(s *suite) {
		st := s.lending()
		_, claim := s.claimed(st)
		var rows *sql.Rows
		var raw sql.RawBytes
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (_ store.Change, err error) {
			s.insert(loan)
			if rows, err = loan.QueryContext(s.ctx, `SELECT 'text' FROM own`); err != nil {
				return store.Change{}, err
			}
			if !rows.Next() {
				return store.Change{}, rows.Err()
			}
			return store.Change{Entries: []flow.Entry{step(1)}}, rows.Scan(&raw)
		})
		if err != nil || string(raw) != "text" {
			s.Fatalf("Lend: %v with %q; want the text to be there still", err, raw)
		}
		s.same("the rows", s.rows(st), 1)
		if err := rows.Close(); err != nil {
			s.Errorf("Close of the rows, late: %v", err)
		}
	}},
	{"no loan for a claim that is over", func(s *suite) {
		st := s.lending()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusCompleted)})
		err := st.Lend(s.ctx, claim, func(store.Loan) (store.Change, error) {
			s.Error("do was called")
			return store.Change{}, nil
		})
		if !errors.Is(err, store.ErrClaimLost) {
			s.Fatalf("Lend: %v; want ErrClaimLost", err)
		}
	}},
	{"a change that cannot be written takes what was written with it", func(s *suite) {
		st := s.lending()
		_, claim := s.claimed(st)
		bad := step(1)
		bad.Error = &flow.Error{Message: "m", Fields: []byte(`{`)}
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			s.insert(loan)
			return store.Change{Entries: []flow.Entry{bad}}, nil
		})
		if err == nil {
			s.Fatal("an entry with broken fields was committed")
		}
		s.same("the rows", s.rows(st), 0)
	}},
	{"what others write meanwhile is written behind the loan", func(s *suite) {
		st := s.lending()
		run, claim := s.claimed(st)
		other, otherClaim := s.claimed(st)
		var all sync.WaitGroup
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			all.Go(func() { s.commit(st, store.Change{Claim: otherClaim, Entries: []flow.Entry{step(1)}}) })
			s.insert(loan)
			return store.Change{Entries: []flow.Entry{step(1)}, Head: ended(run, flow.StatusCompleted)}, nil
		})
		if err != nil {
			s.Fatalf("Lend: %v", err)
		}
		all.Wait()
		_, entries := s.get(st, other.ID)
		s.same("the log of the other", entries, []flow.Entry{step(1)})
	}},
	{"many loans at once are one after the other", func(s *suite) {
		st := s.lending()
		const loans = 20
		claims := make([]store.Claim, loans)
		for i := range claims {
			_, claims[i] = s.claimed(st)
		}
		var all sync.WaitGroup
		for _, claim := range claims {
			all.Go(func() { s.lend(st, claim, store.Change{Entries: []flow.Entry{step(1)}}) })
		}
		all.Wait()
		s.same("the rows", s.rows(st), loans)
	}},
	{"no loan for a context that has ended", func(s *suite) {
		st := s.lending()
		_, claim := s.claimed(st)
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		err := st.Lend(ctx, claim, func(store.Loan) (store.Change, error) {
			s.Error("do was called")
			return store.Change{}, nil
		})
		if !errors.Is(err, context.Canceled) {
			s.Fatalf("Lend: %v; want context.Canceled", err)
		}
	}},
	{"a run that is created in a loan is there with it", func(s *suite) {
		st := s.lending()
		_, claim := s.claimed(st)
		keyed := func(r *store.Run) { r.IdempotencyKey = "k" }
		lost, kept := s.newRun(keyed), s.newRun(keyed)
		failure := errors.New("no money")
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			s.createIn(st, loan, lost, false)
			return store.Change{}, failure
		})
		if !errors.Is(err, failure) {
			s.Fatalf("Lend: %v", err)
		}
		if _, _, err := st.Get(s.ctx, lost.ID); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Get of a run that was not kept: %v; want ErrNotFound", err)
		}
		err = st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			s.createIn(st, loan, kept, false)
			s.createIn(st, loan, kept, false) // a repeated one
			s.createIn(st, loan, s.newRun(keyed), true)
			other := kept
			other.Flow = "other"
			if _, err := st.CreateIn(s.ctx, loan, other); !errors.Is(err, store.ErrExists) {
				s.Errorf("CreateIn with a used id: %v; want ErrExists", err)
			}
			return store.Change{Entries: []flow.Entry{step(1)}}, nil
		})
		if err != nil {
			s.Fatalf("Lend: %v", err)
		}
		got := s.claim(st, at(1000), 9)
		s.same("what may be claimed", ids(got), []string{kept.ID})
		created := s.create(st, s.newRun(keyed), true)
		s.same("the run of the key", created.Run.ID, kept.ID)
	}},
	{"a run that is created in a loan is read as it was written, and waits for its place", func(s *suite) {
		st := s.lending()
		bounded := store.FlowVersion{Flow: "bounded", Major: 1, Minor: 2, Limit: 1}
		inBounds := func(r *store.Run) { r.Flow, r.Concurrency = "bounded", new(string) }
		first, second := s.newRun(inBounds), s.newRun(inBounds, func(r *store.Run) {
			r.Tenant, r.Priority, r.Labels, r.ParentID = "t", 3, map[string]string{"a": "b"}, "p"
		})
		_, claim := s.claimed(st)
		err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			s.createIn(st, loan, first, false)
			return store.Change{Entries: []flow.Entry{step(1)}}, nil
		})
		if err != nil {
			s.Fatalf("Lend: %v", err)
		}
		under := s.claim(st, at(1000), 9, bounded)
		s.same("what is under way", ids(under), []string{first.ID})
		err = st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
			s.createIn(st, loan, second, false)
			return store.Change{Entries: []flow.Entry{step(3)}}, nil
		})
		if err != nil {
			s.Fatalf("Lend: %v", err)
		}
		s.same("what finds a place", ids(s.claim(st, at(1000), 9, bounded)), []string{})
		s.commit(st, store.Change{Claim: under[0].Claim, Head: ended(first, flow.StatusCompleted)})
		got := s.claim(st, at(1000), 9, bounded)
		if len(got) != 1 {
			s.Fatalf("%d runs were claimed when the place was free; want one", len(got))
		}
		second.Status = flow.StatusPending
		s.same("the run", got[0].Run, second)
	}},
}

// lending opens a store that lends and has the table own.
func (s *suite) lending() store.SQL {
	s.Helper()
	st, ok := s.executing().(store.SQL)
	if !ok {
		s.Fatal("the store is no store.SQL")
	}
	_, claim := s.claimed(st, func(r *store.Run) { r.Flow = "setup" })
	err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
		_, err := loan.ExecContext(s.ctx, `CREATE TABLE own (n INTEGER)`)
		return store.Change{Entries: []flow.Entry{step(1)}}, err
	})
	if err != nil {
		s.Fatalf("make the table: %v", err)
	}
	return st
}

// lend inserts a row and returns the change.
func (s *suite) lend(st store.SQL, claim store.Claim, c store.Change) {
	s.Helper()
	err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
		s.insert(loan)
		return c, nil
	})
	if err != nil {
		s.Errorf("Lend: %v", err)
	}
}

func (s *suite) insert(tx store.Tx) {
	s.Helper()
	if _, err := tx.ExecContext(s.ctx, `INSERT INTO own (n) VALUES (1)`); err != nil {
		s.Errorf("insert: %v", err)
	}
}

// rows counts what was inserted.
func (s *suite) rows(st store.SQL) (n int) {
	s.Helper()
	_, claim := s.claimed(st, func(r *store.Run) { r.Flow = "count" })
	done := errors.New("counted")
	err := st.Lend(s.ctx, claim, func(loan store.Loan) (store.Change, error) {
		if err := loan.QueryRowContext(s.ctx, `SELECT count(*) FROM own`).Scan(&n); err != nil {
			return store.Change{}, err
		}
		return store.Change{}, done
	})
	if !errors.Is(err, done) {
		s.Fatalf("count: %v", err)
	}
	return n
}

// over wants a transaction to be over.
func (s *suite) over(tx store.Tx) {
	s.Helper()
	_, err := tx.ExecContext(s.ctx, `INSERT INTO own (n) VALUES (2)`)
	rowErr := tx.QueryRowContext(s.ctx, `SELECT 1`).Scan(new(int))
	if !errors.Is(err, sql.ErrTxDone) || !errors.Is(rowErr, sql.ErrTxDone) {
		s.Errorf("a transaction that is over: %v, %v; want sql.ErrTxDone", err, rowErr)
	}
}

func (s *suite) createIn(st store.SQL, tx store.Tx, run store.Run, existing bool) {
	s.Helper()
	created, err := st.CreateIn(s.ctx, tx, run)
	if err != nil || created.Existing != existing || created.Claim != nil {
		s.Errorf("CreateIn %s: %+v, %v; want existing to be %v, and no claim", run.ID, created, err, existing)
	}
}
