package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// What stands in a row and was not written by this program is an error with a name.
func TestDamagedRows(t *testing.T) {
	for name, statement := range map[string]string{
		"status":      `UPDATE runs SET status = 'happy'`,
		"phase":       `UPDATE runs SET phase = 'x'`,
		"labels":      `UPDATE runs SET labels = '[1]'`,
		"error":       `UPDATE runs SET error = '{'`,
		"log's error": `UPDATE log SET error = 'oops'`,
		"log's kind":  `UPDATE log SET kind = 'x'`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runs.db")
			s := execute(t, path)
			claim := claimed(t, s, "1")
			if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}, Release: true}); err != nil {
				t.Fatal(err)
			}
			closeNow(t, s)
			edit(t, path, statement)
			s = open(t, path)
			_, _, err := s.Get(t.Context(), "1")
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("Get: %v; want ErrDamaged", err)
			}
			if _, err := s.List(t.Context(), store.Filter{}); !strings.HasPrefix(name, "log") && !errors.Is(err, store.ErrDamaged) {
				t.Errorf("List: %v; want ErrDamaged", err)
			}
		})
	}
}

// Another value of the same kind is found by the checksum of its row.
func TestChangedValues(t *testing.T) {
	for statement, asks := range map[string][]string{
		`UPDATE runs SET input = '{"a":1}'`:           {"Get"}, // lists do not read it
		`UPDATE runs SET output = '2'`:                {"Get"},
		`UPDATE runs SET trace = 't'`:                 {"Get"},
		`UPDATE runs SET tenant = 'b'`:                {"Get", "List"},
		`UPDATE runs SET priority = 7`:                {"Get", "List"},
		`UPDATE runs SET labels = '{"a":"c"}'`:        {"Get", "List"},
		`UPDATE runs SET created_at = created_at + 1`: {"Get", "List"},
		`UPDATE runs SET parent_id = 'x'`:             {"Get", "List"},
		`UPDATE runs SET status = 'completed'`:        {"Get", "List"},
		`UPDATE runs SET attempt = 2`:                 {"Get", "List"},
		`UPDATE runs SET end_seq = 9`:                 {"Get", "List"},
		`UPDATE log SET output = '3'`:                 {"Get"},
		`UPDATE messages SET payload = '4'`:           {"Messages"},
		`UPDATE messages SET actor = 'x'`:             {"Messages"},
		`UPDATE schedules SET last = last + 1`:        {"Schedule"},
	} {
		t.Run(statement, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runs.db")
			s := execute(t, path)
			run := testRun("1")
			run.Labels = map[string]string{"a": "b"}
			created, err := s.Create(t.Context(), run, true, 0)
			if err != nil {
				t.Fatal(err)
			}
			run.Status, run.Output = flow.StatusRunning, []byte(`1`)
			_, err = s.Send(t.Context(), store.Message{RunID: "1", Kind: store.MessageSignal, Name: "w"})
			err = errors.Join(
				err,
				s.Commit(t.Context(), store.Change{Claim: *created.Claim, Entries: []flow.Entry{testEntry(1)}, Head: &run, Release: true}),
				s.SaveSchedule(t.Context(), store.Schedule{Flow: "orders", Name: "s", Last: testStart, LastRun: "1"}),
			)
			if err != nil {
				t.Fatal(err)
			}
			edit(t, path, statement)
			got := map[string]error{}
			_, _, got["Get"] = s.Get(t.Context(), "1")
			_, got["List"] = s.List(t.Context(), store.Filter{})
			_, got["Messages"] = s.Messages(t.Context(), "1")
			_, got["Schedule"] = s.Schedule(t.Context(), "orders", "s")
			for ask, err := range got {
				if want := slices.Contains(asks, ask); errors.Is(err, store.ErrDamaged) != want || err != nil && !want {
					t.Errorf("%s: %v; want ErrDamaged: %v", ask, err, want)
				}
			}
		})
	}
}

