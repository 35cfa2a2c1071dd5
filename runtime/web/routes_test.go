package web

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoutesPage holds that docs/http.md lists the routes that there are, and names what their queries take.
func TestRoutesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| method and path |")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	for line := range strings.SplitSeq(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		also := "" // of `GET`, `POST /path`: a method with the path behind it
		for _, m := range regexp.MustCompile("`([A-Z]+)(?: (/[^`]+))?`").FindAllStringSubmatch(cell, -1) {
			if m[2] == "" {
				also = m[1]
				continue
			}
			documented = append(documented, m[1]+" "+m[2])
			if also != "" {
				documented = append(documented, also+" "+m[2])
				also = ""
			}
		}
	}
	var served []string
	for _, r := range (&handler{}).routes() {
		if r.path == "/assets/{file}" {
			continue // only pages ask for these
		}
		served = append(served, r.method+" /_bext"+strings.TrimSuffix(r.path, "{$}"))
		if r.about == nil {
			continue
		}
		for _, q := range r.about.query {
			if !regexp.MustCompile("[`?&]" + regexp.QuoteMeta(q.name) + "[`=]").Match(page) {
				t.Errorf("docs/http.md does not name the parameter %s of %s %s", q.name, r.method, r.path)
			}
		}
	}
	slices.Sort(documented)
	slices.Sort(served)
	if diff := cmp.Diff(documented, served); diff != "" {
		t.Errorf("docs/http.md does not list the routes that there are (-docs +code):\n%s", diff)
	}
}
