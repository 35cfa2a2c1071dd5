package web

import (
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
