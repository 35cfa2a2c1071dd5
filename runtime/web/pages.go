package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow/description/graph"
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
	list := page.List{Runs: runs.Runs, Next: runs.NextCursor, Query: query, Parked: map[string]bool{}}
	for _, run := range runs.Runs {
		list.Parked[run.ID] = h.parked(run)
	}
	for _, def := range h.rt.Definitions() {
		list.Flows = append(list.Flows, def.Flow)
	}
	list.Flows = slices.Compact(list.Flows)
	return writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteList(w, h.siteFor(r), list) })
}

func (h *handler) pageRun(w http.ResponseWriter, r *http.Request) error {
	run, err := h.run(r.Context(), r.PathValue("runId"))
	if err != nil {
		return err
	}
	children, err := h.rt.ListRuns(r.Context(), runtime.RunFilter{ParentID: run.ID, Tenants: tenantsOf(url.Values{}, principalOf(r.Context()))})
	if err != nil {
		return err
	}
	v := page.Run{
		Detail: run, Parked: h.parked(run.RunSummary), Children: children.Runs,
		Flow: h.flowOf(r.Context(), run.Flow, run.Version), Query: r.URL.Query(),
	}
	v.Graph = graphOf(v.Flow, statuses(v.Flow, run))
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
	var flows page.Flows
	last := ""
	for _, f := range known { // the newest version of each first
		if f.ID != last {
			flows.Flows = append(flows.Flows, f.Flow)
		}
		last = f.ID
	}
	return writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteFlows(w, h.siteFor(r), flows) })
}

func (h *handler) pageDefinition(w http.ResponseWriter, r *http.Request) error {
	known, err := h.flows(r.Context())
	if err != nil {
		return err
	}
	v := page.Flow{}
	for _, f := range known {
		if f.ID != r.PathValue("flowId") {
			continue
		}
		if v.Description == nil {
			v.Description, v.Graph = f.Flow, graphOf(f.Flow, nil)
		}
		if f.Registered {
			v.Versions = append(v.Versions, f.Version)
		}
	}
	if v.Description == nil {
		return notFound()
	}
	return writePage(w, http.StatusOK, func(w io.Writer) error { return page.WriteFlow(w, h.siteFor(r), v) })
}

// assetVersion names the files that pages load by what is in them, so that browsers can keep them.
func assetVersion() string {
	sum := sha256.New()
	_ = fs.WalkDir(page.Assets(), ".", func(path string, d fs.DirEntry, err error) error { // they are in the program
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(page.Assets(), path)
		sum.Write(text)
		return err
	})
	_, _ = io.WriteString(sum, graph.CSS())
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// getAsset answers with a file that pages load. There is nothing in them that one has to
// be let in for.
func (h *handler) getAsset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	text, err := fs.ReadFile(page.Assets(), name)
	if name == graphStyle {
		text, err = []byte(graph.CSS()), nil
	}
	if err != nil {
		return notFound()
	}
	kinds := map[string]string{"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
	_, kind, _ := strings.Cut(name, ".")
	w.Header().Set("Content-Type", kinds[kind]+"; charset=utf-8")
	if r.URL.Query().Get("v") == h.assets {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(text)
	return nil
}
