package sqlite

import (
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bextgen/bextgen/runtime/store"
)

// open opens a store for a test.
func open(t *testing.T, path string, opts ...Option) *Store {
	t.Helper()
	s, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// execute opens a store that may execute.
func execute(t *testing.T, path string, opts ...Option) *Store {
	t.Helper()
	s := open(t, path, opts...)
	if ok, err := s.Acquire(t.Context()); !ok || err != nil {
		t.Fatalf("Acquire: %v, %v", ok, err)
	}
	return s
}

// edit changes a database that no store has open.
func edit(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path, url.Values{"_pragma": {"busy_timeout(10000)"}}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, text := range statements {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func TestOpenPaths(t *testing.T) {
	for _, name := range []string{"plain.db", "with space", "a?mode=memory", "a#b", "100%", "%41", "file:x", "ü'\";--", ":memory:"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			s := open(t, path)
			if _, err := s.Create(t.Context(), testRun("1"), false, 0); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			names, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil || len(names) != 2 {
				t.Fatalf("the folder has %q, %v; want the database and its lock", names, err)
			}
			if _, _, err := open(t, path).Get(t.Context(), "1"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestOpenRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	execute(t, "runs.db")
	if _, err := os.Stat("runs.db.lock"); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusals(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		"":                                 "empty",
		dir:                                "is a folder",
		filepath.Join(dir, "none", "a.db"): "does not exist; create it first",
	} {
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): %v; want an error with %q", path, err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "a.db"), WithSynchronous("OFF")); err == nil {
		t.Error("the level OFF was taken")
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing folder: %v; want it to be still missing", err)
	}
}

// A link and the file are one database with one lock.
func TestOpenLinks(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	path, link, folder := filepath.Join(other, "runs.db"), filepath.Join(dir, "link.db"), filepath.Join(dir, "folder")
	for name, target := range map[string]string{link: filepath.Join("folder", "runs.db"), folder: other} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, link) // the file is not there yet
	for _, name := range []string{path, filepath.Join(folder, "runs.db"), link} {
		if ok, err := open(t, name).Acquire(t.Context()); ok || err != nil {
			t.Errorf("Acquire through %s: %v, %v; want no right", name, ok, err)
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(loop); err == nil {
		t.Error("a link to itself was opened")
	}
}

func TestOpenModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	if _, err := s.Create(t.Context(), testRun("1"), false, 0); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("runs.db%s has the mode %v; want 0600", suffix, info.Mode().Perm())
		}
	}
}

func TestOpenSettings(t *testing.T) {
	for level, want := range map[Synchronous]int64{Full: 2, Normal: 1} {
		t.Run(string(level), func(t *testing.T) {
			got := map[string]int64{}
			connected := func(o *options) {
				o.connect = func(c *conn) error {
					for _, name := range []string{"synchronous", "page_size", "wal_autocheckpoint", "application_id", "busy_timeout"} {
						n, _, err := c.number("PRAGMA " + name)
						if err != nil {
							return err
						}
						got[name] = n
					}
					return nil
				}
			}
			s := open(t, filepath.Join(t.TempDir(), "runs.db"), WithSynchronous(level), connected)
			if _, err := s.Create(t.Context(), testRun("1"), false, 0); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for name, n := range map[string]int64{
				"synchronous": want, "page_size": 8192, "wal_autocheckpoint": 2000, "application_id": applicationID, "busy_timeout": 10000,
			} {
				if got[name] != n {
					t.Errorf("PRAGMA %s is %d; want %d", name, got[name], n)
				}
			}
		})
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "runs.db"))
	if _, err := s.readers.ExecContext(t.Context(), `UPDATE meta SET epoch = 7`); err == nil {
		t.Fatal("a reader wrote")
	}
}

// Many open a database that is not there yet.
func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	stores, errs := make([]*Store, 8), make([]error, 8)
	var all sync.WaitGroup
	for i := range stores {
		all.Go(func() { stores[i], errs[i] = Open(path) })
	}
	all.Wait()
	for i, s := range stores {
		if errs[i] != nil {
			t.Errorf("Open: %v", errs[i])
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenNewer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	closeNow(t, open(t, path))
	edit(t, path, `INSERT INTO migrations (version, name) VALUES (99, 'later')`)
	if _, err := Open(path); !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "newer bextgen") {
		t.Fatalf("Open: %v; want ErrNewer", err)
	}
}

func TestOpenForeign(t *testing.T) {
	dir := t.TempDir()
	files := map[string]func(path string){
		"text":    func(path string) { write(t, path, []byte(strings.Repeat("to do: milk\n", 1000))) },
		"short":   func(path string) { write(t, path, []byte("x")) },
		"another": func(path string) { edit(t, path, `CREATE TABLE tasks (a)`) },
		"marked":  func(path string) { edit(t, path, `PRAGMA application_id = 77`, `CREATE TABLE tasks (a)`) },
		"unfinished": func(path string) {
			edit(t, path, `PRAGMA application_id = 1650817140`, `CREATE TABLE migrations (version INTEGER)`)
		},
		"no migrations": func(path string) {
			edit(t, path, `PRAGMA application_id = 1650817140`, `CREATE TABLE tasks (a)`)
		},
		"empty with a WAL": func(path string) {
			write(t, path, nil)
			write(t, path+"-wal", []byte("data"))
		},
	}
	for name, make := range files {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			make(path)
			before := read(t, path)
			_, err := Open(path)
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Fatalf("Open: %v; want ErrDamaged with the path", err)
			}
			if string(read(t, path)) != string(before) {
				t.Fatal("the file was changed")
			}
			if name == "empty with a WAL" && string(read(t, path+"-wal")) != "data" {
				t.Fatal("the WAL was changed")
			}
		})
	}
}

func TestOpenEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	write(t, path, nil)
	if _, err := open(t, path).Create(t.Context(), testRun("1"), false, 0); err != nil {
		t.Fatal(err)
	}
}

func TestVersionAtLeast(t *testing.T) {
	for version, want := range map[string]bool{
		"3.51.3": true, "3.51.10": true, "3.54.0": true, "4.0.0": true, "3.51.3.1": true,
		"3.51.2": false, "3.9.9": false, "3.51": false, "": false, "x.y.z": false,
	} {
		if got := versionAtLeast(version, oldestSQLite); got != want {
			t.Errorf("versionAtLeast(%q): %v; want %v", version, got, want)
		}
	}
}

func closeNow(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
