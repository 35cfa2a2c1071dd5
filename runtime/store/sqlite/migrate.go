package sqlite

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file makes sure that a file is a database of ours, of this program's layout.

//go:embed migrations/*.sql
var migrationFiles embed.FS

// applicationID marks a file as ours: "bext".
const applicationID = 0x62657874

// oldestSQLite is the first version without a bug that could damage a WAL database.
const oldestSQLite = "3.51.3"

// smallestDatabase is the smallest page that a SQLite file can consist of.
const smallestDatabase = 512

// migration is one numbered file.
type migration struct {
	version int64
	name    string
	text    string
}

// migrations are the numbered files in their order.
func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base := strings.TrimPrefix(name, "migrations/")
		number, _, _ := strings.Cut(base, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || version != int64(len(all)+1) {
			return nil, fmt.Errorf("the migration %s is not number %d", base, len(all)+1)
		}
		all = append(all, migration{version, base, string(text)})
	}
	return all, nil
}

// prepareFile makes the database, or checks that it is ours, and brings it to
// this program's layout.
func prepareFile(path string) (err error) {
	create, err := checkFiles(path)
	if err != nil {
		return err
	}
	if create {
		if err := makeLockFile(path); err != nil {
			return err
		}
	}
	c, err := connect(probeURI(path, create))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	version, all, err := examine(c)
	if err != nil || version == int64(len(all)) {
		return err
	}
	if version == 0 {
		if err := useWAL(c); err != nil {
			return err
		}
	}
	return migrate(c, all)
}

// examine is the number of the database's layout, 0 for a new file, and all layouts that this program
// knows. A newer one and a damaged one are refused. It writes nothing.
func examine(c *conn) (version int64, all []migration, err error) {
	if err := checkSQLite(c); err != nil {
		return 0, nil, err
	}
	if all, err = migrations(); err != nil {
		return 0, nil, err
	}
	if version, err = layout(c); err != nil {
		return 0, nil, err
	}
	if newest := int64(len(all)); version > newest {
		return 0, nil, fmt.Errorf("%w: its layout is number %d, and this program knows %d: use a newer bextgen", store.ErrNewer, version, newest)
	}
	return version, all, checkStructure(c)
}

// makeLockFile makes the lock file of a database that is to be created, with its mode.
func makeLockFile(path string) error {
	lock, err := os.OpenFile(lockPath(path), os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return err
	}
	return lock.Close()
}

// checkFiles looks at the files before SQLite does. A file that is not there is to be created.
func checkFiles(path string) (create bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, damaged("it is not a file")
	case info.Size() >= smallestDatabase:
		return false, nil
	case info.Size() > 0: // SQLite would take it for empty
		return false, damaged("it is too short to be a database")
	}
	// SQLite would delete the WAL of an empty database, and all that is in it.
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return false, damaged("the file is empty, but there is a -wal file with data beside it")
	}
	return false, nil
}

// checkSQLite refuses an old library.
func checkSQLite(c *conn) error {
	var version string
	err := c.query(`SELECT sqlite_version()`, nil, func(row []value) error {
		version = fmt.Sprint(row[0])
		return nil
	})
	if err != nil {
		return err
	}
	if !versionAtLeast(version, oldestSQLite) {
		return fmt.Errorf("this program was built with SQLite %s, in which a bug can damage databases; build it with %s or later", version, oldestSQLite)
	}
	return nil
}

// versionAtLeast compares versions of the form 1.2.3.
func versionAtLeast(version, oldest string) bool {
	have, want := strings.Split(version, "."), strings.Split(oldest, ".")
	for i := range want {
		if i >= len(have) {
			return false
		}
		h, err1 := strconv.Atoi(have[i])
		w, err2 := strconv.Atoi(want[i])
		if err1 != nil || err2 != nil {
			return false
		}
		if h != w {
			return h > w
		}
	}
	return true
}

// layout is the number of the database's layout; 0 for a new file. It writes nothing.
func layout(c *conn) (int64, error) {
	// In this order: another process that makes the database at this moment
	// commits its tables together with the id.
	objects, _, err := c.number(`SELECT count(*) FROM sqlite_schema`)
	if err != nil {
		return 0, err
	}
	id, _, err := c.number(`PRAGMA application_id`)
	if err != nil {
		return 0, err
	}
	switch {
	case id == 0 && objects == 0:
		return 0, nil
	case id != applicationID:
		return 0, damaged("it is a SQLite database, but not one of bextgen: choose another path")
	}
	version, _, err := c.number(`SELECT coalesce(max(version), 0) FROM migrations`)
	if err != nil {
		return 0, damaged("the table migrations cannot be read: %v", err)
	}
	if version < 1 {
		return 0, damaged("the table migrations is empty")
	}
	return version, nil
}

// useWAL makes a new file a WAL database. Two processes may do so at the same
// time, and SQLite's busy timeout does not hold for it.
func useWAL(c *conn) error {
	deadline := time.Now().Add(busyTimeout)
	for {
		mode, err := setWAL(c)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("the file system refuses SQLite's WAL mode (it is %q); use a local disk", mode)
		case code(err) != lib.SQLITE_BUSY || time.Now().After(deadline):
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func setWAL(c *conn) (mode string, err error) {
	if err := c.run(`PRAGMA page_size = 8192`); err != nil { // says nothing once there is a first page
		return "", err
	}
	err = c.query(`PRAGMA journal_mode = WAL`, nil, func(row []value) error {
		mode = fmt.Sprint(row[0])
		return nil
	})
	return mode, err
}

// migrate applies what is missing, in one transaction. Another process may have
// done so since the layout was read.
func migrate(c *conn, all []migration) (err error) {
	if err := c.run(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.run(`ROLLBACK`))
		}
	}()
	version, err := layout(c)
	if err != nil {
		return err
	}
	if version == 0 {
		if err := c.run(fmt.Sprintf(`PRAGMA application_id = %d;
			CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT`, applicationID)); err != nil {
			return err
		}
	}
	for _, m := range all[min(version, int64(len(all))):] {
		if err := c.run(m.text); err != nil {
			return fmt.Errorf("the migration %s: %w", m.name, err)
		}
		if err := c.run(`INSERT INTO migrations (version, name) VALUES (?, ?)`, m.version, m.name); err != nil {
			return fmt.Errorf("record the migration %s: %w", m.name, err)
		}
	}
	return c.run(`COMMIT`)
}
