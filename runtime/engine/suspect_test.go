package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// wallClock is a clock that can be set.
type wallClock struct {
	SystemClock
	offset atomic.Int64
}

func (c *wallClock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// worker is a flow of a step that can be undone, and a wait.
type worker struct {
	defs *workerDefs
	work flow.Step[int, int]
	wait flow.Wait[int]
}

type workerDefs struct {
	work flow.StepDef
	wait flow.WaitDef
}

func (s *worker) Next(p *flow.Plan) bool {
	return s.work.Run(p, &s.defs.work, func() int { return 1 }) && s.wait.Run(p, &s.defs.wait, nil, nil, nil)
}

func (s *worker) Output(*flow.Plan) any { return 1 }

// deaths are processes that die one after the other, on the same data.
type deaths struct {
	t    *testing.T
	data *memory.Data
	st   *memory.Store
	e    *Embedded
	wall wallClock
	// work and undo are what the handlers do. A handler that calls die ends its process.
	work, undo func(ctx context.Context, in Invocation) error
	mu         sync.Mutex
	calls      []string // of handlers, since the last look
}

func newDeaths(t *testing.T) *deaths {
	return &deaths{t: t, data: memory.New()}
}

// boot starts the next process.
func (d *deaths) boot() {
	d.t.Helper()
	d.open()
	d.register("worker")
	if err := d.e.Start(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// open opens the next process, which has no code and has not started.
func (d *deaths) open() {
	d.st = d.data.Open()
	d.e = NewEmbedded(d.st, Options{Logger: slog.New(slog.DiscardHandler), Concurrency: 4, Clock: &d.wall})
}

// register registers a flow with the handlers.
func (d *deaths) register(name string) {
	d.t.Helper()
	defs := &workerDefs{
		work: flow.StepDef{Name: "work", Compensation: &flow.CompensationDef{Name: "undo"}},
		wait: flow.WaitDef{Name: "wait"},
	}
	handler := func(name string, do func(ctx context.Context, in Invocation) error) Handler {
		return Handler{Call: func(ctx context.Context, in Invocation) (json.RawMessage, error) {
			d.mu.Lock()
			d.calls = append(d.calls, fmt.Sprint(name, " ", in.Run.ID))
			d.mu.Unlock()
			if do == nil {
				return json.RawMessage("1"), nil
			}
			return json.RawMessage("1"), do(ctx, in)
		}}
	}
	err := d.e.Register(&Flow{
		Definition: &flow.Definition{
			Flow: name, Version: "1.0", Steps: []*flow.StepDef{&defs.work}, Waits: []*flow.WaitDef{&defs.wait},
			New: func([]byte) (flow.Machine, error) { return &worker{defs: defs}, nil },
		},
		Handlers: map[string]Handler{"work": handler("work", d.work), "undo": handler("undo", d.undo)},
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// die is the end of the process, in a handler.
func (d *deaths) die(ctx context.Context) error {
	d.st.Kill()
	<-ctx.Done() // nobody hears of it any more
	return ctx.Err()
}

// bury ends what is left of a process that died, and boots the next one.
func (d *deaths) bury() {
	d.t.Helper()
	d.st.Kill()
	d.close()
	d.boot()
}

func (d *deaths) close() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	cancel()
	if err := d.e.Close(ctx); err != nil {
		d.t.Fatal(err)
	}
	if err := d.st.Close(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deaths) create(id string) { d.createOf("worker", id) }

func (d *deaths) createOf(flowName, id string) {
	d.t.Helper()
	run := store.Run{ID: id, Flow: flowName, Version: "1.0", Attempt: 1, Input: []byte("1"), CreatedAt: time.Now()}
	if _, err := d.e.Create(d.t.Context(), run); err != nil {
		d.t.Fatal(err)
	}
}

// begun are the calls since the last look.
func (d *deaths) begun() string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := d.calls
	d.calls = nil
	slices.Sort(calls)
	return strings.Join(calls, ", ")
}

func (d *deaths) want(what, want string) {
	d.t.Helper()
	if got := d.begun(); got != want {
		d.t.Errorf("%s: what began is %q, want %q", what, got, want)
	}
}

// last is the last entry of a kind in a run's log.
func (d *deaths) last(id string, kind flow.Kind) (run store.Run, last flow.Entry) {
	d.t.Helper()
	run, log, err := d.data.Open().Get(d.t.Context(), id) // the process may be dead
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range log {
		if e.Kind == kind {
			last = e
		}
	}
	return run, last
}

func TestSuspectsAreExecutedAloneForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeaths(t)
		free := make(chan struct{})
		d.work = untilDone(free)
		d.boot()
		d.create("a")
		d.create("b")
		for n := range store.SuspectAfter {
			d.want(fmt.Sprint("process ", n), "work a, work b")
			d.bury()
		}
		d.create("c")
		d.want("the first suspect", "work a")
		time.Sleep(trialTime - time.Millisecond)
		d.want("its time is not over", "")
		time.Sleep(2 * time.Millisecond)
		d.want("the second one", "work b")
		time.Sleep(trialTime + time.Millisecond)
		d.want("others", "work c")
		d.bury() // it is the fault of none that is on trial: the suspects and the other are counted
		d.want("after another crash, one that is no suspect waits", "work a")
		time.Sleep(trialGrowth*trialTime - 10*time.Millisecond)
		d.want("it has more time", "")
		close(free) // so a gets further, and b then
		d.want("and the rest", "work b, work c")
		d.close()
	})
}

// untilDone is a handler that works until its process stops, or somebody says that it is done.
func untilDone(done <-chan struct{}) func(ctx context.Context, _ Invocation) error {
	return func(ctx context.Context, _ Invocation) error {
		select {
		case <-done:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
}

// newSuspect is a run, named suspect, under which so many processes died that it is on its own now. What
// it and others do lasts until done is closed.
func newSuspect(t *testing.T) (d *deaths, done chan struct{}) {
	t.Helper()
	d, done = newDeaths(t), make(chan struct{})
	d.work = untilDone(done)
	d.boot()
	d.create("suspect")
	for range store.SuspectAfter {
		d.want("a process that dies", "work suspect")
		d.bury()
	}
	d.want("now it is a suspect", "work suspect")
	return d, done
}

// A suspect that comes while others are at work waits until they have ended, but not for ever; and
// if the process stops before, that is not its fault.
func TestASuspectWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, done := newSuspect(t)
		d.close()
		for n, begin := range []string{"work other0", "work late0, work other0, work other1"} {
			d.open()
			d.register("other")
			if err := d.e.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.createOf("other", fmt.Sprint("other", n))
			d.want("before the suspect has code", begin)
			d.register("worker")
			time.Sleep(drainTime - time.Second)
			d.createOf("other", fmt.Sprint("late", n))
			d.want("while it waits", "")
			if n == 0 {
				d.close()
			}
		}
		time.Sleep(2 * time.Second)
		d.want("then it begins beside what has not ended", "work suspect")
		if n := d.takeovers("suspect"); n != store.SuspectAfter {
			t.Errorf("it was taken over %d times, want %d", n, store.SuspectAfter)
		}
		close(done)
		d.want("and the rest", "work late1")
		d.close()
	})
}

// takeovers are those of a run that is under way; 0 if it is not.
func (d *deaths) takeovers(id string) int {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	if x := d.e.active[id]; x != nil {
		return x.takeovers
	}
	return 0
}

// How long others wait for a suspect, and it for them, is no matter of the clock on the wall.
func TestASetClockEndsNoTrial(t *testing.T) {
	for _, by := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, done := newSuspect(t)
				d.wall.offset.Add(int64(by))
				d.create("a") // which makes the scheduler look
				d.want("the clock is set in its trial", "")
				time.Sleep(trialTime + time.Millisecond)
				d.want("its time is over", "work a")
				d.close()

				d.open()
				d.register("other")
				if err := d.e.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				d.createOf("other", "b")
				d.want("before the suspect has code", "work b")
				d.register("worker")
				d.want("while it waits", "")
				d.wall.offset.Add(int64(by))
				d.createOf("other", "c")
				d.want("the clock is set while it waits", "")
				time.Sleep(drainTime + time.Millisecond)
				d.want("it has waited for long enough", "work suspect")
				close(done)
				d.want("and the rest", "work a, work c")
				d.close()
			})
		})
	}
}

