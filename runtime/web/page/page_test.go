package page_test

import (
	"errors"
	"flag"
	"fmt"
	stdhtml "html"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/web/page"
)

var folder = flag.String("pages", "", "a `folder` into which the pages are written, for a person to look at")

// written are all kinds of pages in all states, by name.
func written() map[string]func(w io.Writer) error {
	run := func(r page.Run) func(w io.Writer) error {
		return func(w io.Writer) error { return page.WriteRun(w, site(), r) }
	}
	query := func(q string) url.Values {
		v, err := url.ParseQuery(q)
		if err != nil {
			panic(err)
		}
		return v
	}
	list := func(l page.List) func(w io.Writer) error {
		return func(w io.Writer) error { return page.WriteList(w, site(), l) }
	}
	cancelled := failedRun()
	cancelled.Status, cancelled.Error = flow.StatusCancelled, &flow.Error{Kind: flow.ErrorCancelled, Message: "cancelled: the customer called"}
	paused := runningRun()
	paused.Phase = flow.PhasePaused
	parked := runningRun()
	parked.Phase = flow.PhaseParked
	pending := runningRun()
	pending.Status, pending.Phase, pending.Log, pending.Steps, pending.StartedAt = flow.StatusPending, "", nil, nil, noon.Add(-noon.Sub(noon))
	pending.StartedAt = pending.FinishedAt
	return map[string]func(w io.Writer) error{
		"failed":    run(page.Run{Detail: failedRun(), Flow: processOrder(), Repeats: summaries()[:1]}),
		"attempt":   run(page.Run{Detail: failedRun(), Flow: processOrder(), Query: query("attempt=1")}),
		"running":   run(page.Run{Detail: runningRun(), Flow: processOrder()}),
		"pending":   run(page.Run{Detail: pending, Flow: processOrder()}),
		"parked":    run(page.Run{Detail: parked}),
		"paused":    run(page.Run{Detail: paused, Flow: processOrder()}),
		"waiting":   run(page.Run{Detail: waitingRun(), Flow: described("onboarding/onboard_customer.flow.json")}),
		"cancelled": run(page.Run{Detail: cancelled, Flow: processOrder()}),
		"long":      run(page.Run{Detail: longRun()}),
		"longstep":  run(page.Run{Detail: longRun(), Query: query("step=poll&from=5000")}),
		"huge":      run(page.Run{Detail: hugeRun()}),
		"value":     run(page.Run{Detail: hugeRun(), Query: query("value=error&entry=10002")}),
		"hostile":   run(page.Run{Detail: hostileRun(), Query: query("")}),
		"list": list(page.List{
			Runs: summaries(), Next: "cursor", Flows: []string{"onboard-customer", "process-order"}, Stats: flowStats(),
		}),
		"empty":   list(page.List{}),
		"nomatch": list(page.List{Query: query("q=nothing+like+this&status=failed")}),
		"hour":    list(page.List{Query: query("since=2026-11-23T11:00:00Z&until=1795435200000&phase=waiting&label=a%3D1&label=b%3D2"), Stats: flowStats()}),
		"hostilelist": list(page.List{
			Query: query("q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&flow_id=%3Cb%3E"), Flows: []string{"<b>"},
			Runs: []runtime.RunSummary{hostileRun().RunSummary},
		}),
		"flows": func(w io.Writer) error {
			return page.WriteFlows(w, site(), page.Flows{
				Flows: []*description.Flow{processOrder(), described("onboarding/onboard_customer.flow.json")},
				Stats: map[string]runtime.FlowStats{"process-order": *flowStats()},
			})
		},
		"noflows": func(w io.Writer) error { return page.WriteFlows(w, site(), page.Flows{}) },
		"flow": func(w io.Writer) error {
			var steps page.Steps
			steps.Add(failedRun().Log)
			steps.Add(runningRun().Log)
			return page.WriteFlow(w, site(), page.Flow{Description: processOrder(), Versions: []string{"1.0"}, Stats: flowStats(), Steps: steps})
		},
		"nostats": func(w io.Writer) error {
			return page.WriteFlow(w, site(), page.Flow{Description: described("onboarding/onboard_customer.flow.json")})
		},
		"login": func(w io.Writer) error {
			return page.WriteLogin(w, page.Site{Prefix: "/_bext", Now: noon}, page.Login{Action: "/_bext/login", Next: "/_bext/admin/flows", Wrong: true})
		},
		"notfound": func(w io.Writer) error {
			return page.WriteProblem(w, site(), page.Problem{Status: 404, Title: "There is no such run", Detail: "It may have been deleted when its retention was over."})
		},
	}
}

