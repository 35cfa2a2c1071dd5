package runtime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
)

func TestStats(t *testing.T) {
	b := newBench(t)
	b.open(shop{ship: func(_ context.Context, in shipment) error {
		if in.Count == 13 {
			return runtime.Permanent(errors.New("no such address"))
		}
		return nil
	}})
	for _, count := range []int64{1, 2, 13} {
		b.start(shipment{Count: count}, runtime.WithTenant("acme")).Wait(t.Context()) //nolint:errcheck // one fails
	}
	b.waitFor(b.start(shipment{Count: 1}, runtime.WithTenant("other")))

	stats, err := b.rt.Stats(t.Context(), runtime.StatsQuery{Tenants: []string{"acme"}})
	if err != nil || len(stats.Flows) != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	f := stats.Flows[0]
	if f.Flow != "ship" || f.Completed != 2 || f.Failed != 1 || f.Pending+f.Running+f.Cancelled+f.Due != 0 || !f.OldestPending.IsZero() {
		t.Errorf("the runs of acme: %+v", f)
	}
	if want := (runtime.Happened{Started: 3, Completed: 2, Failed: 1}); f.Happened != want {
		t.Errorf("what happened: %+v; want %+v", f.Happened, want)
	}
	if f.P50 <= 0 || f.P50 > f.P95 || f.P95 > f.P99 || f.P99 > time.Minute {
		t.Errorf("the durations: %v, %v, %v", f.P50, f.P95, f.P99)
	}
	if window := stats.At.Sub(stats.Since); window < time.Hour || window > time.Hour+runtime.SlotLength {
		t.Errorf("the window is %v; want an hour, from the beginning of a slot", window)
	}
	if rate := stats.PerSecond(f.Happened.Started); rate < 3/4500. || rate > 3/3600. {
		t.Errorf("%v runs started a second; there were 3 in about an hour", rate)
	}
	all, err := b.rt.Stats(t.Context(), runtime.StatsQuery{Window: 1000 * time.Hour})
	if err != nil || all.All.Completed != 3 || all.All.Happened.Completed != 3 || all.All.Happened.Started != 4 || len(all.All.Slots) == 0 {
		t.Errorf("of all tenants: %+v, %v", all, err)
	}
	if all.At.Sub(all.Since) > runtime.SlotsKept+runtime.SlotLength {
		t.Errorf("numbers since %v are said to be kept", all.Since)
	}
}
