package metrics

import (
	"context"
	"time"

	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file counts what the engine tells of runs.

// Starting implements engine.Observer.
func (m *Metrics) Starting(context.Context, *store.Run) func(store.Created, error) {
	return m.startKnown
}

func (m *Metrics) startKnown(created store.Created, err error) {
	if err == nil && !created.Existing {
		m.started.WithLabelValues(created.Run.Flow).Inc()
	}
}

// Taken implements engine.Observer.
func (m *Metrics) Taken(t engine.Taken) engine.RunObserver {
	if t.Queued {
		m.claimed.WithLabelValues(t.Run.Flow).Inc()
	}
	if !t.DueAt.IsZero() {
		m.lag.WithLabelValues(t.Run.Flow).Observe(max(t.At.Sub(t.DueAt), 0).Seconds())
	}
	m.executing.WithLabelValues(t.Run.Flow).Inc()
	return &execution{Metrics: m, flow: t.Run.Flow, takenAt: t.At, open: map[int64]bool{}}
}

// execution measures one execution of a run.
type execution struct {
	*Metrics
	flow    string
	takenAt time.Time
	open    map[int64]bool // attempts under way, by the Seq of their entry
}

// Calling implements engine.RunObserver.
func (x *execution) Calling(child *store.Run) func() {
	return x.started.WithLabelValues(child.Flow).Inc
}

// Begins implements engine.RunObserver.
func (x *execution) Begins(ctx context.Context, a *flow.Attempt) context.Context {
	x.open[a.Entry.Seq] = true
	x.running.WithLabelValues(x.flow).Inc()
	return ctx
}

// Stored implements engine.RunObserver.
func (x *execution) Stored(run *store.Run, entries []flow.Entry) {
	for i := range entries {
		if e := &entries[i]; !e.Open() && (e.Kind == flow.KindStep || e.Kind == flow.KindCompensation) {
			x.ended(e)
		}
	}
	if run.Status.Final() {
		x.finished.WithLabelValues(x.flow, string(run.Status)).Inc()
		if !run.StartedAt.IsZero() {
			x.runDuration.WithLabelValues(x.flow, string(run.Status)).Observe(max(run.FinishedAt.Sub(run.StartedAt), 0).Seconds())
		}
	}
}

// ended counts an attempt that ended. One that was tried with an input that could not be
// computed never began.
func (x *execution) ended(e *flow.Entry) {
	step, kind := e.Block(), string(e.Kind)
	x.attempts.WithLabelValues(x.flow, step, kind, result(e)).Inc()
	if !x.open[e.Seq] {
		return
	}
	delete(x.open, e.Seq)
	x.running.WithLabelValues(x.flow).Dec()
	began := e.StartedAt
	if began.Before(x.takenAt) { // it began before a crash, and runs again since
		began = x.takenAt
	}
	x.attemptDuration.WithLabelValues(x.flow, step, kind).Observe(max(e.FinishedAt.Sub(began), 0).Seconds())
}

// result is how an attempt ended.
func result(e *flow.Entry) string {
	switch {
	case e.Error == nil:
		return "completed"
	case !e.WakeAt.IsZero():
		return "retried"
	case e.Error.Kind == flow.ErrorCancelled:
		return "stopped"
	}
	return "failed"
}

// Left implements engine.RunObserver.
func (x *execution) Left(*store.Run) {
	x.executing.WithLabelValues(x.flow).Dec()
	x.running.WithLabelValues(x.flow).Sub(float64(len(x.open)))
	clear(x.open)
}
