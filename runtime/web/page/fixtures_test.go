package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/web/page"
)

// Runs in every state, made by hand.

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

// logOf numbers entries as a run would.
func logOf(entries ...flow.Entry) []flow.Entry {
	for i := range entries {
		e := &entries[i]
		e.Seq = int64(2*i + 2)
		if !e.FinishedAt.IsZero() {
			e.EndSeq = e.Seq + 1
		}
	}
	return entries
}

type entryOption func(*flow.Entry)

// entry is an entry from one time to another, in milliseconds; an end of -1 is none.
func entry(kind flow.Kind, step string, runAttempt, attempt, from, to int, opts ...entryOption) flow.Entry {
	e := flow.Entry{Kind: kind, Step: step, RunAttempt: runAttempt, Attempt: attempt, StartedAt: at(from)}
	if to >= 0 {
		e.FinishedAt = at(to)
	}
	for _, set := range opts {
		set(&e)
	}
	return e
}

func in(s string) entryOption  { return func(e *flow.Entry) { e.Input = json.RawMessage(s) } }
func out(s string) entryOption { return func(e *flow.Entry) { e.Output = json.RawMessage(s) } }
func by(who string) entryOption {
	return func(e *flow.Entry) { e.Actor = who }
}
func wake(ms int) entryOption { return func(e *flow.Entry) { e.WakeAt = at(ms) } }
func fails(message string) entryOption {
	return func(e *flow.Entry) {
		e.Error = &flow.Error{Kind: flow.ErrorHandler, Message: message, Step: e.Step}
	}
}

const (
	runID    = "01KB4V7Q2M8T5W9XJ3RZC6N1DE"
	order    = `{"orderId":"ord_1042"}`
	validOut = `{"order":{"id":"ord_1042","email":"ada@example.com","paymentMethod":"•••","total":129.9,"items":[{"sku":"lamp-oak","quantity":1},{"sku":"bulb-e27","quantity":4}],"address":"12 Rue des Lilas, Lyon"}}`
	chargeIn = `{"orderId":"ord_1042","method":"•••","total":129.9}`
	shipIn   = `{"orderId":"ord_1042","items":[{"sku":"lamp-oak","quantity":1},{"sku":"bulb-e27","quantity":4}],"address":"12 Rue des Lilas, Lyon"}`
)

// failedRun charged, could not ship in two attempts of the flow, and refunded.
func failedRun() *runtime.RunDetail {
	cause := fails("carrier: POST /shipments: 503 Service Unavailable (no vehicle for postal code 69001 before Thursday)")
	d := &runtime.RunDetail{
		RunSummary: runtime.RunSummary{
			ID: runID, Flow: "process-order", Version: "1.0", Tenant: "atelier-lyon", Status: flow.StatusFailed, Attempts: 2,
			IdempotencyKey: "ord_1042", Labels: map[string]string{"channel": "web"},
			CreatedAt: at(-40), StartedAt: at(0), FinishedAt: at(8460),
		},
		Input: json.RawMessage(order), OtherInputs: 2, OtherInputAt: at(5000),
		Log: logOf(
			entry(flow.KindStep, "validate", 1, 1, 0, 120, in(order), out(validOut)),
			entry(flow.KindStep, "charge-payment", 1, 1, 121, 620, in(chargeIn), fails("bank: connection reset by peer"), wake(1610)),
			entry(flow.KindStep, "charge-payment", 1, 2, 1612, 2000, in(chargeIn), out(`{"chargeId":"ch_1"}`)),
			entry(flow.KindStep, "fulfill", 1, 1, 2001, 2800, in(shipIn), cause),
			entry(flow.KindRollback, "", 1, 0, 2801, 3200, fails("carrier: POST /shipments: 503 Service Unavailable")),
			entry(flow.KindCompensation, "charge-payment", 1, 1, 2801, 3200),
			entry(flow.KindRestart, "", 2, 0, 3200, 5200, wake(5200)),
			entry(flow.KindStep, "validate", 2, 1, 5200, 5310, in(order), out(validOut)),
			entry(flow.KindStep, "charge-payment", 2, 1, 5311, 5900, in(chargeIn), out(`{"chargeId":"ch_2"}`)),
			entry(flow.KindStep, "fulfill", 2, 1, 5901, 6900, in(shipIn), cause),
			entry(flow.KindRollback, "", 2, 0, 6901, 8460, cause),
			entry(flow.KindCompensation, "charge-payment", 2, 1, 6901, 7100, fails("bank: connection reset by peer"), wake(8100)),
			entry(flow.KindCompensation, "charge-payment", 2, 2, 8100, 8460),
		),
	}
	d.Log[4].Error.Step = "fulfill"
	d.Log[10].Error.Step = "fulfill"
	d.Error = d.Log[9].Error
	d.Steps = []runtime.StepDetail{
		{Name: "validate", Status: flow.StatusCompleted, Attempts: d.Log[7:8]},
		{Name: "charge-payment", Status: flow.StatusCompleted, Compensation: flow.StatusCompleted, Attempts: d.Log[8:9]},
		{Name: "fulfill", Status: flow.StatusFailed, Attempts: d.Log[9:10]},
	}
	return d
}

