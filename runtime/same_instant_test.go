package runtime_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is about a signal, a cancel and a timeout in the same instant.

// instant is a run that waits, at the moment at which its wait's timeout is over.
type instant struct {
	t   *testing.T
	f   *waiting
	rt  *runtime.Runtime
	run *runtime.Run[number]
}

// atTheTimeout lets something happen the least bit before that moment, and returns the run when
// it is over.
func atTheTimeout(t *testing.T, happens func(i *instant)) *runtime.RunDetail {
	t.Helper()
	var d *runtime.RunDetail
	synctest.Test(t, func(t *testing.T) {
		i := &instant{t: t, f: newWaiting()}
		i.rt = i.f.on(t, memory.New().Open())
		defer i.rt.Close(context.Background())
		var err error
		if i.run, err = runtime.StartFlow[number](t.Context(), &i.f.Definition, number{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(i.f.approval.Timeout - time.Nanosecond)
		happens(i)
		began := time.Now()
		if _, err := waits(t, i.run); err != nil && !errors.Is(err, runtime.ErrRunCancelled) && !errors.Is(err, runtime.ErrRunFailed) {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the run ended %v later", took)
		}
		if d, err = i.rt.GetRun(t.Context(), i.run.ID()); err != nil {
			t.Fatal(err)
		}
	})
	return d
}

// do does one thing; that the run is over is an answer.
func (i *instant) do(what string) {
	var err error
	switch what {
	case "signal":
		err = runtime.SignalFlow(i.t.Context(), &i.f.Definition, &i.f.approval, i.run.ID(), "", number{7})
	case "cancel":
		err = i.run.Cancel(i.t.Context(), "enough")
	case "timeout":
		time.Sleep(time.Nanosecond)
		synctest.Wait() // the runtime does what there is to do at this moment
	}
	if err != nil && !errors.Is(err, store.ErrFinal) {
		i.t.Errorf("%s: %v", what, err)
	}
}

// Each order has one end, which the first of them says; and a cancel comes before a
// signal that nobody has obeyed.
func TestASignalACancelAndATimeoutInOneInstant(t *testing.T) {
	for order, want := range map[string]runtime.Status{
		"signal timeout cancel": runtime.StatusCompleted,
		"signal cancel timeout": "", // whether the signal was obeyed before is open
		"cancel signal timeout": runtime.StatusCancelled,
		"cancel timeout signal": runtime.StatusCancelled,
		"timeout signal cancel": runtime.StatusFailed,
		"timeout cancel signal": runtime.StatusFailed,
	} {
		t.Run(order, func(t *testing.T) {
			d := atTheTimeout(t, func(i *instant) {
				for _, what := range strings.Fields(order) {
					i.do(what)
				}
			})
			if want != "" && d.Status != want {
				t.Errorf("the run is %s, want %s: %+v", d.Status, want, d.Log)
			}
			holdsTogether(t, d)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		for range 100 {
			holdsTogether(t, atTheTimeout(t, func(i *instant) {
				var all sync.WaitGroup
				for _, what := range []string{"signal", "cancel"} {
					all.Go(func() {
						time.Sleep(time.Nanosecond) // to when the runtime wakes for the timeout
						i.do(what)
					})
				}
				all.Wait()
			}))
		}
	})
}

// holdsTogether: what the log tells is what became of the run.
func holdsTogether(t *testing.T, d *runtime.RunDetail) {
	t.Helper()
	has := func(holds func(flow.Entry) bool) bool { return slices.ContainsFunc(d.Log, holds) }
	signalled := has(func(e flow.Entry) bool { return e.Kind == flow.KindWait && e.Error == nil && e.Output != nil })
	timedOut := has(func(e flow.Entry) bool {
		return e.Kind == flow.KindWait && e.Error != nil && e.Error.Kind == flow.ErrorTimeout
	})
	cancelled := has(func(e flow.Entry) bool { return e.Kind == flow.KindCancel })
	ok := false
	switch d.Status {
	case runtime.StatusCompleted:
		ok = signalled && !timedOut && !cancelled && string(d.Output) == `{"n":7}`
	case runtime.StatusFailed:
		ok = timedOut && !signalled
	case runtime.StatusCancelled:
		ok = cancelled && !signalled && !timedOut
	}
	if !ok {
		t.Errorf("the run is %s with %s, and its log is %+v", d.Status, d.Output, d.Log)
	}
}
