package web_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/web"
)

// A flow whose code is not here, and its runs, are shown by what is stored of it.
func TestFlowsWithoutCode(t *testing.T) {
	text, err := os.ReadFile("../../generated/onboarding/onboard_customer.flow.json")
	if err != nil {
		t.Fatal(err)
	}
	st := memory.New().Open()
	d := store.Definition{Flow: "onboard-customer", Version: "1.0", Hash: "h", Description: text}
	if err := st.SaveDefinition(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	kept := []flow.Entry{
		{Seq: 1, EndSeq: 2, Kind: flow.KindStep, Step: "create-account", RunAttempt: 1, Attempt: 1},
		{Seq: 3, EndSeq: 3, Kind: flow.KindSkip, Step: "refuse", RunAttempt: 1},
		{Seq: 4, EndSeq: 0, Kind: flow.KindWait, Step: "decision", RunAttempt: 1},
		{Seq: 5, EndSeq: 6, Kind: flow.KindStep, Step: "seats[0].provision-seat", RunAttempt: 1, Attempt: 1},
		{Seq: 7, EndSeq: 8, Kind: flow.KindStep, Step: "seats[1].provision-seat", RunAttempt: 1, Attempt: 1, Error: &flow.Error{Message: "no"}},
	}
	run := store.Run{ID: "01JD0000000000000000000001", Flow: d.Flow, Version: d.Version, Attempt: 1, Input: []byte(`{}`), Kept: kept}
	if _, err := st.Create(t.Context(), run, false, 0); err != nil {
		t.Fatal(err)
	}
	s := newSiteOn(t, st)

	var answer web.Definitions
	if err := json.Unmarshal(s.get("/admin/definitions").is(200).body, &answer); err != nil {
		t.Fatal(err)
	}
	if n := len(answer.Definitions); n != 2 {
		t.Fatalf("%d flows, want that of the store and the registered one", n)
	}
	if f := answer.Definitions[0]; f.FlowID != d.Flow || f.Registered || !strings.Contains(string(f.Description), `"spec"`) {
		t.Errorf("the flow of the store is %+v", f)
	}
	if f := answer.Definitions[1]; f.FlowID != "order" || !f.Registered || len(f.Steps) != 2 {
		t.Errorf("the registered flow is %+v", f)
	}

	var one web.Definition
	if err := json.Unmarshal(s.get("/admin/definitions/onboard-customer").is(200).body, &one); err != nil || one.FlowID != d.Flow || one.Registered {
		t.Errorf("the flow of the store alone is %+v, %v", one, err)
	}

	for path, says := range map[string][]string{
		"/admin/definitions":                  {"onboard-customer", "Sells"},
		"/admin/definitions/onboard-customer": {"<svg", `data-path="seats[].provision-seat"`, "The same decision, after the reminder."},
		"/assets/graph.css":                   {".flow-graph"},
		"/admin/flows/" + run.ID: {
			`node step status-completed" data-path="create-account"`, `node step conditional status-skipped" data-path="refuse"`,
			`node wait status-waiting" data-path="decision"`, `node step status-failed" data-path="seats[].provision-seat"`,
			`node foreach frame status-failed" data-path="seats"`,
		},
	} {
		page := string(s.do("GET", path, "", browser...).is(200).body)
		for _, want := range says {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %s", path, want)
			}
		}
	}
}
