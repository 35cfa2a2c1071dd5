package sqlite

import (
	"database/sql/driver"
	"reflect"
)

// This file is the rows of a query in a transaction that is lent. They can be read
// until the writer has the connection again.

// lentRows are rows of a lentConn.
type lentRows struct {
	driver.Rows
	conn *lentConn
}

// newLentRows is called by what uses the connection.
func newLentRows(c *lentConn, rows driver.Rows) *lentRows {
	r := &lentRows{Rows: rows, conn: c}
	c.open[r] = true
	return r
}

// Next implements driver.Rows.
func (r *lentRows) Next(dest []driver.Value) error {
	return r.conn.use(func() error { return r.Rows.Next(dest) })
}

// Close implements driver.Rows.
func (r *lentRows) Close() error {
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	if !r.conn.open[r] {
		return nil
	}
	delete(r.conn.open, r)
	return r.Rows.Close()
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *lentRows) ColumnTypeDatabaseTypeName(index int) string {
	if typed, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return typed.ColumnTypeDatabaseTypeName(index)
	}
	return ""
}

// ColumnTypeScanType implements driver.RowsColumnTypeScanType.
func (r *lentRows) ColumnTypeScanType(index int) reflect.Type {
	t := reflect.TypeFor[any]()
	if typed, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		_ = r.conn.use(func() error { t = typed.ColumnTypeScanType(index); return nil }) // it stays any when the rows are over
	}
	return t
}
