package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// This file is what every request passes through.

// route answers one kind of request.
type route struct {
	method, path string // the path behind the prefix
	needs        Permission
	serve        answer
	// page answers a browser, where there is a page for it.
	page answer
	// open says that it needs no principal, streams that it takes as long as it takes.
	open, streams bool
	// about says of it what the OpenAPI text tells; nil for what is for browsers alone.
	about *operation
}

// answer answers a request. An error is told as a Problem, so nothing is written before it.
type answer func(w http.ResponseWriter, r *http.Request) error

// policy is the Content-Security-Policy of everything: own styles, scripts and pictures
// from files, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Accept")
	target, pattern := h.mux.Handler(r)
	if pattern == "" {
		h.noRoute(w, r, target)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// noRoute answers a request for which there is no route. Who it is comes first here too.
func (h *handler) noRoute(w http.ResponseWriter, r *http.Request, target http.Handler) {
	if _, ok := h.letIn(w, r, route{}); !ok {
		return
	}
	var probe statusProbe
	target.ServeHTTP(&probe, r) // the mux knows whether another method would do
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.Header().Get("Allow"))
		h.fail(w, r, problem(http.StatusMethodNotAllowed, "%s is not possible here; %s is", r.Method, probe.Header().Get("Allow")))
		return
	}
	h.fail(w, r, notFound())
}

// statusProbe keeps what a handler would have answered.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(status int)      { p.status = status }

// through is a route behind all that comes before it.
func (h *handler) through(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r, ok := h.letIn(w, r, rt)
		if !ok {
			return
		}
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			h.fail(w, r, problem(http.StatusBadRequest, "the address has a query that cannot be read")) // else a part of it would be left out
			return
		}
		h.bound(w, r, rt)
		serve := rt.serve
		if rt.page != nil && wantsHTML(r) {
			serve = rt.page
		}
		if err := serve(w, r); err != nil {
			h.fail(w, r, err)
		}
	}
}

// letIn finds out who sends a request and whether they may. It has answered if it says false.
func (h *handler) letIn(w http.ResponseWriter, r *http.Request, rt route) (*http.Request, bool) {
	if err := h.crossOrigin.Check(r); err != nil {
		h.fail(w, r, problem(http.StatusForbidden, "the request comes from a page of another site"))
		return r, false
	}
	if rt.open {
		return r, true
	}
	who, err := h.auth.who(r)
	if err != nil {
		h.refuse(w, r, err)
		return r, false
	}
	r = r.WithContext(context.WithValue(r.Context(), principalKey{}, who))
	switch {
	case who.May&rt.needs != rt.needs:
		h.fail(w, r, problem(http.StatusForbidden, "you may not do this"))
		return r, false
	case h.readOnly && r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.fail(w, r, problem(http.StatusForbidden, "this server only shows, and changes nothing"))
		return r, false
	}
	return r, true
}

// refuse answers a request without a principal. A browser that can log in is shown where.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	h.logger.Debug("a request was refused", "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr, "error", err)
	if errors.Is(err, ErrForbidden) {
		h.fail(w, r, problem(http.StatusForbidden, "you may not use this"))
		return
	}
	if _, ok := h.auth.(bearerAuth); ok && r.Method == http.MethodGet && wantsHTML(r) {
		http.Redirect(w, r, h.prefix+"/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if challenge := h.auth.challenge(); challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	h.fail(w, r, problem(http.StatusUnauthorized, "say who you are"))
}

// bound limits what a request can use up: the size of its body, the time in which that
// has to come, and that in which the answer has to be taken.
func (h *handler) bound(w http.ResponseWriter, r *http.Request, rt route) {
	now := time.Now()
	control := http.NewResponseController(w)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, h.limits.body)
		_ = control.SetReadDeadline(now.Add(h.limits.read)) // not every server has one; see readBody
	}
	if !rt.streams {
		_ = control.SetWriteDeadline(now.Add(h.limits.write))
	}
}