// The process ends a moment behind the trial of who ends it, and in that of the next one:
// that is counted in its place, but once only.
func TestTheNeighboursOfASuspectAreNotBlamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeaths(t)
		d.work = func(ctx context.Context, in Invocation) error {
			if in.Run.ID == "poison" {
				time.Sleep(3 * trialTime / 2)
				return d.die(ctx)
			}
			<-ctx.Done() // for hours
			return ctx.Err()
		}
		d.boot()
		d.create("neighbour")
		d.create("poison")
		d.create("next")
		calls := 0
		for range 30 {
			time.Sleep(time.Hour)
			calls += strings.Count(d.begun(), "poison")
			if run, step := d.last("poison", flow.KindStep); run.Status == flow.StatusFailed {
				if step.Error == nil || step.Error.Kind != flow.ErrorCrash || !step.Error.Permanent || calls != 11 {
					t.Errorf("after %d calls the step failed with %+v", calls, step.Error)
				}
				for _, id := range []string{"neighbour", "next"} {
					if run, _ := d.last(id, flow.KindStep); run.Status != flow.StatusRunning || d.takeovers(id) > store.SuspectAfter+1 {
						t.Errorf("%s is %s, with %d takeovers", id, run.Status, d.takeovers(id))
					}
				}
				d.close()
				return
			}
			d.bury()
		}
		t.Fatal("it did not fail")
	})
}

