package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file measures what waits in the store. Nobody counts that in memory, since other
// processes may start runs too: the store is asked at each scrape.

// Numbers are a store, or what asks one.
type Numbers interface {
	Stats(ctx context.Context, q store.StatsQuery) (store.Stats, error)
}

// scrapeTimeout is how long the store may take to answer.
const scrapeTimeout = 5 * time.Second

// queue is a prometheus.Collector.
type queue struct {
	numbers              Numbers
	now                  func() time.Time
	pending, due, oldest *prometheus.Desc
}

// NewQueue measures what waits in a store, whenever it is asked; now is time.Now but in
// tests. While the store does not answer, its metrics are absent. The collector is the caller's to register.
func NewQueue(numbers Numbers, now func() time.Time) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{"flow"}, nil)
	}
	return &queue{
		numbers: numbers, now: now,
		pending: desc("queue_runs", "Runs that have not begun, whoever started them."),
		due:     desc("queue_due_runs", "Runs that have begun, could go on and wait for a process that executes them; 10000 at most."),
		oldest:  desc("queue_oldest_seconds", "How long the oldest run waits that has not begun; 0 if there is none."),
	}
}

// Describe implements prometheus.Collector.
func (q *queue) Describe(descs chan<- *prometheus.Desc) {
	descs <- q.pending
	descs <- q.due
	descs <- q.oldest
}

// Collect implements prometheus.Collector.
func (q *queue) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	now := q.now()
	stats, err := q.numbers.Stats(ctx, store.StatsQuery{Now: now, Since: now})
	if err != nil {
		return
	}
	for i := range stats.Flows {
		f := &stats.Flows[i]
		var age time.Duration
		if !f.OldestPending.IsZero() {
			age = max(now.Sub(f.OldestPending), 0)
		}
		gauge := func(desc *prometheus.Desc, value float64) {
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, f.Flow)
		}
		gauge(q.pending, float64(f.Pending))
		gauge(q.due, float64(f.Due))
		gauge(q.oldest, age.Seconds())
	}
}
