package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/web"
)

// This file is the dashboard in a browser, through the real server.

// shop are the handlers of process-order. What is held waits until it is let go.
type shop struct {
	mu   sync.Mutex
	held map[string]chan struct{} // by step and order, such as "charge ord_1"
}

// hold makes a step wait; the function that it returns lets it go.
func (s *shop) hold(what string) (letGo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]chan struct{}{}
	}
	gate := make(chan struct{})
	s.held[what] = gate
	return sync.OnceFunc(func() { close(gate) })
}

func (s *shop) pass(ctx context.Context, what string) error {
	s.mu.Lock()
	gate := s.held[what]
	s.mu.Unlock()
	if gate == nil {
		return nil
	}
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *shop) Validate(ctx context.Context, in orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	return orders.ProcessOrderValidateOutput{Order: orders.Order{
		ID: in.OrderID, Email: "ada@example.com", PaymentMethod: "card-tok-4242", Total: 129.9, Address: "12 Rue des Lilas, Lyon",
		Items: []orders.Item{{SKU: "lamp-oak", Quantity: 1}, {SKU: "bulb-e27", Quantity: 4}},
	}}, s.pass(ctx, "validate "+in.OrderID)
}

func (s *shop) ChargePayment(ctx context.Context, in orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	return orders.ProcessOrderChargePaymentOutput{ChargeID: "ch_" + in.OrderID}, s.pass(ctx, "charge "+in.OrderID)
}

func (s *shop) RefundPayment(ctx context.Context, in orders.ProcessOrderChargePaymentInput, _ orders.ProcessOrderChargePaymentOutput) error {
	return s.pass(ctx, "refund "+in.OrderID)
}

// errNoVehicle is why orders whose id says so are not shipped.
var errNoVehicle = errors.New("carrier: POST /shipments: 503 Service Unavailable (no vehicle before Thursday)")

func (s *shop) Fulfill(ctx context.Context, in orders.ProcessOrderFulfillInput) (orders.ProcessOrderFulfillOutput, error) {
	if err := s.pass(ctx, "fulfill "+in.OrderID); err != nil {
		return orders.ProcessOrderFulfillOutput{}, err
	}
	if strings.HasPrefix(in.OrderID, "bad_") {
		return orders.ProcessOrderFulfillOutput{}, runtime.Permanent(errNoVehicle)
	}
	return orders.ProcessOrderFulfillOutput{Shipped: true}, nil
}

func (s *shop) Notify(ctx context.Context, in orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	return orders.ProcessOrderNotifyOutput{Notified: true}, s.pass(ctx, "notify "+in.OrderID)
}

// order starts process-order for an order.
func (s *site) order(id string, opts ...runtime.StartOption) (runID string) {
	s.Helper()
	run, err := s.rt.StartRun(s.Context(), "process-order", json.RawMessage(`{"orderId":"`+id+`"}`), opts...)
	if err != nil {
		s.Fatal(err)
	}
	return run.ID
}

// newShop is a site with the shop's flow.
func newShop(t *testing.T, st store.Store, of ...runtime.Option) (*site, *shop) {
	t.Helper()
	s, steps := newSiteOf(t, st, of), &shop{}
	if err := orders.RegisterProcessOrder(s.rt, steps); err != nil {
		t.Fatal(err)
	}
	return s, steps
}

// TestDashboard is one browser for all of its parts, which takes a while to start.
func TestDashboard(t *testing.T) {
	browser := newBrowser(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{
		{"followed live to the refund", followedLive},
		{"a filter is an address", filterByAddress},
		{"cancel asks first", cancelAsks},
		{"a failed run is retried", retried},
		{"a signal is sent", signalSent},
		{"bulk counts first", bulkCounts},
		{"keyboard alone", keyboardAlone},
		{"times in the viewer's zone", viewersZone},
		{"light, dark, and a phone", lightDarkPhone},
		{"ten thousand attempts", tenThousand},
		{"signing in", signingIn},
		{"deleted meanwhile", deletedMeanwhile},
		{"without script", withoutScript},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, browser) })
	}
}

func followedLive(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open(), runtime.WithConcurrency(1))
	first, validate := steps.hold("validate ord_0"), steps.hold("validate bad_1")
	charge, refund := steps.hold("charge bad_1"), steps.hold("refund bad_1")
	s.until(s.order("ord_0"), "running") // it has the only place
	id := s.order("bad_1")
	p := newTab(t, browser, s)
	p.open("/admin/flows/" + id)
	p.says("pending", "It waits for a place to run")
	p.eval(`document.body.dataset.loaded = "once"`)
	first()
	p.says("validate is under way")
	validate()
	p.says("charge-payment is under way")
	p.screen("running")
	charge()
	p.says("fulfill failed", "charge-payment is being undone", "compensating")
	refund()
	p.says("undone charge-payment by refund-payment", "503 Service Unavailable", "Retry")
	p.until(`document.querySelector("[role=status]").innerText.trim() === "failed"`)
	if p.eval(`document.body.dataset.loaded`) != "once" {
		t.Error("the page was loaded anew")
	}
	p.until(`document.querySelector("[data-live-state]").hidden`)
	p.screen("failed")
}