// runningRun charges for the second time.
func runningRun() *runtime.RunDetail {
	d := &runtime.RunDetail{
		RunSummary: runtime.RunSummary{
			ID: runID, Flow: "process-order", Version: "1.0", Status: flow.StatusRunning, Phase: flow.PhaseForward, Attempts: 1,
			CreatedAt: at(-40), StartedAt: at(0),
		},
		Input: json.RawMessage(order),
		Log: logOf(
			entry(flow.KindStep, "validate", 1, 1, 0, 120, in(order), out(validOut)),
			entry(flow.KindStep, "charge-payment", 1, 1, 121, 620, in(chargeIn), fails("bank: connection reset by peer"), wake(1610)),
			entry(flow.KindStep, "charge-payment", 1, 2, 1612, -1, in(chargeIn), func(e *flow.Entry) {
				e.Told = &flow.Told{Progress: &flow.Progress{Fraction: .4, Text: "2 of 5 confirmations", At: at(2000)}}
			}),
		),
	}
	d.Steps = []runtime.StepDetail{
		{Name: "validate", Status: flow.StatusCompleted, Attempts: d.Log[:1]},
		{Name: "charge-payment", Status: flow.StatusRunning, Attempts: d.Log[1:]},
	}
	return d
}

// waitingRun waits for a signal, beside a call and a pause.
func waitingRun() *runtime.RunDetail {
	d := &runtime.RunDetail{
		RunSummary: runtime.RunSummary{
			ID: runID, Flow: "onboard-customer", Version: "1.2", Status: flow.StatusRunning, Phase: flow.PhaseWaiting, Attempts: 1,
			CreatedAt: at(-40), StartedAt: at(0), WakeAt: at(90_000),
		},
		Input: json.RawMessage(`{"customerId":"brasserie-du-parc","company":"Brasserie du Parc","plan":"business","account":9007199254740993}`),
		Log: logOf(
			entry(flow.KindStep, "create-account", 1, 1, 0, 1200, in(`{"customerId":"brasserie-du-parc"}`), out(`{"accountId":"acc_9007199254740993"}`)),
			entry(flow.KindStep, "send-welcome", 1, 1, 1200, 1900, in(`{"email":"a@example.com"}`)),
			entry(flow.KindSignal, "other", 1, 0, 2000, 2000, out(`{"early":true}`), by("webhook")),
			entry(flow.KindWait, "decision", 1, 0, 1900, -1, wake(86_400_000)),
			entry(flow.KindCall, "billing", 1, 1, 1900, -1, in(`{"plan":"business"}`), func(e *flow.Entry) { e.Key = "01KB4V7Q2M8T5W9XJ3RZC6CH1D" }),
			entry(flow.KindStep, "create-workspace", 1, 1, 1900, 4000, in(`{"customerId":"brasserie-du-parc"}`), fails("workspace service: timeout"), wake(90_000)),
			entry(flow.KindPause, "", 1, 0, 5000, 5000, by("ada"), out(`"the mail server moves"`)),
			entry(flow.KindResume, "", 1, 0, 12_000, 12_000, by("ada")),
		),
	}
	d.Steps = []runtime.StepDetail{
		{Name: "create-account", Status: flow.StatusCompleted, Attempts: d.Log[:1]},
		{Name: "send-welcome", Status: flow.StatusCompleted, Attempts: d.Log[1:2]},
	}
	return d
}

