package page

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// This file is what a signal may carry, for a person to fill in.

// payloadOf is a value of the right form for a wait: as its schema says, without anything
// in it. It is empty for a wait whose signals carry nothing.
func (in *inside) payloadOf(wait string) string {
	if in.flow == nil {
		return "{}"
	}
	b := in.flow.Find(wait)
	switch {
	case b == nil, in.flow.Layout == nil && b.Result == nil:
		return "{}" // nothing describes it
	case b.Result == nil:
		return ""
	}
	var out bytes.Buffer
	if err := json.Indent(&out, blank(in.flow, b.Result, 4), "", "  "); err != nil {
		return "{}"
	}
	return out.String()
}

// blank is an empty value of a schema: objects with the fields that they must have.
func blank(f *description.Flow, s *description.Schema, depth int) json.RawMessage {
	s = f.Resolve(s)
	switch {
	case s == nil || depth == 0:
		return json.RawMessage("null")
	case len(s.Default) > 0:
		return s.Default
	case len(s.Enum) > 0:
		text, _ := json.Marshal(s.Enum[0]) // a text
		return text
	}
	for kind, value := range map[string]string{"string": `""`, "integer": "0", "number": "0", "boolean": "false", "array": "[]"} {
		if slices.Contains(s.Types, kind) {
			return json.RawMessage(value)
		}
	}
	var out bytes.Buffer
	for _, p := range s.Properties {
		if !slices.Contains(s.Required, p.Name) {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		name, _ := json.Marshal(p.Name) // a text
		out.Write(name)
		out.WriteByte(':')
		out.Write(blank(f, p.Schema, depth-1))
	}
	return json.RawMessage("{" + out.String() + "}")
}
