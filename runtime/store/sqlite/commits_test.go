package sqlite

import (
	"errors"
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
