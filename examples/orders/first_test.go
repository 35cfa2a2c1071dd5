package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testdata/first is what the first release left when it was killed in the middle of
// charges: runs that are over, under way, waiting and pending.
func TestTheDatabaseOfTheFirstReleaseGoesOn(t *testing.T) {
	dir := t.TempDir()
	for from, to := range map[string]string{"runs.sqlite": "runs.db", "shop.sqlite": "shop.db"} {
		content, err := os.ReadFile(filepath.Join("testdata", "first", from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	killedNow(t, filepath.Join(dir, "runs.db"))
	var out, errs transcript
	if code := command(context.Background(), flagsFor(dir, "-check"), &out, &errs); code != 0 {
		t.Fatalf("the shop ended with %d: %s%s", code, errs.String(), out.String())
	}
	if !strings.Contains(out.String(), "The books are right: 20 charges (1 asked for twice") {
		t.Errorf("the books are not those of the story:\n%s", out.String())
	}
}

// killedNow moves all times of a database, so that its program was killed just now: the
// runs have a timeout.
func killedNow(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var passed int64 // milliseconds since the last thing that happened
	const text = `SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) - (SELECT max(started_at) FROM log)`
	if err := db.QueryRowContext(t.Context(), text).Scan(&passed); err != nil {
		t.Fatal(err)
	}
	for table, columns := range map[string][]string{
		"runs": {"created_at", "started_at", "finished_at", "wake_at"},
		"log":  {"started_at", "finished_at", "wake_at"},
	} {
		for _, column := range columns {
			_, err := db.ExecContext(t.Context(), `UPDATE `+table+` SET `+column+` = `+column+` + ? WHERE `+column+` > 0`, passed)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
