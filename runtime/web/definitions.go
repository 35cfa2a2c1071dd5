package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file tells which flows are registered.

// Definitions are the flows that are known, by name, the newest version of each first.
type Definitions struct {
	Definitions []Definition `json:"definitions"`
}

// Definition is a version of a flow. Durations are in milliseconds; 0 is none.
type Definition struct {
	FlowID  string `json:"flow_id"`
	Version string `json:"version"`
	// Registered says that its code is here. Of another one, whose runs are in the store,
	// Description says all that is known.
	Registered bool `json:"registered"`
	// Description is what the compiler tells of the flow: the tree of its blocks, the schemas
	// of all values, the graph's layout and the spec; null for code without one.
	Description      json.RawMessage  `json:"description"`
	Doc              string           `json:"doc"`
	MaxAttempts      int              `json:"max_attempts"`
	TimeoutMS        int64            `json:"timeout_ms"`
	Restart          Policy           `json:"restart"`
	RetentionMS      int64            `json:"retention_ms"`
	ConcurrencyLimit int              `json:"concurrency_limit"` // runs under way for each key; 0: any
	Steps            []StepDefinition `json:"steps"`
	Waits            []WaitDefinition `json:"waits"`
	Errors           []ErrorName      `json:"errors"`
	Schedules        []Schedule       `json:"schedules"`
	InputSchema      map[string]any   `json:"input_schema"`
	OutputSchema     map[string]any   `json:"output_schema"`
}

// Policy is how often something is tried, and how long each time.
type Policy struct {
	TimeoutMS     int64        `json:"timeout_ms"`
	Retries       int          `json:"retries"`
	Backoff       flow.Backoff `json:"backoff"`
	BackoffBaseMS int64        `json:"backoff_base_ms"`
	BackoffMaxMS  int64        `json:"backoff_max_ms"`
	Jitter        float64      `json:"jitter"`
}

// StepDefinition is a step or a call of a flow.
type StepDefinition struct {
	Name         string                  `json:"name"`
	Doc          string                  `json:"doc"`
	Source       string                  `json:"source"` // where it stands in the spec
	DelayMS      int64                   `json:"delay_ms"`
	Policy       Policy                  `json:"policy"`
	Transaction  bool                    `json:"transaction"`
	Calls        *string                 `json:"calls"` // the flow that a call starts
	Compensation *CompensationDefinition `json:"compensation"`
}

// CompensationDefinition is what undoes a step.
type CompensationDefinition struct {
	Name   string `json:"name"`
	Policy Policy `json:"policy"`
	// AfterAttempted says that a step that was tried and did not complete is undone too.
	AfterAttempted bool `json:"after_attempted"`
}

// WaitDefinition is a wait of a flow for a signal of its name.
type WaitDefinition struct {
	Name          string         `json:"name"`
	Doc           string         `json:"doc"`
	Source        string         `json:"source"`
	DelayMS       int64          `json:"delay_ms"`
	TimeoutMS     int64          `json:"timeout_ms"`
	Continues     bool           `json:"continues"` // after its timeout, without a signal
	Keyed         bool           `json:"keyed"`     // a signal needs the key of the element that it is for
	PayloadSchema map[string]any `json:"payload_schema"`
}

// ErrorName is an error that a flow declares.
type ErrorName struct {
	Name      string `json:"name"`
	Permanent bool   `json:"permanent"`
}

// Schedule is a schedule of a flow.
type Schedule struct {
	Name     string `json:"name"`
	Cron     string `json:"cron"`
	Timezone string `json:"timezone"`
	EveryMS  int64  `json:"every_ms"`
	CatchUp  string `json:"catch_up"`
	Overlap  string `json:"overlap"`
}

func (h *handler) getDefinitions(w http.ResponseWriter, r *http.Request) error {
	known, err := h.flows(r.Context())
	if err != nil {
		return err
	}
	answer := Definitions{Definitions: []Definition{}}
	for _, f := range known {
		answer.Definitions = append(answer.Definitions, h.knownView(f))
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (h *handler) getDefinition(w http.ResponseWriter, r *http.Request) error {
	known, err := h.flows(r.Context())
	if err != nil {
		return err
	}
	for _, f := range known { // the newest version of each first
		if f.ID == r.PathValue("flowId") {
			return writeJSON(w, http.StatusOK, h.knownView(f))
		}
	}
	return notFound()
}

// knownView is a flow by its code, if that is here.
func (h *handler) knownView(f runtime.FlowDescription) Definition {
	v := definitionView(&flow.Definition{Flow: f.ID, Version: f.Version, Doc: f.Doc, MaxAttempts: f.MaxAttempts})
	for _, def := range h.rt.Definitions() {
		if f.Registered && def.Flow == f.ID && def.Version == f.Version {
			v = definitionView(def)
		}
	}
	v.Registered, v.Description = f.Registered, f.Text
	return v
}

func definitionView(def *flow.Definition) Definition {
	v := Definition{
		FlowID: def.Flow, Version: def.Version, Doc: def.Doc, MaxAttempts: max(def.MaxAttempts, 1),
		TimeoutMS: def.Timeout.Milliseconds(), Restart: policyView(def.Restart), RetentionMS: def.Retention.Milliseconds(),
		ConcurrencyLimit: def.Concurrency.Limit,
		Steps:            []StepDefinition{}, Waits: []WaitDefinition{}, Errors: []ErrorName{}, Schedules: []Schedule{},
		InputSchema: schemaOf(def.Input), OutputSchema: schemaOf(def.Output),
	}
	for _, s := range def.Steps {
		v.Steps = append(v.Steps, stepDefinitionView(s))
	}
	for _, w := range def.Waits {
		v.Waits = append(v.Waits, WaitDefinition{
			Name: w.Name, Doc: w.Doc, Source: w.Source, DelayMS: w.Delay.Milliseconds(), TimeoutMS: w.Timeout.Milliseconds(),
			Continues: w.Continue, Keyed: w.Keyed, PayloadSchema: schemaOf(w.Payload),
		})
	}
	for _, e := range def.Errors {
		v.Errors = append(v.Errors, ErrorName{e.Name, e.Permanent})
	}
	for _, s := range def.Schedules {
		v.Schedules = append(v.Schedules, Schedule{s.Name, s.Cron, s.Timezone, s.Every.Milliseconds(), s.CatchUp, s.Overlap})
	}
	return v
}

func stepDefinitionView(s *flow.StepDef) StepDefinition {
	v := StepDefinition{
		Name: s.Name, Doc: s.Doc, Source: s.Source, DelayMS: s.Delay.Milliseconds(), Policy: policyView(s.Policy), Transaction: s.Transaction,
	}
	if s.Calls != nil {
		v.Calls = &s.Calls.Flow
	}
	if c := s.Compensation; c != nil {
		v.Compensation = &CompensationDefinition{Name: c.Name, Policy: policyView(s.Policy), AfterAttempted: c.Attempted}
		if c.Policy != nil {
			v.Compensation.Policy = policyView(*c.Policy)
		}
	}
	return v
}

func policyView(p flow.Policy) Policy {
	milli := func(d time.Duration) int64 { return d.Milliseconds() }
	return Policy{
		TimeoutMS: milli(p.Timeout), Retries: p.Retries, Backoff: p.Backoff,
		BackoffBaseMS: milli(p.BackoffBase), BackoffMaxMS: milli(p.BackoffMax), Jitter: p.Jitter,
	}
}