// longRun polled 10,000 times.
func longRun() *runtime.RunDetail {
	const attempts = 10_000
	d := &runtime.RunDetail{RunSummary: runtime.RunSummary{
		ID: runID, Flow: "poll-invoice", Version: "1.0", Status: flow.StatusRunning, Phase: flow.PhaseWaiting, Attempts: 1,
		CreatedAt: at(0), StartedAt: at(0), WakeAt: at(1000 * attempts),
	}, Input: json.RawMessage(`{}`)}
	for i := range attempts {
		d.Log = append(d.Log, entry(flow.KindStep, "poll", 1, i+1, 1000*i, 1000*i+140, in(`{"invoice":"inv_7"}`), fails("the invoice is not there yet"), wake(1000*(i+1))))
	}
	d.Log = logOf(d.Log...)
	d.Steps = []runtime.StepDetail{{Name: "poll", Status: flow.StatusRunning, Attempts: d.Log}}
	return d
}

// hugeRun has an error of 1 MB, a payload of 1 MiB and many elements.
func hugeRun() *runtime.RunDetail {
	d := &runtime.RunDetail{RunSummary: runtime.RunSummary{
		ID: runID, Flow: "import", Version: "1.0", Status: flow.StatusFailed, Attempts: 1,
		CreatedAt: at(0), StartedAt: at(0), FinishedAt: at(50_000),
	}, Input: json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)}
	for i := range 5000 {
		d.Log = append(d.Log, entry(flow.KindStep, fmt.Sprintf("rows[%d].insert", i), 1, 1, 10*i, 10*i+8, in(`{"row":1}`), out(`{}`)))
	}
	d.Log = append(d.Log, entry(flow.KindStep, "finish", 1, 1, 49_000, 50_000, in(string(d.Input)), fails(strings.Repeat("no space left on device ", 1_000_000/24))))
	d.Log = logOf(d.Log...)
	d.Error = d.Log[len(d.Log)-1].Error
	return d
}

// hostileRun has markup wherever somebody could have put some.
func hostileRun() *runtime.RunDetail {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	raw, err := json.Marshal(evil)
	if err != nil {
		panic(err)
	}
	d := &runtime.RunDetail{RunSummary: runtime.RunSummary{
		ID: evil, Flow: evil, Version: evil, Tenant: evil, Status: flow.StatusFailed, Attempts: 1, IdempotencyKey: evil,
		Labels: map[string]string{evil: evil}, ParentID: evil, RetryOf: evil, CreatedAt: at(0), StartedAt: at(0), FinishedAt: at(100),
	}, Input: raw, Output: raw, Log: logOf(
		entry(flow.KindSignal, evil, 1, 0, 0, 0, in(string(raw)), out(string(raw)), by(evil)),
		entry(flow.KindStep, evil, 1, 1, 0, 100, in(string(raw)), out(string(raw)), fails(evil)),
	)}
	d.Error = &flow.Error{Kind: flow.ErrorPanic, Message: evil, Step: evil, Name: evil, Fields: raw, Stack: evil}
	d.Steps = []runtime.StepDetail{{Name: evil, Status: flow.StatusFailed, Attempts: d.Log[1:]}}
	return d
}

func site() page.Site {
	return page.Site{Prefix: "/_bext", Who: "ada", MayOperate: true, Now: at(30_000)}
}

// described is the description of a flow of the examples.
func described(file string) *description.Flow {
	text, err := os.ReadFile("../../../generated/" + file)
	if err != nil {
		panic(err)
	}
	f, err := description.Parse(text)
	if err != nil {
		panic(err)
	}
	return f
}

func processOrder() *description.Flow { return described("orders/process_order.flow.json") }

// summaries are runs of a list in each of their states.
func summaries() []runtime.RunSummary {
	failed, running, waiting := failedRun().RunSummary, runningRun().RunSummary, waitingRun().RunSummary
	var out []runtime.RunSummary
	for i := range 24 {
		r := failed
		switch i % 8 {
		case 0:
			r = running
		case 1:
			r = waiting
		case 2:
			r.Status, r.Error, r.Attempts = flow.StatusCompleted, nil, 1
		case 4:
			r.Status, r.Error, r.Attempts, r.StartedAt, r.FinishedAt = flow.StatusPending, nil, 1, time.Time{}, time.Time{}
		case 5:
			r.Status, r.Attempts, r.Error = flow.StatusCancelled, 1, &flow.Error{Kind: flow.ErrorCancelled, Message: "cancelled: the customer called"}
		case 6, 7:
			r.Status, r.Error, r.Attempts, r.Tenant, r.Labels = flow.StatusCompleted, nil, 1, "", nil
			r.FinishedAt = at(440 * i)
		}
		r.ID = fmt.Sprintf("01KB4V7Q2M8T5W9XJ3RZC6N%03d", 999-i)
		r.CreatedAt = at(-i * 47_000)
		out = append(out, r)
	}
	return out
}
