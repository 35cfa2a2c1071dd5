package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// openServer opens the shop as a server until the test ends, and returns its address.
func openServer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cfg := config{
		addr: "127.0.0.1:0", runs: filepath.Join(dir, "runs.db"), shop: filepath.Join(dir, "shop.db"),
		concurrency: 4, closeGrace: time.Minute, logger: slog.New(slog.DiscardHandler),
	}
	ctx, closeShop := context.WithCancel(t.Context())
	address, ended := make(chan string, 1), make(chan error, 1)
	out := &transcript{onLine: func(line string) {
		if at := regexp.MustCompile(`http://[\d.:]+`).FindString(line); at != "" {
			address <- at
		}
	}}
	go func() { ended <- serve(ctx, cfg, out) }()
	t.Cleanup(func() {
		closeShop()
		if err := <-ended; err != nil {
			t.Errorf("the shop closed with %v", err)
		}
	})
	select {
	case at := <-address:
		return at
	case err := <-ended:
		ended <- err
		t.Fatalf("the shop did not open: %v", err)
		return ""
	}
}

// request sends a request and returns the answer with its body.
func request(t *testing.T, method, address, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestServerTakesOrders(t *testing.T) {
	at := openServer(t)
	var ids []string
	for range 2 { // the second time is the same order
		answer, body := request(t, "POST", at+"/orders", `{"orderId": "ord_1"}`)
		var taken struct {
			RunID string `json:"run_id"`
		}
		if err := json.Unmarshal([]byte(body), &taken); err != nil || answer.StatusCode != http.StatusAccepted || taken.RunID == "" {
			t.Fatalf("POST /orders: %d, %s, %v", answer.StatusCode, body, err)
		}
		if got := answer.Header.Get("Location"); got != "/orders/ord_1" {
			t.Errorf("Location is %q", got)
		}
		ids = append(ids, taken.RunID)
	}
	if ids[0] != ids[1] {
		t.Errorf("one order has the runs %v", ids)
	}
	if _, events := request(t, "GET", at+"/_bext/flows/"+ids[0]+"/stream", ""); !strings.Contains(events, "event: run_completed") {
		t.Errorf("the run's stream does not tell of its end:\n%s", events)
	}
	if _, page := request(t, "GET", at+"/orders/ord_1", ""); !strings.Contains(page, `data-stream="/_bext/flows/`+ids[0]+`/stream"`) {
		t.Errorf("the order's page does not follow its run:\n%s", page)
	}
	if answer, body := request(t, "GET", at+"/_bext/admin/flows/"+ids[0], ""); answer.StatusCode != http.StatusOK {
		t.Errorf("the run: %d, %s", answer.StatusCode, body)
	}
	for _, path := range []string{"/", "/assets/shop.js", "/assets/shop.css"} {
		if answer, body := request(t, "GET", at+path, ""); answer.StatusCode != http.StatusOK || body == "" {
			t.Errorf("GET %s: %d", path, answer.StatusCode)
		}
	}
}

func TestServerRefuses(t *testing.T) {
	at := openServer(t)
	for _, c := range []struct {
		method, path, body, origin string
		status                     int
		says                       string
	}{
		{"POST", "/orders", `{"orderId": `, "", http.StatusBadRequest, "no order"},
		{"POST", "/orders", `{}`, "", http.StatusBadRequest, "has no orderId"},
		{"POST", "/orders", `{"id": "ord_1"}`, "", http.StatusBadRequest, "unknown field"},
		{"POST", "/orders", `{"orderId": "` + strings.Repeat("x", maxOrder) + `"}`, "", http.StatusRequestEntityTooLarge, "at most"},
		{"POST", "/orders", `{"orderId": "ord_1"}`, "https://example.com", http.StatusForbidden, ""},
		{"GET", "/orders/ord_1", "", "", http.StatusNotFound, "the order ord_1 was not given"},
		{"GET", "/orders", "", "", http.StatusMethodNotAllowed, ""},
	} {
		answer, body := request(t, c.method, at+c.path, c.body, "Origin", c.origin)
		if answer.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s %.40s: %d, %s; want %d and %q", c.method, c.path, c.body, answer.StatusCode, body, c.status, c.says)
		}
	}
}

// A stream that is open does not hold the shop up when it closes.
func TestServerClosesBesideAStream(t *testing.T) {
	at := openServer(t)
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), "GET", at+"/_bext/flows/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the stream: %d", answer.StatusCode)
	}
	t.Cleanup(func() { answer.Body.Close() })
}
