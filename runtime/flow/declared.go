package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// This file is how errors of handlers become stored ones and come back.

// DeclaredErrorText is the text of a declared error: its name and its fields,
// secrets hidden. Generated Error methods call it.
func DeclaredErrorText(err DeclaredError) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(redactedJSON(err), &fields) != nil || len(fields) == 0 {
		return err.ErrorName()
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + ": " + plainText(fields[name])
	}
	return err.ErrorName() + " (" + strings.Join(parts, ", ") + ")"
}

// plainText is a JSON value as one would say it: a string without its quotes.
func plainText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// ErrorOf is the stored form of what a handler returned. An error that the flow
// declares is stored with its fields, an *Error as it is; one that is wrapped is
// the failure of something else, which the handler tells of.
func (d *Definition) ErrorOf(err error) *Error {
	if own, ok := err.(*Error); ok && own != nil { //nolint:errorlint // not one that is wrapped, see above
		return own
	}
	stored := &Error{Kind: ErrorHandler, Message: err.Error(), Permanent: IsPermanent(err)}
	var declared DeclaredError
	if !errors.As(err, &declared) {
		return stored
	}
	for _, def := range d.Errors {
		if def.Name != declared.ErrorName() {
			continue
		}
		fields, encodeErr := Encode(declared)
		if encodeErr != nil {
			stored.Message += fmt.Sprintf(" (its fields cannot be stored: %v)", encodeErr)
		}
		stored.Name, stored.Fields = def.Name, fields
		stored.Permanent = stored.Permanent || def.Permanent
	}
	return stored
}

// Declared is the declared error that was stored, with its fields; nil if it
// is none of this flow's.
func (d *Definition) Declared(stored *Error) DeclaredError {
	if stored == nil || stored.Name == "" {
		return nil
	}
	for _, def := range d.Errors {
		if def.Name != stored.Name {
			continue
		}
		err := def.New()
		if Decode(stored.Fields, err) == nil {
			return err
		}
	}
	return nil
}
