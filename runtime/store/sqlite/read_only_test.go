package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/bextgen/bextgen/runtime/store"
)

func TestReadOnlyReadsBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	writer := execute(t, path)
	reader := openReadOnly(t, path)
	run := testRun("1")
	if _, err := writer.Create(t.Context(), run, false, 0); err != nil {
		t.Fatal(err)
	}
	if got, _, err := reader.Get(t.Context(), "1"); err != nil || got.ID != "1" {
		t.Errorf("Get: %+v, %v; want the run", got, err)
	}
	if page, err := reader.List(t.Context(), store.Filter{}); err != nil || len(page.Runs) != 1 {
		t.Errorf("List: %+v, %v; want the run", page, err)
	}
}

func TestReadOnlyWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	leaveWAL(t, path)
	before := filesOf(t, path)

	s := openReadOnly(t, path)
	if ok, err := s.Acquire(t.Context()); ok || err != nil {
		t.Errorf("Acquire: %v, %v; want no right to execute", ok, err)
	}
	_, err := s.Create(t.Context(), testRun("2"), false, 0)
	for what, err := range map[string]error{
		"Create":         err,
		"SaveSchedule":   s.SaveSchedule(t.Context(), store.Schedule{Flow: "f"}),
		"SaveDefinition": s.SaveDefinition(t.Context(), store.Definition{Flow: "f", Version: "1.0"}),
	} {
		if !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s: %v; want ErrReadOnly", what, err)
		}
	}
	if _, err := s.Send(t.Context(), store.Message{RunID: "1", Kind: store.MessageCancel}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Send: %v; want ErrReadOnly", err)
	}
	if _, _, err := s.Get(t.Context(), "1"); err != nil {
		t.Errorf("Get of what is only in the WAL: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range filesOf(t, path) {
		if !bytes.Equal(content, before[name]) {
			t.Errorf("%s was changed by reading", name)
		}
	}
}

func TestReadOnlyRefuses(t *testing.T) {
	older := filepath.Join(t.TempDir(), "older.db")
	open(t, older).Close()
	edit(t, older, `DELETE FROM migrations WHERE version = (SELECT max(version) FROM migrations)`)
	newer := filepath.Join(t.TempDir(), "newer.db")
	open(t, newer).Close()
	edit(t, newer, `INSERT INTO migrations (version, name) VALUES (999, 'later')`)
	empty := filepath.Join(t.TempDir(), "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		filepath.Join(t.TempDir(), "none.db"): fs.ErrNotExist,
		older:                                 store.ErrOlder,
		newer:                                 store.ErrNewer,
		empty:                                 store.ErrDamaged,
	} {
		s, err := OpenReadOnly(path)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", filepath.Base(path), err, want)
		}
		if err == nil {
			s.Close()
		}
		if names, _ := filepath.Glob(path + ".lock"); errors.Is(want, fs.ErrNotExist) && len(names) > 0 {
			t.Errorf("%q was made", names)
		}
	}
}

func openReadOnly(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// leaveWAL makes a database as a process that was killed leaves it: the run 1 is in its WAL alone.
func leaveWAL(t *testing.T, path string) {
	t.Helper()
	used := filepath.Join(t.TempDir(), "used.db")
	s := open(t, used)
	if _, err := s.Create(t.Context(), testRun("1"), false, 0); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(used + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// filesOf are the contents of a database and its WAL.
func filesOf(t *testing.T, path string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = content
	}
	return files
}
