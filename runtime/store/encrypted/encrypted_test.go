package encrypted_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/encrypted"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func key(id string) encrypted.Key {
	return encrypted.Key{ID: id, Secret: bytes.Repeat([]byte(id[:1]), 32)}
}

func codec(t testing.TB, newest string, older ...string) encrypted.Codec {
	t.Helper()
	var keys []encrypted.Key
	for _, id := range older {
		keys = append(keys, key(id))
	}
	a, err := encrypted.NewAES(key(newest), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]encrypted.Codec{"clear": nil, "AES": codec(t, "a")} {
		t.Run(name+"/memory", func(t *testing.T) {
			newData := func(*testing.T) storetest.Open {
				data := memory.New()
				return func(t *testing.T) store.Store {
					s := encrypted.New(data.Open(), c)
					t.Cleanup(func() { s.Close() })
					return s
				}
			}
			storetest.Run(t, newData)
			storetest.RunFeed(t, newData)
		})
	}
	t.Run("AES/sqlite", func(t *testing.T) {
		newFile := func(t *testing.T) storetest.Open {
			path := filepath.Join(t.TempDir(), "test.db")
			return func(t *testing.T) store.Store {
				s, err := sqlite.Open(path, sqlite.WithSynchronous(sqlite.Normal))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
				return encrypted.New(s, codec(t, "a"))
			}
		}
		storetest.RunSQL(t, newFile)
		if !raced { // what runs together in these, the tests in memory run too
			storetest.Run(t, newFile)
		}
		storetest.RunFeed(t, newFile)
	})
}

func TestOnlyAStoreInADatabaseHasTransactions(t *testing.T) {
	s := encrypted.New(memory.New().Open(), codec(t, "a"))
	defer s.Close()
	if _, ok := s.(store.SQL); ok {
		t.Error("a store in memory has transactions when it is encrypted")
	}
}

// The same input is the same for a start that is repeated with a newer key, or behind the
// day on which a database was first encrypted.
func TestARepeatedStartBesideANewKey(t *testing.T) {
	for name, c := range map[string]struct{ before, after encrypted.Codec }{
		"the same key":    {codec(t, "a"), codec(t, "a")},
		"a newer key":     {codec(t, "a"), codec(t, "b", "a")},
		"encrypted later": {nil, codec(t, "a")},
	} {
		t.Run(name, func(t *testing.T) {
			data := memory.New()
			run := store.Run{ID: "01", Flow: "f", Version: "1.0", Input: json.RawMessage(`{"n":1}`), Attempt: 1, CreatedAt: time.UnixMilli(1)}
			create := func(c encrypted.Codec, run store.Run) (store.Created, error) {
				s := encrypted.New(data.Open(), c)
				defer s.Close()
				return s.Create(t.Context(), run, false, 0)
			}
			if _, err := create(c.before, run); err != nil {
				t.Fatal(err)
			}
			if got, err := create(c.after, run); err != nil || got.Existing || string(got.Run.Input) != `{"n":1}` {
				t.Errorf("the same call: %+v, %v", got, err)
			}
			run.CreatedAt = time.UnixMilli(2)
			if got, err := create(c.after, run); err != nil || !got.Existing || string(got.Run.Input) != `{"n":1}` {
				t.Errorf("the same start: %+v, %v", got, err)
			}
			run.Input = json.RawMessage(`{"n":2}`)
			if got, err := create(c.after, run); !errors.Is(err, store.ErrExists) {
				t.Errorf("another input: %+v, %v; want ErrExists", got, err)
			}
		})
	}
}

