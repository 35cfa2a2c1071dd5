package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/web"
)

// everyRoute is a request for each route that needs a principal; {id} is a run's.
var everyRoute = []struct {
	method, path, body string
	changes            bool
}{
	{"GET", "/admin/flows", "", false},
	{"GET", "/admin/flows/{id}", "", false},
	{"GET", "/admin/definitions", "", false},
	{"GET", "/admin/stats", "", false},
	{"GET", "/openapi.json", "", false},
	{"GET", "/metrics", "", false},
	{"GET", "/healthz", "", false},
	{"POST", "/admin/flows/{id}/cancel", "", true},
	{"POST", "/admin/flows/{id}/terminate", "", true},
	{"POST", "/admin/flows/{id}/pause", "", true},
	{"POST", "/admin/flows/{id}/resume", "", true},
	{"POST", "/admin/flows/{id}/retry", "", true},
	{"POST", "/admin/flows/{id}/rerun", "", true},
	{"POST", "/admin/flows/{id}/fork", `{"step_name":"ship"}`, true},
	{"POST", "/admin/flows/{id}/skip-delay", "", true},
	{"POST", "/admin/flows/{id}/delete", "", true},
	{"DELETE", "/admin/flows/{id}", "", true},
	{"POST", "/admin/flows/bulk", `{"act":"cancel","filter":{}}`, true},
	{"POST", "/flows/order", `{"orderId":"o1"}`, true},
	{"POST", "/flows/{id}/signals/approval", `{"by":"ann"}`, true},
}

func TestAHandlerWithoutADecisionOnAuthIsRefused(t *testing.T) {
	st := memory.New().Open()
	defer st.Close()
	rt, err := runtime.New(st)
	if err != nil {
		t.Fatal(err)
	}
	for _, opts := range [][]web.Option{nil, {web.WithPrefix("/x")}, {web.WithAuth(nil)}} {
		if _, err := web.Handler(rt, opts...); !errors.Is(err, web.ErrNoAuth) {
			t.Errorf("%d options: %v, want %v", len(opts), err, web.ErrNoAuth)
		}
	}
	for _, prefix := range []string{"", "/", "x", "/x/", "/{x}"} {
		if _, err := web.Handler(rt, web.LoopbackOnly(), web.WithPrefix(prefix)); err == nil {
			t.Errorf("the prefix %q is taken", prefix)
		}
	}
}

func TestEveryRouteWithoutAPrincipal(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1","ask":true}`)
	s.until(id, "waiting")
	s.who.Store(nil)
	for _, r := range everyRoute {
		s.do(r.method, strings.ReplaceAll(r.path, "{id}", id), r.body).problem(401)
	}
	s.get("/nowhere").problem(401)
	s.get("/flows/" + id + "/stream").problem(401)
	s.get("/flows/stream").problem(401)
	s.is(web.Operator("ops"))
	s.until(id, "waiting")
}

func TestEveryRouteWithoutItsPermission(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1","ask":true}`)
	s.until(id, "waiting")
	s.is(web.Reader("guest"))
	for _, r := range everyRoute {
		a := s.do(r.method, strings.ReplaceAll(r.path, "{id}", id), r.body)
		if (a.status == 403) != r.changes {
			t.Errorf("a reader's %s %s: %d", r.method, r.path, a.status)
		}
	}
	s.is(web.Principal{Name: "starter", May: web.MayStart, AllTenants: true})
	for _, r := range everyRoute {
		a := s.do(r.method, strings.ReplaceAll(r.path, "{id}", id), r.body)
		if may := r.path == "/flows/order" || r.path == "/healthz"; (a.status == 403) == may {
			t.Errorf("a starter's %s %s: %d", r.method, r.path, a.status)
		}
	}
}

func TestEveryChangeFromAnotherOrigin(t *testing.T) {
	s := newSite(t, web.WithTrustedOrigins("https://admin.example.com"))
	id := s.start(`{"orderId":"o1","ask":true}`)
	s.until(id, "waiting")
	for _, r := range everyRoute {
		if !r.changes {
			continue
		}
		path := strings.ReplaceAll(r.path, "{id}", id)
		for _, header := range [][]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example.com"},
			{"Origin", "null"},
			{"Origin", "http://" + strings.TrimPrefix(s.server.URL, "http://") + ".evil.example.com"},
		} {
			s.do(r.method, path, r.body, header...).problem(403)
		}
	}
	s.until(id, "waiting")
	s.do("POST", "/login", "token=x", "Sec-Fetch-Site", "cross-site").problem(403)
	s.do("POST", "/admin/flows/"+id+"/pause", "", "Origin", "https://admin.example.com", "Sec-Fetch-Site", "cross-site").is(200)
	s.until(id, "paused")
	s.do("POST", "/admin/flows/"+id+"/resume", "", "Origin", s.server.URL, "Sec-Fetch-Site", "same-origin").is(200)
}

