package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads and writes damaged copies of a database.

// Copies of a database with bytes changed or cut off give the right answers or
// errors, and no panic. Errors of opening are of a kind that says what to do.
func TestDamagedCopies(t *testing.T) {
	sample := makeSample(t)
	opened, found := 0, 0
	const copies = 500
	for seed := range uint64(copies) {
		s := sample.openCopy(t, fmt.Sprint("copy ", seed), damage(rand.New(rand.NewPCG(seed, 1)), sample.file))
		if s == nil {
			continue
		}
		opened++
		errs := sample.compare(t, fmt.Sprint("copy ", seed), s)
		if errors.Join(append(errs, act(t, s)...)...) != nil {
			found++
		}
		_ = s.Close() // may say what is wrong with the file
	}
	t.Logf("of %d copies, %d were opened; in %d of these an error was found", copies, opened, found)
	if opened == 0 || found == 0 || opened == copies {
		t.Errorf("%d of %d copies were opened, and in %d an error was found; want some of all", opened, copies, found)
	}
}

// A single changed byte is found, or does no harm, wherever it is.
func TestASingleChangedByte(t *testing.T) {
	sample := makeSample(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		at := random.IntN(len(sample.file))
		for sample.file[at] == 'x' || sample.file[at] == 0 && random.IntN(10) > 0 { // of which there are too many
			at = random.IntN(len(sample.file))
		}
		data := slices.Clone(sample.file)
		data[at] ^= byte(1 + random.IntN(255))
		sample.try(t, fmt.Sprintf("byte %d of page %d: %d for %d", at%pageSize, at/pageSize+1, data[at], sample.file[at]), data)
	}
}

// A page that has another one written over it is found, or did nothing. (But for an empty one over a whole table, which
// is empty then: the smallest table here has schedules, so it is not asked for.)
func TestAPageOverAnother(t *testing.T) {
	sample := makeSample(t)
	delete(sample.answers, "schedule")
	random := rand.New(rand.NewPCG(1, 3))
	for range 300 {
		from, to := random.IntN(len(sample.file)/pageSize), random.IntN(len(sample.file)/pageSize)
		data := slices.Clone(sample.file)
		copy(data[to*pageSize:][:pageSize], sample.file[from*pageSize:])
		sample.try(t, fmt.Sprintf("page %d over %d", from+1, to+1), data)
	}
}

const pageSize = 8192

// damage changes some bytes, zeroes a page, or cuts the end off.
func damage(random *rand.Rand, whole []byte) []byte {
	data := append([]byte(nil), whole...)
	switch random.IntN(4) {
	case 0:
		return data[:random.IntN(len(data))]
	case 1:
		clear(data[random.IntN(len(data)/pageSize)*pageSize:][:pageSize])
	case 2:
		data[random.IntN(100)] ^= byte(1 + random.IntN(255)) // the header
	default:
		for range 1 + random.IntN(200) {
			data[random.IntN(len(data))] = byte(random.IntN(256))
		}
	}
	return data
}

// sample is a database that is closed, and what is read of it.
type sample struct {
	file    []byte
	answers map[string]any
}

