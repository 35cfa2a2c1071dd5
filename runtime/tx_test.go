package runtime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

// This file is about steps in a transaction: what they wrote is there exactly if their
// result is.

// txBench is a bench whose step pay has a transaction.
func txBench(t *testing.T) *bench {
	b := newBench(t)
	b.flow.pay.Transaction = true
	b.flow.pay.Policy = flow.Policy{Timeout: 20 * time.Second}
	return b
}

// openTx opens the bench with a table of the program's own beside those of the store.
func (b *bench) openTx(s shop, opts ...runtime.Option) *sql.DB {
	b.t.Helper()
	b.open(s, opts...)
	return openCharges(b.t, b.path)
}

// openCharges opens the program's own connections to the database, and makes its table.
func openCharges(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(20000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS charges (run TEXT NOT NULL, amount INTEGER NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return db
}

// charge writes a row for the run.
func charge(ctx context.Context, tx runtime.Tx, in shipment) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO charges (run, amount) VALUES (?, ?)`, runtime.Info(ctx).RunID, in.Count)
	return err
}

// charged charges and says so.
func charged(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
	return receipt{"p"}, charge(ctx, tx, in)
}

// charges counts the rows of a run.
func charges(t testing.TB, db *sql.DB, runID string) (n int) {
	t.Helper()
	if err := db.QueryRow(`SELECT count(*) FROM charges WHERE run = ?`, runID).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAStepInATransaction(t *testing.T) {
	b := txBench(t)
	kept := make(chan runtime.Tx, 1)
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		if err := charge(ctx, tx, in); err != nil {
			return receipt{}, err
		}
		var amount int64
		if err := tx.QueryRowContext(ctx, `SELECT amount FROM charges WHERE run = ?`, runtime.Info(ctx).RunID).Scan(&amount); err != nil {
			return receipt{}, err
		}
		rows, err := tx.QueryContext(ctx, `SELECT id FROM runs`)
		if err != nil {
			return receipt{}, err
		}
		rows.Next() // and they stay open
		kept <- tx
		return receipt{fmt.Sprint(amount)}, nil
	}})
	run := b.start(shipment{Count: 7})
	out, err := run.Wait(t.Context())
	if err != nil || out.ID != "7" || charges(t, db, run.ID()) != 1 {
		t.Fatalf("Wait: %v, %v with %d charges; want 7 with one", out, err, charges(t, db, run.ID()))
	}
	tx := <-kept
	_, execErr := tx.ExecContext(t.Context(), `DELETE FROM charges`)
	rows, queryErr := tx.QueryContext(t.Context(), `SELECT 1`)
	if rows != nil {
		rows.Close()
	}
	rowErr := tx.QueryRowContext(t.Context(), `SELECT 1`).Scan(new(int))
	for what, err := range map[string]error{"ExecContext": execErr, "QueryContext": queryErr, "QueryRowContext": rowErr} {
		if !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("%s behind the handler: %v; want sql.ErrTxDone", what, err)
		}
	}
}

// However a handler fails, what it wrote is not there, and its failure counts as any other.
func TestAFailedStepLeavesNothing(t *testing.T) {
	late := make(chan error, 1)
	for name, test := range map[string]struct {
		fail func(ctx context.Context, tx runtime.Tx) error
		kind flow.ErrorKind
		says string
	}{
		"an error":  {func(context.Context, runtime.Tx) error { return errors.New("no money") }, flow.ErrorHandler, "no money"},
		"a panic":   {func(context.Context, runtime.Tx) error { panic("boom") }, flow.ErrorPanic, "boom"},
		"Goexit":    {func(context.Context, runtime.Tx) error { goruntime.Goexit(); return nil }, flow.ErrorPanic, "Goexit"},
		"a timeout": {func(ctx context.Context, _ runtime.Tx) error { <-ctx.Done(); return nil }, flow.ErrorTimeout, "timeout"},
		"a timeout that is ignored": {func(ctx context.Context, tx runtime.Tx) error {
			<-ctx.Done()
			for { // until it is over
				if _, err := tx.ExecContext(context.Background(), `INSERT INTO charges VALUES ('late', 1)`); err != nil {
					late <- err
					return nil
				}
			}
		}, flow.ErrorTimeout, "timeout"},
		"a statement without end": {func(_ context.Context, tx runtime.Tx) error {
			_, err := tx.ExecContext(context.Background(), `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
				INSERT INTO charges SELECT 'endless', count(*) FROM n`)
			return err
		}, flow.ErrorTimeout, "timeout"},
		"a rollback by SQLite that is ignored": {func(ctx context.Context, tx runtime.Tx) error {
			cut, cancel := context.WithCancel(ctx)
			time.AfterFunc(20*time.Millisecond, cancel)
			_, _ = tx.ExecContext(cut, `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
				INSERT INTO charges SELECT 'endless', x FROM n`)
			if _, err := tx.ExecContext(ctx, `INSERT INTO charges VALUES ('outside', 1)`); !errors.Is(err, runtime.ErrRolledBack) {
				return runtime.Permanent(fmt.Errorf("the statement behind the rollback: %w", err))
			}
			return nil
		}, flow.ErrorHandler, "rolled back"},
		"an INSERT OR ROLLBACK": {func(ctx context.Context, tx runtime.Tx) error {
			_, _ = tx.ExecContext(ctx, `INSERT OR ROLLBACK INTO charges VALUES ('outside', NULL)`)
			_, _ = tx.ExecContext(ctx, `INSERT INTO charges VALUES ('outside', 1)`)
			return nil
		}, flow.ErrorHandler, "rolled back"},
	} {
		t.Run(name, func(t *testing.T) {
			b := txBench(t)
			b.flow.pay.Policy = flow.Policy{Timeout: 300 * time.Millisecond, Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
			db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
				if err := charge(ctx, tx, in); err != nil {
					return receipt{}, err
				}
				return receipt{"p"}, test.fail(ctx, tx)
			}})
			run := b.start(shipment{})
			_, err := run.Wait(t.Context())
			var failed *runtime.RunError
			if !errors.As(err, &failed) || failed.Cause.Kind != test.kind || !strings.Contains(failed.Cause.Message, test.says) {
				t.Fatalf("Wait: %v; want one of the kind %s that says %q", err, test.kind, test.says)
			}
			var n int
			if err := db.QueryRow(`SELECT count(*) FROM charges`).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows are left, %v", n, err)
			}
			if got := b.history(run); !strings.Contains(got, "pay 2") {
				t.Errorf("the history has no second attempt:\n%s", got)
			}
			if len(late) > 0 {
				if err := <-late; !errors.Is(err, sql.ErrTxDone) && !errors.Is(err, context.Canceled) {
					t.Errorf("a statement behind the timeout: %v", err)
				}
			}
		})
	}
}

// What would end the transaction, outlive it or change the store's tables is refused.
func TestWhatAHandlerMayNotDo(t *testing.T) {
	for _, statement := range []string{
		`COMMIT`, `ROLLBACK`, `END; INSERT INTO charges VALUES ('outside', 1)`, `BEGIN`,
		`ATTACH ':memory:' AS other`, `PRAGMA query_only = 1`, `PRAGMA writable_schema = 1`, `CREATE TEMP TABLE runs (id)`,
		`CREATE TEMP TRIGGER t AFTER INSERT ON charges BEGIN SELECT 1; END`, `CREATE TEMP VIEW log AS SELECT 1`,
		`DELETE FROM runs`, `UPDATE log SET output = '{}'`, `DROP TABLE messages`, `ALTER TABLE meta ADD COLUMN x`,
		`CREATE TRIGGER t AFTER UPDATE ON runs BEGIN SELECT 1; END`, `CREATE INDEX i ON runs (id)`,
	} {
		t.Run(statement, func(t *testing.T) {
			b := txBench(t)
			var refusal error
			db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
				_, refusal = tx.ExecContext(ctx, statement)
				return charged(ctx, tx, in)
			}})
			run := b.start(shipment{Count: 1})
			if _, err := run.Wait(t.Context()); err != nil || charges(t, db, run.ID()) != 1 {
				t.Fatalf("Wait: %v, %d charges", err, charges(t, db, run.ID()))
			}
			if refusal == nil || !strings.Contains(refusal.Error(), "authorized") {
				t.Errorf("the statement: %v; want it refused", refusal)
			}
		})
	}
}

func TestWhatAHandlerMayDo(t *testing.T) {
	b := txBench(t)
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		for _, statement := range []string{
			`CREATE TABLE IF NOT EXISTS more (id INTEGER PRIMARY KEY, at TEXT)`, `CREATE INDEX IF NOT EXISTS more_at ON more (at)`,
			`SAVEPOINT one`, `INSERT INTO more (at) VALUES ('x')`, `ROLLBACK TO one`, `RELEASE one`,
			`CREATE TRIGGER more_new AFTER INSERT ON charges BEGIN INSERT INTO more (at) VALUES (new.run); END`,
			`SELECT * FROM runs`, `ALTER TABLE more ADD COLUMN y`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return receipt{}, fmt.Errorf("%s: %w", statement, err)
			}
		}
		return charged(ctx, tx, in)
	}})
	run := b.start(shipment{Count: 1})
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var at string
	if err := db.QueryRow(`SELECT at FROM more`).Scan(&at); err != nil || at != run.ID() {
		t.Fatalf("what the trigger wrote: %q, %v", at, err)
	}
}

// While a handler has the transaction, others wait for at most its timeout.
func TestOthersWaitNoLongerThanTheTimeout(t *testing.T) {
	b := txBench(t)
	b.flow.pay.Policy.Timeout = 200 * time.Millisecond
	entered, release := make(chan struct{}, 100), make(chan struct{})
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		if in.Count != 99 {
			return charged(ctx, tx, in)
		}
		entered <- struct{}{}
		<-release // it ignores its context
		return receipt{}, nil
	}})
	defer close(release)
	slow := b.start(shipment{Count: 99})
	<-entered
	began := time.Now()
	other := b.start(shipment{Count: 1}) // waits to be stored
	if _, err := other.Wait(t.Context()); err != nil || charges(t, db, other.ID()) != 1 {
		t.Fatalf("Wait: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the other run took %v", took)
	}
	if _, err := slow.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("the slow run: %v", err)
	}
}

// Many at once: each has its charge, and others get their turn in between.
func TestManyStepsInTransactions(t *testing.T) {
	b := txBench(t)
	db := b.openTx(shop{payTx: charged})
	runs := make([]*runtime.Run[receipt], 50)
	for i := range runs {
		runs[i] = b.start(shipment{Count: int64(i)})
	}
	for _, run := range runs {
		if _, err := run.Wait(t.Context()); err != nil || charges(t, db, run.ID()) != 1 {
			t.Fatalf("Wait: %v, %d charges", err, charges(t, db, run.ID()))
		}
	}
}

// Every write of a run fails once, also the one with the handler's own.
func TestEveryWriteOfATransactionFailsOnce(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After} {
		for n, writes := 1, 1; n <= writes; n++ {
			t.Run(fmt.Sprintf("%d/write %d", fault, n), func(t *testing.T) {
				b := txBench(t)
				var faulty *storetest.Faulty
				b.wrap = func(s store.Store) store.Store {
					faulty = storetest.NewFaulty(s, storetest.FailNth(n, fault))
					return faulty
				}
				db := b.openTx(shop{payTx: charged})
				ctx := runtime.NewContext(t.Context(), b.rt)
				run, err := b.flow.start(ctx, shipment{Count: 1}, runtime.WithIdempotencyKey("k"))
				if err != nil {
					run, err = b.flow.start(ctx, shipment{Count: 1}, runtime.WithIdempotencyKey("k"))
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := run.Wait(t.Context()); err != nil || charges(t, db, run.ID()) != 1 {
					t.Fatalf("Wait: %v, %d charges", err, charges(t, db, run.ID()))
				}
				if got := b.history(run); strings.Contains(got, "pay 2") {
					t.Errorf("a fault of the store took a retry away:\n%s", got)
				}
				writes = faulty.Writes()
			})
		}
	}
}

func TestCloseCutsATransactionShort(t *testing.T) {
	b := txBench(t)
	underWay := make(chan struct{}, 1)
	b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		if err := charge(ctx, tx, in); err != nil {
			return receipt{}, err
		}
		underWay <- struct{}{}
		<-ctx.Done()
		return receipt{}, context.Cause(ctx)
	}})
	run := b.start(shipment{Count: 1})
	<-underWay
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(ended); err != nil {
		t.Fatalf("Close: %v", err)
	}
	b.close()
	db := b.openTx(shop{payTx: charged})
	ctx := runtime.NewContext(t.Context(), b.rt)
	again, err := runtime.GetFlow[receipt](ctx, &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(ctx); err != nil || charges(t, db, run.ID()) != 1 {
		t.Fatalf("Wait: %v, %d charges", err, charges(t, db, run.ID()))
	}
}

func TestCancelDuringATransaction(t *testing.T) {
	b := txBench(t)
	underWay, release := make(chan struct{}), make(chan struct{})
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		close(underWay)
		<-release
		return charged(ctx, tx, in)
	}})
	run := b.start(shipment{Count: 1})
	<-underWay
	asked := make(chan error, 1)
	go func() { asked <- b.rt.CancelRun(t.Context(), run.ID(), "") }()
	close(release) // whether the cancel waits in the store by now or not, the step completes
	if err := <-asked; err != nil && !errors.Is(err, store.ErrFinal) {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); charges(t, db, run.ID()) != 1 {
		t.Fatalf("Wait: %v; the step completed and its charge is gone", err)
	}
}

// txPair is two steps that run together, the left one in a transaction.
type txPair struct {
	flow.Definition
	left, right flow.StepDef
}

type txPairMachine struct {
	def         *txPair
	left, right flow.Step[number, number]
}

func (s *txPairMachine) Next(p *flow.Plan) bool {
	input := func() number { return number{} }
	return flow.All(s.left.Run(p, &s.def.left, input), s.right.Run(p, &s.def.right, input))
}

func (s *txPairMachine) Output(*flow.Plan) any { return number{s.left.Out.N + s.right.Out.N} }

func newTxPair() *txPair {
	f := &txPair{
		left: flow.StepDef{
			Name: "left", Transaction: true, Policy: flow.Policy{Timeout: 20 * time.Second},
			Compensation: &flow.CompensationDef{Name: "undo-left"},
		},
		right: flow.StepDef{Name: "right"},
	}
	f.Definition = flow.Definition{
		Flow: "tx-pair", Version: "1.0", Steps: []*flow.StepDef{&f.left, &f.right},
		New: func([]byte) (flow.Machine, error) { return &txPairMachine{def: f}, nil },
	}
	return f
}

// A step beside one in a transaction ends while that has it: it is stored behind it. If it failed, what
// was committed is undone.
func TestAStepBesideATransaction(t *testing.T) {
	for name, rightErr := range map[string]error{"completes": nil, "fails": errors.New("no stock")} {
		t.Run(name, func(t *testing.T) {
			b, f := newBench(t), newTxPair()
			db := b.openTx(shop{})
			lent, ends, undone := make(chan struct{}), make(chan struct{}), false
			err := b.rt.Register(&f.Definition,
				runtime.TxStepHandler(&f.left, func(ctx context.Context, tx runtime.Tx, _ number) (number, error) {
					close(lent)
					<-ends
					return number{1}, charge(ctx, tx, shipment{})
				}),
				runtime.CompensationHandler(&f.left, func(context.Context, number, number) error { undone = true; return nil }),
				runtime.StepHandler(&f.right, func(context.Context, number) (number, error) {
					<-lent
					close(ends)
					return number{2}, rightErr
				}),
			)
			if err != nil {
				t.Fatal(err)
			}
			ctx := runtime.NewContext(t.Context(), b.rt)
			run, err := runtime.StartFlow[number](ctx, &f.Definition, number{})
			if err != nil {
				t.Fatal(err)
			}
			out, err := run.Wait(ctx)
			if rightErr == nil && (err != nil || out.N != 3) || rightErr != nil && (err == nil || !undone) {
				t.Errorf("Wait: %v, %v; undone: %v", out, err, undone)
			}
			if n := charges(t, db, run.ID()); n != 1 {
				t.Errorf("%d charges; want the one that was committed", n)
			}
		})
	}
}

func TestWhatAHandlerWithATransactionCannotWaitFor(t *testing.T) {
	b := txBench(t)
	b.openTx(shop{payTx: func(ctx context.Context, _ runtime.Tx, in shipment) (receipt, error) {
		other, err := b.flow.start(ctx, shipment{Count: in.Count})
		if err != nil {
			return receipt{}, err
		}
		_, waitErr := other.Wait(ctx)
		cancelErr := b.rt.CancelRun(ctx, other.ID(), "")
		for _, err := range []error{waitErr, cancelErr} {
			if !errors.Is(err, runtime.ErrInTransaction) {
				return receipt{}, fmt.Errorf("got %w; want ErrInTransaction", err)
			}
		}
		if err := runtime.Info(ctx).Checkpoint(1); !errors.Is(err, runtime.ErrOneCommit) {
			return receipt{}, fmt.Errorf("got %w; want ErrOneCommit", err)
		}
		return receipt{}, runtime.Permanent(errors.New("as expected"))
	}})
	if _, err := b.start(shipment{Count: 1}).Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "as expected") {
		t.Fatal(err)
	}
}

func TestAStartInATransaction(t *testing.T) {
	b := txBench(t)
	var attempts atomic.Int64
	var ids [2]string
	db := b.openTx(shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		if err := charge(ctx, tx, in); err != nil || in.Count != 1 {
			return receipt{"p"}, err
		}
		attempt := attempts.Add(1)
		other, err := b.flow.start(ctx, shipment{Count: 2})
		if err != nil {
			return receipt{}, err
		}
		again, err := b.flow.start(ctx, shipment{Count: 2})
		if err != nil || again.ID() != other.ID() || !again.Existing() {
			return receipt{}, runtime.Permanent(fmt.Errorf("a second start: %v, %w", again, err))
		}
		ids[attempt-1] = other.ID()
		if attempt == 1 {
			return receipt{}, errors.New("once more")
		}
		return receipt{"p"}, nil
	}})
	b.flow.pay.Policy.Retries, b.flow.pay.Policy.BackoffBase = 1, time.Millisecond
	run := b.start(shipment{Count: 1})
	ctx := runtime.NewContext(t.Context(), b.rt)
	if _, err := run.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rt.GetRun(ctx, ids[0]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the run that the first attempt started: %v; want ErrNotFound", err)
	}
	other, err := runtime.GetFlow[receipt](ctx, &b.flow.Definition, ids[1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Wait(ctx); err != nil || charges(t, db, other.ID()) != 1 {
		t.Fatalf("the other run: %v", err)
	}
}

func TestWithTx(t *testing.T) {
	b := newBench(t)
	db := b.openTx(shop{})
	ctx := runtime.NewContext(t.Context(), b.rt)
	tx := begin(t, db)
	gone, err := b.flow.start(ctx, shipment{Count: 1}, runtime.WithTx(tx))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.rt.GetRun(ctx, gone.ID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before the commit: %v; want ErrNotFound", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rt.GetRun(ctx, gone.ID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after a rollback: %v; want ErrNotFound", err)
	}
	tx = begin(t, db)
	key := runtime.WithIdempotencyKey("k")
	run, err := b.flow.start(ctx, shipment{Count: 1}, runtime.WithTx(tx), key)
	if err != nil || run.Existing() {
		t.Fatalf("start: %+v, %v", run, err)
	}
	same, err := b.flow.start(ctx, shipment{Count: 1}, runtime.WithTx(tx), key)
	if err != nil || !same.Existing() || same.ID() != run.ID() {
		t.Fatalf("the same start in the same transaction: %+v, %v; want the run", same, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if out, err := run.Wait(ctx); err != nil || out.ID != "p" {
		t.Fatalf("Wait: %v, %v", out, err)
	}
	tx = begin(t, db)
	defer tx.Rollback() //nolint:errcheck // nothing was written
	later, err := b.flow.start(ctx, shipment{Count: 1}, runtime.WithTx(tx), key)
	if err != nil || !later.Existing() || later.ID() != run.ID() {
		t.Fatalf("the same start later: %+v, %v; want the run", later, err)
	}
	if _, err := b.flow.start(ctx, shipment{Count: 2}, runtime.WithTx(tx), runtime.WithRunID(run.ID())); !errors.Is(err, store.ErrExists) {
		t.Fatalf("another start with the id: %v; want ErrExists", err)
	}
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func rollBack(t *testing.T, tx *sql.Tx) {
	t.Helper()
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestATransactionElsewhereIsRefused(t *testing.T) {
	b := newBench(t)
	db := b.openTx(shop{})
	other := openCharges(t, t.TempDir()+"/other.db")
	memory, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	ctx := runtime.NewContext(t.Context(), b.rt)
	inOther, inMemory, over := begin(t, other), begin(t, memory), begin(t, db)
	rollBack(t, over)
	for what, test := range map[string]struct {
		tx   runtime.Tx
		want error
	}{
		"of another file": {inOther, runtime.ErrNotOurs},
		"in memory":       {inMemory, runtime.ErrNotOurs},
		"that is none":    {db, runtime.ErrNotOurs},
		"that is over":    {over, sql.ErrTxDone},
		"that is nil":     {nil, nil},
	} {
		_, err := b.flow.start(ctx, shipment{}, runtime.WithTx(test.tx))
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("a transaction %s: %v; want %v", what, err, test.want)
		}
	}
	rollBack(t, inOther)
	rollBack(t, inMemory)
}

func TestAStepInATransactionNeedsATimeoutAndAStoreWithSQL(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Transaction = true
	rt, err := runtime.New(newNoStore())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.flow.register(rt, shop{payTx: charged}); err == nil || !strings.Contains(err.Error(), "no timeout") {
		t.Errorf("without a timeout: %v", err)
	}
	b.flow.pay.Policy.Timeout = time.Second
	if err := b.flow.register(rt, shop{payTx: charged}); err == nil || !strings.Contains(err.Error(), "no transactions") {
		t.Errorf("without SQL: %v", err)
	}
}
