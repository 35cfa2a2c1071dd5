package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file lists runs and shows one.

func (h *handler) getRuns(w http.ResponseWriter, r *http.Request) error {
	page, err := h.listRuns(r.Context(), r.URL.Query())
	if err != nil {
		return err
	}
	view := RunPage{Runs: []Run{}, NextCursor: orNull(page.NextCursor)}
	for _, run := range page.Runs {
		view.Runs = append(view.Runs, h.runView(run))
	}
	return writeJSON(w, http.StatusOK, view)
}

func (h *handler) getRun(w http.ResponseWriter, r *http.Request) error {
	run, err := h.run(r.Context(), r.PathValue("runId"))
	if err != nil {
		return err
	}
	history, err := boolean(r.URL.Query(), "history")
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, h.detailView(run, history))
}

// run is a run that exists for the principal.
func (h *handler) run(ctx context.Context, id string) (*runtime.RunDetail, error) {
	run, err := h.rt.GetRun(ctx, id)
	if err != nil {
		if findErr := h.find(ctx, id); findErr != nil { // that it cannot be read would tell that it is there
			return nil, findErr
		}
		return nil, err
	}
	if !principalOf(ctx).sees(run.Tenant) {
		return nil, notFound()
	}
	return run, nil
}

// find says whether a run exists for the principal, also if its payloads cannot be read.
func (h *handler) find(ctx context.Context, id string) error {
	run, err := h.rt.FindRun(ctx, id)
	if err == nil && !principalOf(ctx).sees(run.Tenant) {
		err = store.ErrNotFound
	}
	return err
}

// listRuns is the page of runs that a query asks for, of those that exist for the
// principal. Its cursor is good for the same query by the same principal.
func (h *handler) listRuns(ctx context.Context, query url.Values) (runtime.RunPage, error) {
	f, err := filterOf(query, principalOf(ctx))
	if err != nil {
		return runtime.RunPage{}, err
	}
	bound := bindingOf(f, principalOf(ctx))
	if f.Cursor, err = openCursor(query.Get("cursor"), bound); err != nil {
		return runtime.RunPage{}, err
	}
	page, err := h.rt.ListRuns(ctx, f)
	if err != nil {
		return runtime.RunPage{}, err
	}
	page.NextCursor = sealCursor(page.NextCursor, bound)
	return page, nil
}

func boolean(query url.Values, name string) (bool, error) {
	if !query.Has(name) {
		return false, nil
	}
	value, err := strconv.ParseBool(query.Get(name))
	if err != nil {
		return false, badField(name, "%s is true or false", name)
	}
	return value, nil
}

// bindingOf is what a cursor is bound to: the filter, and whose runs there are.
func bindingOf(f runtime.RunFilter, p Principal) string {
	f.Cursor, f.Limit = "", 0 // the next page may be a larger one
	text, err := json.Marshal(f)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %v %q", text, p.AllTenants, p.Tenants))
	return string(sum[:8])
}

// sealCursor makes a cursor of the store one of a binding.
func sealCursor(cursor, bound string) string {
	if cursor == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(bound + cursor))
}

// openCursor is the store's cursor again.
func openCursor(sealed, bound string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	cursor, ok := strings.CutPrefix(string(text), bound)
	if err != nil || !ok || cursor == "" {
		return "", store.ErrCursor
	}
	return cursor, nil
}
