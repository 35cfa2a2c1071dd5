package web

import (
	"io"
	"net/http"
	"strings"

	"github.com/bextgen/bextgen/runtime/web/page"
)

// This file is the log-in of browsers, where the handler has bearer tokens: the only
// routes that need no principal.

func (h *handler) getLogin(w http.ResponseWriter, r *http.Request) error {
	if _, ok := h.auth.(bearerAuth); !ok {
		return notFound()
	}
	return h.writeLogin(w, http.StatusOK, page.Login{Next: h.localPath(r.URL.Query().Get("next"))})
}

func (h *handler) writeLogin(w http.ResponseWriter, status int, login page.Login) error {
	login.Action = h.prefix + "/login"
	return writePage(w, status, func(w io.Writer) error { return page.WriteLogin(w, h.site(), login) })
}

func (h *handler) postLogin(w http.ResponseWriter, r *http.Request) error {
	b, ok := h.auth.(bearerAuth)
	if !ok {
		return notFound()
	}
	form, err := h.readForm(w, r)
	if err != nil {
		return err
	}
	next := h.localPath(form.Get("next"))
	token := form.Get("token")
	if _, err := b.ofToken(token); err != nil {
		return h.writeLogin(w, http.StatusUnauthorized, page.Login{Next: next, Wrong: true})
	}
	http.SetCookie(w, b.cookie(r, h.prefix, token))
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (h *handler) postLogout(w http.ResponseWriter, r *http.Request) error {
	if b, ok := h.auth.(bearerAuth); ok {
		http.SetCookie(w, b.cookie(r, h.prefix, ""))
	}
	http.Redirect(w, r, h.prefix+"/login", http.StatusSeeOther)
	return nil
}

// localPath is a place below the prefix, for a browser to go to: another one would help
// who wants to lead people astray.
func (h *handler) localPath(path string) string {
	if !strings.HasPrefix(path, h.prefix+"/") || strings.ContainsAny(path, "\\\r\n") {
		return h.prefix + "/admin/flows"
	}
	return path
}
