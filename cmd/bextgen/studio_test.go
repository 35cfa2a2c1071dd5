package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/web"
)

// runStudio runs the command until the test ends, and returns the address that it prints.
func runStudio(t *testing.T, args ...string) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	root := newRootCommand()
	root.SetArgs(append([]string{"studio", "--addr", "127.0.0.1:0"}, args...))
	root.SetOut(write)
	ended := make(chan error, 1)
	go func() {
		ended <- root.ExecuteContext(ctx)
		write.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("studio: %v", err)
		}
	})
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("studio said nothing: %v, %v", err, <-ended)
	}
	at := line[strings.Index(line, "http://"):]
	return strings.TrimSuffix(strings.TrimSpace(at), "/admin/flows")
}

// answer is what comes back for a request: its status, and its body.
func answer(t *testing.T, method, address string, header http.Header) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(body)
}

func wantsJSON() http.Header {
	return http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}}
}

func TestStudioOfAFileOnlyShows(t *testing.T) {
	base := runStudio(t, "--db", runsDatabase(t))
	if status, body := answer(t, "GET", base+"/admin/flows", wantsJSON()); status != http.StatusOK || !strings.Contains(body, failedRun) {
		t.Errorf("the list: %d, %s", status, body)
	}
	if status, body := answer(t, "POST", base+"/admin/flows/"+pendingRun+"/cancel", wantsJSON()); status != http.StatusForbidden {
		t.Errorf("a cancel: %d, %s; want it to be refused", status, body)
	}
	if status, _ := answer(t, "GET", strings.TrimSuffix(base, "/_bext")+"/", wantsJSON()); status != http.StatusFound {
		t.Errorf("the root: %d; want a way to the dashboard", status)
	}
}

func TestStudioOperates(t *testing.T) {
	base := runStudio(t, "--db", runsDatabase(t), "--operate")
	if status, body := answer(t, "POST", base+"/admin/flows/"+pendingRun+"/cancel", wantsJSON()); status != http.StatusOK {
		t.Errorf("a cancel: %d, %s", status, body)
	}
}

// serverOf serves a database as a program would, for who has the token.
func serverOf(t *testing.T, token string) (address string) {
	t.Helper()
	db, err := sqlite.Open(runsDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(db)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := web.Handler(rt, web.WithBearer(web.Bearer{Token: token, Principal: web.Operator("ops")}))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		rt.Close(context.WithoutCancel(t.Context()))
		db.Close()
	})
	return server.URL
}

func TestStudioOfAServer(t *testing.T) {
	base := runStudio(t, "--url", serverOf(t, "letmein-0123456789"), "--token", "letmein-0123456789")
	if status, body := answer(t, "GET", base+"/admin/flows/"+failedRun, wantsJSON()); status != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("a run: %d, %s", status, body)
	}
	own := wantsJSON()
	own.Set("Origin", strings.TrimSuffix(base, "/_bext"))
	own.Set("Sec-Fetch-Site", "same-origin")
	if status, body := answer(t, "POST", base+"/admin/flows/"+pendingRun+"/pause", own); status != http.StatusOK {
		t.Errorf("a pause from the dashboard: %d, %s", status, body)
	}
	for name, value := range map[string]string{"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site", "Host": "evil.example.com"} {
		other := wantsJSON()
		other.Set(name, value)
		if status, body := answer(t, "POST", base+"/admin/flows/"+pendingRun+"/cancel", other); status != http.StatusForbidden {
			t.Errorf("a cancel with %s %s: %d, %s; want it to be refused", name, value, status, body)
		}
	}
}

func TestStudioIsForThisMachineAlone(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "nonsense"} {
		root := newRootCommand()
		root.SetArgs([]string{"studio", "--addr", addr, "--db", runsDatabase(t)})
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "--addr") {
			t.Errorf("%s: %v; want it to be refused", addr, err)
		}
	}
}

// The commands see a server as they see a file.
func TestRunsOfAServer(t *testing.T) {
	address := serverOf(t, "letmein-0123456789")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"list", "--token", "letmein-0123456789"}, exitClean, failedRun},
		{[]string{"show", failedRun, "--token", "letmein-0123456789"}, exitClean, "undo charge-payment"},
		{[]string{"cancel", pendingRun, "--token", "letmein-0123456789"}, exitClean, "is stored"},
		{[]string{"show", pendingRun, "--token", "letmein-0123456789"}, exitClean, "cancel (not obeyed yet)"},
		{[]string{"list"}, exitFound, "give it --token"},
		{[]string{"list", "--token", "wrong"}, exitFound, "give it --token"},
	} {
		var out, errs strings.Builder
		code := run(append(append([]string{"runs"}, c.args...), "--url", address), &out, &errs)
		if code != c.code || !strings.Contains(out.String()+errs.String(), c.says) {
			t.Errorf("%v: exit code %d\n%s%s; want %d and %q", c.args, code, &out, &errs, c.code, c.says)
		}
	}
}
