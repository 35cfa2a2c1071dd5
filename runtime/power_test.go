package runtime_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about the loss of power. A kill does not show what that does: the kernel
// keeps what a dead process wrote. So a program is watched with strace while it writes,
// and the disk is made as it may be at some moment: with all that was synced, and of
// what was not, some sectors and not others.

const (
	powerCuts   = 100
	powerRuns   = 48
	powerAtOnce = 6
	sector      = 512
)

// troubledFlow has retries, a short delay and a compensation with retries.
func troubledFlow() *shipFlow {
	f := newShipFlow()
	f.pay.Policy = flow.Policy{Retries: 3, Backoff: flow.Fixed, BackoffBase: 5 * time.Millisecond}
	f.ship.Delay = 5 * time.Millisecond
	f.reserve.Compensation.Policy = &flow.Policy{Retries: 5, Backoff: flow.Fixed, BackoffBase: 2 * time.Millisecond}
	return f
}

// troubledShop are handlers that at times fail.
func troubledShop() shop {
	return shop{
		release: func(ctx context.Context, _ shipment, _ receipt) error {
			if runtime.Info(ctx).Attempt == 1 {
				return errors.New("release fails once")
			}
			return nil
		},
		pay: func(ctx context.Context, in shipment) (receipt, error) {
			if runtime.Info(ctx).Attempt <= int(in.Count%3) {
				return receipt{}, errors.New("the bank is busy")
			}
			return receipt{"p"}, nil
		},
		ship: func(_ context.Context, in shipment) error {
			if in.Count%4 == 0 {
				return runtime.Permanent(errors.New("no such address"))
			}
			return nil
		},
	}
}

