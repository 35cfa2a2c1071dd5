package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// For each rule of the check: a directory in which it is broken, and what it says.
func TestCheckFindsWrongDirectories(t *testing.T) {
	onboarded := t.TempDir()
	mustRun(t, onboarded)
	for _, c := range []struct{ name, tamper, says string }{
		{
			"an account that was not closed",
			`UPDATE entries SET removed_by = NULL WHERE kind = 'account' AND name = 'cedar'`,
			"cedar: 1 entries of the kind account, and it should be 0",
		},
		{
			"a seat that was removed from a customer who was onboarded",
			`UPDATE entries SET removed_by = 'somebody' WHERE name = 'ada@acorn.our.example'`,
			"acorn: onboarded, and 1 of its entries were removed",
		},
		{
			"a seat that is missing",
			`DELETE FROM entries WHERE name = 'ada@acorn.our.example'`,
			"acorn: 5 entries of the kind seat, and it should be 6",
		},
		{
			"invoices for a starter",
			`INSERT INTO entries (created_by, run_id, kind, name) SELECT 'x', run_id, 'billing', 'birch' FROM entries WHERE kind = 'account' AND name = 'birch'`,
			"birch: 1 entries of the kind billing, and it should be 0",
		},
		{
			"a reminder too many",
			`INSERT INTO mails (sent_by, run_id, address, subject) SELECT 'x', run_id, address, subject FROM mails WHERE subject LIKE '%decide about Birch%'`,
			"birch: 4 mails, and it should be 3",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(onboarded)); err != nil {
				t.Fatal(err)
			}
			changed, err := openDB(t, filepath.Join(dir, "directory.db")).Exec(c.tamper)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := changed.RowsAffected(); err != nil || n != 1 {
				t.Fatalf("%d rows were tampered with, want 1 (%v)", n, err)
			}
			code, printed := run(t, dir)
			if code != 1 || !strings.Contains(printed, c.says) {
				t.Errorf("exit code %d, want 1, and the check does not say %q:\n%s", code, c.says, printed)
			}
		})
	}
}

// The check of the order: what was done last has to be undone first.
func TestUndoneTooEarly(t *testing.T) {
	done := func(step string, seq int64) flow.Entry {
		return flow.Entry{Kind: flow.KindStep, Step: step, EndSeq: seq}
	}
	undone := func(step string, seq int64) flow.Entry {
		return flow.Entry{Kind: flow.KindCompensation, Step: step, EndSeq: seq}
	}
	for _, c := range []struct {
		name string
		log  []flow.Entry
		want string
	}{
		{"nothing undone", []flow.Entry{done("a", 2), done("b", 4)}, ""},
		{"in the reverse order", []flow.Entry{done("a", 2), done("b", 4), undone("b", 6), undone("a", 8)}, ""},
		{"in the order of the beginning", []flow.Entry{done("a", 4), done("b", 2), undone("b", 6), undone("a", 8)}, "a"},
		{"in the same order", []flow.Entry{done("a", 2), done("b", 4), undone("a", 6), undone("b", 8)}, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := undoneTooEarly(&runtime.RunDetail{Log: c.log}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
