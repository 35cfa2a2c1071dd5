package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	sqlitedriver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file makes the writer's transaction one of database/sql, for a handler. It is the
// writer's own connection, in the transaction that the writer has begun and will
// end: database/sql is told that both happen, and nothing does.

// loan is a store.Loan.
type loan struct {
	path string
	conn *lentConn
	db   *sql.DB // of this one connection
	tx   *sql.Tx

	ending sync.Once
	err    error // of End
}

// borrow lends the connection with the transaction that it is in.
func (w *writer) borrow() (*loan, error) {
	over, end := context.WithCancel(context.Background())
	l := &loan{path: w.path, conn: &lentConn{conn: w.conn, over: over, end: end, open: map[*lentRows]bool{}}}
	l.db = sql.OpenDB(l.conn)
	l.db.SetMaxOpenConns(1)
	tx, err := l.db.BeginTx(context.Background(), nil) // the handler's context must not end it behind our back
	if err != nil {
		end()
		return nil, errors.Join(err, l.db.Close())
	}
	l.tx, w.conn.lent = tx, l.conn
	return l, nil
}

// ExecContext implements store.Tx.
func (l *loan) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return l.tx.ExecContext(ctx, query, args...)
}

// QueryContext implements store.Tx.
func (l *loan) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return l.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements store.Tx.
func (l *loan) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return l.tx.QueryRowContext(ctx, query, args...)
}

// End implements store.Loan. It returns when nobody uses the connection any more.
func (l *loan) End() error {
	l.ending.Do(func() {
		var left int
		left, l.err = l.conn.takeBack(l.path)
		// For database/sql there is nothing left but to forget. It does not while somebody has rows
		// open and bytes of them in use, who may never say that he is done; nobody waits for that.
		forget := func() { _, _ = l.tx.Rollback(), l.db.Close() }
		if left > 0 {
			go forget()
			return
		}
		forget()
	})
	return l.err
}

// lentConn is the writer's connection as a driver of database/sql.
type lentConn struct {
	conn *conn
	over context.Context //nolint:containedctx // not of a call: it cuts short all that are under way when the loan ends
	end  context.CancelFunc

	mu      sync.Mutex // held by what uses the connection
	back    bool       // the writer has it again
	open    map[*lentRows]bool
	own     bool  // the statement at hand is the store's, see mayPrepare
	lost    error // why the transaction is there no more
	trouble error // of the disk, in a statement
}

// ownKey marks the context of a statement of the store's own.
type ownKey struct{}

// Connect implements driver.Connector.
func (c *lentConn) Connect(context.Context) (driver.Conn, error) { return c, nil }

// Driver implements driver.Connector.
func (c *lentConn) Driver() driver.Driver { return &sqlitedriver.Driver{} }

// Begin implements driver.Conn: the writer has begun.
func (c *lentConn) Begin() (driver.Tx, error) { return c, nil }

// BeginTx implements driver.ConnBeginTx.
func (c *lentConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return c, nil }

// Commit implements driver.Tx: the writer commits.
func (c *lentConn) Commit() error { return nil }

// Rollback implements driver.Tx.
func (c *lentConn) Rollback() error { return nil }

// Close implements driver.Conn: the connection stays the writer's.
func (c *lentConn) Close() error { return nil }

// Prepare implements driver.Conn. A store.Tx has no prepared statements.
func (c *lentConn) Prepare(query string) (driver.Stmt, error) {
	return nil, fmt.Errorf("prepare %q: a transaction that is lent prepares nothing", query)
}

// ExecContext implements driver.ExecerContext.
func (c *lentConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	execer, ok := c.conn.driver.(driver.ExecerContext)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection is %T, without ExecContext", c.conn.driver)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.over, cancel)()
	var result driver.Result
	err := c.do(ctx, func() (err error) {
		result, err = execer.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *lentConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	queryer, ok := c.conn.driver.(driver.QueryerContext)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection is %T, without QueryContext", c.conn.driver)
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(c.over, cancel) // the rows may be read until then
	var rows *lentRows
	err := c.do(ctx, func() error {
		r, err := queryer.QueryContext(ctx, query, args)
		if err == nil {
			rows = newLentRows(c, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// do runs a statement, if the transaction is still there.
func (c *lentConn) do(ctx context.Context, statement func() error) error {
	return c.use(func() error {
		if err := c.alive(); err != nil {
			return err
		}
		c.own = ctx.Value(ownKey{}) != nil
		defer func() { c.own = false }()
		return statement()
	})
}

// use uses the connection, unless the writer has it again.
func (c *lentConn) use(f func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.back {
		return sql.ErrTxDone
	}
	err := f()
	if c.trouble == nil && isTrouble(err) {
		c.trouble = err
	}
	return err
}

// takeBack cuts short what is under way, closes what is open, and gives the connection
// back to the writer. It says how much was open, and whether what was written can be committed.
func (c *lentConn) takeBack(path string) (open int, err error) {
	c.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	open = len(c.open)
	for rows := range c.open {
		_ = rows.Rows.Close() // what is wrong with them is nobody's concern any more
	}
	err = c.fate(path)
	c.back, c.open, c.conn.lent = true, nil, nil
	return open, err
}

// alive says why the transaction is there no more. SQLite rolls one back by itself
// when a write in it is interrupted or asks for that; a statement that comes then would be
// committed at once. Only a BEGIN tells: it is refused in a transaction.
func (c *lentConn) alive() error {
	if c.lost != nil {
		return c.lost
	}
	c.own = true
	defer func() { c.own = false }()
	_, err := c.conn.exec(stmtBegin)
	switch {
	case code(err) == lib.SQLITE_ERROR:
		return nil
	case err == nil:
		_, err = c.conn.exec(stmtRollback)
	}
	c.lost = errors.Join(fmt.Errorf("%w by a statement in it that failed or was cut short", store.ErrRolledBack), err)
	return c.lost
}

// fate says whether what was written can be committed.
func (c *lentConn) fate(path string) error {
	if c.trouble != nil {
		return wrap(path, "write in a transaction that was lent", c.trouble)
	}
	return c.alive()
}

// isTrouble says that an error comes from the disk, and not from the statement.
func isTrouble(err error) bool {
	switch code(err) {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB,
		lib.SQLITE_NOMEM, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PROTOCOL:
		return true
	}
	return false
}
