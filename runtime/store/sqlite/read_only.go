package sqlite

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/bextgen/bextgen/runtime/store"
)

// OpenReadOnly opens a database that is there, to look at it beside the programs that use
// it, or when none does. The store never has the right to execute, and what would write
// returns store.ErrReadOnly. The file stays byte for byte as it is; SQLite keeps its
// index of the WAL, FILE-shm, beside it.
//
// It returns fs.ErrNotExist where there is no file, store.ErrDamaged and store.ErrNewer as
// Open does, and store.ErrOlder for a database that Open would first bring up to date.
func OpenReadOnly(path string) (*Store, error) {
	name, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if err := checkFile(name); err != nil {
		return nil, wrap(path, "open the database to read", unreadable(err))
	}
	s := &Store{path: name, claims: &claims{}}
	if err := s.openReaders(readOnlyURI(name)); err != nil {
		return nil, wrap(path, "open the database to read", unreadable(err))
	}
	return s, nil
}

// checkFile checks that a file is a database of ours and of this program's layout. It
// changes nothing.
func checkFile(path string) (err error) {
	create, err := checkFiles(path)
	if err != nil {
		return err
	}
	if create {
		return fmt.Errorf("there is no such file: %w", fs.ErrNotExist)
	}
	c, err := connect(readOnlyURI(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	version, all, err := examine(c)
	switch newest := int64(len(all)); {
	case err != nil:
		return err
	case version == 0:
		return damaged("it is empty")
	case version < newest:
		return fmt.Errorf("%w: its layout is number %d, and this program reads number %d; a program that opens it to write brings it up to date",
			store.ErrOlder, version, newest)
	}
	return nil
}
