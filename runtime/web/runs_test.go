package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/web"
)

func TestARunFromItsStartToItsEnd(t *testing.T) {
	s := newSite(t)
	started := s.do("POST", "/flows/order", `{"orderId":"o1","count":9007199254740993,"ask":true}`, "Bextgen-Tenant", "acme").is(202)
	var answer web.StartAnswer
	started.into(&answer)
	if got := started.header.Get("Location"); got != "/_bext/admin/flows/"+answer.RunID {
		t.Errorf("the run is at %q", got)
	}
	run := s.until(answer.RunID, "waiting")
	if run.TenantID != "acme" || run.FlowID != "order" || run.StartedAt == nil || run.FinishedAt != nil {
		t.Errorf("the run is %+v", run)
	}
	if !strings.Contains(string(run.Input), `"count":9007199254740993`) {
		t.Errorf("the input is %s", run.Input)
	}
	s.do("POST", "/flows/"+run.ID+"/signals/approval", `{"by":"ann"}`).is(202)
	run = s.until(run.ID, "completed")
	if string(run.Output) != `{"id":"ch_o1"}` || len(run.Steps) != 3 || len(run.Signals) != 1 || run.Signals[0].Actor != "ops" {
		t.Errorf("the run is %+v", run)
	}
	if a := run.Steps[0].Attempts; len(a) != 1 || a[0].Status != flow.StatusCompleted || string(a[0].Output) != `{"id":"ch_o1"}` {
		t.Errorf("the first step's attempts are %+v", a)
	}
}

