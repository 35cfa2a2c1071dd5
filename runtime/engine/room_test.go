package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about the room that runs take and leave: what is counted stays right
// whatever comes together.

// caller is a flow that works, calls another and waits for a signal, all at once.
type caller struct {
	defs *callerDefs
	work flow.Step[int, int]
	call flow.Step[int, int]
	wait flow.Wait[int]
}

type callerDefs struct {
	work, call flow.StepDef
	wait       flow.WaitDef
}

func (s *caller) Next(p *flow.Plan) bool {
	one := func() int { return 1 }
	return flow.All(
		s.work.Run(p, &s.defs.work, one),
		s.call.Run(p, &s.defs.call, one),
		s.wait.Run(p, &s.defs.wait, nil, nil, nil),
	)
}

func (s *caller) Output(*flow.Plan) any { return 1 }

// called is a flow of one step.
type called struct {
	def  *flow.StepDef
	work flow.Step[int, int]
}

func (s *called) Next(p *flow.Plan) bool { return s.work.Run(p, s.def, func() int { return 1 }) }

func (s *called) Output(*flow.Plan) any { return 1 }

// registerCaller registers both. Their steps take a while, and at times fail.
func registerCaller(t *testing.T, e *Embedded) {
	t.Helper()
	handlers := map[string]Handler{"work": {Call: func(ctx context.Context, _ Invocation) (json.RawMessage, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(rand.N(400 * time.Millisecond)):
		}
		if rand.N(5) == 0 {
			return nil, errors.New("no luck")
		}
		return json.RawMessage("1"), nil
	}}}
	policy := flow.Policy{Retries: 2, Backoff: flow.Fixed, BackoffBase: 150 * time.Millisecond}
	defs := &callerDefs{
		work: flow.StepDef{Name: "work", Policy: policy},
		call: flow.StepDef{Name: "call", Calls: &flow.CallDef{Flow: "called", Version: "1.0"}},
		wait: flow.WaitDef{Name: "wait", Timeout: 3 * time.Second},
	}
	child := &flow.StepDef{Name: "work", Policy: policy}
	for _, def := range []*flow.Definition{
		{
			Flow: "caller", Version: "1.0", Steps: []*flow.StepDef{&defs.work, &defs.call}, Waits: []*flow.WaitDef{&defs.wait},
			MaxAttempts: 2, Retention: time.Minute, New: func([]byte) (flow.Machine, error) { return &caller{defs: defs}, nil },
		},
		{
			Flow: "called", Version: "1.0", Steps: []*flow.StepDef{child}, Concurrency: flow.Concurrency{Limit: 4},
			New: func([]byte) (flow.Machine, error) { return &called{def: child}, nil },
		},
	} {
		if err := e.Register(&Flow{Definition: def, Handlers: handlers}); err != nil {
			t.Fatal(err)
		}
	}
}

// taken compares the room that is counted as taken with that of the runs that are
// there, while nothing moves.
func taken(t *testing.T, e *Embedded) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	want := 0
	for _, x := range e.active {
		if !x.roomless {
			want++
		}
	}
	if e.busy != want {
		t.Fatalf("room for %d runs is counted as taken; %d have some", e.busy, want)
	}
}

func TestRoomIsCountedRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		e := openCaller(t, s)
		var ids []string
		for i := range 150 {
			ids = append(ids, create(t, e, i))
			happens(t, e, ids[rand.N(len(ids))])
			time.Sleep(rand.N(200 * time.Millisecond))
			taken(t, e)
			if i%50 == 49 {
				closeSoon(t, e)
				e = openCaller(t, s)
			}
		}
		resumeAll(t, e, ids)
		time.Sleep(10 * time.Minute)
		taken(t, e)
		for _, status := range []flow.Status{flow.StatusPending, flow.StatusRunning} {
			if page, err := s.List(t.Context(), store.Filter{Statuses: []flow.Status{status}}); err != nil || len(page.Runs) > 0 {
				t.Errorf("%d runs are %s (%v)", len(page.Runs), status, err)
			}
		}
		closeSoon(t, e)
	})
}

func resumeAll(t *testing.T, e *Embedded, ids []string) {
	t.Helper()
	for _, id := range ids {
		if err := e.Act(t.Context(), id, Act{Kind: store.MessageResume}); err != nil && !errors.Is(err, store.ErrFinal) {
			t.Fatal(err)
		}
	}
}

// openCaller starts an engine that has room for three runs.
func openCaller(t *testing.T, s store.Store) *Embedded {
	t.Helper()
	e := NewEmbedded(s, Options{Concurrency: 3, Logger: slog.New(slog.DiscardHandler)})
	registerCaller(t, e)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// closeSoon closes it, perhaps while steps are under way.
func closeSoon(t *testing.T, e *Embedded) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rand.N(500*time.Millisecond))
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if e.busy != 0 || len(e.active) != 0 {
		t.Fatalf("after the end there are %d runs, and room for %d is taken", len(e.active), e.busy)
	}
}

func create(t *testing.T, e *Embedded, i int) (id string) {
	t.Helper()
	id = fmt.Sprintf("run-%03d", i)
	run := store.Run{
		ID: id, Flow: "caller", Version: "1.0", Status: flow.StatusPending, Attempt: 1,
		Input: []byte("1"), CreatedAt: time.Now(),
	}
	if _, err := e.Create(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	return id
}

// acts are what operators do at any time.
var acts = []store.MessageKind{
	store.MessageCancel, store.MessageTerminate, store.MessagePause, store.MessageResume, store.MessageSkipDelay,
}

// happens signals or cancels a run, or both, or neither.
func happens(t *testing.T, e *Embedded, id string) {
	t.Helper()
	if rand.N(2) == 0 {
		err := e.Signal(t.Context(), id, "caller", Signal{Name: "wait", Payload: []byte("1")})
		if err != nil && !errors.Is(err, store.ErrFinal) && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if rand.N(4) == 0 {
		err := e.Act(t.Context(), id, Act{Kind: acts[rand.N(len(acts))]})
		if err != nil && !errors.Is(err, store.ErrFinal) && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
}
