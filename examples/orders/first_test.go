package main

import (
	"context"
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
	var out, errs transcript
	if code := command(context.Background(), flagsFor(dir, "-check"), &out, &errs); code != 0 {
		t.Fatalf("the shop ended with %d: %s%s", code, errs.String(), out.String())
	}
	if !strings.Contains(out.String(), "The books are right: 20 charges (1 asked for twice") {
		t.Errorf("the books are not those of the story:\n%s", out.String())
	}
}
