package runtime_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
)

// This file is the diary of handlers: what they were called for and when, in a file that
// outlives their process.

// noteIn is what handlers do: they write down what they are asked for, say that they were
// called, and take a moment.
func noteIn(diary *os.File) func(context.Context) runtime.StepInfo {
	return func(ctx context.Context) runtime.StepInfo {
		info := runtime.Info(ctx)
		act := "do"
		if info.Compensation {
			act = "undo"
		}
		// One write call for each line: the kernel has it even if this process is killed.
		fmt.Fprintln(diary, info.RunID, info.RunAttempt, info.Step, act, info.Attempt, time.Now().UnixMicro())
		fmt.Println(called)
		time.Sleep(rand.N(20 * time.Millisecond))
		return info
	}
}

// attempt is what a handler is called for, in a run.
type attempt struct {
	runAttempt int
	step, act  string // do or undo
	attempt    int
}

// readDiary is when each attempt of each run was made.
func readDiary(t *testing.T, dir string) map[string]map[attempt][]time.Time {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "diary"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := map[string]map[attempt][]time.Time{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var run string
		var a attempt
		var micros int64
		if _, err := fmt.Sscan(lines.Text(), &run, &a.runAttempt, &a.step, &a.act, &a.attempt, &micros); err != nil {
			t.Fatalf("the diary has the line %q: %v", lines.Text(), err)
		}
		if all[run] == nil {
			all[run] = map[attempt][]time.Time{}
		}
		all[run][a] = append(all[run][a], time.UnixMicro(micros))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
