// Package player carries runs over a change of their flow: the code of before executes a
// run up to a moment, and that of after goes on with it on the same store. The test binary
// that the test of versions builds uses it.
package player

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// Code is the generated code of a package.
type Code struct {
	Register func(rt *runtime.Runtime, w *World) error
	// Start starts a run of the first flow and returns its id.
	Start func(ctx context.Context) (string, error)
	// Moments are the names of the handlers and waits.
	Moments []string
	// Payloads are what is sent to each wait.
	Payloads map[string]json.RawMessage
}

// Case is a change.
type Case struct {
	Name          string
	Before, After Code
	// Mode is who starts a run, who executes it up to a moment, and who goes on with it:
	// forward is before, before, after; back is before, after, before; and mixed is after, after, before.
	Mode string
	// Frozen says that the code of before is registered beside that of after.
	Frozen bool
	// Fails are the handlers that fail.
	Fails []string
	// Answers are results of handlers that are not filled by themselves: of name in both codes, and of before/name in one.
	Answers map[string]json.RawMessage
}

// Outcome is what became of a run.
type Outcome struct {
	Moment string // at which the other code took over; empty where none did
	Status string
	Output string   // or the error
	Done   []string // the handlers that returned, in this order
	Empty  []string // those of them that were given an empty value
	Began  int      // how many of Done were before the moment
}

func (o Outcome) String() string {
	did := append(slices.Clone(o.Done[:o.Began]), "|")
	line := fmt.Sprintf("%s, did %s", strings.TrimSpace(o.Status+" "+o.Output), strings.Join(append(did, o.Done[o.Began:]...), " "))
	if len(o.Empty) > 0 {
		line += "; empty values for " + strings.Join(o.Empty, " ")
	}
	return line
}

// Play is what becomes of a run with each moment at which it is taken over. The first
// outcomes are those of runs that are not: with the later code alone, and with the earlier.
func (c *Case) Play(t *testing.T) []Outcome {
	starts, first, second := c.Before, c.Before, c.After
	switch c.Mode {
	case "back":
		first, second = c.After, c.Before
	case "mixed":
		starts, first, second = c.After, c.After, c.Before
	}
	all := []Outcome{c.carry(t, second, second, second, ""), c.carry(t, first, first, first, "")}
	for _, moment := range append([]string{"pending"}, first.Moments...) {
		if o := c.carry(t, starts, first, second, moment); o.Moment != "" {
			all = append(all, o)
		}
	}
	return all
}

// carry carries one run. The outcome has no moment if the run did not come to it.
func (c *Case) carry(t *testing.T, starts, first, second Code, moment string) (o Outcome) {
	synctest.Test(t, func(t *testing.T) {
		data := memory.New()
		w := &World{fails: c.Fails, answers: c.Answers, block: moment}
		store := data.Open()
		rt := open(t, store, w, first)
		id, err := starts.Start(runtime.NewContext(t.Context(), rt))
		if err != nil {
			t.Fatal(err)
		}
		there := moment == "" || moment == "pending"
		if !there {
			there = w.drive(t, rt, id, first)
		}
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rt.Close(now); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		w.block, w.entered, o.Began = "", false, len(w.done)
		codes := []Code{second}
		if c.Frozen {
			codes = []Code{c.Before, c.After}
		}
		store = data.Open()
		rt = open(t, store, w, codes...)
		w.drive(t, rt, id, codes...)
		d, err := rt.GetRun(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if there {
			o.Moment = moment
		}
		o.Status, o.Output, o.Done, o.Empty = strings.TrimSpace(fmt.Sprint(d.Status, " ", d.Phase)), string(d.Output), w.done, w.empty
		for i := range d.Log {
			if e := &d.Log[i]; d.Status.Final() && e.Open() {
				o.Status += ", leaving " + e.Step
			}
		}
		if d.Error != nil {
			o.Output = "(" + d.Error.Message + ")"
		}
		if err := rt.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return o
}

func open(t *testing.T, store *memory.Store, w *World, codes ...Code) *runtime.Runtime {
	rt, err := runtime.New(store, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range codes {
		if err := code.Register(rt, w); err != nil {
			t.Fatal(err)
		}
	}
	return rt
}

// drive executes runs, with the signals that they wait for, until the first one is over, is where
// it is to be left, or gets no further. It says whether it is where it is to be left.
func (w *World) drive(t *testing.T, rt *runtime.Runtime, id string, codes ...Code) bool {
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const longEnough = 20
	for range longEnough {
		time.Sleep(time.Minute)
		synctest.Wait()
		d, err := rt.GetRun(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if w.entered || d.Status.Final() {
			return w.entered
		}
		for i := range d.Log {
			e := &d.Log[i]
			if e.Kind != flow.KindWait || !e.Open() {
				continue
			}
			name := e.Step[strings.LastIndexByte(e.Step, '.')+1:]
			if name == w.block {
				w.entered = true
				return true
			}
			for _, code := range codes {
				if payload, ok := code.Payloads[name]; ok {
					if err := rt.SignalRun(t.Context(), id, name, e.Key, payload); err != nil {
						t.Fatal(err)
					}
					break
				}
			}
		}
	}
	return false
}
