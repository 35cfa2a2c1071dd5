package web_test

import (
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/web"
)

// browser is what a browser says that it accepts.
var browser = []string{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

func TestPages(t *testing.T) {
	s := newSite(t)
	failed := s.start(`{"orderId":"o1","count":13}`)
	s.until(failed, "failed")
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/":            {302, ""},
		"/admin/flows": {200, failed},
		"/admin/flows?status=failed&q=&tenant_id=&label=":  {200, failed}, // a form sends empty fields too
		"/admin/flows?status=completed":                    {200, "No run fits this filter"},
		"/admin/flows?status=lost":                         {400, "never &#34;lost&#34;"},
		"/admin/flows/" + failed:                           {200, "ship failed"},
		"/admin/flows/" + failed + "?value=error&entry=0":  {200, "no &lt;b&gt;truck&lt;/b&gt;"},
		"/admin/flows/" + failed + "?value=error&entry=99": {404, "Not Found"},
		"/admin/flows/nobody":                              {404, "Not Found"},
		"/admin/definitions":                               {200, "Sells &lt;things&gt;."},
		"/admin/definitions/order":                         {200, "Charges the card."},
		"/admin/definitions/nothing":                       {404, "Not Found"},
		"/assets/page.js":                                  {200, "EventSource"},
		"/assets/style.css":                                {200, "prefers-color-scheme"},
		"/assets/../page.go":                               {404, "Not Found"},
	} {
		a := s.do("GET", path, "", browser...)
		if a.status != want.status || !strings.Contains(string(a.body), want.says) {
			t.Errorf("%s is %d, want %d with %q: %s", path, a.status, want.status, want.says, a.body)
		}
		if kind := a.header.Get("Content-Type"); !strings.Contains(path, "assets") && kind != "text/html; charset=utf-8" {
			t.Errorf("%s has the type %s", path, kind)
		}
	}
	if a := s.get("/admin/flows/" + failed).is(200); !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("a program gets %s", a.header.Get("Content-Type"))
	}
	s.is(web.Reader("eve"))
	if a := s.do("GET", "/admin/flows/"+failed, "", browser...); strings.Contains(string(a.body), "data-act") {
		t.Error("who may only read is offered an act")
	}
}
