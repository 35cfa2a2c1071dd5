// Package page is the dashboard as pure functions: what is known of runs and flows in,
// HTML out. It reads nothing and decides nothing about who may see what: secrets are
// hidden, and runs of other tenants left out, before anything gets here.
//
// The pages are whole without script. Links and forms are all that an operator needs:
// filters are a form that is sent by GET, and each act is a form that posts to
// {prefix}/admin/flows/{id}/{act}, which asks first in a <dialog>. The one module of
// script (Assets) follows a run's stream and brings the page up to date, tells times in
// the viewer's zone, and adds the keyboard.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Assets are the files that pages load from {prefix}/assets/: the styles, the module and
// the icon.
func Assets() fs.FS {
	sub, err := fs.Sub(assetFiles, "assets")
	if err != nil { // the folder is in the program
		return assetFiles
	}
	return sub
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
	// Version names the assets anew when the program changes, so that browsers keep them.
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

// Asset is where a file of Assets is.
func (s Site) Asset(name string) string {
	if s.Version == "" {
		return s.Prefix + "/assets/" + name
	}
	return s.Prefix + "/assets/" + name + "?v=" + url.QueryEscape(s.Version)
}

// SignalURL is where a signal for a wait of a run is posted to.
func (s Site) SignalURL(id, wait string) string {
	return s.Prefix + "/flows/" + url.PathEscape(id) + "/signals/" + url.PathEscape(wait)
}
