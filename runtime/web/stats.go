package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/bextgen/bextgen/runtime"
)

// This file tells numbers about runs.

// Stats are the numbers of all flows. Durations are in milliseconds.
type Stats struct {
	Since *int64      `json:"since"` // what happened did so from then on
	At    *int64      `json:"at"`
	All   FlowStats   `json:"all"` // its flow_id is empty
	Flows []FlowStats `json:"flows"`
}

// FlowStats are the numbers of a flow.
type FlowStats struct {
	FlowID        string       `json:"flow_id"`
	Runs          StatusCounts `json:"runs"`           // that there are now
	QueueDepth    int64        `json:"queue_depth"`    // runs that have not begun, and running ones that wait for a process
	Parked        int64        `json:"parked"`         // runs that have not ended and for which the server has no code, 1,000 at most of a flow
	OldestPending *int64       `json:"oldest_pending"` // when the oldest run that has not begun was created
	Started       int64        `json:"started"`        // since Stats.Since, as what follows
	Ended         EndCounts    `json:"ended"`
	RatePerMinute Rates        `json:"rate_per_minute"`
	FailureRate   *float64     `json:"failure_rate"` // of the runs that ended, those that failed: 0 to 1; null if none ended
	DurationMS    Durations    `json:"duration_ms"`
	Slots         []Slot       `json:"slots"`
}

// StatusCounts are how many runs have which status.
type StatusCounts struct {
	Pending int64 `json:"pending"`
	Running int64 `json:"running"`
	EndCounts
}

// EndCounts are how many runs ended how.
type EndCounts struct {
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
}

// Rates are runs in a minute.
type Rates struct {
	Started   float64 `json:"started"`
	Completed float64 `json:"completed"`
	Failed    float64 `json:"failed"`
}

// Durations are how long runs that completed took: half of them P50 at most.
type Durations struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	P99 int64 `json:"p99"`
}

// Slot is what happened in some minutes.
type Slot struct {
	At      *int64 `json:"at"` // its beginning
	Started int64  `json:"started"`
	EndCounts
}

var statsQuery = []parameter{
	{"tenant_id", "string", "Runs for this tenant; several by giving it more than once."},
	{"window", "string", "Of which time before now to tell what happened, such as 24h; an hour without."},
}

func (h *handler) getStats(w http.ResponseWriter, r *http.Request) error {
	q, err := statsQueryOf(r.URL.Query(), principalOf(r.Context()))
	if err != nil {
		return err
	}
	stats, err := h.rt.Stats(r.Context(), q)
	if err != nil {
		return err
	}
	minutes := stats.At.Sub(stats.Since).Minutes()
	view := Stats{Since: millis(stats.Since), At: millis(stats.At), All: flowStatsView(&stats.All, minutes), Flows: []FlowStats{}}
	for i := range stats.Flows {
		view.Flows = append(view.Flows, flowStatsView(&stats.Flows[i], minutes))
	}
	return writeJSON(w, http.StatusOK, view)
}

func statsQueryOf(query url.Values, p Principal) (runtime.StatsQuery, error) {
	q := runtime.StatsQuery{Tenants: tenantsOf(query, p)}
	if err := checkQuery(query, statsQuery); err != nil {
		return q, err
	}
	if text := query.Get("window"); text != "" {
		window, err := time.ParseDuration(text)
		if err != nil || window <= 0 || window > runtime.SlotsKept {
			return q, badField("window", "window is a duration of at most %s, such as 24h", runtime.SlotsKept)
		}
		q.Window = window
	}
	return q, nil
}

func flowStatsView(f *runtime.FlowStats, minutes float64) FlowStats {
	v := FlowStats{
		FlowID:     f.Flow,
		Runs:       StatusCounts{f.Pending, f.Running, EndCounts{f.Completed, f.Failed, f.Cancelled}},
		QueueDepth: f.Pending + f.Due, Parked: f.Parked, OldestPending: millis(f.OldestPending),
		Started: f.Happened.Started, Ended: EndCounts{f.Happened.Completed, f.Happened.Failed, f.Happened.Cancelled},
		DurationMS: Durations{f.P50.Milliseconds(), f.P95.Milliseconds(), f.P99.Milliseconds()},
		Slots:      []Slot{},
	}
	if minutes > 0 {
		v.RatePerMinute = Rates{
			float64(f.Happened.Started) / minutes, float64(f.Happened.Completed) / minutes, float64(f.Happened.Failed) / minutes,
		}
	}
	if ended := v.Ended.Completed + v.Ended.Failed + v.Ended.Cancelled; ended > 0 {
		rate := float64(v.Ended.Failed) / float64(ended)
		v.FailureRate = &rate
	}
	for _, s := range f.Slots {
		v.Slots = append(v.Slots, Slot{millis(s.At), s.Started, EndCounts{s.Completed, s.Failed, s.Cancelled}})
	}
	return v
}
