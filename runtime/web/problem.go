package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/encrypted"
)

// This file is how errors are told (RFC 9457).

// Problem is an error as a client gets it, as application/problem+json.
type Problem struct {
	// Type is about:blank: the Title says all that there is to know of the kind.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Field is the parameter, header or field of the body that is wrong.
	Field string `json:"field,omitempty"`
	// Errors are the fields of an input that its flow refuses.
	Errors []FieldError `json:"errors,omitempty"`
}

// FieldError is what is wrong with one field of an input.
type FieldError struct {
	// Field is the way to it, as in items[2].quantity; empty for the input as a whole.
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Error is the problem for people.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

func problem(status int, format string, args ...any) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// badField is a 400 for a parameter or a field.
func badField(field, format string, args ...any) *Problem {
	p := problem(http.StatusBadRequest, format, args...)
	p.Field = field
	return p
}

// notFound is the answer for what there is not, and for what is another tenant's: nothing
// in it tells which.
func notFound() *Problem { return problem(http.StatusNotFound, "there is no such run, flow or page") }

// conflicts are the errors that say that a run is not in a state for an act.
var conflicts = []error{
	store.ErrFinal, store.ErrNotFinal, store.ErrExists, runtime.ErrNotPaused, runtime.ErrNoPause, flow.ErrNoBlock, flow.ErrCompensated,
}

// problemOf is an error as it is told. What went wrong on our side is not.
func problemOf(err error) *Problem {
	var p *Problem
	var invalid *flow.InvalidError
	var large *flow.SizeError
	var sealed *encrypted.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &invalid):
		return refusedInput(invalid)
	case errors.As(err, &large):
		return problem(http.StatusRequestEntityTooLarge, "%v", large)
	case errors.As(err, &sealed): // whoever sees the run is told, so that the key can be given
		return problem(http.StatusInternalServerError, "%v", sealed)
	case errors.Is(err, store.ErrDamaged):
		return problem(http.StatusInternalServerError, "what is stored of this is damaged, or was changed in the file; the server's log says more")
	case errors.Is(err, store.ErrNotFound):
		return notFound()
	case errors.Is(err, store.ErrCursor):
		return badField("cursor", "the cursor is not one that a list of this filter gave")
	case errors.Is(err, runtime.ErrNoWait):
		return problem(http.StatusNotFound, "the flow has no wait of that name")
	case errors.Is(err, engine.ErrClosed), errors.Is(err, store.ErrClosed):
		return problem(http.StatusServiceUnavailable, "the server is stopping")
	}
	for _, c := range conflicts {
		if errors.Is(err, c) {
			return problem(http.StatusConflict, "%v", err)
		}
	}
	return problem(http.StatusInternalServerError, "something went wrong on the server; its log says what")
}

// refusedInput is a 422 that names the fields.
func refusedInput(invalid *flow.InvalidError) *Problem {
	p := problem(http.StatusUnprocessableEntity, "%v", invalid)
	for _, one := range invalid.Problems {
		p.Errors = append(p.Errors, FieldError{one.Field, one.Problem})
	}
	if len(p.Errors) > 0 {
		p.Field = p.Errors[0].Field
	}
	return p
}

// fail answers with an error.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there to be answered
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		h.logger.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if wantsHTML(r) {
		err = h.writeProblemPage(w, r, p)
	} else {
		err = writeAs(w, "application/problem+json", p.Status, p)
	}
	if err != nil {
		h.logger.Debug("an answer was not taken", "path", r.URL.Path, "error", err)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	return writeAs(w, "application/json", status, v)
}

func writeAs(w http.ResponseWriter, contentType string, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}
