package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/web/page"
)

// This file gathers what the pages of the dashboard show; the package page draws them.

// site is what all pages have in common, for who is not known.
func (h *handler) site() page.Site {
	return page.Site{Prefix: h.prefix, Version: h.assets, Now: h.now()}
}

// siteFor is that for who sends a request.
func (h *handler) siteFor(r *http.Request) page.Site {
	s, who := h.site(), principalOf(r.Context())
	s.Who = who.Name
	s.MayOperate = who.May&MayOperate != 0 && !h.readOnly
	if !who.AllTenants && len(who.Tenants) == 1 {
		s.Tenant = who.Tenants[0]
	}
	if _, ok := h.auth.(bearerAuth); ok {
		s.SignedIn = len(r.CookiesNamed(cookieName))+len(r.CookiesNamed(secureCookieName)) > 0
	}
	return s
}

// writePage answers with a page, if it can be drawn.
func writePage(w http.ResponseWriter, status int, draw func(io.Writer) error) error {
	var b bytes.Buffer
	if err := draw(&b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // who is gone needs no page
	return nil
}

// writeProblemPage draws what went wrong.
func (h *handler) writeProblemPage(w http.ResponseWriter, r *http.Request, p *Problem) error {
	return writePage(w, p.Status, func(w io.Writer) error {
		return page.WriteProblem(w, h.siteFor(r), page.Problem{Status: p.Status, Title: p.Title, Detail: p.Detail})
	})
}

func (h *handler) pageRuns(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	for name, values := range query { // a form sends its empty fields too
		if values = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(values) == 0 {
			delete(query, name)
		} else {
			query[name] = values
		}
	}
	runs, err := h.listRuns(r.Context(), query)
	if err != nil {
		return err
	}
	list := page.List{Runs: runs.Runs, Next: runs.NextCursor, Query: query}
	stats, err := h.stats(r)
	if err != nil {
		return err
	}
	list.Stats = statsOf(stats, query.Get("flow_id"))
	for _, f := range stats.Flows {
		list.Flows = append(list.Flows, f.Flow)
	}
	for _, def := range h.rt.Definitions() {
		list.Flows = append(list.Flows, def.Flow)
	}
	slices.Sort(list.Flows)
	list.Flows = slices.Compact(list.Flows)
	return writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteList(w, h.siteFor(r), list) })
}

// stats are the numbers of the last day that the principal sees.
func (h *handler) stats(r *http.Request) (runtime.Stats, error) {
	return h.rt.Stats(r.Context(), runtime.StatsQuery{Window: 24 * time.Hour, Tenants: tenantsOf(url.Values{}, principalOf(r.Context()))})
}

// statsOf are the numbers of a flow, or of all without a name.
func statsOf(stats runtime.Stats, name string) *runtime.FlowStats {
	if name == "" {
		return &stats.All
	}
	for i := range stats.Flows {
		if stats.Flows[i].Flow == name {
			return &stats.Flows[i]
		}
	}
	return &runtime.FlowStats{Flow: name}
}

// shownRepeats is how many of the runs that repeat one its page has.
const shownRepeats = 5

func (h *handler) pageRun(w http.ResponseWriter, r *http.Request) error {
	run, err := h.run(r.Context(), r.PathValue("runId"))
	if err != nil {
		return err
	}
	tenants := tenantsOf(url.Values{}, principalOf(r.Context()))
	children, err := h.rt.ListRuns(r.Context(), runtime.RunFilter{ParentID: run.ID, Tenants: tenants})
	if err != nil {
		return err
	}
	repeats, err := h.rt.ListRuns(r.Context(), runtime.RunFilter{RetryOf: run.ID, Tenants: tenants, Limit: shownRepeats})
	if err != nil {
		return err
	}
	v := page.Run{
		Detail: run, Children: children.Runs, Repeats: repeats.Runs, Flow: h.flowOf(r.Context(), run.Flow, run.Version), Query: r.URL.Query(),
	}
	err = writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteRun(w, h.siteFor(r), v) })
	if errors.Is(err, page.ErrNoValue) {
		return notFound()
	}
	return err
}

func (h *handler) pageDefinitions(w http.ResponseWriter, r *http.Request) error {
	known, err := h.flows(r.Context())
	if err != nil {
		return err
	}
	stats, err := h.stats(r)
	if err != nil {
		return err
	}
	flows := page.Flows{Stats: map[string]runtime.FlowStats{}}
	last := ""
	for _, f := range known { // the newest version of each first
		if f.ID != last {
			flows.Flows = append(flows.Flows, f.Flow)
		}
		last = f.ID
	}
	for _, f := range stats.Flows {
		flows.Stats[f.Flow] = f
	}
	return writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteFlows(w, h.siteFor(r), flows) })
}

// measuredRuns is how many of a flow's runs its page reads to tell how its steps do.
const measuredRuns = 50

func (h *handler) pageDefinition(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("flowId")
	known, err := h.flows(r.Context())
	if err != nil {
		return err
	}
	v := page.Flow{}
	for _, f := range known {
		if f.ID != name {
			continue
		}
		if v.Description == nil {
			v.Description = f.Flow
		}
		if f.Registered {
			v.Versions = append(v.Versions, f.Version)
		}
	}
	if v.Description == nil {
		return notFound()
	}
	stats, err := h.stats(r)
	if err != nil {
		return err
	}
	v.Stats = statsOf(stats, name)
	if v.Steps, err = h.measure(r, name); err != nil {
		return err
	}
	return writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteFlow(w, h.siteFor(r), v) })
}

// measure counts how the steps of a flow do, in its latest runs that the principal sees.
func (h *handler) measure(r *http.Request, name string) (page.Steps, error) {
	var steps page.Steps
	runs, err := h.rt.ListRuns(r.Context(), runtime.RunFilter{
		Flow: name, Limit: measuredRuns, Tenants: tenantsOf(url.Values{}, principalOf(r.Context())),
	})
	if err != nil {
		return steps, err
	}
	for _, run := range runs.Runs {
		detail, err := h.rt.GetRun(r.Context(), run.ID)
		if err != nil && r.Context().Err() != nil {
			return steps, err
		}
		if err != nil {
			continue // deleted meanwhile, or not to be read
		}
		steps.Add(detail.Log)
	}
	return steps, nil
}

// getFront leads who knows no more than the prefix to the dashboard.
func (h *handler) getFront(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, h.prefix+"/admin/flows", http.StatusFound)
	return nil
}

// getAsset answers with a file that pages load. There is nothing in them that one has to
// be let in for.
func (h *handler) getAsset(w http.ResponseWriter, r *http.Request) error {
	text, kind, ok := page.Asset(r.PathValue("file"))
	if !ok {
		return notFound()
	}
	w.Header().Set("Content-Type", kind)
	if r.URL.Query().Get("v") == h.assets {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(text) // who is gone needs none
	return nil
}