// TestAnotherTenantsRunsDoNotExist: the answers are those for ids that nobody has.
func TestAnotherTenantsRunsDoNotExist(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1","ask":true}`, "Bextgen-Tenant", "acme")
	s.until(id, "waiting")
	nobodys := "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	s.is(web.Principal{Name: "eve", May: web.MayRead | web.MayStart | web.MayOperate, Tenants: []string{"evil"}})
	for _, r := range everyRoute {
		if !strings.Contains(r.path, "{id}") {
			continue
		}
		theirs := s.do(r.method, strings.ReplaceAll(r.path, "{id}", id), r.body)
		none := s.do(r.method, strings.ReplaceAll(r.path, "{id}", nobodys), r.body)
		if theirs.status != 404 || none.status != 404 || string(theirs.body) != string(none.body) {
			t.Errorf("%s %s: %d %s, and for no run %d %s", r.method, r.path, theirs.status, theirs.body, none.status, none.body)
		}
	}
	s.do("POST", "/flows/order", `{"orderId":"o1"}`, "Bextgen-Tenant", "acme").problem(403)
	s.get("/metrics").problem(403)
	s.is(web.Operator("ops"))
	s.until(id, "waiting")
}

func TestBasic(t *testing.T) {
	s := newSite(t, web.WithBasic(web.Basic{Name: "ann", Password: "secret", Principal: web.Principal{May: web.MayRead, AllTenants: true}}))
	if got := s.get("/admin/flows").is(401).header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("the challenge is %q", got)
	}
	for _, c := range []struct {
		name, password string
		status         int
	}{{"ann", "secret", 200}, {"ann", "wrong", 401}, {"bob", "secret", 401}, {"ann", "", 401}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(c.name, c.password)
		s.do("GET", "/admin/flows", "", "Authorization", r.Header.Get("Authorization")).is(c.status)
	}
}

func TestBearerAndItsCookie(t *testing.T) {
	s := newSite(t, web.WithBearer(web.Bearer{Token: "t0ken", Principal: web.Operator("ops")}))
	s.get("/admin/flows").problem(401)
	s.do("GET", "/admin/flows", "", "Authorization", "Bearer wrong").problem(401)
	s.do("GET", "/admin/flows", "", "Authorization", "Bearer ").problem(401)
	s.do("GET", "/admin/flows", "", "Authorization", "bearer t0ken").is(200)

	browser := []string{"Accept", "text/html,*/*;q=0.8"}
	if got := s.do("GET", "/admin/flows?status=failed", "", browser...).is(303).header.Get("Location"); got != "/_bext/login?next=%2F_bext%2Fadmin%2Fflows%3Fstatus%3Dfailed" {
		t.Errorf("a browser is sent to %q", got)
	}
	form := func(token, next string) string { return url.Values{"token": {token}, "next": {next}}.Encode() }
	s.do("POST", "/login", form("wrong", ""), "Content-Type", "application/x-www-form-urlencoded").is(401)
	for next, want := range map[string]string{
		"/_bext/admin/flows?status=failed": "/_bext/admin/flows?status=failed",
		"https://evil.example.com/":        "/_bext/admin/flows",
		"//evil.example.com/_bext/":        "/_bext/admin/flows",
		"/_bext/\\evil":                    "/_bext/admin/flows",
	} {
		in := s.do("POST", "/login", form("t0ken", next)).is(303)
		if got := in.header.Get("Location"); got != want {
			t.Errorf("behind the log-in to %q comes %q", next, got)
		}
	}
	cookies := (&http.Response{Header: s.do("POST", "/login", form("t0ken", "")).header}).Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || strings.Contains(cookies[0].Value, "t0ken") {
		t.Fatalf("the cookies are %v", cookies)
	}
	c := cookies[0]
	s.do("GET", "/admin/flows", "", "Cookie", c.Name+"="+c.Value).is(200)
	until, seal, _ := strings.Cut(c.Value, ".")
	for _, forged := range []string{"9" + until + "." + seal, until + ".", until, "x." + seal} {
		s.do("GET", "/admin/flows", "", "Cookie", c.Name+"="+forged).problem(401)
	}
}

func TestLoopbackOnly(t *testing.T) {
	s := newSite(t, web.LoopbackOnly())
	s.get("/admin/flows").is(200)
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via", "X-Real-IP"} {
		s.do("GET", "/admin/flows", "", header, "for=127.0.0.1").problem(403)
	}
	handler := s.server.Config.Handler
	for _, c := range []struct {
		from, host string
		status     int
	}{
		{"127.0.0.1:5000", "localhost:8080", 200},
		{"[::1]:5000", "[::1]:8080", 200},
		{"[::ffff:127.0.0.1]:5000", "127.0.0.1", 200},
		{"127.0.0.1:5000", "evil.example.com", 403},
		{"127.0.0.1:5000", "localhost.evil.example.com:8080", 403},
		{"127.0.0.1:5000", "", 403},
		{"192.0.2.1:5000", "localhost:8080", 403},
		{"", "localhost:8080", 403},
	} {
		r := httptest.NewRequest("GET", "/_bext/admin/flows", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("from %s for %s: %d, want %d", c.from, c.host, w.Code, c.status)
		}
	}
}

func TestHeadersThatHoldForAllAnswers(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/admin/flows", "/nowhere", "/login", "/openapi.json", "/metrics"} {
		h := s.get(path).header
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, h)
		}
	}
	a := s.do("PUT", "/admin/flows", "")
	if a.problem(405); !strings.Contains(a.header.Get("Allow"), "GET") {
		t.Errorf("allowed is %q", a.header.Get("Allow"))
	}
}
