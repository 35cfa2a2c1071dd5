package engine

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// A run was started, and the answer was lost. It is the schedule's last run also if the clock is set to and fro before
// anybody looks for it.
func TestAStartOfWhichNobodyHeardIsRecalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, clock := memory.New().Open(), &wallClock{}
		e := NewEmbedded(st, Options{Clock: clock, Logger: slog.New(slog.DiscardHandler)})
		err := e.Register(&Flow{
			Definition: &flow.Definition{
				Flow: "f", Version: "1.0", Schedules: []flow.ScheduleDef{{Every: time.Minute, CatchUp: "last", Input: "1"}},
				New: func([]byte) (flow.Machine, error) { return nil, nil },
			},
			StartScheduled: func(ctx context.Context, s Scheduled) (string, error) {
				run := store.Run{ID: s.RunID, Flow: "f", Version: "1.0", Attempt: 1, Input: []byte("1"), Status: flow.StatusPending, CreatedAt: clock.Now()}
				if _, err := st.Create(ctx, run, false, 0); err != nil {
					return "", err
				}
				return "", errors.New("the answer was lost")
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		e.startRecurring(t.Context()) // it begins
		time.Sleep(time.Minute)
		for _, set := range []time.Duration{0, -30 * time.Second, time.Hour} {
			clock.offset.Add(int64(set))
			e.startRecurring(t.Context())
		}
		page, err := st.List(t.Context(), store.Filter{})
		if err != nil || len(page.Runs) != 1 {
			t.Errorf("there are %d runs (%v), want the one that is not over", len(page.Runs), err)
		}
	})
}
