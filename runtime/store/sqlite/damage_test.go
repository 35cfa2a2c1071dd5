package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

// Copies of a database with bytes changed or cut off give the right answers or
// errors, and no panic. Errors of opening are of a kind that says what to do.
func TestDamagedCopies(t *testing.T) {
	dir := t.TempDir()
	want := makeSample(t, filepath.Join(dir, "runs.db"))
	whole := read(t, filepath.Join(dir, "runs.db"))
	opened, wrong, silent := 0, 0, 0
	const copies = 500
	for seed := range uint64(copies) {
		random := rand.New(rand.NewPCG(seed, 1))
		damagedCopy := damage(random, whole)
		path := filepath.Join(dir, fmt.Sprintf("copy%d.db", seed))
		write(t, path, damagedCopy)
		s, err := Open(path)
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNewer) {
				t.Errorf("copy %d: Open: %v; want an error of the port", seed, err)
			}
			if string(read(t, path)) != string(damagedCopy) {
				t.Errorf("copy %d: the file was refused (%v) and changed", seed, err)
			}
			continue
		}
		opened++
		failed, misread := use(t, s, want)
		if failed {
			wrong++
		}
		if misread {
			silent++
		}
		_ = s.Close() // may say what is wrong with the file
	}
	// A value of the log that was changed is found by the checksum of its row. A row of which the place in
	// the index is lost too is not missed: SQLite has no checksums.
	if silent > copies/50 {
		t.Errorf("in %d of %d copies, something wrong was read without an error", silent, copies)
	}
	t.Logf("of %d copies, %d were opened; in %d an error was found, in %d a row is lost and nobody could see it", copies, opened, wrong, silent)
	if opened == 0 || wrong == 0 || opened == copies {
		t.Errorf("%d of %d copies were opened, and in %d an error was found; want some of all", opened, copies, wrong)
	}
}

// damage changes some bytes, zeroes a page, or cuts the end off.
func damage(random *rand.Rand, whole []byte) []byte {
	data := append([]byte(nil), whole...)
	switch random.IntN(4) {
	case 0:
		return data[:random.IntN(len(data))]
	case 1:
		clear(data[random.IntN(len(data)/8192)*8192:][:8192])
	case 2:
		data[random.IntN(100)] ^= byte(1 + random.IntN(255)) // the header
	default:
		for range 1 + random.IntN(200) {
			data[random.IntN(len(data))] = byte(random.IntN(256))
		}
	}
	return data
}

// use calls what reads and what writes. It says whether there was an error, and whether
// something wrong was read without one.
func use(t *testing.T, s *Store, want map[string][]flow.Entry) (failed, silent bool) {
	ctx := t.Context()
	var errs []error
	for id, entries := range want {
		run, got, err := s.Get(ctx, id)
		errs = append(errs, err)
		if err == nil && (run.ID != id || !cmp.Equal(entries, got)) {
			silent = true
			for _, e := range got {
				if !slices.ContainsFunc(entries, func(w flow.Entry) bool { return cmp.Equal(w, e) }) {
					t.Errorf("the entry %+v of %s is none that was stored", e, id)
				}
			}
		}
	}
	for _, f := range []store.Filter{{Limit: 500}, {Statuses: []flow.Status{"failed"}}, {Tenants: []string{"a"}}, {Flow: "orders", Since: testStart, ErrorText: "m"}} {
		_, err := s.List(ctx, f)
		errs = append(errs, err)
	}
	_, err := s.Acquire(ctx)
	errs = append(errs, err)
	flows := []store.FlowVersion{{Flow: "orders", Major: 1}}
	_, _, err = s.NextDue(ctx, flows)
	errs = append(errs, err)
	claims, err := s.Claim(ctx, store.ClaimQuery{Now: testStart, Limit: 3, Flows: flows})
	errs = append(errs, err)
	for _, c := range claims {
		errs = append(errs, s.Commit(ctx, store.Change{Claim: c.Claim, Entries: []flow.Entry{testEntry(99)}, Release: true}))
	}
	_, err = s.Create(ctx, testRun("new"), true, 0)
	return errors.Join(append(errs, err)...) != nil, silent
}

// makeSample makes a database of a hundred runs.
func makeSample(t *testing.T, path string) map[string][]flow.Entry {
	t.Helper()
	s := execute(t, path)
	want := map[string][]flow.Entry{}
	for i := range 100 {
		run := testRun(fmt.Sprintf("run-%03d", i))
		run.Tenant, run.Labels = []string{"", "a"}[i%2], map[string]string{"n": fmt.Sprint(i)}
		run.Input = []byte(`"` + strings.Repeat("x", i*i*4%9000) + `"`)
		created, err := s.Create(t.Context(), run, i%3 != 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if created.Claim == nil {
			continue
		}
		change := store.Change{Claim: *created.Claim, Entries: []flow.Entry{testEntry(1), testEntry(2)}, Release: i%3 == 1}
		if i%3 == 2 {
			head := created.Run
			head.Status, head.Error = flow.StatusFailed, &flow.Error{Kind: flow.ErrorHandler, Message: "m"}
			change.Head = &head
		}
		if err := s.Commit(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		want[run.ID] = change.Entries
	}
	for id, entries := range want {
		if diff := cmp.Diff(entries, logOf(t, s, id)); diff != "" {
			t.Fatal(diff)
		}
	}
	closeNow(t, s)
	return want
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
