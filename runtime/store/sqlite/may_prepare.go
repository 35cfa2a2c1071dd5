package sqlite

import (
	"fmt"
	"slices"
	"strings"

	sqlitedriver "modernc.org/sqlite"
)

// This file says which statements may be made in a transaction that is lent. All that
// would outlive it on the writer's connection may not, nor may what ends it, nor what
// writes the tables of the store.

// ownTables are those of the store.
var ownTables = []string{"commits", "coverage", "definitions", "log", "messages", "meta", "migrations", "run_chunks", "run_counts", "run_slots", "runs", "schedules"}

// openPragmas are those that a handler may use: they tell of tables, or count for one transaction.
var openPragmas = []string{
	"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
	"foreign_key_list", "foreign_key_check", "defer_foreign_keys", "database_list",
}

// guard makes SQLite ask about each statement that is prepared on the connection.
func (c *conn) guard() error {
	authorizer, ok := c.driver.(sqlitedriver.AuthorizerRegisterer)
	if !ok {
		return fmt.Errorf("the SQLite driver's connection is %T, without an authorizer", c.driver)
	}
	return authorizer.RegisterAuthorizer(c.mayPrepare)
}

// mayPrepare implements sqlitedriver.AuthorizerFn.
func (c *conn) mayPrepare(action sqlitedriver.AuthorizerActionCode, arg1, arg2, database, _ string) sqlitedriver.AuthorizerReturnCode {
	if c.lent == nil || c.lent.own || mayBorrower(action, arg1, arg2, database) {
		return sqlitedriver.AuthorizerOK
	}
	return sqlitedriver.AuthorizerDeny
}

// mayBorrower says whether a handler may do a thing; the arguments are those of SQLite's authorizer.
func mayBorrower(action sqlitedriver.AuthorizerActionCode, arg1, arg2, database string) bool {
	switch action {
	case sqlitedriver.AuthTransaction, sqlitedriver.AuthAttach, sqlitedriver.AuthDetach,
		sqlitedriver.AuthCreateTempIndex, sqlitedriver.AuthCreateTempTable,
		sqlitedriver.AuthCreateTempTrigger, sqlitedriver.AuthCreateTempView:
		return false
	case sqlitedriver.AuthPragma:
		return slices.Contains(openPragmas, strings.ToLower(arg1))
	case sqlitedriver.AuthCreateVTable:
		return database != "temp"
	case sqlitedriver.AuthInsert, sqlitedriver.AuthUpdate, sqlitedriver.AuthDelete, sqlitedriver.AuthDropTable:
		return !isOwn(arg1)
	case sqlitedriver.AuthAlterTable, sqlitedriver.AuthCreateIndex, sqlitedriver.AuthDropIndex,
		sqlitedriver.AuthCreateTrigger, sqlitedriver.AuthDropTrigger:
		return !isOwn(arg2)
	}
	return true
}

func isOwn(table string) bool { return slices.Contains(ownTables, strings.ToLower(table)) }