func filterByAddress(t *testing.T, browser context.Context) {
	s, _ := newShop(t, memory.New().Open())
	for i := range 3 {
		s.until(s.order(fmt.Sprintf("ord_%d", i)), "completed")
	}
	bad := s.order("bad_1", runtime.WithLabels(map[string]string{"channel": "web"}))
	s.until(bad, "failed")
	p := newTab(t, browser, s)
	p.open("/admin/flows")
	p.says(bad, "All")
	p.click(`.tabs a[href*="failed"]`)
	p.until(`document.readyState === "complete" && document.querySelectorAll("tbody tr").length === 1`)
	p.press("/", "v", "e", "h", "i", "c", "l", "e", kb.Enter)
	p.until(`location.search.includes("q=vehicle")`)
	p.says(bad, "channel=web")
	shared := p.address()
	if got := shared.RawQuery; got != "status=failed&q=vehicle" {
		t.Errorf("the address has the query %s", got)
	}
	p.screen("filtered")

	other := newTab(t, browser, s) // somebody else
	other.open(strings.TrimPrefix(shared.Path, "/_bext") + "?" + shared.RawQuery)
	other.says(bad)
	if got := other.eval(`document.querySelectorAll("tbody tr").length + " " + document.querySelector("[data-search]").value`); got != "1 vehicle" {
		t.Errorf("somebody else sees %s", got)
	}
	other.open("/admin/flows?status=failed")
	other.click(`.spark a:last-child`) // this hour
	other.until(`location.search.includes("since=") && location.search.includes("status=failed")`)
	other.says("Created from", bad)
	other.open("/admin/flows?q=nothing+like+this")
	other.says("No run fits this filter")
	other.screen("no-match")
}

func cancelAsks(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open())
	defer steps.hold("fulfill ord_1")()
	id := s.order("ord_1")
	p := newTab(t, browser, s)
	p.open("/admin/flows/" + id)
	p.says("fulfill is under way")
	p.click(`button[commandfor="act-cancel"]`)
	p.until(`document.querySelector("#act-cancel").open`)
	p.until(`document.querySelector("#act-cancel").innerText.includes("To be undone: charge-payment (by refund-payment).")`)
	p.screen("cancel-asks")
	p.click(`#act-cancel button[formmethod="dialog"]`)
	p.until(`!document.querySelector("#act-cancel").open`)
	if run := s.until(id, "running"); len(run.Acts) > 0 {
		t.Fatalf("who goes back has done %+v", run.Acts)
	}
	p.click(`button[commandfor="act-cancel"]`)
	p.write(`#act-cancel input[name="reason"]`, "the customer called")
	p.click(`#act-cancel [data-confirm]`)
	p.says("cancelled", "the customer called", "by ops")
	p.until(`document.querySelector("[role=status]").innerText.trim() === "cancelled"`)
	if run := s.until(id, "cancelled"); len(run.Acts) != 1 || run.Acts[0].Actor != "ops" {
		t.Errorf("the acts are %+v", run.Acts)
	}
}

func retried(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open())
	id := s.order("bad_1")
	s.until(id, "failed")
	defer steps.hold("charge bad_1")()
	p := newTab(t, browser, s)
	p.open("/admin/flows/" + id)
	p.click(`button[commandfor="act-retry"]`)
	p.until(`document.querySelector("#act-retry").innerText.includes("goes on from charge-payment and keeps the results of validate")`)
	p.screen("retry-asks")
	p.click(`#act-retry [data-confirm]`)
	p.until(`!location.pathname.endsWith(` + quote(id) + `)`)
	p.says("charge-payment is under way", "Repeats", id)
	p.open("/admin/flows/" + id) // the next operator sees it
	p.says("Repeated by")
	p.click(`.repeats a`)
	p.says("charge-payment is under way")
	if got := p.eval(`[...document.querySelectorAll(".block .name")].map((n) => n.innerText.trim()).join(" ")`); got != "validate charge-payment" {
		t.Errorf("the new run has %s", got)
	}
}

