package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/metrics"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// measured is what a registry has, in short: a line for each metric with its labels and
// its value, of histograms the number of observations.
func measured(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all[strings.TrimPrefix(f.GetName(), "bextgen_")+labelsOf(m)] = valueOf(m)
		}
	}
	return all
}

func labelsOf(m *dto.Metric) string {
	var labels []string
	for _, l := range m.GetLabel() {
		labels = append(labels, l.GetValue())
	}
	slices.Sort(labels)
	return fmt.Sprint(labels)
}

func valueOf(m *dto.Metric) float64 {
	if h := m.GetHistogram(); h != nil {
		return float64(h.GetSampleCount())
	}
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}

// measuredBench is a bench with metrics.
func measuredBench(t *testing.T) (*bench, *prometheus.Registry, runtime.Option) {
	t.Helper()
	registry := prometheus.NewRegistry()
	m, err := metrics.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.storeOptions = []sqlite.Option{sqlite.WithCommitObserver(m.Committed)}
	return b, registry, runtime.WithObserver(m)
}

func TestMetricsOfRuns(t *testing.T) {
	b, registry, observed := measuredBench(t)
	b.flow.pay.Policy = flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	b.open(shop{
		pay: func(ctx context.Context, _ shipment) (receipt, error) {
			if runtime.Info(ctx).Attempt == 1 {
				return receipt{}, errors.New("the bank is busy")
			}
			return receipt{"p"}, nil
		},
		ship: func(_ context.Context, in shipment) error {
			if in.Count == 13 {
				return runtime.Permanent(errors.New("no such address"))
			}
			return nil
		},
	}, observed)
	for _, count := range []int64{1, 2, 13} {
		b.start(shipment{Count: count}, runtime.WithIdempotencyKey(fmt.Sprint(count))).Wait(t.Context()) //nolint:errcheck // one fails
	}
	b.start(shipment{Count: 1}, runtime.WithIdempotencyKey("1")) // which starts nothing
	b.close()

	got := measured(t, registry)
	for _, name := range []string{"commits_total[committed]", "commit_duration_seconds[]", "commit_changes[]"} {
		if got[name] < 3 || got[name] != got["commits_total[committed]"] {
			t.Errorf("%s is %v; the runs took more than 3 commits", name, got[name])
		}
	}
	for name := range got { // whether a start finds room is a matter of time
		if strings.HasPrefix(name, "runs_claimed_total") || strings.HasPrefix(name, "commit") {
			delete(got, name)
		}
	}
	want := map[string]float64{
		"runs_started_total[ship]":             3,
		"runs_finished_total[completed ship]":  2,
		"runs_finished_total[failed ship]":     1,
		"run_duration_seconds[completed ship]": 2,
		"run_duration_seconds[failed ship]":    1,
		"run_lag_seconds[ship]":                3,
		"runs_executing[ship]":                 0,
		"attempts_running[ship]":               0,

		"attempts_total[completed reserve ship step]":         3,
		"attempts_total[pay retried ship step]":               3,
		"attempts_total[completed pay ship step]":             3,
		"attempts_total[completed ship ship step]":            2,
		"attempts_total[failed ship ship step]":               1,
		"attempts_total[compensation completed reserve ship]": 1,

		"attempt_duration_seconds[reserve ship step]":         3,
		"attempt_duration_seconds[pay ship step]":             6,
		"attempt_duration_seconds[ship ship step]":            3,
		"attempt_duration_seconds[compensation reserve ship]": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was measured (-want +got):\n%s", diff)
	}
}

func TestMetricsOfARunThatSleepsAndIsCancelled(t *testing.T) {
	b, registry, observed := measuredBench(t)
	b.flow.pay.Delay = 300 * time.Millisecond // so long that the run goes back to the store
	paying := make(chan struct{})
	b.open(shop{pay: untilStopped(paying)}, observed)
	run := b.start(shipment{})
	<-paying
	got := measured(t, registry)
	if got["runs_executing[ship]"] != 1 || got["attempts_running[ship]"] != 1 || got["runs_claimed_total[ship]"] < 1 {
		t.Errorf("while the step is under way: %v", got)
	}
	if err := run.Cancel(t.Context(), "enough"); err != nil {
		t.Fatal(err)
	}
	b.cancelled(run)
	b.close()
	got = measured(t, registry)
	if got["runs_executing[ship]"] != 0 || got["attempts_running[ship]"] != 0 ||
		got["attempts_total[pay ship step stopped]"] != 1 || got["runs_finished_total[cancelled ship]"] != 1 {
		t.Errorf("at the end: %v", got)
	}
}

// A step that the end of the process cuts off has not ended.
func TestMetricsOfAStepThatIsCutOff(t *testing.T) {
	b, registry, observed := measuredBench(t)
	paying := make(chan struct{})
	b.open(shop{pay: untilStopped(paying)}, observed)
	b.start(shipment{})
	<-paying
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rt.Close(ended); err != nil {
		t.Fatal(err)
	}
	got := measured(t, registry)
	if got["runs_executing[ship]"] != 0 || got["attempts_running[ship]"] != 0 || got["attempt_duration_seconds[pay ship step]"] != 0 {
		t.Errorf("after the end of the process: %v", got)
	}
}

func TestTheSameMetricsTwiceAreRefused(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := metrics.New(registry); err != nil {
		t.Fatal(err)
	}
	if _, err := metrics.New(registry); err == nil {
		t.Error("metrics were registered twice")
	}
}

// numbers are those of a store.
type numbers struct {
	flows   []store.FlowStats
	refused error
}

func (n *numbers) Stats(context.Context, store.StatsQuery) (store.Stats, error) {
	return store.Stats{Flows: n.flows}, n.refused
}

func TestMetricsOfTheQueue(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	registry := prometheus.NewRegistry()
	n := &numbers{flows: []store.FlowStats{
		{Flow: "ship", Pending: 3, Due: 2, OldestPending: now.Add(-90 * time.Second)},
		{Flow: "idle"},
		{Flow: "ahead", Pending: 1, OldestPending: now.Add(time.Hour)}, // of a clock that was set back since
	}}
	registry.MustRegister(metrics.NewQueue(n, func() time.Time { return now }))
	want := map[string]float64{
		"queue_runs[ship]": 3, "queue_due_runs[ship]": 2, "queue_oldest_seconds[ship]": 90,
		"queue_runs[idle]": 0, "queue_due_runs[idle]": 0, "queue_oldest_seconds[idle]": 0,
		"queue_runs[ahead]": 1, "queue_due_runs[ahead]": 0, "queue_oldest_seconds[ahead]": 0,
	}
	if diff := cmp.Diff(want, measured(t, registry)); diff != "" {
		t.Errorf("what was measured (-want +got):\n%s", diff)
	}
	n.refused = errors.New("the database is closed")
	if got := measured(t, registry); len(got) != 0 {
		t.Errorf("of a store that does not answer: %v", got)
	}
}
