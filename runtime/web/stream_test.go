package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tmaxmax/go-sse"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/web"
)

// event is an event as a client gets it.
type event struct{ ID, Name, Data string }

func (e event) step() string {
	var d struct {
		StepName string `json:"step_name"`
	}
	_ = json.Unmarshal([]byte(e.Data), &d)
	return strings.TrimSpace(e.Name + " " + d.StepName)
}

// follow reads a stream until it ends, or until a function says that it is enough.
func (s *site) follow(path, lastID string, enough func(event) bool) []event {
	s.Helper()
	response := s.open(path, lastID)
	defer response.Body.Close()
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || !strings.HasPrefix(got, "text/event-stream") {
		s.Fatalf("%s: %d %s", path, response.StatusCode, got)
	}
	return readEvents(s.T, response, enough)
}

// open opens a stream.
func (s *site) open(path, lastID string) *http.Response {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), "GET", s.server.URL+"/_bext"+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := s.server.Client().Do(r)
	if err != nil {
		s.Fatal(err)
	}
	return response
}

func readEvents(t *testing.T, response *http.Response, enough func(event) bool) (events []event) {
	t.Helper()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 4<<20)
	var e event
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		switch value = strings.TrimPrefix(value, " "); name {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "data":
			e.Data = value
		case "":
			if e.Data != "" {
				events = append(events, e)
				if enough != nil && enough(e) {
					return events
				}
			}
			e = event{}
		}
	}
	return events
}

func names(events []event) (list []string) {
	for _, e := range events {
		list = append(list, e.step())
	}
	return list
}

// onStores runs a test on both stores.
func onStores(t *testing.T, test func(s *site)) {
	t.Run("memory", func(t *testing.T) { test(newSite(t)) })
	t.Run("sqlite", func(t *testing.T) {
		st, err := sqlite.Open(filepath.Join(t.TempDir(), "runs.db"))
		if err != nil {
			t.Fatal(err)
		}
		test(newSiteOn(t, st))
	})
}

func TestARunIsFollowedLiveAndAfterwards(t *testing.T) {
	onStores(t, func(s *site) {
		id := s.start(`{"orderId":"o1","count":13,"ask":true}`)
		live := make(chan []event)
		go func() { live <- s.follow("/flows/"+id+"/stream", "", nil) }()
		s.until(id, "waiting")
		s.do("POST", "/flows/"+id+"/signals/approval", `{"by":"ann"}`).is(202)
		got := <-live
		want := []string{
			"run_started", "step_started charge", "step_completed charge", "step_started approval", "signal_received approval",
			"step_completed approval", "step_started ship", "step_failed ship", "compensation_started charge", "step_compensated charge", "run_failed",
		}
		if diff := cmp.Diff(want, names(got)); diff != "" {
			s.Fatalf("events (-want +got):\n%s", diff)
		}
		if !strings.Contains(got[2].Data, `"result":{"id":"ch_o1"}`) || !strings.Contains(got[10].Data, `"status":"failed"`) {
			s.Errorf("the data are %s and %s", got[2].Data, got[10].Data)
		}
		after := s.follow("/flows/"+id+"/stream", "", nil)
		if diff := cmp.Diff(got, after); diff != "" {
			s.Errorf("who comes late gets another history (-live +late):\n%s", diff)
		}
		last := got[len(got)-1].ID
		if r := s.open("/flows/"+id+"/stream", last); r.StatusCode != http.StatusNoContent {
			s.Errorf("behind the last event: %d, want 204", r.StatusCode)
		}
	})
}

