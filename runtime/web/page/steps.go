package page

import (
	"math"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file counts how the steps of a flow do, in some of its runs.

// Steps are the numbers of a flow's steps. The zero value has none.
type Steps struct {
	// Runs is how many runs were counted.
	Runs  int
	tried map[string]*tried // by the name of the step
}

// tried are the attempts of one step.
type tried struct {
	failed int
	took   []time.Duration // each attempt that ended
}

// Add counts the attempts of a run.
func (s *Steps) Add(log []flow.Entry) {
	if s.tried == nil {
		s.tried = map[string]*tried{}
	}
	s.Runs++
	for i := range log {
		e := &log[i]
		if e.Kind != flow.KindStep && e.Kind != flow.KindCall || e.Open() {
			continue
		}
		t := s.tried[e.Block()]
		if t == nil {
			t = &tried{}
			s.tried[e.Block()] = t
		}
		t.took = append(t.took, e.FinishedAt.Sub(e.StartedAt))
		if e.Error != nil && e.Error.Kind != flow.ErrorCancelled { // what was stopped has not failed
			t.failed++
		}
	}
}

// stepStats are the numbers of one step.
type stepStats struct {
	Attempts, Failed int
	P50, P95, P99    time.Duration // of an attempt
}

func (s *Steps) stats() map[string]stepStats {
	out := map[string]stepStats{}
	for name, t := range s.tried {
		slices.Sort(t.took)
		out[name] = stepStats{
			Attempts: len(t.took), Failed: t.failed,
			P50: quantile(t.took, .5), P95: quantile(t.took, .95), P99: quantile(t.took, .99),
		}
	}
	return out
}

// quantile is the duration that a share of sorted ones do not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	return sorted[max(int(math.Ceil(share*float64(len(sorted)))), 1)-1]
}