func signalSent(t *testing.T, browser context.Context) {
	s, _ := newShop(t, memory.New().Open())
	id := s.start(`{"orderId":"o1","ask":true}`)
	p := newTab(t, browser, s)
	p.open("/admin/flows/" + id)
	p.says("approval waits for its signal")
	p.click(`.now button[commandfor^="signal-"]`)
	p.refuses("/signals/approval")
	p.eval(`document.querySelector(".now dialog textarea").value = '{"by": 7}'`)
	p.click(`.now dialog [data-confirm]`)
	p.until(`document.querySelector(".now dialog .problem").innerText.includes("by")`)
	p.screen("signal-refused")
	p.eval(`document.querySelector(".now dialog textarea").value = '{"by": "ada"}'`)
	p.click(`.now dialog [data-confirm]`)
	p.until(`document.querySelector("[role=status]").innerText.trim() === "completed"`)
	p.says("signal approval by ops")
}

func bulkCounts(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open())
	defer steps.hold("charge ord_2")()
	defer steps.hold("charge ord_1")()
	defer steps.hold("charge ord_3")()
	labels := runtime.WithLabels(map[string]string{"channel": "shop", "day": "monday"})
	first := s.order("ord_1", labels)
	s.order("ord_2", labels)
	p := newTab(t, browser, s)
	s.order("ord_3", runtime.WithLabels(map[string]string{"channel": "web"})) // not of the filter: it stays
	p.open("/admin/flows?status=running,pending&label=channel%3Dshop&label=day%3Dmonday&since=2020-01-01T00:00:00Z")
	p.click(`button[commandfor="bulk"]`)
	p.click(`#bulk [data-count]`)
	p.until(`document.querySelector("#bulk .counted").innerText === "2 runs fit."`)
	p.until(`document.querySelector("#bulk [data-confirm]").innerText === "Cancel 2 runs"`)
	p.screen("bulk-asks")
	if run := s.until(first, "running"); len(run.Acts) > 0 {
		t.Fatalf("counting has done %+v", run.Acts)
	}
	p.click(`#bulk [data-confirm]`)
	p.until(`document.querySelector("#bulk .counted").innerText.includes("Done for 2")`)
	p.press(kb.Escape)
	p.says("No run fits this filter")
}

