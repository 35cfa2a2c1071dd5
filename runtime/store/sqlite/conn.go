package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	sqlitedriver "modernc.org/sqlite"
)

// maxArgs is the most arguments that a statement of the writer has.
const maxArgs = 26

// conn is a connection below database/sql, for one goroutine: the driver's own
// interface saves the writer, which is what bounds the store, a tenth of its work.
type conn struct {
	driver driver.Conn
	stmts  [statementCount]driver.StmtExecContext
	args   [maxArgs]driver.NamedValue // reused by every exec
	lent   *lentConn                  // while a handler has it
}

// connect opens a connection and prepares nothing.
func connect(uri string) (*conn, error) {
	connector, err := sqlitedriver.NewConnector(uri)
	if err != nil {
		return nil, err
	}
	c, err := connector.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	made := &conn{driver: c}
	for i := range made.args {
		made.args[i].Ordinal = i + 1
	}
	return made, nil
}

// prepare prepares all statements of the writer.
func (c *conn) prepare() error {
	for i, text := range statementTexts {
		stmt, err := c.driver.Prepare(text)
		if err != nil {
			return notPrepared(text, err)
		}
		exec, ok := stmt.(driver.StmtExecContext)
		if !ok {
			return errors.Join(fmt.Errorf("the SQLite driver's statements are %T, without ExecContext", stmt), stmt.Close())
		}
		c.stmts[i] = exec
	}
	return nil
}

// exec runs a prepared statement.
func (c *conn) exec(s statement, args ...driver.Value) (driver.Result, error) {
	for i, a := range args {
		c.args[i].Value = a
	}
	return c.stmts[s].ExecContext(context.Background(), c.args[:len(args)])
}

// changes runs a prepared statement and says how many rows it changed.
func (c *conn) changes(s statement, args ...driver.Value) (int64, error) {
	result, err := c.exec(s, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// run executes a text that may be several statements.
func (c *conn) run(text string, args ...driver.Value) error {
	execer, ok := c.driver.(driver.ExecerContext)
	if !ok {
		return fmt.Errorf("the SQLite driver's connection is %T, without ExecContext", c.driver)
	}
	_, err := execer.ExecContext(context.Background(), text, named(args))
	return err
}

// query calls row for each row of a query; the values are valid in that call.
func (c *conn) query(text string, args []driver.Value, row func([]driver.Value) error) (err error) {
	queryer, ok := c.driver.(driver.QueryerContext)
	if !ok {
		return fmt.Errorf("the SQLite driver's connection is %T, without QueryContext", c.driver)
	}
	rows, err := queryer.QueryContext(context.Background(), text, named(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := row(values); err != nil {
			return err
		}
	}
}

// number is the one integer that a query gives; ok is false if it gives no row.
func (c *conn) number(text string, args ...driver.Value) (n int64, ok bool, err error) {
	err = c.query(text, args, func(row []driver.Value) error {
		if n, ok = row[0].(int64); !ok {
			return damaged("%q gave %v, which is no number", text, row[0])
		}
		return nil
	})
	return n, ok, err
}

// close closes the statements and the connection.
func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		if stmt, ok := s.(driver.Stmt); ok {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, c.driver.Close())...)
}

func named(args []driver.Value) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return values
}
