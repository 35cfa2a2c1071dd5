package flow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
)

// This file hides secrets. A field is secret if its struct tag says
// `secret:"true"`, which bextgen writes for what the spec marks and for what is
// made of it.

// Hidden stands in the place of a secret wherever one is shown.
const Hidden = "•••"

// FormatRedacted prints v with its secrets hidden. Generated Format methods call it.
func FormatRedacted(f fmt.State, verb rune, v any) {
	// As JSON: the names of the spec, and no way for a verb to reach a secret.
	text := string(redactedJSON(v))
	if verb == 'q' {
		text = fmt.Sprintf("%q", text)
	}
	fmt.Fprint(f, text)
}

// LogRedacted is v with its secrets hidden, for slog. Generated LogValue methods call it.
func LogRedacted(v any) slog.Value {
	var plain any
	if err := json.Unmarshal(redactedJSON(v), &plain); err != nil {
		return slog.StringValue(Hidden)
	}
	return slog.AnyValue(plain)
}

func redactedJSON(v any) json.RawMessage {
	raw, err := Encode(v)
	if err != nil {
		return json.RawMessage(`"` + Hidden + `"`)
	}
	return Redact(reflect.TypeOf(v), raw)
}

// Redact is a stored value of type t with its secrets hidden. Bytes that cannot
// be understood are hidden whole.
func Redact(t reflect.Type, raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || !HoldsSecret(t) {
		return raw
	}
	out, err := encodePlain(t, raw, func(any) any { return Hidden })
	if err != nil {
		return json.RawMessage(`"` + Hidden + `"`)
	}
	return out
}

// Secrets are the texts of the secrets in a stored value of type t, so that
// they can be blotted out elsewhere. Very short ones are not among them: to blot
// out each "1" of a text hides nothing and destroys it.
func Secrets(t reflect.Type, raw json.RawMessage) []string {
	if len(raw) == 0 || !HoldsSecret(t) {
		return nil
	}
	var found []string
	collect := func(v any) any {
		found = append(found, texts(v)...)
		return Hidden
	}
	if _, err := encodePlain(t, raw, collect); err != nil {
		return nil
	}
	// A secret may be a part of another: the longest is blotted out first.
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return found
}

// SecretTexts are the texts in a stored value all of which is secret, as Secrets has
// them: without very short ones.
func SecretTexts(raw json.RawMessage) []string {
	plain, err := decodePlain(raw)
	if err != nil {
		return nil
	}
	return texts(plain)
}

// HoldsSecret says whether a value of a type has a secret field at any depth; one of no type has none.
func HoldsSecret(t reflect.Type) bool { return t != nil && holdsSecret(t, map[reflect.Type]bool{}) }

// BlotJSON replaces secrets in a stored value without a type: in its texts, and numbers
// that are one.
func BlotJSON(raw json.RawMessage, secrets []string) json.RawMessage {
	plain, err := decodePlain(raw)
	if err != nil {
		return json.RawMessage(`"` + Hidden + `"`)
	}
	out, err := Encode(blotIn(plain, secrets))
	if err != nil {
		return json.RawMessage(`"` + Hidden + `"`)
	}
	return out
}

// blotIn replaces secrets in a plain JSON value.
func blotIn(v any, secrets []string) any {
	switch v := v.(type) {
	case string:
		return Blot(v, secrets)
	case json.Number:
		if slices.Contains(secrets, v.String()) {
			return Hidden
		}
	case []any:
		for i := range v {
			v[i] = blotIn(v[i], secrets)
		}
	case map[string]any:
		blotted := make(map[string]any, len(v))
		for name, value := range v {
			blotted[Blot(name, secrets)] = blotIn(value, secrets)
		}
		return blotted
	}
	return v
}

// Blot replaces secrets in a text.
func Blot(text string, secrets []string) string {
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, Hidden)
	}
	return text
}

// encodePlain applies hide to the secrets of a stored value.
func encodePlain(t reflect.Type, raw json.RawMessage, hide func(any) any) (json.RawMessage, error) {
	plain, err := decodePlain(raw)
	if err != nil {
		return nil, err
	}
	return Encode(hideIn(t, plain, hide))
}

func decodePlain(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber() // whole numbers over 2^53 stay as they are
	var plain any
	err := dec.Decode(&plain)
	return plain, err
}

// hideIn walks a plain JSON value along the type that it was made from.
func hideIn(t reflect.Type, v any, hide func(any) any) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if ownEncoding(t) { // of a type of the user's own: what is where in its JSON is not known
		if v != nil && holdsSecret(t, map[reflect.Type]bool{}) {
			return hide(v)
		}
		return v
	}
	switch v := v.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for i := range v {
				v[i] = hideIn(t.Elem(), v[i], hide)
			}
		}
	case map[string]any:
		switch t.Kind() {
		case reflect.Map:
			for k := range v {
				v[k] = hideIn(t.Elem(), v[k], hide)
			}
		case reflect.Struct:
			hideFields(t, v, hide)
		}
	}
	return v
}

func hideFields(t reflect.Type, v map[string]any, hide func(any) any) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && f.Anonymous && structOf(f.Type) != nil {
			hideFields(structOf(f.Type), v, hide) // they stand among the others
			continue
		}
		name = cmp.Or(name, f.Name)
		old, ok := v[name]
		switch {
		case !ok:
		case f.Tag.Get("secret") == "true":
			v[name] = hide(old)
		default:
			v[name] = hideIn(f.Type, old, hide)
		}
	}
}

// structOf is a struct type, or that which a pointer type points to; nil for others.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// holdsSecret says whether a value of the type has a secret field at any depth.
func holdsSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return holdsSecret(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("secret") == "true" || f.IsExported() && holdsSecret(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// shortestSecret is the length below which a secret is not blotted out of texts.
const shortestSecret = 4

// texts are the strings and numbers in a plain JSON value that are worth hiding.
func texts(v any) []string {
	var found []string
	switch v := v.(type) {
	case string:
		found = append(found, v)
	case json.Number:
		found = append(found, v.String())
	case []any:
		for _, e := range v {
			found = append(found, texts(e)...)
		}
	case map[string]any:
		for _, e := range v {
			found = append(found, texts(e)...)
		}
	}
	kept := found[:0]
	for _, s := range found {
		if len(s) >= shortestSecret {
			kept = append(kept, s)
		}
	}
	return kept
}
