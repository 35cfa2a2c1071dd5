package runtime_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

// checkpointOf is the last checkpoint of the handler, -1 for none.
func checkpointOf(t *testing.T, ctx context.Context) int {
	t.Helper()
	at := -1
	if found, err := runtime.Info(ctx).LastCheckpoint(&at); err != nil || found != (at != -1) {
		t.Errorf("LastCheckpoint: %v, %v, with the value %d", found, err, at)
	}
	return at
}

func TestACheckpointIsThereForTheNextAttempt(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Policy = flow.Policy{Retries: 2, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	var found []int
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		info := runtime.Info(ctx)
		found = append(found, checkpointOf(t, ctx))
		if err := info.Checkpoint(10 * info.Attempt); err != nil {
			t.Error(err)
		}
		if got := checkpointOf(t, ctx); got != 10*info.Attempt {
			t.Errorf("the attempt reads back %d", got)
		}
		if info.Attempt < 3 {
			return receipt{}, errors.New("not yet")
		}
		return receipt{"p"}, nil
	}})
	run := b.start(shipment{})
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(found); got != "[-1 10 20]" {
		t.Errorf("the attempts find the checkpoints %s", got)
	}
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, e := range d.Steps[1].Attempts {
		kept = append(kept, string(e.Told.Checkpoint))
	}
	if got := strings.Join(kept, " "); got != "10 20 30" {
		t.Errorf("the log has the checkpoints %s", got)
	}
}

func TestACheckpointIsOnDiskWhenItReturns(t *testing.T) {
	b := newBench(t)
	var calls atomic.Int64
	stored := make(chan struct{})
	s := shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		if calls.Add(1) == 1 {
			if err := runtime.Info(ctx).Checkpoint(map[string]int{"done": 40}); err != nil {
				t.Error(err)
			}
			close(stored)
			<-ctx.Done()
			// The process stops: that is the time to say how far the work is.
			if err := runtime.Info(ctx).Checkpoint(map[string]int{"done": 41}); err != nil {
				t.Error(err)
			}
			return receipt{}, ctx.Err()
		}
		at := map[string]int{}
		if found, err := runtime.Info(ctx).LastCheckpoint(&at); !found || err != nil || at["done"] != 41 {
			t.Errorf("the attempt after the restart finds %v, %v, %v", at, found, err)
		}
		return receipt{"p"}, nil
	}}
	b.open(s)
	run := b.start(shipment{})
	<-stored
	d, err := b.rt.GetRun(t.Context(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if e := d.Log[len(d.Log)-1]; !e.Open() || string(e.Told.Checkpoint) != `{"done":40}` {
		t.Errorf("the log has %+v", e)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(ended); err != nil {
		t.Fatal(err)
	}
	b.close()
	b.open(s)
	again, err := runtime.GetFlow[receipt](t.Context(), &b.flow.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := b.history(run), "step reserve 1\nstep pay 1\nskip ship 0\n"; got != want {
		t.Errorf("history:\n%swant:\n%s", got, want)
	}
}

func TestACheckpointOfAStepThatIsOverIsRefused(t *testing.T) {
	b := newBench(t)
	b.flow.pay.Policy = flow.Policy{Timeout: 10 * time.Millisecond, Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	b.flow.ship.Delay = time.Millisecond
	late, timedOut := make(chan error, 1), make(chan runtime.StepInfo, 1)
	b.open(shop{
		pay: func(ctx context.Context, _ shipment) (receipt, error) {
			info := runtime.Info(ctx)
			if info.Attempt == 1 {
				<-ctx.Done()
				timedOut <- info
				return receipt{}, ctx.Err()
			}
			late <- (<-timedOut).Checkpoint("of the attempt before")
			if found, err := info.LastCheckpoint(new(string)); found || err != nil {
				t.Errorf("a checkpoint that was refused is found: %v, %v", found, err)
			}
			timedOut <- info
			return receipt{"p"}, nil
		},
		ship: func(context.Context, shipment) error {
			late <- (<-timedOut).Checkpoint("of a step that completed")
			return nil
		},
	})
	run := b.start(shipment{Count: 1})
	for range 2 {
		if err := <-late; !errors.Is(err, runtime.ErrStepOver) {
			t.Errorf("a checkpoint that comes too late: %v, want ErrStepOver", err)
		}
	}
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestACheckpointAfterTheEndOfItsRunIsRefused(t *testing.T) {
	b := newBench(t)
	infos := make(chan runtime.StepInfo, 1)
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		infos <- runtime.Info(ctx)
		return receipt{"p"}, nil
	}})
	if _, err := b.start(shipment{}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	info := <-infos
	info.Progress(0.5, "too late")
	if err := info.Checkpoint(1); !errors.Is(err, runtime.ErrStepOver) {
		t.Errorf("a checkpoint after the end of its run: %v, want ErrStepOver", err)
	}
}

func TestACheckpointThatTheStoreRefusesIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"before": storetest.Before, "after": storetest.After} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			var next atomic.Int64
			b.wrap = func(s store.Store) store.Store {
				return storetest.NewFaulty(s, func(int) storetest.Fault { return storetest.Fault(next.Swap(int64(storetest.None))) })
			}
			b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
				next.Store(int64(fault))
				return receipt{"p"}, runtime.Info(ctx).Checkpoint(7)
			}})
			run := b.start(shipment{})
			if _, err := run.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			d, err := b.rt.GetRun(t.Context(), run.ID())
			if err != nil || string(d.Steps[1].Attempts[0].Told.Checkpoint) != "7" {
				t.Errorf("the checkpoint is lost: %+v, %v", d, err)
			}
		})
	}
}

