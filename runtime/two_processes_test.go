package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about two real processes on one file: one has the code and executes, the
// other one has none.

// executeChild is the process that executes, until it is killed.
func executeChild(ctx context.Context, rt *runtime.Runtime) error {
	if err := rt.Register(&newWaiting().Definition); err != nil {
		return err
	}
	if err := rt.Start(ctx); err != nil {
		return err
	}
	fmt.Println("it executes")
	select {} // until it is killed
}

// otherProcess is this process: it has no code for the flow.
type otherProcess struct {
	t  *testing.T
	rt *runtime.Runtime
}

func (o *otherProcess) start(opts ...runtime.StartOption) string {
	o.t.Helper()
	run, err := o.rt.StartVersion(o.t.Context(), "waiting", "1.0", json.RawMessage(`{ "n": 1 }`), opts...)
	if err != nil {
		o.t.Fatal(err)
	}
	return run.ID
}

// until waits until something holds of a run.
func (o *otherProcess) until(what, runID string, holds func(*runtime.RunDetail) bool) *runtime.RunDetail {
	o.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		d, err := o.rt.GetRun(o.t.Context(), runID)
		if err != nil {
			o.t.Fatal(err)
		}
		if holds(d) {
			return d
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("the run does not %s: it is %s %s", what, d.Status, d.Phase)
		}
	}
}

func waitsForSignal(d *runtime.RunDetail) bool { return d.Phase == flow.PhaseWaiting }

func isOver(d *runtime.RunDetail) bool { return d.Status.Final() }

func (o *otherProcess) signal(runID string) {
	o.t.Helper()
	if err := o.rt.SignalRun(o.t.Context(), runID, "approval", "", json.RawMessage(`{"n": 7}`)); err != nil {
		o.t.Fatal(err)
	}
}

func TestAProcessWithoutCode(t *testing.T) {
	dir := t.TempDir()
	cmd := executing(t, dir)
	db, err := sqlite.Open(filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(rt.Close(context.Background()), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := &otherProcess{t, rt}

	signalled := o.start(runtime.WithIdempotencyKey("k"))
	if again := o.start(runtime.WithIdempotencyKey("k")); again != signalled {
		t.Errorf("a start with the same key made the run %s, beside %s", again, signalled)
	}
	o.until("wait", signalled, waitsForSignal)
	o.signal(signalled)
	if d := o.until("end", signalled, isOver); d.Status != runtime.StatusCompleted {
		t.Errorf("the run that was signalled is %s (%v)", d.Status, d.Error)
	}
	cancelled := o.start()
	o.until("wait", cancelled, waitsForSignal)
	if err := rt.CancelRun(t.Context(), cancelled, "enough"); err != nil {
		t.Fatal(err)
	}
	if d := o.until("end", cancelled, isOver); d.Status != runtime.StatusCancelled {
		t.Errorf("the run that was cancelled is %s", d.Status)
	}
	left := o.start()
	o.until("wait", left, waitsForSignal)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	o.signal(left)
	if err := rt.Register(&newWaiting().Definition); err != nil {
		t.Fatal(err)
	}
	if d := o.until("end", left, isOver); d.Status != runtime.StatusCompleted {
		t.Errorf("the run that was taken over is %s (%v)", d.Status, d.Error)
	}
}

// executing starts the process that executes.
func executing(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := spawn(t, "execute", dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // if the test has failed
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestStartsOfAVersion(t *testing.T) {
	b := newBench(t)
	b.open(shop{})
	b.flow.startsBy()
	for name, test := range map[string]struct {
		version, input string
		fails          bool
	}{
		"code of before":  {"1.0", `{"count": 2, "card": "a b"}`, false},
		"newer code":      {"1.1", `[1]`, false},
		"another major":   {"2.0", `{"any": "JSON"}`, false},
		"a wrong input":   {"1.0", `{"count": "two"}`, true},
		"no JSON":         {"2.0", `{`, true},
		"no version":      {"", `{}`, true},
		"no such version": {"one", `{}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := b.rt.StartVersion(t.Context(), "ship", test.version, json.RawMessage(test.input))
			if (err != nil) != test.fails {
				t.Fatalf("the start: %v", err)
			}
			if err != nil {
				return
			}
			d, err := b.rt.GetRun(t.Context(), run.ID)
			if err != nil || d.Version != test.version {
				t.Errorf("the run is one of %s (%v)", d.Version, err)
			}
			if known := test.version == "1.0"; known != (d.IdempotencyKey == "a") || known == (d.Phase == flow.PhaseParked) {
				t.Errorf("the run has the key %q and is %s %s", d.IdempotencyKey, d.Status, d.Phase)
			}
		})
	}
}
