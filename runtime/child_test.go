package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is the child processes of tests, which are killed or watched: they run the
// program of the test itself, in a role.

// The environment of a child process: what it is to do, and with which files.
const (
	childRole = "BEXTGEN_TEST_CHILD" // trips, finish-trips, kill-tx, finish-tx, fsync, power, checkpoints, execute, poison or poison-undo
	childDir  = "BEXTGEN_TEST_DIR"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := child(role, os.Getenv(childDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// child is the program of the child process.
func child(role, dir string) error {
	if strings.HasPrefix(role, "poison") {
		return poisonChild(dir, role == "poison-undo")
	}
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		return err
	}
	diary, err := os.OpenFile(filepath.Join(dir, "diary"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	rt, err := runtime.New(db, runtime.WithConcurrency(inMemory), runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch {
	case strings.HasSuffix(role, "trips"):
		err = tripsChild(ctx, rt, dir, diary, role == "finish-trips")
	case role == "execute":
		err = executeChild(ctx, rt)
	default:
		err = shipsChild(ctx, rt, diary, role)
	}
	return errors.Join(err, rt.Close(ctx), db.Close())
}

// shipsChild is a process of which the runs are shipments.
func shipsChild(ctx context.Context, rt *runtime.Runtime, diary *os.File, role string) error {
	f, handlers := troubledFlow(), troubledShop()
	switch role {
	case "kill-tx", "finish-tx":
		f, handlers = killTxFlow(), killTxShop()
	case "checkpoints":
		f, handlers = newShipFlow(), shop{pay: workInPieces(diary)}
	}
	if err := f.register(rt, handlers); err != nil {
		return err
	}
	if err := rt.Start(ctx); err != nil {
		return err
	}
	switch role {
	case "kill-tx":
		return keepCharging(ctx, rt, f)
	case "finish-tx":
		return waitForAll(ctx, rt)
	case "fsync":
		return oneAfterTheOther(ctx, f)
	case "power":
		return powerChild(ctx, f)
	case "checkpoints":
		return checkpointChild(ctx, rt, f)
	}
	return fmt.Errorf("there is no role %q", role)
}

// program is that of child processes: this test's, but without the race detector. With
// it hardly anything would be under way in a process that lives for a moment.
var program = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	info, _ := debug.ReadBuildInfo()
	if err != nil || info == nil || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return self, err
	}
	path := filepath.Join(filepath.Dir(self), "child.test") // go test removes this folder
	if out, err := exec.Command("go", "test", "-c", "-race=false", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program of child processes: %w\n%s", err, out)
	}
	return path, nil
})

// spawn is a child process that has not begun, behind the words of a program that
// starts it.
func spawn(t *testing.T, role, dir string, wrap ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, path)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// waitForAll waits until every run in the database is over.
func waitForAll(ctx context.Context, rt *runtime.Runtime) error {
	for {
		open, err := rt.ListRuns(ctx, runtime.RunFilter{Statuses: []runtime.Status{runtime.StatusPending, runtime.StatusRunning}})
		if len(open.Runs) == 0 || err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