// What is lost without a trace in the rows is found when the database is opened.
func TestLostRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	claim := claimed(t, s, "1")
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1), testEntry(2)}, Release: true}); err != nil {
		t.Fatal(err)
	}
	closeNow(t, s)
	data := read(t, path)
	for page := range data[:len(data)/pageSize] {
		cells := data[page*pageSize+3:][:2] // how many rows the leaf of a table has
		if data[page*pageSize] == 13 && cells[0] == 0 && cells[1] == 2 && bytes.Contains(data[page*pageSize:][:pageSize], []byte("stepa")) {
			cells[1] = 1
		}
	}
	write(t, path, data)
	for name, open := range map[string]func() (*Store, error){
		"Open":         func() (*Store, error) { return Open(path) },
		"OpenReadOnly": func() (*Store, error) { return OpenReadOnly(path) },
	} {
		if _, err := open(); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want ErrDamaged with the path", name, err)
		}
	}
	if !bytes.Equal(read(t, path), data) {
		t.Error("the file was changed")
	}
}

// A damaged run is said once and left alone: it does not hold up the others.
func TestDamagedRunDoesNotHoldUpOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := open(t, path)
	for i := range 5 {
		if _, err := s.Create(t.Context(), testRun(fmt.Sprint(i)), false, 0); err != nil {
			t.Fatal(err)
		}
	}
	closeNow(t, s)
	edit(t, path, `UPDATE runs SET labels = '{' WHERE id IN ('1', '4')`)
	s = execute(t, path)
	query := store.ClaimQuery{Now: testStart, Limit: 4, Flows: []store.FlowVersion{{Flow: "orders", Major: 1}}}
	got, err := s.Claim(t.Context(), query)
	if err != nil || len(got) != 3 {
		t.Fatalf("Claim: %d runs, %v; want the 3 that are whole", len(got), err)
	}
	for range 2 { // the first run that was kept back, then the other
		if got, err := s.Claim(t.Context(), query); !errors.Is(err, store.ErrDamaged) || len(got) != 0 {
			t.Fatalf("Claim: %d runs, %v; want ErrDamaged", len(got), err)
		}
	}
	if got, err := s.Claim(t.Context(), query); err != nil || len(got) != 0 {
		t.Fatalf("Claim: %d runs, %v; want nothing", len(got), err)
	}
}

// What other connections do to the file is no damage: they put the WAL of a process that was killed into the database
// when they leave, and write backups.
func TestOthersWritePages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	backup := path + ".backup"
	leaveWAL(t, path)
	before := read(t, path)
	edit(t, path, `CREATE TABLE own (a)`, `INSERT INTO own VALUES (1)`, `VACUUM INTO '`+backup+`'`)
	if bytes.Equal(read(t, path), before) {
		t.Fatal("the WAL is not in the database; this tests nothing")
	}
	for _, path := range []string{path, backup} {
		run, _, err := open(t, path).Get(t.Context(), "1")
		if want := asCreated(testRun("1")); err != nil || !cmp.Equal(run, want) {
			t.Errorf("%s: Get: %+v, %v; want %+v", filepath.Base(path), run, err, want)
		}
	}
}

// A run whose log is damaged keeps no other one from being followed.
func TestADamagedRunIsFollowedByNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	for _, id := range []string{"one", "two"} {
		claim := claimed(t, s, id)
		if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}}); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, path, `UPDATE log SET step = 'nonsense' WHERE run = 1`)
	commits, err := s.Commits(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int{}
	for _, c := range commits {
		moved, err := s.Read(t.Context(), c.Moves)
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		for _, m := range moved {
			read[m.Run.ID] += len(m.Entries)
		}
	}
	if read["one"] != 0 || read["two"] == 0 {
		t.Errorf("entries were read of %v; want those of the run that is whole", read)
	}
}

// A message that is damaged keeps no other one from being heard.
func TestADamagedMessageIsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	for _, id := range []string{"one", "two"} {
		if created, err := s.Create(t.Context(), store.Run{ID: id, Flow: "orders", Version: "1.0"}, true, 0); err != nil || created.Claim == nil {
			t.Fatalf("Create: %+v, %v", created, err)
		}
		if _, err := s.Send(t.Context(), store.Message{RunID: id, Kind: store.MessageSignal, Name: "w"}); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, path, `UPDATE messages SET kind = 'nonsense' WHERE id = 1`)
	got, err := s.Unobeyed(t.Context())
	if !errors.Is(err, store.ErrDamaged) || len(got) != 1 || got[0].RunID != "two" {
		t.Errorf("Unobeyed: %+v, %v; want the one that is whole, and ErrDamaged", got, err)
	}
}