// makeSample makes a database of a hundred runs.
func makeSample(t *testing.T) *sample {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runs.db")
	s := execute(t, path)
	for i := range 100 {
		run := testRun(runOf(i))
		run.Tenant, run.Labels = []string{"", "a"}[i%2], map[string]string{"n": fmt.Sprint(i)}
		run.Input = []byte(`"` + strings.Repeat("x", i*i*4%9000) + `"`)
		created, err := s.Create(t.Context(), run, i%3 != 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if created.Claim != nil {
			head, failure := created.Run, &flow.Error{Kind: flow.ErrorHandler, Message: "m"}
			change := store.Change{Claim: *created.Claim, Entries: []flow.Entry{testEntry(1), testEntry(2)}, Head: &head}
			head.Status, head.StartedAt, head.WakeAt, change.Release = flow.StatusRunning, testStart, testStart, true
			if i%3 == 2 {
				head.Status, head.FinishedAt, head.Error, head.WakeAt = flow.StatusFailed, testStart, failure, testStart
			}
			if err := s.Commit(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		if i%3 != 2 {
			message := store.Message{RunID: run.ID, Kind: store.MessageSignal, Name: "w", Actor: "somebody", Payload: []byte(`{"n":1}`)}
			if _, err := s.Send(t.Context(), message); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.SaveSchedule(t.Context(), store.Schedule{Flow: "orders", Name: "s", Last: testStart, LastRun: "run-000"}); err != nil {
		t.Fatal(err)
	}
	answers, errs := ask(t, s)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	closeNow(t, s)
	return &sample{read(t, path), answers}
}

func runOf(i int) string { return fmt.Sprintf("run-%03d", i) }

// openCopy opens a copy; nil if it is refused, as it should be.
func (m *sample) openCopy(t *testing.T, name string, data []byte) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	write(t, path, data)
	s, err := Open(path)
	if err == nil {
		return s
	}
	if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNewer) {
		t.Errorf("%s: Open: %v; want an error of the port", name, err)
	}
	if string(read(t, path)) != string(data) {
		t.Errorf("%s: the file was refused (%v) and changed", name, err)
	}
	return nil
}

// try holds that what is read of a copy is right, or an error.
func (m *sample) try(t *testing.T, name string, data []byte) {
	t.Helper()
	if s := m.openCopy(t, name, data); s != nil {
		m.compare(t, name, s)
		_ = s.Close() // may say what is wrong with the file
	}
}

// compare holds that what is read of a copy is right, or an error.
func (m *sample) compare(t *testing.T, name string, s *Store) []error {
	t.Helper()
	answers, errs := ask(t, s)
	for question, want := range m.answers {
		got, ok := answers[question]
		if ok && !reflect.DeepEqual(want, got) && !passesOver(want, got) {
			t.Errorf("%s: %s: a wrong answer and no error (-want +got):\n%.1500s", name, question, cmp.Diff(want, got))
		}
	}
	for _, err := range errs {
		if errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v; want what is lost to be an error that says so", name, err)
		}
	}
	return errs
}

// filtered is what a list is that SQLite chose by values in the runs.
type filtered []store.Run

// passesOver says whether a filtered list lacks some runs and is right otherwise: a run of which the very value was changed
// that the filter asks for is passed over, since what it was is known to nobody.
func passesOver(want, got any) bool {
	all, ok := want.(filtered)
	some, _ := got.(filtered)
	for _, run := range some {
		ok = ok && slices.ContainsFunc(all, func(r store.Run) bool { return reflect.DeepEqual(r, run) })
	}
	return ok
}

// ask asks a store all that the sample has an answer to. Questions with an error have none.
func ask(t *testing.T, s *Store) (answers map[string]any, errs []error) {
	answers = map[string]any{}
	answer := func(question string, values any, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", question, err))
			return
		}
		answers[question] = values
	}
	ctx := t.Context()
	for i := range 100 {
		id := runOf(i)
		run, entries, err := s.Get(ctx, id)
		answer("run "+id, []any{run, entries}, err)
		messages, err := s.Messages(ctx, id)
		answer("messages to "+id, messages, err)
	}
	page, err := s.List(ctx, store.Filter{Limit: 500})
	answer("list", page, err)
	for _, f := range []store.Filter{
		{Statuses: []flow.Status{"failed"}},
		{Tenants: []string{"a"}},
		{Labels: map[string]string{"n": "7"}},
		{Flow: "orders", Since: testStart, ErrorText: "m"},
	} {
		page, err := s.List(ctx, f)
		answer(fmt.Sprintf("list %+v", f), filtered(page.Runs), err)
	}
	schedule, err := s.Schedule(ctx, "orders", "s")
	answer("schedule", schedule, err)
	return answers, errs
}

// act calls what writes.
func act(t *testing.T, s *Store) (errs []error) {
	ctx := t.Context()
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
	return append(errs, err)
}
