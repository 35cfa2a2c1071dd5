package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
)

// This file finds what is missing in JSON from outside. In Go a field that is not there is empty, and nobody
// would notice.

// checkMissing is a *flow.InvalidError for fields that an input has to have and does not: those without a
// default that are not optional.
func checkMissing(d *description.Flow, input json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(input))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return nil // who decodes it for good says what is wrong
	}
	m := missing{flow: d}
	m.in(d.Input, plain, "")
	if len(m.problems) == 0 {
		return nil
	}
	const most = 20
	told := m.problems[:min(len(m.problems), most)]
	return &flow.InvalidError{Problems: told, More: len(m.problems) - len(told)}
}

// missing are the problems that were found.
type missing struct {
	flow     *description.Flow
	problems []flow.Problem
}

// in looks for what is missing in a plain JSON value, which is at a path.
func (m *missing) in(s *description.Schema, v any, path string) {
	if s = m.present(s); s == nil || v == nil {
		return
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			m.in(s.Items, v[i], fmt.Sprintf("%s[%d]", path, i))
		}
	case map[string]any:
		if s.Values != nil {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				m.in(s.Values, v[key], fmt.Sprintf("%s[%q]", path, key))
			}
			return
		}
		m.inFields(s, v, path)
	}
}

func (m *missing) inFields(s *description.Schema, v map[string]any, path string) {
	for _, p := range s.Properties {
		at := p.Name
		if path != "" {
			at = path + "." + p.Name
		}
		switch value, there := v[p.Name]; {
		case there && value == nil && m.takesNull(p.Schema):
		case value == nil && slices.Contains(s.Required, p.Name) && p.Schema.Default == nil:
			m.problems = append(m.problems, flow.Problem{Field: at, Problem: "is missing"})
		case !p.Schema.Secret: // the keys of a secret map are secret
			m.in(p.Schema, v[p.Name], at)
		}
	}
}

// present is a schema without its references, and without that it may be null.
func (m *missing) present(s *description.Schema) *description.Schema {
	if s == nil {
		return nil
	}
	s = m.flow.Resolve(s)
	for i := 0; s != nil && i < len(s.AnyOf); i++ {
		if one := s.AnyOf[i]; !slices.Contains(one.Types, description.Null) {
			return m.flow.Resolve(one)
		}
	}
	return s
}

// takesNull says whether null is a value, as any JSON is one of a field of the type json.
func (m *missing) takesNull(s *description.Schema) bool {
	s = m.present(s)
	return s == nil || len(s.Types) == 0 || slices.Contains(s.Types, description.Null)
}