// powerChild says of each run that it was started, and that it is over, when the runtime
// has said so.
func powerChild(ctx context.Context, f *shipFlow) error {
	var group sync.WaitGroup
	errs := make(chan error, powerAtOnce)
	for i := range powerAtOnce {
		group.Go(func() {
			for n := range powerRuns / powerAtOnce {
				run, err := f.start(ctx, shipment{Count: int64(i + n)})
				if err != nil {
					errs <- err
					return
				}
				fmt.Println("started", run.ID())
				if _, err := run.Wait(ctx); err != nil && !errors.Is(err, runtime.ErrRunFailed) {
					errs <- err
					return
				}
				fmt.Println("over", run.ID())
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs
}

// diskCall is a call of the system that matters to the disk, or that says something.
type diskCall struct {
	name       string
	file       string // its base name
	data       []byte // of a write
	at         int64  // of a write: where; of a truncation: the new size
	begun, end int    // lines of the trace
}

func TestPowerLoss(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	cmd := spawn(t, "power", dir, strace, "-f", "-qq", "-y", "-xx", "-s", "2000000",
		"-e", "trace=pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat", "-o", trace)
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("the child: %v\n%s", err, out)
	}
	calls, lines := readTrace(t, trace)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d calls", seed, len(calls))
	random := rand.New(rand.NewPCG(seed, 0))
	told := 0
	for range powerCuts {
		cut := random.IntN(lines)
		told += afterPowerLoss(t, calls, cut, random)
		if t.Failed() {
			t.Fatalf("the power was lost at line %d of %d", cut, lines)
		}
	}
	if told < powerCuts {
		t.Errorf("at %d moments, %d things had been acknowledged; this shows nothing", powerCuts, told)
	}
}

// afterPowerLoss makes the disk as it may be at a moment, and checks that what was
// acknowledged before is there. It returns how much that was.
func afterPowerLoss(t *testing.T, calls []diskCall, cut int, random *rand.Rand) (told int) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "runs.db")
	for name, content := range diskAt(calls, cut, random) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqlite.Open(path)
	if err != nil {
		t.Errorf("the database does not open: %v", err)
		return 0
	}
	defer db.Close()
	for _, line := range saidBefore(calls, cut) {
		told++
		what, id, _ := strings.Cut(line, " ")
		run, _, err := db.Get(t.Context(), id)
		switch {
		case err != nil:
			t.Errorf("%s was acknowledged: %v", line, err)
		case what == "over" && !run.Status.Final():
			t.Errorf("%s was acknowledged, and the run is %s", line, run.Status)
		}
	}
	return told
}

// saidBefore are the lines that the program had written by then.
func saidBefore(calls []diskCall, cut int) (lines []string) {
	for _, c := range calls {
		if c.name == "write" && c.end < cut && (bytes.HasPrefix(c.data, []byte("started ")) || bytes.HasPrefix(c.data, []byte("over "))) {
			lines = append(lines, strings.TrimSpace(string(c.data)))
		}
	}
	return lines
}

// diskAt are the files of the database as a disk may have them.
func diskAt(calls []diskCall, cut int, random *rand.Rand) map[string][]byte {
	synced := map[string]int{} // up to which line all that was written is on the disk
	for _, c := range calls {
		if (c.name == "fsync" || c.name == "fdatasync") && c.end < cut {
			synced[c.file] = max(synced[c.file], c.begun)
		}
	}
	files := map[string][]byte{}
	for _, c := range calls {
		if c.begun >= cut || !isDatabase(c.file) {
			continue
		}
		sure := c.end < synced[c.file]
		switch c.name {
		case "pwrite64":
			files[c.file] = written(files[c.file], c, sure, random)
		case "unlink", "unlinkat": // SQLite syncs the folder at once
			delete(files, c.file)
		case "ftruncate":
			if sure || random.IntN(2) == 0 {
				files[c.file] = slices.Grow(files[c.file], int(c.at))[:c.at]
			}
		}
	}
	return files
}

// written is a file after a write. If that is not sure to be on the disk, some of its
// sectors are and others are not.
func written(file []byte, c diskCall, sure bool, random *rand.Rand) []byte {
	none := !sure && random.IntN(3) == 0
	for from := 0; from < len(c.data); from += sector {
		part := c.data[from:min(from+sector, len(c.data))]
		if none || !sure && random.IntN(4) == 0 {
			continue
		}
		at := int(c.at) + from
		if missing := at + len(part) - len(file); missing > 0 {
			file = append(file, make([]byte, missing)...)
		}
		copy(file[at:], part)
	}
	return file
}

func isDatabase(name string) bool {
	return name == "runs.db" || name == "runs.db-wal" || name == "runs.db-journal"
}

var (
	traceLine   = regexp.MustCompile(`^(\d+) +(.*)$`)
	resumedLine = regexp.MustCompile(`^<\.\.\. (\w+) resumed>`)
	unlinkLine  = regexp.MustCompile(`^(unlink|unlinkat)\((?:[^,"]*, )?"([^"]*)"`)
	callLine    = regexp.MustCompile(`^(\w+)\(\d+<([^>]*)>(.*)$`)
)

// readTrace reads what strace wrote, and says how many lines that were.
func readTrace(t *testing.T, path string) (calls []diskCall, lines int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	unfinished := map[string]int{} // the call of a thread that has not returned
	for line := range strings.Lines(string(raw)) {
		m := traceLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		thread, text := m[1], m[2]
		if resumedLine.MatchString(text) {
			if i, ok := unfinished[thread]; ok {
				calls[i].end = lines
				delete(unfinished, thread)
			}
		} else if c, ok := readCall(t, text); ok {
			c.begun, c.end = lines, lines
			if strings.HasSuffix(text, "<unfinished ...>") {
				c.end = int(^uint(0) >> 1) // until it is resumed
				unfinished[thread] = len(calls)
			}
			calls = append(calls, c)
		}
		lines++
	}
	if len(calls) == 0 {
		t.Fatal("strace wrote nothing that can be read")
	}
	return calls, lines
}

// readCall reads a call: its name, its file and, of a write, its data and place.
func readCall(t *testing.T, text string) (c diskCall, ok bool) {
	t.Helper()
	if m := unlinkLine.FindStringSubmatch(text); m != nil {
		return diskCall{name: m[1], file: filepath.Base(unescaped(t, m[2]))}, true
	}
	m := callLine.FindStringSubmatch(text)
	if m == nil {
		return c, false
	}
	c = diskCall{name: m[1], file: filepath.Base(unescaped(t, m[2]))}
	args := strings.TrimSuffix(strings.TrimPrefix(m[3], ", "), " <unfinished ...>")
	switch c.name {
	case "pwrite64", "write":
		quoted, rest, found := strings.Cut(strings.TrimPrefix(args, `"`), `"`)
		if !found || strings.HasPrefix(rest, "...") {
			t.Fatalf("the data of a write is cut off: %.80s", text)
		}
		c.data = []byte(unescaped(t, quoted))
		if fields := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(", )=", r) }); c.name == "pwrite64" {
			c.at = numberIn(t, fields[1])
		}
	case "ftruncate":
		c.at = numberIn(t, strings.FieldsFunc(args, func(r rune) bool { return strings.ContainsRune(", )=", r) })[0])
	}
	return c, true
}

// unescaped is a text of which strace wrote each byte as \x41; a path may be as it is.
func unescaped(t *testing.T, text string) string {
	t.Helper()
	if !strings.HasPrefix(text, `\x`) {
		return text
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		t.Fatalf("%.80s: %v", text, err)
	}
	return string(raw)
}

func numberIn(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
