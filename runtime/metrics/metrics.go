// Package metrics measures a runtime and its store for Prometheus. docs/observability.md
// lists what it measures.
//
//	m, err := metrics.New(prometheus.DefaultRegisterer)
//	db, err := sqlite.Open("orders.db", sqlite.WithCommitObserver(m.Committed))
//	rt, err := runtime.New(db, runtime.WithObserver(m))
//
// Its labels are names that stand in specs, and words that stand here: there are only so
// many of them, however many runs there are.
package metrics

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics measures. It is a runtime.Observer; several runtimes may share it.
type Metrics struct {
	started, finished, claimed *prometheus.CounterVec
	attempts, commits          *prometheus.CounterVec
	executing, running         *prometheus.GaugeVec
	runDuration, lag           *prometheus.HistogramVec
	attemptDuration            *prometheus.HistogramVec
	commitDuration             prometheus.Histogram
	commitChanges              prometheus.Histogram
}

// The buckets: of what takes as long as a handler, of what takes as long as a run, and
// of what takes as long as a disk. In seconds.
var (
	attemptBuckets = []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
	runBuckets     = []float64{.01, .05, .1, .5, 1, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 86400, 7 * 86400}
	lagBuckets     = []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 60, 300, 3600}
	commitBuckets  = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
	changeBuckets  = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048}
)

// New makes the metrics and registers them; an error says that one of the same name is
// registered already.
func New(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		started:  counter("runs_started_total", "Runs that this process started, those that others called too.", "flow"),
		finished: counter("runs_finished_total", "Runs that ended in this process.", "flow", "status"),
		claimed:  counter("runs_claimed_total", "Runs that waited in the store and that this process took.", "flow"),
		attempts: counter("attempts_total", "Attempts of steps and compensations that ended.", "flow", "step", "kind", "result"),
		commits:  counter("commits_total", "Transactions of the store.", "result"),

		executing: gauge("runs_executing", "Runs that this process has in its memory.", "flow"),
		running:   gauge("attempts_running", "Attempts under way, those that wait for a place among the handlers too.", "flow"),

		runDuration:     histogram("run_duration_seconds", "From the first step of a run to its end.", runBuckets, "flow", "status"),
		lag:             histogram("run_lag_seconds", "From when a run was due to when this process took it.", lagBuckets, "flow"),
		attemptDuration: histogram("attempt_duration_seconds", "How long attempts take.", attemptBuckets, "flow", "step", "kind"),

		commitDuration: prometheus.NewHistogram(histogramOpts("commit_duration_seconds",
			"How long transactions of the store take.", commitBuckets)),
		commitChanges: prometheus.NewHistogram(histogramOpts("commit_changes",
			"How many changes, those of different runs mostly, share a transaction.", changeBuckets)),
	}
	for _, c := range m.collectors() {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of bextgen: %w", err)
		}
	}
	return m, nil
}

// Committed counts a transaction of the store; see sqlite.WithCommitObserver.
func (m *Metrics) Committed(changes int, took time.Duration, err error) {
	if err != nil {
		m.commits.WithLabelValues("failed").Inc()
		return
	}
	m.commits.WithLabelValues("committed").Inc()
	m.commitDuration.Observe(took.Seconds())
	m.commitChanges.Observe(float64(changes))
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		m.started, m.finished, m.claimed, m.attempts, m.commits, m.executing, m.running,
		m.runDuration, m.lag, m.attemptDuration, m.commitDuration, m.commitChanges,
	}
}

// namespace is what all names begin with.
const namespace = "bextgen"

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(histogramOpts(name, help, buckets), labels)
}

func histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}
}