// TestAThousandReconnects: whoever comes back with any id gets exactly what is behind it, also
// while the run goes on.
func TestAThousandReconnects(t *testing.T) {
	onStores(t, func(s *site) {
		id := s.start(`{"orderId":"o1","ask":true}`)
		s.until(id, "waiting")
		pausing := make(chan struct{})
		go func() {
			defer close(pausing)
			for range 40 {
				s.do("POST", "/admin/flows/"+id+"/pause", "").is(200)
				s.until(id, "paused")
				s.do("POST", "/admin/flows/"+id+"/resume", "").is(200)
				s.until(id, "waiting")
			}
			s.do("POST", "/flows/"+id+"/signals/approval", `{"by":"ann"}`).is(202)
		}()
		dice := rand.New(rand.NewPCG(1, 2))
		var got []event
		lastID, reconnects := "", 0
		for len(got) == 0 || !strings.HasPrefix(got[len(got)-1].Name, "run_completed") {
			take := 1 + dice.IntN(3)
			got = append(got, s.follow("/flows/"+id+"/stream", lastID, func(event) bool { take--; return take == 0 })...)
			lastID = got[len(got)-1].ID
			reconnects++
		}
		<-pausing
		want := s.follow("/flows/"+id+"/stream", "", nil)
		if diff := cmp.Diff(want, got); diff != "" {
			s.Fatalf("after %d reconnects (-history +got):\n%s", reconnects, diff)
		}
		if len(want) < 80 {
			s.Fatalf("there were only %d events", len(want))
		}
		for ; reconnects < 1000; reconnects++ {
			from := dice.IntN(len(want))
			got := s.follow("/flows/"+id+"/stream", want[from].ID, nil)
			if !slices.Equal(got, want[from+1:]) {
				s.Fatalf("behind %s: %v, want %v", want[from].ID, got, want[from+1:])
			}
		}
	})
}

func TestManyRunsAreFollowedAndResumed(t *testing.T) {
	onStores(t, func(s *site) {
		response := s.open("/flows/stream?flow_id=order", "")
		defer response.Body.Close()
		var ids []string
		for i := range 10 {
			ids = append(ids, s.start(fmt.Sprintf(`{"orderId":"o%d"}`, i)))
		}
		ended := 0
		all := readEvents(s.T, response, func(e event) bool {
			if e.Name == "run_completed" {
				ended++
			}
			return ended == len(ids)
		})
		bySequence := map[string][]string{}
		for _, e := range all {
			var d struct {
				RunID string `json:"run_id"`
			}
			if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
				s.Fatal(err)
			}
			bySequence[d.RunID] = append(bySequence[d.RunID], e.step())
		}
		for _, id := range ids {
			if want := names(s.follow("/flows/"+id+"/stream", "", nil)); !slices.Equal(bySequence[id], want) {
				s.Errorf("run %s among many: %v, want %v", id, bySequence[id], want)
			}
		}
		for i := range all[:len(all)-1] {
			rest := all[i+1:]
			n := 0
			got := s.follow("/flows/stream?flow_id=order", all[i].ID, func(event) bool { n++; return n == len(rest) })
			if diff := cmp.Diff(rest, got); diff != "" {
				s.Fatalf("behind %s (-want +got):\n%s", all[i].ID, diff)
			}
		}
	})
}

func TestTenantsFollowTheirOwnRunsAlone(t *testing.T) {
	s := newSite(t)
	theirs := s.start(`{"orderId":"o1"}`, "Bextgen-Tenant", "acme")
	s.until(theirs, "completed")
	s.is(web.Principal{Name: "eve", May: web.MayRead | web.MayStart, Tenants: []string{"evil"}})
	for _, last := range []string{"", theirs + "-3"} {
		a := s.do("GET", "/flows/"+theirs+"/stream", "", "Last-Event-ID", last)
		none := s.do("GET", "/flows/01ARZ3NDEKTSV4RRFFQ69G5FAV/stream", "", "Last-Event-ID", strings.ReplaceAll(last, theirs, "01ARZ3NDEKTSV4RRFFQ69G5FAV"))
		if a.status != none.status || strings.ReplaceAll(string(a.body), theirs, "01ARZ3NDEKTSV4RRFFQ69G5FAV") != string(none.body) {
			t.Errorf("theirs: %d %s, nobody's: %d %s", a.status, a.body, none.status, none.body)
		}
	}
	got := make(chan []event)
	response := s.open("/flows/stream", "1-"+theirs+"-1")
	go func() {
		got <- readEvents(t, response, func(e event) bool { return e.Name == "run_completed" })
		response.Body.Close()
	}()
	mine := s.start(`{"orderId":"mine"}`)
	for _, e := range <-got {
		if !strings.Contains(e.Data, mine) {
			t.Errorf("another tenant's event: %v", e)
		}
	}
	if a := s.get("/flows/stream?tenant_id=acme&limit=3"); a.status != 400 {
		t.Errorf("a parameter that streams do not have: %d", a.status)
	}
}

