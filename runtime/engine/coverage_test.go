package engine

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// A clock that is set back makes what is known of times to come wrong: nobody knows them.
func TestParkedTimeWhenTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New().Open()
		clock := &wallClock{}
		e := NewEmbedded(st, Options{Clock: clock, Logger: slog.New(slog.DiscardHandler)})
		began := time.Now()
		own := &code{version: store.FlowVersion{Flow: "f", Major: 1}, Flow: &Flow{Definition: &flow.Definition{Flow: "f", Version: "1.0", Timeout: time.Hour}}}
		pass := func(minutes int, covered bool) {
			t.Helper()
			e.flows = map[string][]*code{}
			if covered {
				e.flows["f"] = []*code{own}
			}
			if !e.cover(t.Context()) {
				t.Fatal("the store refused")
			}
			time.Sleep(time.Duration(minutes) * time.Minute)
		}
		parked := func(want time.Duration) {
			t.Helper()
			run := store.Run{Flow: "f", Version: "1.0", StartedAt: began}
			if got := e.parked(own, &store.Claimed{Run: run}); got != want {
				t.Errorf("%v after the start, the run was parked for %v, want %v", clock.Now().Sub(began), got, want)
			}
		}
		pass(30, true)
		pass(20, false)
		pass(10, true)
		parked(20 * time.Minute)
		clock.offset.Add(int64(-45 * time.Minute)) // it is 15 again
		pass(5, true)
		parked(0)
		pass(20, false)
		pass(1, true)
		parked(20 * time.Minute)
		pass(30, true)
		parked(20 * time.Minute)
	})
}
