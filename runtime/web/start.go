package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file starts runs and sends signals.

// StartRequest is a start whose body has more than the input. The body may as well be the
// input alone, and the rest come in headers: Bextgen-Tenant, Bextgen-Priority, Idempotency-Key.
type StartRequest struct {
	Input          json.RawMessage   `json:"input"`
	TenantID       *string           `json:"tenant_id"`
	Priority       *int              `json:"priority"`
	IdempotencyKey *string           `json:"idempotency_key"`
	Labels         map[string]string `json:"labels"`
}

// StartAnswer is the answer to a start.
type StartAnswer struct {
	RunID string `json:"run_id"`
	// Existing says that the run was there before: one of the same idempotency key.
	Existing bool `json:"existing"`
}

// The headers of a start.
const (
	tenantHeader   = "Bextgen-Tenant"
	priorityHeader = "Bextgen-Priority"
	keyHeader      = "Idempotency-Key"
)

func (h *handler) postStart(w http.ResponseWriter, r *http.Request) error {
	def := h.rt.Definition(r.PathValue("flowId"))
	if def == nil {
		return notFound()
	}
	body, err := h.readBody(w, r)
	if err != nil {
		return err
	}
	q, err := startRequest(def, body, r.Header)
	if err != nil {
		return err
	}
	opts, err := q.options(principalOf(r.Context()))
	if err != nil {
		return err
	}
	run, err := h.rt.StartRun(r.Context(), def.Flow, q.Input, opts...)
	if err != nil {
		return startProblem(err)
	}
	w.Header().Set("Location", h.prefix+"/admin/flows/"+url.PathEscape(run.ID))
	status := http.StatusAccepted
	if run.Existing {
		status = http.StatusOK
	}
	return writeJSON(w, status, StartAnswer{RunID: run.ID, Existing: run.Existing})
}

// startProblem is why an input was refused; other errors stay as they are.
func startProblem(err error) error {
	var input *runtime.InputError
	var invalid *flow.InvalidError
	if errors.As(err, &input) && !errors.As(err, &invalid) {
		return problem(http.StatusUnprocessableEntity, "the input does not fit the flow's type: %v", input)
	}
	return err
}

// startRequest reads a start: its body is the input, or an object with the input in it.
func startRequest(def *flow.Definition, body []byte, header http.Header) (StartRequest, error) {
	q := StartRequest{Input: body}
	if len(bytes.TrimSpace(body)) == 0 {
		q.Input = json.RawMessage("{}")
	} else if !json.Valid(body) {
		return q, problem(http.StatusBadRequest, "the body is no JSON")
	}
	if isEnvelope(def.Input, body) {
		q = StartRequest{}
		if err := decodeStrictly(body, &q); err != nil {
			return q, err
		}
	}
	if values := header.Values(tenantHeader); values != nil && q.TenantID == nil {
		q.TenantID = &values[0]
	}
	if values := header.Values(keyHeader); values != nil && q.IdempotencyKey == nil {
		q.IdempotencyKey = &values[0]
	}
	if text := header.Get(priorityHeader); text != "" && q.Priority == nil {
		n, err := strconv.Atoi(text)
		if err != nil {
			return q, badField(priorityHeader, "a priority is a whole number")
		}
		q.Priority = &n
	}
	return q, nil
}

// isEnvelope says whether a body is a StartRequest: it has an input, and the flow's own
// input has no field of that name.
func isEnvelope(input reflect.Type, body []byte) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields["input"] == nil {
		return false
	}
	properties, _ := schemaOf(input)["properties"].(map[string]any)
	return properties["input"] == nil
}

func (q StartRequest) options(p Principal) ([]runtime.StartOption, error) {
	var opts []runtime.StartOption
	switch {
	case q.TenantID != nil && !p.sees(*q.TenantID):
		return nil, problem(http.StatusForbidden, "you may not start runs for that tenant")
	case q.TenantID != nil:
		opts = append(opts, runtime.WithTenant(*q.TenantID))
	case p.AllTenants: // then the flow may say
	case len(p.Tenants) == 1:
		opts = append(opts, runtime.WithTenant(p.Tenants[0]))
	default:
		return nil, badField("tenant_id", "say for which of your tenants the run is")
	}
	if q.Priority != nil {
		opts = append(opts, runtime.WithPriority(*q.Priority))
	}
	if q.IdempotencyKey != nil {
		opts = append(opts, runtime.WithIdempotencyKey(*q.IdempotencyKey))
	}
	if len(q.Labels) > 0 {
		opts = append(opts, runtime.WithLabels(q.Labels))
	}
	return opts, nil
}

// SignalAnswer is the answer to a signal.
type SignalAnswer struct {
	RunID string `json:"run_id"`
	Name  string `json:"name"`
}

// postSignal sends the body as a signal. The parameter key says which element of a foreach it is
// for, and the header Idempotency-Key or the parameter id makes it one that can be sent again.
func (h *handler) postSignal(w http.ResponseWriter, r *http.Request) error {
	body, err := h.readBody(w, r)
	if err == nil && isForm(r, body) {
		body, err = payloadField(body)
	}
	if err != nil {
		return err
	}
	payload := json.RawMessage(bytes.TrimSpace(body))
	if len(payload) == 0 {
		payload = nil
	} else if !json.Valid(payload) {
		return problem(http.StatusBadRequest, "the body is no JSON")
	}
	runID, name := r.PathValue("runId"), r.PathValue("name")
	if err := h.find(r.Context(), runID); err != nil {
		return err
	}
	query := r.URL.Query()
	opts := []runtime.SignalOption{runtime.WithSignalActor(principalOf(r.Context()).Name)}
	if id := r.Header.Get(keyHeader); id != "" {
		opts = append(opts, runtime.WithSignalID(id))
	} else if id := query.Get("id"); id != "" {
		opts = append(opts, runtime.WithSignalID(id))
	}
	err = h.rt.SignalRun(r.Context(), runID, name, query.Get("key"), payload, opts...)
	if err != nil {
		return signalProblem(err)
	}
	if wantsHTML(r) {
		h.showAfter(w, r, "signal", runID, "")
		return nil
	}
	return writeJSON(w, http.StatusAccepted, SignalAnswer{RunID: runID, Name: name})
}

// payloadField is the payload of a signal that a form of a page sends.
func payloadField(body []byte) ([]byte, error) {
	form, err := formOf(body)
	if err != nil {
		return nil, err
	}
	return []byte(form.Get("payload")), nil
}

// signalProblem is a 422 for what a wait does not take.
func signalProblem(err error) error {
	if p := problemOf(err); p.Status != http.StatusInternalServerError {
		return p
	}
	var input *runtime.InputError
	if errors.As(err, &input) {
		return problem(http.StatusUnprocessableEntity, "%v", input)
	}
	return fmt.Errorf("send a signal: %w", err)
}