func TestACompensationThatEndsTheProcessFailsWhateverIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeaths(t)
		d.undo = func(ctx context.Context, _ Invocation) error { return d.die(ctx) }
		d.boot()
		d.create("a")
		d.want("forward", "work a")
		calls := 0
		for range 20 {
			// From another process: each finds another cancel, which changes nothing.
			if _, err := d.data.Open().Send(t.Context(), store.Message{RunID: "a", Kind: store.MessageCancel, At: time.Now()}); err != nil {
				break // the run is over
			}
			time.Sleep(2 * time.Second)
			calls += strings.Count(d.begun(), "undo")
			d.bury()
		}
		run, undo := d.last("a", flow.KindCompensation)
		if run.Status != flow.StatusCancelled || undo.Error == nil || undo.Error.Kind != flow.ErrorCrash || calls != 10 {
			t.Errorf("after %d calls the run is %s, its compensation failed with %+v", calls, run.Status, undo.Error)
		}
		d.close()
	})
}

func TestACheckpointGetsFurtherIfItIsAnotherOne(t *testing.T) {
	for name, moves := range map[string]bool{"another one": true, "the same one": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDeaths(t)
				d.work = func(ctx context.Context, in Invocation) error {
					next := 0
					if last := in.Notes.LastCheckpoint(); last != nil && moves {
						next = int(last[0]-'0') + 1
					}
					if next < 9 {
						if err := in.Notes.Checkpoint(json.RawMessage(fmt.Sprint(next))); err != nil {
							return err
						}
					}
					return d.die(ctx)
				}
				d.boot()
				d.create("a")
				calls := 0
				for range 30 {
					time.Sleep(time.Second)
					calls += strings.Count(d.begun(), "work")
					if run, _ := d.last("a", flow.KindStep); run.Status == flow.StatusFailed {
						break
					}
					d.bury()
				}
				if want := map[bool]int{true: 18, false: 10}[moves]; calls != want {
					t.Errorf("the step failed after %d calls, want %d", calls, want)
				}
				d.close()
			})
		})
	}
}
