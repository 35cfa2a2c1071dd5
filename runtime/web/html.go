package web

import (
	"html/template"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// This file is where JSON and pages part. One dispatcher (through, in serve.go) looks at what
// the client accepts; a route that has a page is given it in routes.go. The pages
// themselves are drawn in the package page.

// wantsHTML says whether a client would rather have a page than JSON: a browser says so,
// and programs mostly say nothing or */*.
func wantsHTML(r *http.Request) bool {
	html, data := 0.0, 0.0
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		switch kind {
		case "text/html", "application/xhtml+xml":
			html = max(html, q)
		case "application/json", "application/problem+json", "text/event-stream":
			data = max(data, q)
		}
	}
	return html > 0 && html >= data
}

var plainPages = template.Must(template.New("").Parse(`
{{define "head"}}<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.}} · bextgen</title></head>
<body><main><h1>{{.}}</h1>{{end}}
{{define "foot"}}</main></body></html>
{{end}}
{{define "login"}}{{template "head" "Log in"}}
{{if .Wrong}}<p role="alert">That token is not known.</p>{{end}}
<form method="post" action="{{.Prefix}}/login">
<p><label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label></p>
<input type="hidden" name="next" value="{{.Next}}">
<p><button>Log in</button></p>
</form>
{{template "foot"}}{{end}}
{{define "problem"}}{{template "head" .Title}}
<p>{{.Detail}}</p>
{{template "foot"}}{{end}}
`))

// writeLoginPage draws the page for logging in.
func (h *handler) writeLoginPage(w io.Writer, page LoginPage) error {
	return plainPages.ExecuteTemplate(w, "login", page)
}

// writeProblemPage draws what went wrong.
func (h *handler) writeProblemPage(w io.Writer, _ *http.Request, p *Problem) error {
	return plainPages.ExecuteTemplate(w, "problem", p)
}
