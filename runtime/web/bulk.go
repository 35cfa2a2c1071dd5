package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/bextgen/bextgen/runtime"
)

// This file does an act to all runs that a filter selects.

// BulkRequest is the body of a bulk act.
type BulkRequest struct {
	// Act is cancel, terminate, pause, resume, skip-delay, retry, rerun, fork or delete.
	Act string `json:"act"`
	ActRequest
	// Filter has the parameters of the list, but for limit and cursor, each a text or a list of
	// them. An empty one selects all runs; it has to be there.
	Filter map[string]texts `json:"filter"`
	// DryRun only counts.
	DryRun bool `json:"dry_run"`
}

// texts are a JSON text, or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// BulkAnswer is what became of a bulk act.
type BulkAnswer struct {
	Act    string `json:"act"`
	DryRun bool   `json:"dry_run"`
	// Matched is how many runs the filter selected, Done for how many of them the act was done.
	Matched int `json:"matched"`
	Done    int `json:"done"`
	// Failed are the first of those for which it was not, and why; More is how many others there are.
	Failed []BulkFailure `json:"failed"`
	More   int           `json:"more"`
}

// BulkFailure is why an act was not done to a run.
type BulkFailure struct {
	RunID  string `json:"run_id"`
	Detail string `json:"detail"`
}

func (h *handler) postBulk(w http.ResponseWriter, r *http.Request) error {
	var q BulkRequest
	if err := h.readInto(w, r, &q); err != nil {
		return err
	}
	do := acts[q.Act]
	switch {
	case do == nil:
		return badField("act", "there is no act %q", q.Act)
	case q.Filter == nil:
		return badField("filter", "say which runs; {} is all of them")
	case q.Act == "fork" && q.StepName == "":
		return badField("step_name", "name the block from which the new runs are to go on")
	}
	query := url.Values{}
	for name, values := range q.Filter {
		if name == "limit" || name == "cursor" {
			return badField("filter."+name, "a bulk act is for all that the filter selects")
		}
		query[name] = values
	}
	f, err := filterOf(query, principalOf(r.Context()))
	if err != nil {
		return err
	}
	f.Limit = 500
	answer, err := h.bulk(r.Context(), q, f, do)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (h *handler) bulk(ctx context.Context, q BulkRequest, f runtime.RunFilter, do act) (BulkAnswer, error) {
	answer := BulkAnswer{Act: q.Act, DryRun: q.DryRun, Failed: []BulkFailure{}}
	result, err := h.rt.ForRuns(ctx, f, func(ctx context.Context, runID string) error {
		answer.Matched++
		if q.DryRun {
			return nil
		}
		_, err := do(ctx, h.rt, runID, q.ActRequest)
		return err
	})
	if err != nil {
		return answer, err
	}
	if !q.DryRun {
		answer.Done = result.Done
	}
	for id, err := range result.Failed {
		answer.Failed = append(answer.Failed, BulkFailure{id, problemOf(err).Error()})
	}
	slices.SortFunc(answer.Failed, func(a, b BulkFailure) int { // the newest first, as they were tried
		switch {
		case a.RunID > b.RunID:
			return -1
		case a.RunID < b.RunID:
			return 1
		}
		return 0
	})
	answer.More = result.More
	return answer, nil
}