func keyboardAlone(t *testing.T, browser context.Context) {
	s, _ := newShop(t, memory.New().Open())
	for i := range 3 {
		s.until(s.order(fmt.Sprintf("bad_%d", i)), "failed")
	}
	p := newTab(t, browser, s)
	p.open("/admin/flows")
	p.press(kb.Tab)
	if got := p.eval(`document.activeElement.innerText`); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	p.press("j", "j", "k", "j") // the second one
	second := p.eval(`document.querySelectorAll("tbody [data-row]")[1].getAttribute("href")`)
	if got := p.eval(`document.activeElement.getAttribute("href")`); got != second {
		t.Errorf("the focus is on %s, not on %s", got, second)
	}
	if got := p.eval(`getComputedStyle(document.activeElement).outlineStyle`); got != "solid" {
		t.Errorf("the focus has the outline %s", got)
	}
	p.press("?")
	p.until(`document.querySelector("#keys").open`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("#keys").open`)
	p.press(kb.Enter)
	p.until(`document.readyState === "complete" && location.pathname === ` + quote(second))
	p.press("j") // its first step
	p.until(`document.activeElement.nodeName === "SUMMARY"`)
	p.press(kb.Enter)
	p.until(`document.activeElement.parentElement.open`)
	p.press("a") // the first act, which asks
	p.until(`document.querySelector("#act-retry").open`)
	p.press(kb.Escape, "u")
	p.until(`document.readyState === "complete" && location.pathname.endsWith("/admin/flows")`)
	p.press("/")
	p.until(`document.activeElement.matches("[data-search]")`)
	p.press(kb.Escape)
	p.until(`document.activeElement === document.body`)
}

func viewersZone(t *testing.T, browser context.Context) {
	s, _ := newShop(t, memory.New().Open())
	id := s.order("ord_1")
	s.until(id, "completed")
	p := newTab(t, browser, s)
	command(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"})
	p.open("/admin/flows/" + id)
	p.until(`document.querySelector("footer").innerText.includes("Asia/Tokyo")`)
	stated := p.eval(`document.querySelector("aside time").getAttribute("datetime")`)
	at, err := time.Parse(time.RFC3339, stated)
	if err != nil {
		t.Fatal(err)
	}
	here := at.In(time.FixedZone("JST", 9*60*60)).Format("15:04:05")
	if got := p.eval(`document.querySelector("aside time").innerText`); !strings.Contains(got, here) {
		t.Errorf("%s is shown as %s, not as %s", stated, got, here)
	}
	if got := p.eval(`document.querySelector("aside time").title`); !strings.Contains(got, at.Format("2006-01-02 15:04:05.000 UTC")) {
		t.Errorf("the title of %s is %s", stated, got)
	}
}

func lightDarkPhone(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open())
	defer steps.hold("charge ord_9")()
	for i := range 4 {
		s.until(s.order(fmt.Sprintf("ord_%d", i)), "completed")
	}
	bad := s.order("bad_1", runtime.WithTenant("atelier-lyon"), runtime.WithLabels(map[string]string{"channel": "web"}))
	s.until(bad, "failed")
	waiting := s.start(`{"orderId":"o1","count":9007199254740993,"card":"4242424242424242","ask":true}`)
	s.until(waiting, "waiting")
	s.order("ord_9")
	p := newTab(t, browser, s)
	for name, path := range map[string]string{
		"list": "/admin/flows", "run-failed": "/admin/flows/" + bad, "run-waiting": "/admin/flows/" + waiting,
		"flows": "/admin/definitions", "flow": "/admin/definitions/process-order", "empty": "/admin/flows?flow_id=none",
	} {
		p.size(1440, 1000)
		p.scheme("light")
		p.open(path)
		light := p.eval(`getComputedStyle(document.body).backgroundColor`)
		if poor := p.eval(poorContrast); poor != "" {
			t.Errorf("%s in light: %s", path, poor)
		}
		p.screen(name + "-light")
		p.scheme("dark")
		p.until(`getComputedStyle(document.body).backgroundColor !== ` + quote(light))
		if poor := p.eval(poorContrast); poor != "" {
			t.Errorf("%s in dark: %s", path, poor)
		}
		p.screen(name + "-dark")
		p.scheme("light")
		p.size(390, 844)
		p.open(path)
		if got := p.eval(`document.documentElement.scrollWidth`); got != "390" {
			t.Errorf("%s is %s pixels wide on a phone", path, got)
		}
		p.screen(name + "-phone")
		if got := p.eval(`document.querySelectorAll("main, header, footer").length + " " + document.querySelectorAll("main h1").length + " " + document.documentElement.lang`); !strings.HasSuffix(got, "1 en") {
			t.Errorf("%s has the landmarks and headings %s", path, got)
		}
	}
	p.open("/admin/flows/" + waiting)
	p.says("9007199254740993", "•••")
}

// poorContrast are the texts of a page whose contrast to what is behind them is less than 4.5 (WCAG AA).
const poorContrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
		return [r, g, b, a / 255];
	};
	const over = ([r, g, b, a], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
	const behind = (e) => e ? over(rgba(getComputedStyle(e).backgroundColor), behind(e.parentElement)) : [255, 255, 255];
	const luminance = (c) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const poor = [];
	for (const e of document.body.querySelectorAll("*")) {
		const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.nodeValue).join("").trim();
		if (!text || !e.checkVisibility() || e.closest("svg, .sr, .skip, option")) continue;
		const below = behind(e);
		const [a, b] = [luminance(over(rgba(getComputedStyle(e).color), below)), luminance(below)];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) poor.push(ratio.toFixed(2) + " " + e.className + ": " + text.slice(0, 40));
	}
	return poor.join("; ");
})()`

// pollFlow asks for something again and again.
func pollFlow() (*flow.Definition, *flow.StepDef) {
	step := &flow.StepDef{Name: "poll", Policy: flow.Policy{Retries: 100_000, Backoff: flow.Fixed, BackoffBase: time.Second}}
	return &flow.Definition{
		Flow: "poll-invoice", Version: "1.0", Steps: []*flow.StepDef{step},
		New: func([]byte) (flow.Machine, error) { return &pollMachine{def: step}, nil },
	}, step
}

type pollMachine struct {
	def  *flow.StepDef
	poll flow.Step[flow.None, flow.None]
}

func (m *pollMachine) Next(p *flow.Plan) bool {
	return m.poll.Run(p, m.def, func() flow.None { return flow.None{} })
}
func (m *pollMachine) Output(*flow.Plan) any { return flow.None{} }

func tenThousand(t *testing.T, browser context.Context) {
	const attempts = 10_000
	st := memory.New().Open()
	s, _ := newShop(t, st)
	id := "01KB4V7Q2M8T5W9XJ3RZC6N1DE"
	begun := time.Now().UTC().Truncate(time.Second).Add(-attempts * time.Second)
	log := make([]flow.Entry, attempts)
	for i := range log {
		from := begun.Add(time.Duration(i) * time.Second)
		log[i] = flow.Entry{
			Seq: int64(2*i + 2), EndSeq: int64(2*i + 3), Kind: flow.KindStep, Step: "poll", RunAttempt: 1, Attempt: i + 1, Input: json.RawMessage(`{}`),
			StartedAt: from, FinishedAt: from.Add(200 * time.Millisecond), WakeAt: from.Add(time.Second),
			Error: &flow.Error{Kind: flow.ErrorHandler, Step: "poll", Message: fmt.Sprintf("invoice %d is not there yet", i+1)},
		}
	}
	if _, err := st.Create(t.Context(), store.Run{
		ID: id, Flow: "poll-invoice", Version: "1.0", Status: flow.StatusPending, Attempt: 1, Input: json.RawMessage(`{}`), Kept: log, CreatedAt: begun,
	}, false, 0); err != nil {
		t.Fatal(err)
	}
	def, step := pollFlow()
	gate := make(chan struct{})
	if err := s.rt.Register(def, runtime.PlainStepHandler(step, func(ctx context.Context, _ flow.None) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})); err != nil {
		t.Fatal(err)
	}
	p := newTab(t, browser, s)
	p.open("/admin/flows/" + id)
	p.says("poll is under way, attempt 10001", "10,001 attempts")
	if n := p.eval(`document.querySelectorAll("*").length < 3000`); n != "true" {
		t.Errorf("the page has %s elements", p.eval(`document.querySelectorAll("*").length`))
	}
	p.screen("ten-thousand")
	p.click(`details.block summary`)
	p.says("invoice 10000 is not there yet")
	p.click(`.block .cut a`)
	p.says("attempts 1 to 50 of 10,001", "invoice 50 is not there yet")
	p.click(`.pages a:last-of-type`)
	p.until(`location.search === ""`)
	close(gate)
	p.until(`document.querySelector("[role=status]").innerText.trim() === "completed"`)
}

func signingIn(t *testing.T, browser context.Context) {
	s := newSite(t, web.WithBearer(web.Bearer{Token: "a-token-of-some-length", Principal: web.Operator("ada")}))
	p := newTab(t, browser, s)
	p.open("/admin/flows")
	p.until(`location.pathname.endsWith("/login")`)
	p.screen("sign-in")
	p.write(`input[name="token"]`, "a-token-of-some-length"+kb.Enter)
	p.says("There is no run yet")
	p.until(`document.querySelector(".who").innerText.includes("ada")`)
	p.screen("empty")
	other := newTab(t, browser, s) // of the same browser, so of the same cookie
	other.open("/admin/flows")
	other.says("There is no run yet")
	p.click(`.who form button`)
	p.until(`location.pathname.endsWith("/login")`)
	s.start(`{"orderId":"o1"}`, "Authorization", "Bearer a-token-of-some-length")
	other.until(`location.pathname.endsWith("/login")`) // it notices when it wants to come up to date
}

// deletedMeanwhile holds that a page of a run that is not there any more says so.
func deletedMeanwhile(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open())
	charge := steps.hold("charge ord_1")
	id := s.order("ord_1")
	p := newTab(t, browser, s)
	p.open("/admin/flows/" + id)
	p.says("charge-payment is under way")
	p.refuses(id)
	charge()
	s.until(id, "completed")
	s.do("DELETE", "/admin/flows/"+id, "").is(200)
	p.open("/admin/flows/" + id)
	p.says("404", "There is no such run, flow or page.", "All runs")
	p.screen("not-found")
}

// withoutScript holds that forms do the acts, and dialogs ask, without the module.
func withoutScript(t *testing.T, browser context.Context) {
	s, steps := newShop(t, memory.New().Open())
	defer steps.hold("fulfill ord_1")()
	id := s.order("ord_1")
	for { // the page does not follow
		if run := s.until(id, "running"); len(run.Steps) == 3 {
			break
		}
	}
	p := newTab(t, browser, s)
	command(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.open("/admin/flows/" + id)
	p.says("fulfill is under way")
	p.click(`button[commandfor="act-cancel"]`)
	p.click(`#act-cancel [data-confirm]`)
	p.until(`!document.querySelector("dialog[open]")`) // the page that comes back
	s.until(id, "cancelled")
	p.open("/admin/flows/" + id)
	p.says("Cancelled", "undone charge-payment")

	asks := s.start(`{"orderId":"o1","ask":true}`)
	s.until(asks, "waiting")
	p.open("/admin/flows/" + asks)
	p.click(`.now button[commandfor^="signal-"]`)
	p.click(`.now dialog [data-confirm]`)
	p.until(`!document.querySelector("dialog[open]")`)
	s.until(asks, "completed")
}