func flowStats() *runtime.FlowStats {
	s := &runtime.FlowStats{
		Pending: 4, Running: 112, Completed: 18204, Failed: 37, Cancelled: 9,
		P50: 2140 * time.Millisecond, P95: 6900 * time.Millisecond, P99: 41 * time.Second,
	}
	for i := range 30 { // more than is shown
		at := noon.Add(time.Duration(i-28) * time.Hour)
		s.Slots = append(s.Slots, runtime.Slot{At: at, Happened: runtime.Happened{Started: int64(40 + (i*37)%53), Failed: int64(max(0, (i*7)%19-14))}})
	}
	return s
}

// TestWrite writes all pages into the folder, if there is one, and bounds their sizes.
func TestWrite(t *testing.T) {
	for name, text := range drawn() {
		if name != "value" && len(text) > 600<<10 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		if *folder != "" {
			save(t, filepath.Join(*folder, name+".html"), []byte(text))
		}
	}
	if *folder == "" {
		return
	}
	for _, name := range []string{"style.css", "graph.css", "page.js", "icon.svg"} {
		text, _, ok := page.Asset(name)
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		save(t, filepath.Join(*folder, "_bext/assets", name), text)
	}
}

func save(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// drawn are all pages, drawn once.
var drawn = sync.OnceValue(func() map[string]string {
	pages := map[string]string{}
	for name, write := range written() {
		var b strings.Builder
		if err := write(&b); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		pages[name] = b.String()
	}
	return pages
})

var (
	tags   = regexp.MustCompile(`(?s)<svg class="sprite".*?</svg>|<dialog.*?</dialog>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// read is what a page says to a reader: without tags, and what dialogs ask.
func read(name string) string {
	text := stdhtml.UnescapeString(tags.ReplaceAllString(drawn()[name], " "))
	return strings.TrimSpace(spaces.ReplaceAllString(text, " "))
}

// TestSays holds what an operator has to find on each page, in this order.
func TestSays(t *testing.T) {
	for name, want := range map[string][]string{
		"failed": {
			"failed", "after 8.46s", "attempt 2 of 3", "running Repeated by 01KB4V7Q2M8T5W9XJ3RZC6N999", "fulfill failed", "process-order.flow.yaml:43", "503 Service Unavailable",
			"With", `"orderId": "ord_1042"`, "Tried", "999ms", "Before", "Attempt 1", "Undone", "charge-payment", "by refund-payment",
			"Stays", "validate", "nothing undoes it", "goes on from charge-payment and keeps the results of validate",
			"Timeline", "Attempt 1 of the flow", "Attempt 2 of the flow", "Steps", "Graph", "2 times with another input",
		},
		"attempt":   {"fulfill failed", "Steps", "connection reset by peer", "fulfill"},
		"running":   {"running", "charge-payment is under way, attempt 2", "40 %", "2 of 5 confirmations", "Steps"},
		"waiting":   {"waiting", "decision waits for its signal", "billing waits for the run that it called", "create-workspace pauses before attempt 2", "workspace service: timeout", "Signals and acts", "resumed by ada", "paused the mail server moves by ada", "9007199254740993"},
		"pending":   {"pending", "It waits for a place to run", "Nothing has begun"},
		"parked":    {"parked", "No program that is running has code for process-order 1.0"},
		"paused":    {"paused", "Somebody paused it"},
		"cancelled": {"cancelled", "Cancelled", "the customer called", "Undone"},
		"long":      {"poll pauses before attempt 10001", "the invoice is not there yet", "10,000 attempts", "9,992 earlier attempts"},
		"longstep":  {"attempts 5,001 to 5,050 of 10,000", "attempt 5001", "attempt 5050", "Before", "Next"},
		"huge":      {"finish failed", "no space left on device", "999,984 bytes. Show all", "With", "1,048,578 bytes", "rows[].insert × 5,000", "Steps", "1 to 100 of 5,001"},
		"value":     {"error of finish, attempt 1", "999,984 bytes"},
		"empty":     {"There is no run yet"},
		"nomatch":   {"No run fits this filter", "Show all runs"},
		"hour":      {"Created from 23 Nov 2026, 11:00:00 UTC until 23 Nov 2026", "Any time", "No run fits"},
		"list":      {"All 18,366", "Failed 37", "process-order", "atelier-lyon", "channel=web", "fulfill: carrier", "Older"},
		"flows":     {"onboard-customer", "process-order", "18,366", "37", "2.14s", "6.90s"},
		"flow":      {"process-order", "Failed 37", "Graph", "in the last 2 runs", "charge-payment", "2 retries, exponential from 1s", "timeout 1m", "undone by refund-payment", "4", "50 %", "payment-declined", "process-order.flow.yaml", "flow: process-order"},
		"nostats":   {"onboard-customer", "decision", "timeout 1d, then continue", "for each of input.seats, 4 at a time", "provision-seat"},
		"noflows":   {"No flow is registered"},
		"login":     {"Sign in", "That token is not right"},
		"notfound":  {"404", "There is no such run"},
	} {
		text := read(name)
		for _, part := range want {
			_, rest, found := strings.Cut(text, part)
			if !found {
				t.Errorf("%s does not say %q where it should; from there it says\n%.2000s", name, part, text)
				break
			}
			text = rest
		}
	}
}

// TestNothingInline holds that pages keep a strict Content-Security-Policy, and that
// nothing that somebody wrote into a run gets to be markup.
func TestNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)=|<script|<style|javascript:|<img`)
	module := regexp.MustCompile(`<script type="module" src="/_bext/assets/page.js"></script>`)
	values := regexp.MustCompile(`"[^"]*"`) // a quote that somebody wrote is not one any more
	for name := range written() {
		text := values.ReplaceAllString(module.ReplaceAllString(drawn()[name], ""), `""`)
		if found := inline.FindString(text); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
	if text := read("hostile"); !strings.Contains(text, `"><script>alert(1)</script>`) {
		t.Error("what somebody wrote is not shown as it is")
	}
}

// TestAsks holds which acts a page offers, and that each asks first.
func TestAsks(t *testing.T) {
	act := regexp.MustCompile(`data-act="([a-z-]+)"`)
	for name, want := range map[string]string{
		"failed": "retry rerun fork delete", "running": "pause cancel terminate", "paused": "resume cancel terminate",
		"waiting": "pause cancel terminate signal skip-delay", "long": "pause cancel terminate skip-delay", "list": "bulk", "empty": "",
	} {
		page := drawn()[name]
		var got []string
		for _, m := range act.FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
			if m[1] != "skip-delay" && !strings.Contains(page, `commandfor="act-`+m[1]+`"`) && !regexp.MustCompile(`commandfor="`+m[1]+`(-\d+)?"`).MatchString(page) {
				t.Errorf("%s: nothing opens the question for %s", name, m[1])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s offers %v, not %s", name, got, want)
		}
	}
	var b strings.Builder
	reader := site()
	reader.MayOperate = false
	if err := page.WriteRun(&b, reader, page.Run{Detail: waitingRun()}); err != nil {
		t.Fatal(err)
	}
	if act.MatchString(b.String()) {
		t.Error("who may only read is offered an act")
	}
}

func TestNoValue(t *testing.T) {
	for _, q := range []string{"value=error&entry=7x", "value=error&entry=9999999", "value=fields&entry=2", "value=error&entry=2", "value="} {
		query, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		if err := page.WriteRun(io.Discard, site(), page.Run{Detail: hugeRun(), Query: query}); !errors.Is(err, page.ErrNoValue) {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestPayloadToFillIn(t *testing.T) {
	textarea := regexp.MustCompile(`(?s)<textarea[^>]*>(.*?)</textarea>`).FindStringSubmatch(drawn()["waiting"])
	if textarea == nil {
		t.Fatal("there is no payload to fill in")
	}
	if got, want := stdhtml.UnescapeString(textarea[1]), "{\n  \"approved\": false,\n  \"by\": \"\"\n}"; got != want {
		t.Errorf("it is %s, not %s", got, want)
	}
}

// What a form has no field for is in it all the same, and so are all values of what it has one for.
func TestFilterIsKept(t *testing.T) {
	for _, want := range []string{
		`<input type="hidden" name="phase" value="waiting">`, `<input type="hidden" name="label" value="b=2">`, `name="label" value="a=1"`,
		`href="/_bext/admin/flows?label=a%3D1&amp;label=b%3D2&amp;phase=waiting&amp;since=2026-11-23T11%3A00%3A00Z&amp;status=failed&amp;until=1795435200000"`,
		`href="/_bext/admin/flows?label=a%3D1&amp;label=b%3D2&amp;phase=waiting&amp;since=2026-11-23T12%3A00%3A00Z&amp;until=2026-11-23T13%3A00%3A00Z"`,
	} {
		if !strings.Contains(drawn()["hour"], want) {
			t.Errorf("the list does not have %s", want)
		}
	}
}
