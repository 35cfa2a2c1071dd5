package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about a run of which a step ends the process, each time.

const (
	poison     = "poison" // the card of the run, and the exit code of its process is poisonCode
	poisonCode = 7
	neighbours = 60
)

// poisonChild is a process that executes the run and its neighbours, which it starts if
// it is the first one, until all are over.
func poisonChild(dir string, undoToo bool) error {
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		return err
	}
	diary, err := os.OpenFile(filepath.Join(dir, "diary"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	f := newShipFlow()
	f.MaxAttempts = 3
	f.pay.Policy = flow.Policy{Retries: 3}
	f.pay.Compensation = &flow.CompensationDef{Name: "refund", Attempted: true}
	if err := f.registerWith(rt, poisonShop(diary, undoToo), runtime.AttemptedCompensationHandler(&f.pay,
		func(_ context.Context, in shipment, out *receipt) error {
			_, err := fmt.Fprintln(diary, "refund", in.Card, out == nil)
			return err
		})); err != nil {
		return err
	}
	ctx := context.Background()
	if err := rt.Start(ctx); err != nil {
		return err
	}
	first, err := rt.ListRuns(ctx, runtime.RunFilter{Limit: 500})
	if err != nil {
		return err
	}
	for i := len(first.Runs); i <= neighbours; i++ {
		in := shipment{Count: int64(i), Card: fmt.Sprint(i)}
		if i == neighbours {
			in.Card = poison
		}
		if _, err := f.start(ctx, in); err != nil {
			return err
		}
	}
	return errors.Join(waitForAll(ctx, rt), rt.Close(ctx), db.Close())
}

// poisonShop are handlers of which one ends the process. It is quicker than those of most others.
func poisonShop(diary *os.File, undoToo bool) shop {
	return shop{
		pay: func(_ context.Context, in shipment) (receipt, error) {
			if in.Card == poison {
				_, _ = fmt.Fprintln(diary, "pay")
				os.Exit(poisonCode)
			}
			time.Sleep(time.Duration(in.Count) * 2 * time.Millisecond)
			return receipt{"p"}, nil
		},
		release: func(_ context.Context, in shipment, _ receipt) error {
			_, err := fmt.Fprintln(diary, "release", in.Card)
			if undoToo {
				os.Exit(poisonCode)
			}
			return err
		},
	}
}

func TestARunThatEndsItsProcessFailsAfterTheTenthTime(t *testing.T) {
	t.Parallel()
	pays := strings.Repeat("pay\n", 10) + "refund poison true\n"
	for role, want := range map[string]struct {
		deaths int
		diary  string
	}{
		"poison":      {10, pays + "release poison\n"},
		"poison-undo": {20, pays + strings.Repeat("release poison\n", 10)},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			deaths := untilPoisonIsOver(t, role, dir)
			diary, err := os.ReadFile(filepath.Join(dir, "diary"))
			if err != nil || string(diary) != want.diary || deaths != want.deaths {
				t.Errorf("%d processes died, and the handlers' diary is %q (%v); want %d and %q", deaths, diary, err, want.deaths, want.diary)
			}
			checkPoisoned(t, dir)
		})
	}
}

// untilPoisonIsOver starts one process after the other until one finds all runs over, and
// says how many died.
func untilPoisonIsOver(t *testing.T, role, dir string) (deaths int) {
	t.Helper()
	for ; deaths < 40; deaths++ {
		err := spawn(t, role, dir).Run()
		if err == nil {
			return deaths
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != poisonCode {
			t.Fatal(err)
		}
	}
	t.Fatal("the process is ended for ever")
	return 0
}

// checkPoisoned looks at the runs when all are over.
func checkPoisoned(t *testing.T, dir string) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rt, err := runtime.New(db)
	if err != nil {
		t.Fatal(err)
	}
	completed, failed := 0, 0
	page, err := rt.ListRuns(t.Context(), runtime.RunFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range page.Runs {
		switch run.Status {
		case runtime.StatusCompleted:
			completed++
		case runtime.StatusFailed:
			failed++
			if e := run.Error; e == nil || e.Kind != flow.ErrorCrash || !e.Permanent || e.Step != "pay" || !strings.Contains(e.Message, "10 times") {
				t.Errorf("the run failed with %+v", run.Error)
			}
		}
	}
	if completed != neighbours || failed != 1 {
		t.Errorf("%d runs completed and %d failed, want %d and 1", completed, failed, neighbours)
	}
}
