// Package golden plays the flows of the golden files on the real runtime, and
// prints their histories. The program that the golden test builds uses it.
package golden

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// Play is what a golden file does: it registers its flows, and then runs them.
type Play struct {
	Name     string
	Register func(rt *runtime.Runtime) error
	Run      func(s *Session)
}

// Main plays all, each on a database of its own in a folder, and prints a txtar
// archive with a file for each.
func Main(plays ...Play) {
	for _, p := range plays {
		var history strings.Builder
		if err := p.play(filepath.Join(os.Args[1], p.Name+".db"), &history); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
			os.Exit(1)
		}
		fmt.Printf("-- %s --\n%s", p.Name, history.String())
	}
}

func (p Play) play(database string, history io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	store, err := sqlite.Open(database)
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // what was played is said by its history
	rt, err := runtime.New(store, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	if err := p.Register(rt); err != nil {
		return err
	}
	if err := checkSecrets(rt); err != nil {
		return err
	}
	if err := rt.Start(ctx); err != nil {
		return err
	}
	s := &Session{ctx: ctx, rt: rt, out: history}
	p.Run(s)
	if err := rt.Close(ctx); err != nil {
		return err
	}
	return s.err
}

// Session is one play.
type Session struct {
	ctx context.Context //nolint:containedctx // a session is one call
	rt  *runtime.Runtime
	out io.Writer
	err error
}

// Printf adds a line to the history.
func (s *Session) Printf(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// Run runs a flow to its end and prints its history. It returns what Wait did.
func Run[In, Out any](
	s *Session,
	start func(context.Context, In, ...runtime.StartOption) (*runtime.Run[Out], error),
	input In,
	opts ...runtime.StartOption,
) (Out, error) {
	return runWith(s, start, input, nil, opts...)
}

// RunWith is Run for a run with which something is done when it has started.
func RunWith[In, Out any](
	s *Session,
	start func(context.Context, In, ...runtime.StartOption) (*runtime.Run[Out], error),
	input In,
	started func(ctx context.Context, runID string) error,
) (Out, error) {
	return runWith(s, start, input, started)
}

// Signal is sent to a run when it waits.
type Signal struct {
	When string // the path of a wait, as in seats[1].answer
	Send func(ctx context.Context, runID string) error
}

// RunSignalled is Run for a flow that waits. Each signal is sent when the one before it
// has come and the run waits where the signal says.
func RunSignalled[In, Out any](
	s *Session,
	start func(context.Context, In, ...runtime.StartOption) (*runtime.Run[Out], error),
	input In,
	signals ...Signal,
) (Out, error) {
	return runWith(s, start, input, func(_ context.Context, runID string) error {
		for i, signal := range signals {
			if err := s.send(runID, signal, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func runWith[In, Out any](
	s *Session,
	start func(context.Context, In, ...runtime.StartOption) (*runtime.Run[Out], error),
	input In,
	started func(ctx context.Context, runID string) error,
	opts ...runtime.StartOption,
) (Out, error) {
	var none Out
	run, err := start(s.ctx, input, opts...)
	if err != nil {
		s.err = err
		return none, err
	}
	if started != nil {
		if err := started(s.ctx, run.ID()); err != nil {
			s.err = err
			return none, err
		}
	}
	out, waitErr := run.Wait(s.ctx)
	detail, err := s.rt.GetRun(s.ctx, run.ID())
	if err != nil {
		s.err = err
		return none, err
	}
	s.history(detail)
	return out, waitErr
}

// Start starts a run, waits for its end, and prints what it was started with, and
// whether it was there before.
func Start[In, Out any](
	s *Session,
	start func(context.Context, In, ...runtime.StartOption) (*runtime.Run[Out], error),
	input In,
	opts ...runtime.StartOption,
) {
	run, err := start(s.ctx, input, opts...)
	if err != nil {
		s.Printf("refused: %v", err)
		return
	}
	if _, err := run.Wait(s.ctx); err != nil {
		s.err = err
		return
	}
	d, err := s.rt.GetRun(s.ctx, run.ID())
	if err != nil {
		s.err = err
		return
	}
	s.Printf("%s %s: tenant %q, priority %d, key %q, existing %v",
		d.Flow, d.Input, d.Tenant, d.Priority, d.IdempotencyKey, run.Existing())
}

// send sends a signal when it is due: in the run's log are so many others before it.
func (s *Session) send(runID string, signal Signal, before int) error {
	err := s.until(runID, func(log []flow.Entry) bool {
		return slices.ContainsFunc(log, func(e flow.Entry) bool {
			return e.Kind == flow.KindWait && e.Step == signal.When && e.Open()
		})
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", signal.When, err)
	}
	if err := signal.Send(s.ctx, runID); err != nil {
		return err
	}
	err = s.until(runID, func(log []flow.Entry) bool {
		came := 0
		for _, e := range log {
			if e.Kind == flow.KindSignal {
				came++
			}
		}
		return came > before
	})
	if err != nil {
		return fmt.Errorf("sending a signal to %s: %w", signal.When, err)
	}
	return nil
}

// until looks at a run's log until it is as it should be.
func (s *Session) until(runID string, ok func(log []flow.Entry) bool) error {
	for s.ctx.Err() == nil {
		d, err := s.rt.GetRun(s.ctx, runID)
		if err != nil {
			return err
		}
		if ok(d.Log) {
			return nil
		}
		if d.Status.Final() {
			return fmt.Errorf("the run is %s before that", d.Status)
		}
	}
	return s.ctx.Err()
}

func (s *Session) history(d *runtime.RunDetail) {
	s.Printf("%s %s: %s", d.Flow, d.Input, d.Status)
	for i := range d.Log {
		s.Printf("  %s", line(&d.Log[i]))
	}
	if d.Error != nil {
		s.Printf("  error: %s", alike(d.Error.Message))
	} else {
		s.Printf("  output: %s", d.Output)
	}
}

// line is an entry of a log without what differs from run to run.
func line(e *flow.Entry) string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	if e.Step != "" {
		b.WriteString(" " + e.Step)
	}
	if e.Attempt > 1 {
		fmt.Fprintf(&b, " #%d", e.Attempt)
	}
	if e.Key != "" && e.Kind != flow.KindCall { // that of a call is the id of a run
		fmt.Fprintf(&b, " %q", e.Key)
	}
	if len(e.Input) > 0 {
		fmt.Fprintf(&b, " %s", e.Input)
	}
	if len(e.Output) > 0 {
		fmt.Fprintf(&b, " -> %s", e.Output)
	}
	if e.Error != nil {
		fmt.Fprintf(&b, ": %s", alike(e.Error.Message))
	}
	return b.String()
}

var runID = regexp.MustCompile(`\brun [0-9A-Z]{26}\b`)

// alike is a message without the ids of runs in it.
func alike(message string) string { return runID.ReplaceAllString(message, "a run") }
