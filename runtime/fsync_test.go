package runtime_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	fsyncRuns = 20
	// A run's start, reserve, pay with the beginning of the delay, the end of the
	// delay, ship with the run's end: each was acknowledged before the next began.
	commitsPerRun = 5
)

// oneAfterTheOther is what the child does: no commit serves two runs.
func oneAfterTheOther(ctx context.Context, f *shipFlow) error {
	for range fsyncRuns {
		run, err := f.start(ctx, shipment{Count: 3})
		if err != nil {
			return err
		}
		if _, err := run.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// With synchronous=FULL the disk is asked to keep what is acknowledged. A kill
// does not show that: the kernel keeps what a dead process wrote. So the calls
// are counted.
func TestEachCommitIsSynced(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	cmd := spawn(t, "fsync", dir, strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace)
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("the child: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	syncs := strings.Count(string(raw), "fsync(") + strings.Count(string(raw), "fdatasync(")
	t.Logf("%d syncs for %d commits", syncs, fsyncRuns*commitsPerRun)
	if syncs < fsyncRuns*commitsPerRun {
		t.Errorf("the disk was asked %d times to keep %d commits", syncs, fsyncRuns*commitsPerRun)
	}
}
