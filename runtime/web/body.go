package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// This file reads what requests carry.

// readBody reads the whole body. What is too large is a 413, what comes too slowly a 408.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, h.badBody(err)
	}
	// The time was for the body alone: when it is over, a server takes a client for gone.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return body, nil
}

func (h *handler) badBody(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the body did not come within %s", h.limits.read)
	}
	return problem(http.StatusBadRequest, "the body cannot be read")
}

// readForm reads a form that a page sent.
func (h *handler) readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := h.readBody(w, r)
	if err != nil {
		return nil, err
	}
	return formOf(body)
}

func formOf(body []byte) (url.Values, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the body is no form")
	}
	return form, nil
}

// isForm says whether a body is what a form of a page sends. JSON is none, whatever is said of
// it: curl -d calls all that it sends a form.
func isForm(r *http.Request, body []byte) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded" && !json.Valid(body)
}

// readInto reads a JSON object into v, a pointer to a struct; no body leaves v as it is.
// A field that v does not have, or of another type, is a 400 that names it.
func (h *handler) readInto(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := h.readBody(w, r)
	if err != nil {
		return err
	}
	return decodeBody(body, v)
}

func decodeBody(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	return decodeStrictly(body, v)
}

func decodeStrictly(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			return problem(http.StatusBadRequest, "there is something behind the JSON of the body")
		}
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return badField(wrong.Field, "%s cannot be a JSON %s", wrong.Field, wrong.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return badField(name, "there is no field %q", name)
	}
	return problem(http.StatusBadRequest, "the body is no JSON object as it should be: %v", err)
}