func TestListsArePagedByACursorOfTheirFilter(t *testing.T) {
	s := newSite(t)
	var want []string
	for i := range 5 {
		want = append(want, s.start(fmt.Sprintf(`{"orderId":"o%d"}`, i)))
	}
	slices.Reverse(want)
	var got []string
	cursor := ""
	for {
		var page web.RunPage
		s.get("/admin/flows?flow_id=order&limit=2&cursor=" + url.QueryEscape(cursor)).is(200).into(&page)
		for _, r := range page.Runs {
			got = append(got, r.ID)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
		if p := s.get("/admin/flows?limit=2&cursor=" + url.QueryEscape(cursor)).problem(400); p.Field != "cursor" {
			t.Errorf("a cursor of another filter: %+v", p)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages have %v, want %v", got, want)
	}
}

func TestActs(t *testing.T) {
	s := newSite(t)
	id := s.start(`{"orderId":"o1","ask":true}`)
	s.until(id, "waiting")
	s.do("POST", "/admin/flows/"+id+"/pause", `{"reason":"lunch"}`).is(200)
	s.until(id, "paused")
	s.do("DELETE", "/admin/flows/"+id, "").problem(409)
	s.do("POST", "/admin/flows/"+id+"/retry", "").problem(409)
	s.do("POST", "/admin/flows/"+id+"/resume", "").is(200)
	s.until(id, "waiting")
	s.do("POST", "/admin/flows/"+id+"/resume", "").problem(409)
	s.do("POST", "/admin/flows/"+id+"/skip-delay", `{"step_name":"ship"}`).problem(409)
	s.do("POST", "/admin/flows/"+id+"/explode", "").problem(404)
	s.do("POST", "/admin/flows/"+id+"/cancel", `{"reason":"enough"}`).is(200)
	run := s.until(id, "cancelled")
	var did []string
	for _, a := range run.Acts {
		did = append(did, a.Act+" "+a.Actor)
	}
	if want := []string{"pause ops", "resume ops", "cancel ops"}; !slices.Equal(did, want) {
		t.Errorf("acts: %v, want %v", did, want)
	}
	s.do("POST", "/admin/flows/"+id+"/cancel", "").problem(409)
	if p := s.do("POST", "/admin/flows/"+id+"/fork", "").problem(400); p.Field != "step_name" {
		t.Errorf("a fork from nowhere: %+v", p)
	}
	var made web.ActAnswer
	s.do("POST", "/admin/flows/"+id+"/rerun", "").is(200).into(&made)
	if again := s.until(*made.NewRunID, "waiting"); *again.RetryOf != id {
		t.Errorf("the new run is %+v", again)
	}
	s.do("DELETE", "/admin/flows/"+id, "").is(200)
	s.get("/admin/flows/" + id).problem(404)
}

func TestBulkActs(t *testing.T) {
	s := newSite(t)
	for i := range 3 {
		s.until(s.start(fmt.Sprintf(`{"orderId":"o%d","ask":true}`, i)), "waiting")
	}
	done := s.start(`{"orderId":"done"}`)
	s.until(done, "completed")
	var b web.BulkAnswer
	s.do("POST", "/admin/flows/bulk", `{"act":"cancel","filter":{"status":"running"},"dry_run":true}`).is(200).into(&b)
	if b.Matched != 3 || b.Done != 0 {
		t.Errorf("a dry run: %+v", b)
	}
	b = web.BulkAnswer{}
	s.do("POST", "/admin/flows/bulk", `{"act":"cancel","filter":{},"reason":"all"}`).is(200).into(&b)
	if b.Matched != 4 || b.Done != 3 || len(b.Failed) != 1 || b.Failed[0].RunID != done {
		t.Errorf("a bulk act: %+v", b)
	}
	for _, c := range []struct{ body, field string }{
		{`{"act":"explode","filter":{}}`, "act"},
		{`{"act":"cancel"}`, "filter"},
		{`{"act":"cancel","filter":{"status":"lost"}}`, "status"},
		{`{"act":"cancel","filter":{"cursor":"x"}}`, "filter.cursor"},
		{`{"act":"cancel","filter":{"stauts":"failed"}}`, "stauts"},
		{`{"act":"cancel","filter":{},"dryrun":true}`, "dryrun"},
	} {
		if p := s.do("POST", "/admin/flows/bulk", c.body).problem(400); p.Field != c.field {
			t.Errorf("%s: %+v, want the field %s", c.body, p, c.field)
		}
	}
}

func TestStartsThatAreRefused(t *testing.T) {
	s := newSite(t, web.WithMaxBody(1000))
	for _, c := range []struct {
		name, body, header string
		status             int
		field              string
	}{
		{"no JSON", `{"orderId":`, "", 400, ""},
		{"null", `null`, "", 422, ""},
		{"null beside options", `{"input":null}`, "", 422, ""},
		{"another type", `{"orderId":"o1","count":"many"}`, "", 422, "count"},
		{"against the rules", `{"orderId":"o1","count":-1}`, "", 422, "count"},
		{"too large", `{"orderId":"` + strings.Repeat("x", 2000) + `"}`, "", 413, ""},
		{"a wrong priority", `{"orderId":"o1"}`, "high", 400, "Bextgen-Priority"},
		{"an unknown field beside the input", `{"input":{"orderId":"o1"},"tenant":"a"}`, "", 400, "tenant"},
	} {
		var header []string
		if c.header != "" {
			header = []string{"Bextgen-Priority", c.header}
		}
		if p := s.do("POST", "/flows/order", c.body, header...).problem(c.status); p.Field != c.field {
			t.Errorf("%s: %+v, want the field %q", c.name, p, c.field)
		}
	}
	s.do("POST", "/flows/nothing", `{}`).problem(404)
}

func TestAStartWithItsOptionsInTheBody(t *testing.T) {
	s := newSite(t)
	body := `{"input":{"orderId":"o1"},"tenant_id":"acme","priority":7,"idempotency_key":"k","labels":{"team":"a"}}`
	id := s.start(body)
	run := s.until(id, "completed")
	if run.TenantID != "acme" || run.Priority != 7 || run.Labels["team"] != "a" {
		t.Errorf("the run is %+v", run.Run)
	}
	var again web.StartAnswer
	s.do("POST", "/flows/order", body).is(200).into(&again)
	if !again.Existing || again.RunID != id {
		t.Errorf("a second start: %+v", again)
	}
}

// curl -d says of all that it sends that it is a form.
func TestJSONThatIsCalledAForm(t *testing.T) {
	s := newSite(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	id := s.start(`{"orderId":"o1","ask":true}`, form...)
	s.until(id, "waiting")
	s.do("POST", "/admin/flows/"+id+"/pause", `{"reason":"no stock"}`, form...).is(200)
	s.do("POST", "/admin/flows/"+id+"/resume", ``, form...).is(200)
	s.do("POST", "/flows/"+id+"/signals/approval", `{"by":"ann"}`, form...).is(202)
	run := s.until(id, "completed")
	if len(run.Acts) != 2 || run.Acts[0].Reason != "no stock" {
		t.Errorf("the acts are %+v", run.Acts)
	}
	if len(run.Signals) != 1 || string(run.Signals[0].Payload) != `{"by":"ann"}` {
		t.Errorf("the signals are %+v", run.Signals)
	}
}

// A part of a query that cannot be read is not left out: that would select more.
func TestQueriesThatCannotBeRead(t *testing.T) {
	s := newSite(t)
	for _, query := range []string{"status=failed&label=a%3Db%zz", "status=failed;flow_id=order"} {
		s.get("/admin/flows?" + query).problem(400)
		s.get("/flows/stream?" + query).problem(400)
	}
}

func TestActsThatWait(t *testing.T) {
	s := newSite(t)
	run, err := s.rt.StartRun(t.Context(), "order", []byte(`{"orderId":"o1"}`), runtime.WithStartDelay(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	s.do("POST", "/admin/flows/"+run.ID+"/pause", `{"reason":"no stock"}`).is(200)
	var d web.RunDetail
	s.get("/admin/flows/" + run.ID).is(200).into(&d)
	if len(d.Acts) != 1 || d.Acts[0].Act != "pause" || d.Acts[0].Reason != "no stock" || d.Acts[0].Actor != "ops" || !d.Acts[0].Waits {
		t.Errorf("the acts are %+v", d.Acts)
	}
	page := string(s.do("GET", "/admin/flows/"+run.ID, "", "Accept", "text/html").is(200).body)
	for _, says := range []string{"which it has not obeyed yet", "no stock", `commandfor="act-resume"`} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	s.do("POST", "/admin/flows/"+run.ID+"/resume", ``).is(200)
}