func TestWhatCannotBeStoredIsNoCheckpoint(t *testing.T) {
	b := newBench(t)
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		info := runtime.Info(ctx)
		if err := info.Checkpoint(func() {}); err == nil || errors.Is(err, runtime.ErrStepOver) {
			t.Errorf("a function as a checkpoint: %v", err)
		}
		var tooLarge *flow.SizeError
		if err := info.Checkpoint(strings.Repeat("x", 1<<20)); !errors.As(err, &tooLarge) || tooLarge.Limit != 1<<20 {
			t.Errorf("a checkpoint of more than 1 MiB: %v", err)
		}
		if err := info.Checkpoint("text"); err != nil {
			t.Error(err)
		}
		if found, err := info.LastCheckpoint(new(int)); found || err == nil || !strings.Contains(err.Error(), "pay") {
			t.Errorf("a text read as a number: %v, %v", found, err)
		}
		return receipt{"p"}, nil
	}})
	if _, err := b.start(shipment{}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOutsideOfAHandlerThereIsNothingToCheckpoint(t *testing.T) {
	info := runtime.Info(t.Context())
	info.Progress(1, "")
	if found, err := info.LastCheckpoint(nil); found || err != nil {
		t.Errorf("LastCheckpoint: %v, %v", found, err)
	}
	if err := info.Checkpoint(1); !errors.Is(err, runtime.ErrNoStep) {
		t.Errorf("Checkpoint: %v, want ErrNoStep", err)
	}
}

func TestProgressIsSeenWhileTheStepIsUnderWay(t *testing.T) {
	b := newBench(t)
	seen := make(chan struct{})
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		info := runtime.Info(ctx)
		info.Progress(0.4, "40 of 100")
		<-seen
		for range 1000 { // of these the store hears once or twice
			info.Progress(0.5, "50 of 100")
		}
		info.Progress(7, strings.Repeat("ö", 1000))
		return receipt{"p"}, nil
	}})
	run := b.start(shipment{})
	progress := func() *flow.Progress {
		d, err := b.rt.GetRun(t.Context(), run.ID())
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Steps) < 2 {
			return nil
		}
		return d.Steps[1].Progress
	}
	for deadline := time.Now().Add(10 * time.Second); progress() == nil && time.Now().Before(deadline); {
	}
	if p := progress(); p == nil || p.Fraction != 0.4 || p.Text != "40 of 100" || p.At.IsZero() {
		t.Errorf("while the step is under way its progress is %+v", p)
	}
	close(seen)
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := progress(); p == nil || p.Fraction != 1 || p.Text != strings.Repeat("ö", 250) {
		t.Errorf("at its end its progress is %+v", p)
	}
}

// How many pieces the step of TestKillsBetweenCheckpoints has, and how often it is killed.
const (
	pieces          = 300
	checkpointKills = 8
)

// workInPieces is the handler of that test: it says in the diary what it does, before
// and behind each checkpoint, and on its output that it works.
func workInPieces(diary *os.File) func(context.Context, shipment) (receipt, error) {
	return func(ctx context.Context, _ shipment) (receipt, error) {
		info := runtime.Info(ctx)
		done := 0
		if _, err := info.LastCheckpoint(&done); err != nil {
			return receipt{}, err
		}
		fmt.Fprintln(diary, "from", done)
		fmt.Println(busy)
		for done < pieces {
			done++
			info.Progress(float64(done)/pieces, "")
			time.Sleep(time.Millisecond)
			if err := info.Checkpoint(done); err != nil {
				return receipt{}, err
			}
			fmt.Fprintln(diary, "kept", done)
		}
		return receipt{"p"}, nil
	}
}

// A step that stores checkpoints is killed again and again: it goes on at least where
// the last one was that returned, in the same attempt.
func TestKillsBetweenCheckpoints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range checkpointKills {
		cmd := spawn(t, "checkpoints", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			time.AfterFunc(rand.N(60*time.Millisecond), func() { cmd.Process.Kill() }) //nolint:errcheck // it may be over
		}
		cmd.Wait() //nolint:errcheck // it was killed
	}
	if out, err := spawn(t, "checkpoints", dir).Output(); err != nil {
		t.Fatalf("the last process: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "diary"))
	if err != nil {
		t.Fatal(err)
	}
	kept, interrupted := 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		var word string
		var n int
		if _, err := fmt.Sscan(line, &word, &n); err != nil {
			t.Fatalf("the diary has the line %q: %v", line, err)
		}
		if word == "from" {
			if n < kept || n > kept+1 {
				t.Fatalf("%d pieces were kept, and the step goes on from %d", kept, n)
			}
			if n > 0 && n < pieces {
				interrupted++
			}
		}
		kept = n // also where the step goes on from: that was kept, and not told before the kill
	}
	if kept != pieces || interrupted < 2 {
		t.Errorf("%d of %d pieces were kept, with %d kills between them; the test wants all, and 2", kept, pieces, interrupted)
	}
}

// checkpointChild is the process of that test: it starts the run if there is none, and waits for its end.
func checkpointChild(ctx context.Context, rt *runtime.Runtime, f *shipFlow) error {
	run, err := f.start(runtime.NewContext(ctx, rt), shipment{}, runtime.WithIdempotencyKey("the one"))
	if err != nil {
		return err
	}
	if _, err := run.Wait(ctx); err != nil {
		return err
	}
	d, err := rt.GetRun(ctx, run.ID())
	if err != nil {
		return err
	}
	if len(d.Steps[1].Attempts) != 1 {
		return fmt.Errorf("the step has %d attempts, want 1: to be killed is no failure of it", len(d.Steps[1].Attempts))
	}
	return nil
}
