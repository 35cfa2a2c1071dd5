package description

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Hidden stands in the place of a secret wherever one is shown.
const Hidden = "•••"

// Redact is a stored value with the secrets of its schema hidden, as flow.Redact does by a
// Go type: both give the same bytes. A value that cannot be understood, and one without a
// schema, is hidden whole.
func (f *Flow) Redact(s *Schema, raw json.RawMessage) json.RawMessage {
	switch {
	case len(raw) == 0:
		return raw
	case s == nil:
		return hiddenWhole()
	case !f.HoldsSecret(s):
		return raw
	}
	plain, err := decodePlain(raw)
	if err != nil {
		return hiddenWhole()
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f.hide(s, plain, func(any) any { return Hidden })); err != nil {
		return hiddenWhole()
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func hiddenWhole() json.RawMessage { return json.RawMessage(`"` + Hidden + `"`) }

// Secrets are the plain values of the secrets in a value, so that they can be blotted out
// elsewhere: texts, json.Numbers, bools, lists and maps of such.
func (f *Flow) Secrets(s *Schema, raw json.RawMessage) []any {
	var found []any
	if plain, err := decodePlain(raw); err == nil && s != nil {
		f.hide(s, plain, func(v any) any {
			found = append(found, v)
			return Hidden
		})
	}
	return found
}

func decodePlain(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // whole numbers over 2^53 stay as they are
	var plain any
	err := dec.Decode(&plain)
	return plain, err
}

// hide walks a plain JSON value along its schema and replaces what is secret.
func (f *Flow) hide(s *Schema, v any, with func(any) any) any {
	secret := s.Secret
	if s = f.present(s); secret || s == nil || s.Secret { // a type that is not there may have had secrets
		return with(v)
	}
	switch v := v.(type) {
	case []any:
		if s.Items != nil {
			for i := range v {
				v[i] = f.hide(s.Items, v[i], with)
			}
		}
	case map[string]any:
		for name, value := range v {
			if field := s.Properties.Get(name); field != nil {
				v[name] = f.hide(field, value, with)
			} else if s.Values != nil {
				v[name] = f.hide(s.Values, value, with)
			}
		}
	}
	return v
}

// present is what a value that is not absent is like.
func (f *Flow) present(s *Schema) *Schema {
	for _, one := range s.AnyOf {
		if !slices.Contains(one.Types, Null) {
			return f.Resolve(one)
		}
	}
	return f.Resolve(s)
}

// HoldsSecret says whether a value of this schema has a secret in it, at any depth.
func (f *Flow) HoldsSecret(s *Schema) bool { return f.holdsSecret(s, map[string]bool{}) }

func (f *Flow) holdsSecret(s *Schema, seen map[string]bool) bool {
	switch {
	case s == nil:
		return false
	case s.Secret:
		return true
	case s.Ref != "":
		if seen[s.Ref] {
			return false
		}
		seen[s.Ref] = true
		def := f.Defs[s.RefName()]
		return def == nil || f.holdsSecret(def, seen)
	}
	inside := append([]*Schema{s.Items, s.Values}, s.AnyOf...)
	for _, p := range s.Properties {
		inside = append(inside, p.Schema)
	}
	return slices.ContainsFunc(inside, func(in *Schema) bool { return f.holdsSecret(in, seen) })
}
