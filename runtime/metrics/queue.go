package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// This file measures what waits in the store. Nobody counts that in memory, since other
// processes may start runs too: the store is asked at each scrape.

// Queue is what the store has of a flow.
type Queue struct {
	Flow string
	// Pending are the runs that have not begun.
	Pending int64
	// OldestPending is when the oldest of them was created that could begin; zero for none.
	OldestPending time.Time
}

// scrapeTimeout is how long the store may take to answer.
const scrapeTimeout = 5 * time.Second

// queue is a prometheus.Collector.
type queue struct {
	look            func(context.Context) ([]Queue, error)
	now             func() time.Time
	pending, oldest *prometheus.Desc
}

// NewQueue measures what waits in a store, whenever it is asked. While the store does not
// answer, its metrics are absent. The collector is the caller's to register.
func NewQueue(look func(context.Context) ([]Queue, error), now func() time.Time) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{"flow"}, nil)
	}
	return &queue{
		look: look, now: now,
		pending: desc("queue_runs", "Runs that have not begun, whoever started them."),
		oldest:  desc("queue_oldest_seconds", "How long the oldest run waits that could begin; 0 if there is none."),
	}
}

// Describe implements prometheus.Collector.
func (q *queue) Describe(descs chan<- *prometheus.Desc) {
	descs <- q.pending
	descs <- q.oldest
}

// Collect implements prometheus.Collector.
func (q *queue) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	queues, err := q.look(ctx)
	if err != nil {
		return
	}
	for _, one := range queues {
		var age time.Duration
		if !one.OldestPending.IsZero() {
			age = max(q.now().Sub(one.OldestPending), 0)
		}
		metrics <- prometheus.MustNewConstMetric(q.pending, prometheus.GaugeValue, float64(one.Pending), one.Flow)
		metrics <- prometheus.MustNewConstMetric(q.oldest, prometheus.GaugeValue, age.Seconds(), one.Flow)
	}
}