func TestHistoryThatIsGoneIsAReset(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1"}`)
	s.until(id, "completed")
	first := func(event) bool { return true }
	if got := s.follow("/flows/"+id+"/stream", id+"-999", nil); got[0].Name != "reset" || got[0].ID != id+"-0" || got[1].Name != "run_started" {
		t.Errorf("behind an event that never was: %v", got)
	}
	if got := s.follow("/flows/stream", "999999", first); got[0].Name != "reset" || got[0].ID == "" {
		t.Errorf("behind a commit that never was: %v", got)
	}
	s.do("DELETE", "/admin/flows/"+id, "").is(200)
	if got := s.follow("/flows/"+id+"/stream", id+"-2", nil); len(got) != 1 || got[0].Name != "reset" || got[0].ID != "" {
		t.Errorf("of a deleted run: %v", got)
	}
	if got := s.follow("/flows/stream", "1", first); got[0].Name != "reset" {
		t.Errorf("many runs, one of which was deleted: %v", got)
	}
	s.get("/flows/" + id + "/stream").problem(404)
}

func TestSecretsAreHiddenInEventsAndAnswers(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1","card":"4242-4242"}`)
	s.until(id, "completed")
	told := fmt.Sprint(s.follow("/flows/"+id+"/stream", "", nil))
	if strings.Contains(told, "4242") || !strings.Contains(told, `"token":"•••"`) {
		t.Errorf("events: %s", told)
	}
	for _, path := range []string{"/admin/flows/" + id + "?history=true", "/admin/flows"} {
		if body := string(s.get(path).is(200).body); strings.Contains(body, "4242") {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestEventIDsOfOthersAreRefused(t *testing.T) {
	s := newSite(t)
	one, other := s.start(`{"orderId":"o1"}`), s.start(`{"orderId":"o2"}`)
	for _, id := range []string{other + "-3", one, one + "-", one + "-x", one + "--1", one + "-03", "3", "'; DROP TABLE runs; --"} {
		if p := s.do("GET", "/flows/"+one+"/stream", "", "Last-Event-ID", id).problem(400); p.Field != "Last-Event-ID" {
			t.Errorf("%q: %+v", id, p)
		}
	}
	for _, id := range []string{one + "-3", "x", "1-2", "-1", "1-" + one + "-x", "01", "1-" + one + "-0", "99999999999999999999"} {
		if p := s.do("GET", "/flows/stream", "", "Last-Event-ID", id).problem(400); p.Field != "Last-Event-ID" {
			t.Errorf("%q: %+v", id, p)
		}
	}
}

func TestAPeersClientReadsTheStream(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1"}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", s.server.URL+"/_bext/flows/"+id+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	connection := (&sse.Client{HTTPClient: s.server.Client()}).NewConnection(r)
	connection.SubscribeToAll(func(e sse.Event) {
		if got = append(got, e.Type); e.Type == "run_completed" {
			cancel()
		}
	})
	if err := connection.Connect(); ctx.Err() == nil {
		t.Fatal(err)
	}
	want := []string{"run_started", "step_started", "step_completed", "step_skipped", "step_started", "step_completed", "run_completed"}
	if !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
}

func TestStreamsEndWithTheRuntime(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1","ask":true}`)
	s.until(id, "waiting")
	one, many := s.open("/flows/"+id+"/stream", ""), s.open("/flows/stream", "")
	if err := s.rt.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := names(readEvents(t, one, nil)); got[len(got)-1] != "step_started approval" {
		t.Errorf("events: %v", got)
	}
	readEvents(t, many, nil)
	if _, err := s.rt.FollowRuns(t.Context(), runtime.RunFilter{}, nil); err == nil {
		t.Error("a closed runtime is followed")
	}
}