// A run that cannot be read is named with its key, and does not hold up others.
func TestAMissingKey(t *testing.T) {
	ctx, data := t.Context(), memory.New()
	with := func(c encrypted.Codec, do func(s store.Store)) {
		t.Helper()
		s := encrypted.New(data.Open(), c)
		defer s.Close()
		if ok, err := s.Acquire(ctx); !ok || err != nil {
			t.Fatalf("Acquire: %v, %v", ok, err)
		}
		do(s)
	}
	begin := func(id string) func(s store.Store) {
		return func(s store.Store) {
			run := store.Run{ID: id, Flow: "f", Version: "1.0", Attempt: 1, Input: json.RawMessage(`1`), CreatedAt: time.UnixMilli(1)}
			created, err := s.Create(ctx, run, true, 0)
			if err != nil {
				t.Fatal(err)
			}
			head := created.Run
			head.Status, head.Error = flow.StatusRunning, &flow.Error{Kind: flow.ErrorHandler, Message: "why of " + id}
			if err := s.Commit(ctx, store.Change{Claim: *created.Claim, Head: &head, Release: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	with(codec(t, "old"), begin("01"))
	with(codec(t, "new"), begin("02"))
	flows := store.ClaimQuery{Now: time.UnixMilli(5), Limit: 5, Flows: []store.FlowVersion{{Flow: "f", Major: 1}}}
	with(codec(t, "new"), func(s store.Store) {
		claimed, err := s.Claim(ctx, flows)
		if err != nil || len(claimed) != 2 {
			t.Fatalf("Claim: %+v, %v", claimed, err)
		}
		for _, c := range claimed {
			wantMissing(t, "Claim "+c.Run.ID, c.Err, c.Run.ID == "01")
			if _, err := s.Send(ctx, store.Message{RunID: c.Run.ID, Kind: store.MessageCancel, Reason: "why"}); err != nil {
				t.Error(err)
			}
		}
		_, _, err = s.Get(ctx, "01")
		wantMissing(t, "Get", err, true)
		page, err := s.List(ctx, store.Filter{})
		if err != nil || len(page.Runs) != 2 || page.Runs[0].Error.Message != "why of 02" ||
			!strings.Contains(page.Runs[1].Error.Message, `the error is encrypted with the key "old"`) || page.Runs[1].Error.Kind != flow.ErrorHandler {
			t.Errorf("List: %+v, %v", page.Runs, err)
		}
	})
	with(codec(t, "old"), func(s store.Store) {
		claimed, err := s.Claim(ctx, flows)
		if err != nil || len(claimed) != 2 {
			t.Fatalf("Claim with the other key: %+v, %v; want both runs, as they were left", claimed, err)
		}
		messages, err := s.Unobeyed(ctx)
		wantMissing(t, "Unobeyed", err, true)
		if len(messages) != 0 {
			t.Errorf("messages under a key that is not there: %+v", messages)
		}
		if _, err := s.Send(ctx, store.Message{RunID: "02", Kind: store.MessageCancel, Reason: "old"}); err != nil {
			t.Error(err)
		}
		if messages, err = s.Unobeyed(ctx); err == nil || len(messages) != 1 || messages[0].Reason != "old" {
			t.Errorf("messages: %+v, %v; want the one that can be read, and an error for the others", messages, err)
		}
	})
	with(codec(t, "new", "old"), func(s store.Store) {
		claimed, err := s.Claim(ctx, flows)
		for _, c := range claimed {
			wantMissing(t, "Claim "+c.Run.ID, c.Err, false)
			if c.Run.Error.Message != "why of "+c.Run.ID || string(c.Run.Input) != "1" {
				t.Errorf("Claim: %+v", c.Run)
			}
		}
		if err != nil || len(claimed) != 2 {
			t.Errorf("Claim with both keys: %+v, %v", claimed, err)
		}
	})
	with(nil, func(s store.Store) {
		_, _, err := s.Get(ctx, "02")
		if !errors.Is(err, encrypted.ErrNoKey) || !strings.Contains(err.Error(), "WithCodec") {
			t.Errorf("Get without a codec: %v", err)
		}
	})
}

// wantMissing wants the error of a key that was not given, or none.
func wantMissing(t *testing.T, what string, err error, missing bool) {
	t.Helper()
	var e *encrypted.Error
	switch {
	case !missing && err != nil:
		t.Errorf("%s: %v", what, err)
	case missing && (!errors.As(err, &e) || !errors.Is(err, encrypted.ErrNoKey) || e.Run == "" || e.KeyID == ""):
		t.Errorf("%s: %v; want the run and the key that is not there", what, err)
	}
}

// broken is a codec that cannot encrypt at the moment.
type broken struct{ encrypted.Codec }

var errBroken = errors.New("the key service is away")

func (broken) Seal(encrypted.Place, []byte) (string, []byte, error) { return "", nil, errBroken }

// nameless gives a key an id that cannot be stored.
type nameless struct{ encrypted.Codec }

func (nameless) Seal(encrypted.Place, []byte) (string, []byte, error) { return "a:b", nil, nil }

func TestWhatCannotBeSealedIsNotWritten(t *testing.T) {
	for name, c := range map[string]encrypted.Codec{"broken": broken{}, "nameless": nameless{}, "nil": (*encrypted.AES)(nil)} {
		data := memory.New()
		s := encrypted.New(data.Open(), c)
		if ok, err := s.Acquire(t.Context()); !ok || err != nil {
			t.Fatalf("Acquire: %v, %v", ok, err)
		}
		run := store.Run{ID: "01", Flow: "f", Version: "1.0", Attempt: 1, Input: json.RawMessage(`1`)}
		if _, err := s.Create(t.Context(), run, false, 0); err == nil || name == "broken" && !errors.Is(err, errBroken) {
			t.Errorf("%s: Create: %v", name, err)
		}
		run.Input = nil
		created, err := s.Create(t.Context(), run, true, 0)
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range map[string]store.Change{
			"entry":   {Entries: []flow.Entry{{Seq: 2, Output: []byte(`1`)}}},
			"error":   {Entries: []flow.Entry{{Seq: 2, Error: &flow.Error{Message: "x"}}}},
			"note":    {Entries: []flow.Entry{{Seq: 2, Told: &flow.Told{Checkpoint: []byte(`1`)}}}},
			"text":    {Entries: []flow.Entry{{Seq: 2, Told: &flow.Told{Progress: &flow.Progress{Text: "x"}}}}},
			"head":    {Head: &store.Run{Output: []byte(`1`)}},
			"child":   {Children: []store.Run{{ID: "02", Flow: "f", Version: "1.0", Input: []byte(`1`)}}},
			"message": {Messages: []store.Message{{RunID: "01", Kind: store.MessageSignal, Payload: []byte(`1`)}}},
		} {
			change.Claim = *created.Claim
			if err := s.Commit(t.Context(), change); err == nil {
				t.Errorf("%s: Commit of %s: no error", name, what)
			}
		}
		if _, err := s.Send(t.Context(), store.Message{RunID: "01", Kind: store.MessageCancel, Reason: "x"}); err == nil {
			t.Errorf("%s: Send: no error", name)
		}
		if _, log, err := s.Get(context.Background(), "01"); err != nil || len(log) != 0 {
			t.Errorf("%s: the log is %+v, %v", name, log, err)
		}
		s.Close()
	}
}

// An attempt that tells how far it is, under a newer key than that with which its start was
// stored, leaves a log that can be read.
func TestProgressBesideANewKey(t *testing.T) {
	inner, err := sqlite.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	if ok, err := inner.Acquire(t.Context()); !ok || err != nil {
		t.Fatalf("Acquire: %v, %v", ok, err)
	}
	before, after := encrypted.New(inner, codec(t, "a")), encrypted.New(inner, codec(t, "b", "a"))
	created, err := before.Create(t.Context(), store.Run{ID: "01", Flow: "f", Version: "1.0", Input: json.RawMessage(`{}`), Attempt: 1}, true, 0)
	if err != nil {
		t.Fatal(err)
	}
	entry := flow.Entry{Seq: 2, Kind: flow.KindStep, Step: "s", RunAttempt: 1, Attempt: 1, StartedAt: time.UnixMilli(1).UTC(), Input: json.RawMessage(`{"n":1}`)}
	if err := before.Commit(t.Context(), store.Change{Claim: *created.Claim, Entries: []flow.Entry{entry}}); err != nil {
		t.Fatal(err)
	}
	entry.Told = &flow.Told{Progress: &flow.Progress{Fraction: 0.5, Text: "half"}}
	if err := after.Commit(t.Context(), store.Change{Claim: *created.Claim, Entries: []flow.Entry{entry}, Lazy: true}); err != nil {
		t.Fatal(err)
	}
	for { // until what is lazy was written
		_, log, err := after.Get(t.Context(), "01")
		if err != nil || len(log) != 1 || string(log[0].Input) != `{"n":1}` {
			t.Fatalf("the log is %+v, %v", log, err)
		}
		if log[0].Told != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
