// Package page is the dashboard as pure functions: what is known of runs and flows in,
// HTML out. It reads nothing and decides nothing about who may see what: secrets are
// hidden, and runs of other tenants left out, before anything gets here.
//
// The pages are whole without script. Links and forms are all that an operator needs:
// filters are a form that is sent by GET, and each act is a form that posts to
// {prefix}/admin/flows/{id}/{act}, which asks first in a <dialog>. The one module of
// script (see Asset) follows a run's stream and brings the page up to date, tells times in
// the viewer's zone, and adds the keyboard.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/description/graph"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Asset is a file that pages load from {prefix}/assets/, with its media type: the styles, the
// module or the icon. It is false for a name that no file has.
func Asset(name string) (text []byte, kind string, ok bool) {
	if name == "graph.css" {
		return []byte(graph.CSS()), "text/css; charset=utf-8", true
	}
	text, err := assetFiles.ReadFile("assets/" + name)
	switch {
	case err != nil:
		return nil, "", false
	case name == "style.css":
		return text, "text/css; charset=utf-8", true
	case name == "page.js":
		return text, "text/javascript; charset=utf-8", true
	}
	return text, "image/svg+xml", true
}

// AssetVersion changes when the files of Asset do; see Site.
func AssetVersion() string {
	sum := sha256.New()
	for _, name := range []string{"style.css", "graph.css", "page.js", "icon.svg"} {
		text, _, _ := Asset(name)
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// Site is what all pages have in common.
type Site struct {
	// Prefix is the path below which everything lies, such as /_bext; no slash at its end.
	Prefix string
	// Who is the name of the person who looks; empty where nobody has one.
	Who string
	// Tenant is the one tenant that they see; empty for all.
	Tenant string
	// MayOperate says that they may act on runs: without it no act is offered.
	MayOperate bool
	// SignedIn says that they logged in with the page for that, and can log out.
	SignedIn bool
	// Version is AssetVersion: a part of the addresses of assets, so that browsers can keep them.
	Version string
	// Now is the time for which the page is made.
	Now time.Time
}

// view is a page with all that its template reads.
type view struct {
	Site  Site
	Title string
	Here  string // the entry of the navigation that is current: runs or flows
	Live  string // the stream that brings the page up to date; empty for none
	Body  any
}

var pages = template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/*.html"))

// write makes a page of a template.
func write(w io.Writer, name string, v view) error {
	if err := pages.ExecuteTemplate(w, name, v); err != nil {
		return fmt.Errorf("write the page %s: %w", name, err)
	}
	return nil
}

// RunURL is where the page of a run is.
func (s Site) RunURL(id string) string { return s.Prefix + "/admin/flows/" + url.PathEscape(id) }

// FlowURL is where the page of a flow is.
func (s Site) FlowURL(name string) string {
	return s.Prefix + "/admin/definitions/" + url.PathEscape(name)
}

// RunsURL is the list of runs, with a filter of names and values.
func (s Site) RunsURL(filter ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(filter); i += 2 {
		if filter[i+1] != "" {
			q.Set(filter[i], filter[i+1])
		}
	}
	return strings.TrimSuffix(s.Prefix+"/admin/flows?"+q.Encode(), "?")
}

// Asset is where a file of Asset is.
func (s Site) Asset(name string) string {
	if s.Version == "" {
		return s.Prefix + "/assets/" + name
	}
	return s.Prefix + "/assets/" + name + "?v=" + url.QueryEscape(s.Version)
}

// SignalURL is where a signal for a wait of a run is posted to, with the key of a wait in a foreach.
func (s Site) SignalURL(id, wait, key string) string {
	to := s.Prefix + "/flows/" + url.PathEscape(id) + "/signals/" + url.PathEscape(wait)
	if key == "" {
		return to
	}
	return to + "?" + url.Values{"key": {key}}.Encode()
}
