package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

func TestMovesAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var moves []store.Move
		for range rapid.IntRange(0, 5).Draw(t, "moves") {
			m := store.Move{
				Key: rapid.Int64Range(1, 1<<40).Draw(t, "key"), Tag: rapid.Uint32().Draw(t, "tag"), After: rapid.Int64Range(0, 1<<40).Draw(t, "after"),
			}
			m.Last = m.After + rapid.Int64Range(1, 1<<20).Draw(t, "more")
			moves = append(moves, m)
		}
		text := encodeMoves(moves)
		if got, err := decodeMoves(text); err != nil || !slices.Equal(got, moves) {
			t.Fatalf("%v became %v, %v", moves, got, err)
		}
		if len(text) > 0 {
			cut := text[:len(text)-1]
			if got, err := decodeMoves(cut); err == nil && slices.Equal(got, moves) {
				t.Fatalf("%v without its last byte is still %v", text, got)
			}
		}
	})
}

func TestOldChangesAreForgotten(t *testing.T) {
	for name, keep := range map[string]keeping{
		"by commits": {commits: 300, moves: 1 << 40},
		"by moves":   {commits: 1 << 40, moves: 300},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(filepath.Join(t.TempDir(), "test.db"), WithSynchronous(Normal), func(o *options) { o.keep = keep })
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, now := t.Context(), time.Now()
			if ok, err := s.Acquire(ctx); !ok || err != nil {
				t.Fatalf("Acquire: %v, %v", ok, err)
			}
			created, err := s.Create(ctx, store.Run{ID: "01JD", Flow: "f", Version: "1.0", Attempt: 1, CreatedAt: now}, true, 0)
			if err != nil {
				t.Fatal(err)
			}
			const commits = 4 * trimEvery
			before, err := s.Newest(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for i := range int64(commits) - before {
				e := flow.Entry{Seq: 2*i + 2, EndSeq: 2*i + 3, Kind: flow.KindStep, Step: "s", RunAttempt: 1, Attempt: 1, StartedAt: now, FinishedAt: now}
				if err := s.Commit(ctx, store.Change{Claim: *created.Claim, Entries: []flow.Entry{e}}); err != nil {
					t.Fatal(err)
				}
			}
			if newest, err := s.Newest(ctx); err != nil || newest != commits {
				t.Fatalf("the newest is %d, %v; want %d", newest, err, commits)
			}
			if _, err := s.Commits(ctx, 0, 10); !errors.Is(err, store.ErrForgotten) {
				t.Fatalf("from the beginning: %v, want %v", err, store.ErrForgotten)
			}
			kept, err := s.Commits(ctx, commits-300, commits)
			if err != nil || len(kept) != 300 {
				t.Fatalf("%d of the last 300 commits are kept, %v", len(kept), err)
			}
		})
	}
}

// Rows that are folded and old go, whoever writes in turns with the store.
func TestRowsOfCommitsAreBounded(t *testing.T) {
	for name, create := range map[string]func(s *Store, own *sql.DB, claim store.Claim, run store.Run) error{
		"in transactions of others": func(s *Store, own *sql.DB, _ store.Claim, run store.Run) error {
			tx, err := own.Begin()
			if err != nil {
				return err
			}
			_, err = s.CreateIn(t.Context(), tx, run)
			return errors.Join(err, tx.Commit())
		},
		"in loans": func(s *Store, _ *sql.DB, claim store.Claim, run store.Run) error {
			return s.Lend(t.Context(), claim, func(loan store.Loan) (store.Change, error) {
				_, err := s.CreateIn(t.Context(), loan, run)
				return store.Change{Entries: []flow.Entry{testEntry(1)}}, err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := execute(t, filepath.Join(t.TempDir(), "runs.db"), WithSynchronous(Normal), func(o *options) { o.keep = keeping{commits: 10, moves: 10} })
			own, err := sql.Open("sqlite", uri(s.path, url.Values{"_pragma": {"synchronous(OFF)"}}))
			if err != nil {
				t.Fatal(err)
			}
			defer own.Close()
			claim := claimed(t, s, "claimed")
			if _, err := s.Create(t.Context(), testRun("one more"), false, 0); err != nil { // the next commit of the store has an odd number
				t.Fatal(err)
			}
			for i := range 3 * foldEvery {
				if err := create(s, own, claim, testRun(fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			var rows, unfolded int
			err = s.readers.QueryRow(`SELECT count(*), sum(number > (SELECT folded FROM meta)) FROM commits`).Scan(&rows, &unfolded)
			if err != nil || rows > 2*trimEvery || unfolded >= foldEvery {
				t.Errorf("there are %d rows, and %d are not folded, %v; want less than %d and %d", rows, unfolded, err, 2*trimEvery, foldEvery)
			}
			wantNumbers(t, s)
		})
	}
}

// Who follows runs goes on from the present, where it cannot be read what became visible.
func TestMovesThatCannotBeRead(t *testing.T) {
	s := execute(t, filepath.Join(t.TempDir(), "runs.db"))
	claim := claimed(t, s, "a")
	if err := s.Commit(t.Context(), store.Change{Claim: claim, Entries: []flow.Entry{testEntry(1)}}); err != nil {
		t.Fatal(err)
	}
	edit(t, s.path, `UPDATE commits SET moves = substr(moves, 1, length(moves) - 1) WHERE moves <> x''`)
	if _, err := s.Commits(t.Context(), 0, 10); !errors.Is(err, store.ErrForgotten) || !errors.Is(err, store.ErrDamaged) {
		t.Errorf("Commits: %v, want %v and %v", err, store.ErrForgotten, store.ErrDamaged)
	}
}
