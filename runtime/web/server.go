package web

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bextgen/bextgen/runtime"
)

// This file is what tells how the server is.

// getMetrics tells what Prometheus is to know. It is about all tenants.
func (h *handler) getMetrics(w http.ResponseWriter, r *http.Request) error {
	if !principalOf(r.Context()).AllTenants {
		return problem(http.StatusForbidden, "metrics are about all tenants")
	}
	promhttp.HandlerFor(h.gatherer, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}

// Health is the answer of healthz.
type Health struct {
	Status string `json:"status"` // ok
}

// getHealth says whether the store can be read.
func (h *handler) getHealth(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.rt.ListRuns(r.Context(), runtime.RunFilter{Limit: 1}); err != nil {
		h.logger.Error("the store does not answer", "error", err)
		return problem(http.StatusServiceUnavailable, "the store does not answer")
	}
	return writeJSON(w, http.StatusOK, Health{"ok"})
}
