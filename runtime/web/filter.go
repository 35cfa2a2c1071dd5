package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is what a list, and a bulk act, can be asked for.

// listQuery are the parameters.
var listQuery = []parameter{
	{"flow_id", "string", "Runs of this flow."},
	{"status", "string", "pending, running, completed, failed or cancelled; several with commas."},
	{"phase", "string", "Of runs that are not over: forward, waiting, compensating, paused or parked."},
	{"tenant_id", "string", "Runs for this tenant; several by giving it more than once."},
	{"label", "string", "name=value; all of several, by giving it more than once."},
	{"q", "string", "A part of the text of the run's error, or of its type."},
	{"since", "string", "Created then or later: in milliseconds since 1970, or as RFC 3339."},
	{"until", "string", "Created before that."},
	{"parent_id", "string", "The runs that this one called."},
	{"retry_of", "string", "The runs that repeat this one or go on with it."},
	{"limit", "integer", "How many at most: 1 to 500."},
	{"cursor", "string", "The next_cursor of the page before, of the same filter."},
}

// streamQuery are those of them that say which runs to follow.
var streamQuery = slices.DeleteFunc(slices.Clone(listQuery), func(p parameter) bool {
	return slices.Contains([]string{"status", "phase", "q", "limit", "cursor"}, p.name)
})

// repeatable are those of them that may be there more than once.
var repeatable = []string{"status", "tenant_id", "label"}

// checkQuery refuses parameters that there are not: a typing error is not to select everything.
func checkQuery(query url.Values, known []parameter) error {
	for name, values := range query {
		if !slices.ContainsFunc(known, func(p parameter) bool { return p.name == name }) {
			return badField(name, "there is no parameter %q", name)
		}
		if len(values) > 1 && !slices.Contains(repeatable, name) {
			return badField(name, "%s is there more than once", name)
		}
	}
	return nil
}

// filterOf is what a query selects, among what exists for the principal.
func filterOf(query url.Values, p Principal) (runtime.RunFilter, error) {
	return readFilter(query, p, listQuery)
}

// readFilter is filterOf where only some parameters are possible.
func readFilter(query url.Values, p Principal, known []parameter) (runtime.RunFilter, error) {
	f := runtime.RunFilter{
		Flow: query.Get("flow_id"), ErrorText: query.Get("q"), ParentID: query.Get("parent_id"), RetryOf: query.Get("retry_of"), Phase: flow.Phase(query.Get("phase")),
		Tenants: tenantsOf(query, p),
	}
	err := checkQuery(query, known)
	for _, read := range []func() error{
		func() (err error) { f.Limit, err = limitOf(query.Get("limit")); return err },
		func() (err error) { f.Statuses, err = statusesOf(query["status"]); return err },
		func() (err error) { f.Labels, err = labelsOf(query["label"]); return err },
		func() (err error) { f.Since, err = timeOf(query, "since"); return err },
		func() (err error) { f.Until, err = timeOf(query, "until"); return err },
	} {
		if err == nil {
			err = read()
		}
	}
	if err != nil {
		return f, err
	}
	switch f.Phase {
	case "", flow.PhaseForward, flow.PhaseWaiting, flow.PhaseCompensating, flow.PhasePaused, flow.PhaseParked:
		return f, nil
	}
	return f, badField("phase", "a phase is forward, waiting, compensating, paused or parked, and not %q", f.Phase)
}

// tenantsOf are the tenants that a query asks for, those that the principal does not see
// left out; nil for all there are.
func tenantsOf(query url.Values, p Principal) []string {
	switch {
	case !query.Has("tenant_id") && p.AllTenants:
		return nil
	case !query.Has("tenant_id"):
		return append([]string{}, p.Tenants...)
	}
	return slices.DeleteFunc(append([]string{}, query["tenant_id"]...), func(t string) bool { return !p.sees(t) })
}

func limitOf(text string) (int, error) {
	if text == "" {
		return store.DefaultPage, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > store.MaxPage {
		return 0, badField("limit", "limit is a number from 1 to %d", store.MaxPage)
	}
	return limit, nil
}

func statusesOf(values []string) ([]flow.Status, error) {
	var statuses []flow.Status
	for _, text := range strings.Split(strings.Join(values, ","), ",") {
		switch s := flow.Status(text); s {
		case "":
		case flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled:
			statuses = append(statuses, s)
		default:
			return nil, badField("status", "a run is pending, running, completed, failed or cancelled, and never %q", s)
		}
	}
	return statuses, nil
}

// labelsOf are labels, each as name=value or name:value.
func labelsOf(values []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range values {
		if text == "" {
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			name, value, ok = strings.Cut(text, ":")
		}
		if !ok || name == "" {
			return nil, badField("label", "a label is name=value, and not %q", text)
		}
		if old, twice := labels[name]; twice && old != value {
			return nil, badField("label", "no run has two values of the label %q", name)
		}
		labels[name] = value
	}
	return labels, nil
}

func timeOf(query url.Values, name string) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, badField(name, "%s is a time in milliseconds since 1970, or as RFC 3339, and not %q", name, text)
	}
	return t.UTC(), nil
}
