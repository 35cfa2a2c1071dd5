package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/web"
)

// hostile are texts that have broken others.
var hostile = []string{
	`' OR '1'='1`, `'; DROP TABLE runs; --`, `" OR 1=1 --`, `1) UNION SELECT id, input FROM runs --`, `%' OR 1=1 --`, `%`, `_`,
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.}}`, `javascript:alert(1)`, "a\x00b", "a\r\nX-Evil: 1", `\`, `../../etc/passwd`, "\u202e", "\xff\xfe",
}

// TestHostileTextsInEveryFilter: they select nothing that has not just that text, and come
// back nowhere as markup.
func TestHostileTextsInEveryFilter(t *testing.T) {
	st, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := newSiteOn(t, st)
	s.until(s.start(`{"input":{"orderId":"o1"},"tenant_id":"acme","labels":{"team":"a"}}`), "completed")
	for _, parameter := range []string{"flow_id", "status", "phase", "tenant_id", "label", "q", "since", "until", "parent_id", "retry_of", "limit", "cursor", "history", "<b>"} {
		for _, text := range hostile {
			for _, accept := range []string{"application/json", "text/html"} {
				query := "?" + url.QueryEscape(parameter) + "=" + url.QueryEscape(text)
				a := s.do("GET", "/admin/flows"+query, "", "Accept", accept)
				if a.status != 200 && a.status != 400 {
					t.Errorf("%s as %s: %d %s", query, accept, a.status, a.body)
				}
				if strings.Contains(a.header.Get("Content-Type"), "html") {
					if body := string(a.body); strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, "<b>") {
						t.Errorf("%s comes back as it is: %s", query, body)
					}
					continue
				}
				var page web.RunPage
				if a.status == 200 {
					if a.into(&page); len(page.Runs) > 0 {
						t.Errorf("%s selects %v", query, page.Runs)
					}
				}
				if a.header.Get("X-Evil") != "" {
					t.Errorf("%s sets a header", query)
				}
			}
		}
	}
	s.get("/admin/flows").is(200)
}

// TestHostileTextsInWhatIsStored: names, labels, inputs and keys come back as they were given.
func TestHostileTextsInWhatIsStored(t *testing.T) {
	st, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := newSiteOn(t, st)
	for _, text := range hostile {
		text = strings.ToValidUTF8(text, "?")
		body, err := json.Marshal(map[string]any{
			"input": map[string]any{"orderId": text, "count": 13}, "tenant_id": text, "idempotency_key": text, "labels": map[string]string{text: text},
		})
		if err != nil {
			t.Fatal(err)
		}
		id := s.start(string(body))
		run := s.until(id, "failed")
		var input struct {
			OrderID string `json:"orderId"`
		}
		if err := json.Unmarshal(run.Input, &input); err != nil || input.OrderID != text || run.TenantID != text || run.Labels[text] != text {
			t.Errorf("%q became %+v, %s", text, run.Run, run.Input)
		}
		if run.Error == nil || run.Error.Message != errNoTruck.Error() {
			t.Errorf("the error is %+v", run.Error)
		}
		page := s.do("GET", "/admin/flows/"+id, "", "Accept", "text/html").is(200)
		if html := string(page.body); strings.Contains(html, "<script>alert") || strings.Contains(html, "<img src=x") || strings.Contains(html, "<b>truck") {
			t.Errorf("%q is on the page as it is", text)
		}
		var list web.RunPage
		s.get("/admin/flows?tenant_id=" + url.QueryEscape(text)).is(200).into(&list)
		if len(list.Runs) != 1 || list.Runs[0].ID != id {
			t.Errorf("the tenant %q has the runs %+v", text, list.Runs)
		}
		if got := s.follow("/flows/"+id+"/stream", "", nil); got[len(got)-1].Name != "run_failed" {
			t.Errorf("events: %v", got)
		}
	}
}

func TestASlowBodyIsCutOff(t *testing.T) {
	s := newSite(t, web.WithTimeouts(50*time.Millisecond, time.Second))
	c, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /_bext/flows/order HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"orderId\":")
	answer, err := io.ReadAll(c) // the rest never comes
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Fatalf("%s, %v", answer, err)
	}
}

func TestLargeAndExactThings(t *testing.T) {
	s := newSite(t)
	const most = 1 << 20
	name := strings.Repeat("x", most-200)
	id := s.start(fmt.Sprintf(`{"orderId":%q,"count":9223372036854775807}`, name))
	run := s.until(id, "completed")
	if !strings.Contains(string(run.Input), `"count":9223372036854775807`) || len(run.Input) < most-200 {
		t.Errorf("the input has %d bytes", len(run.Input))
	}
	if got := s.follow("/flows/"+id+"/stream", "", nil); len(got[2].Data) < most-200 {
		t.Errorf("the event of a large result has %d bytes", len(got[2].Data))
	}
}

// TestAClientThatStopsReadingIsDropped: it holds up neither the run nor the others.
func TestAClientThatStopsReadingIsDropped(t *testing.T) {
	s := newSite(t, web.WithTimeouts(time.Second, 200*time.Millisecond))
	dropped := make(chan struct{}, 100)
	closed := func() { dropped <- struct{}{} }
	s.onClosed.Store(&closed)
	c, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetReadBuffer(1 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /_bext/flows/stream HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := c.Read(make([]byte, 100)); err != nil { // it follows, and reads no more
		t.Fatal(err)
	}
	other := s.open("/flows/stream", "")
	defer other.Body.Close()
	const runs = 20
	var slowest time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		n := 0
		readEvents(t, other, func(e event) bool {
			if e.Name == "run_completed" {
				n++
				var d struct {
					At int64 `json:"at"`
				}
				if json.Unmarshal([]byte(e.Data), &d) == nil {
					slowest = max(slowest, time.Since(time.UnixMilli(d.At)))
				}
			}
			return n == runs
		})
	}()
	for i := range runs {
		s.start(fmt.Sprintf(`{"orderId":"o%d-%s"}`, i, strings.Repeat("x", 900_000)))
	}
	<-done
	select {
	case <-dropped:
	case <-t.Context().Done():
		t.Fatal("the client that stopped reading was not dropped")
	}
	t.Logf("the other client had each end within %v", slowest)
	if slowest > 30*time.Second {
		t.Errorf("the other client waited %v", slowest)
	}
}
