package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file turns SQLite's errors into those of the port.

// howToRecover is what to do about a damaged file.
const howToRecover = "nothing was written over it; stop all programs that use it, keep a copy of it and of its -wal file, " +
	"and restore a backup, or save what can be read with: sqlite3 FILE .recover | sqlite3 NEW-FILE"

// code is SQLite's primary result code of an error, or 0.
func code(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// wrap says in which file what failed, and marks the errors that have a name in the port.
func wrap(path, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrDamaged):
		return fmt.Errorf("%s: %s: %w", path, doing, err)
	}
	switch code(err) {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%s: %s: %w: %w (%s)", path, doing, store.ErrDamaged, err, howToRecover)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%s: %s: the disk is full: make room, nothing that was acknowledged is lost: %w", path, doing, err)
	case lib.SQLITE_BUSY:
		return fmt.Errorf("%s: %s: another process has kept the database locked for %v: %w", path, doing, busyTimeout, err)
	}
	return fmt.Errorf("%s: %s: %w", path, doing, err)
}

// damaged says that a stored value cannot be what this program wrote.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s (%s)", store.ErrDamaged, fmt.Sprintf(format, args...), howToRecover)
}

// unreadable is what keeps a file from being opened. What is asked of it then is right,
// so if SQLite finds fault with that, it is the file that is damaged.
func unreadable(err error) error {
	if code(err) == lib.SQLITE_ERROR && !errors.Is(err, store.ErrDamaged) {
		return damaged("SQLite cannot make sense of it: %v", err)
	}
	return err
}

// notPrepared is what keeps one of our statements from being prepared. The
// statements fit the layout, so if SQLite cannot read one, the layout is damaged.
func notPrepared(text string, err error) error {
	if code(err) == lib.SQLITE_ERROR {
		return damaged("its tables are not those of this layout: %v", err)
	}
	return fmt.Errorf("prepare %q: %w", text, err)
}

// spoilsConnection says that a connection with this error may be of no more
// use: it is replaced. A full disk and a refused value leave it as it was.
func spoilsConnection(err error) bool {
	switch code(err) {
	case 0: // not SQLite's
		return false
	case lib.SQLITE_FULL, lib.SQLITE_CONSTRAINT, lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH, lib.SQLITE_BUSY, lib.SQLITE_RANGE:
		return false
	}
	return true
}
