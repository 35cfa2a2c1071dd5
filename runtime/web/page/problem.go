package page

import (
	"io"
	"strings"
)

// This file is the pages of those who are not let in, and of what is not there.

// Problem is what a page says where there is nothing to show.
type Problem struct {
	Status int // the HTTP status
	Title  string
	Detail string
}

// WriteProblem writes the page of a problem.
func WriteProblem(w io.Writer, site Site, p Problem) error {
	if p.Detail = sentence(p.Detail); p.Detail != "" && !strings.HasSuffix(p.Detail, ".") {
		p.Detail += "."
	}
	return write(w, "problem.html", view{Site: site, Title: p.Title, Body: p})
}

// Login is the page on which browsers give a token and get a cookie.
type Login struct {
	// Action is where the form is posted to, with the fields token and next.
	Action string
	// Next is the page to go to afterwards; a path of this site.
	Next string
	// Wrong says that a token was given and is not right.
	Wrong bool
}

// WriteLogin writes that page.
func WriteLogin(w io.Writer, site Site, l Login) error {
	return write(w, "login.html", view{Site: site, Title: "Sign in", Body: l})
}
