// The JSON Schema of the types of a flow.

package templates

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/description"
	durations "github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/schema/model"
)

// schemas collects the types that the schemas of a flow refer to.
type schemas struct {
	defs  map[string]*description.Schema
	names map[*model.Named]string
	// secretDefaults are the defaults of secret fields, as they were written.
	secretDefaults []string
}

func newSchemas() *schemas {
	return &schemas{defs: map[string]*description.Schema{}, names: map[*model.Named]string{}}
}

// payload is what an input or an output is like; nil if there is none.
func (s *schemas) payload(p *model.Payload) *description.Schema {
	switch {
	case p == nil:
		return nil
	case p.Alias != nil:
		return s.of(p.Alias)
	}
	if _, known := s.defs[p.GoName]; !known {
		s.defs[p.GoName] = nil // while its fields are looked at
		s.defs[p.GoName] = s.object(p.Fields)
	}
	return description.Ref(p.GoName)
}

// scalarSchemas are what the types are like that are no more than their kind. JSON may be anything.
var scalarSchemas = map[model.Kind]description.Schema{
	model.String:   {Types: description.Types{"string"}},
	model.Bool:     {Types: description.Types{"boolean"}},
	model.Int:      {Types: description.Types{"integer"}, Format: "int64"},
	model.Float:    {Types: description.Types{"number"}, Format: "double"},
	model.Bytes:    {Types: description.Types{"string"}, Encoding: "base64"},
	model.Time:     {Types: description.Types{"string"}, Format: "date-time"},
	model.Duration: {Types: description.Types{"string"}, Format: "bextgen-duration"},
	model.JSON:     {},
}

// of is what the values of a type are like.
func (s *schemas) of(t *model.Type) *description.Schema {
	switch t.Kind {
	case model.List:
		return s.list(t.Elem, false)
	case model.Map:
		return &description.Schema{Types: description.Types{"object"}, Values: s.of(t.Elem)}
	case model.Optional:
		return orNull(s.of(t.Elem))
	case model.Struct, model.Enum, model.GoStruct:
		if t.Payload != nil {
			return s.payload(t.Payload)
		}
		return s.named(t.Named)
	default:
		scalar := scalarSchemas[t.Kind]
		return &scalar
	}
}

// list is a list of elements that may be secret as a whole.
func (s *schemas) list(elem *model.Type, secret bool) *description.Schema {
	items := s.of(elem)
	items.Secret = secret
	return &description.Schema{Types: description.Types{"array"}, Items: items}
}

// orNull is what a value is like that may be absent.
func orNull(s *description.Schema) *description.Schema {
	null := description.Types{description.Null}
	switch {
	case s.Ref != "":
		return &description.Schema{AnyOf: []*description.Schema{s, {Types: null}}}
	case len(s.Types) > 0:
		s.Types = append(s.Types[:len(s.Types):len(s.Types)], null...)
	}
	return s
}

// named refers to a type with a name.
func (s *schemas) named(t *model.Named) *description.Schema {
	if name, known := s.names[t]; known {
		return description.Ref(name)
	}
	plain := path.Base(t.Name) // that of a Go type which no spec names is with its import path
	name := plain
	for n := 2; ; n++ { // types of different Go packages may have the same name
		if _, taken := s.defs[name]; !taken {
			break
		}
		name = fmt.Sprintf("%s%d", plain, n)
	}
	s.names[t], s.defs[name] = name, nil // while its fields are looked at
	s.defs[name] = s.declared(t)
	return description.Ref(name)
}

// declared is what the values of a type with a name are like.
func (s *schemas) declared(t *model.Named) *description.Schema {
	var d *description.Schema
	switch {
	case len(t.Values) > 0:
		d = &description.Schema{Types: description.Types{"string"}}
		for _, v := range t.Values {
			d.Enum = append(d.Enum, v.Text)
		}
	case t.Go == nil:
		d = s.object(t.Fields)
	case t.Go.Opaque != "":
		d = &description.Schema{GoType: goTypeName(t.Go), Secret: t.Secret}
	default:
		d = s.object(t.Fields)
		d.Required, d.GoType = nil, goTypeName(t.Go)
		for _, name := range t.Go.Hidden {
			d.Properties = append(d.Properties, description.Property{Name: name, Schema: &description.Schema{Secret: true}})
		}
	}
	d.Description = t.Doc
	return d
}

func goTypeName(t *model.GoType) string {
	if t.ImportPath == "" {
		return t.Name
	}
	return t.ImportPath + "." + t.Name
}

// object is a struct with these fields.
func (s *schemas) object(fields []*model.Field) *description.Schema {
	d := &description.Schema{Types: description.Types{"object"}}
	for _, fd := range fields {
		property := s.of(fd.Type)
		property.Description = fd.Doc
		property.Secret = fd.Secret
		switch {
		case fd.Default != nil && fd.Secret:
			s.secretDefaults = append(s.secretDefaults, fd.Default.Source)
		case fd.Default != nil:
			property.Default = constantJSON(fd.Default.Value)
		}
		if fd.Rules != nil {
			addRules(property, fd)
		}
		d.Properties = append(d.Properties, description.Property{Name: fd.Name, Schema: property})
		if fd.Type.Kind != model.Optional && fd.Default == nil && !hasDefaults(fd.Type) {
			d.Required = append(d.Required, fd.Name)
		}
	}
	return d
}

// hasDefaults says whether a field of the type may be left out, since it has a default then.
func hasDefaults(t *model.Type) bool {
	return t.Kind == model.Struct && t.Named != nil && t.Named.Defaults
}

// addRules adds what a field demands of its value.
func addRules(d *description.Schema, fd *model.Field) {
	t := fd.Type
	if t.Kind == model.Optional {
		t = t.Elem
	}
	least, most := fd.Rules.MinLength, fd.Rules.MaxLength
	switch t.Kind {
	case model.String:
		d.MinLength, d.MaxLength = least, most
	case model.Bytes:
		d.MinLength, d.MaxLength = encodedLength(least), encodedLength(most)
	case model.List:
		d.MinItems, d.MaxItems = least, most
	case model.Map:
		d.MinEntries, d.MaxEntries = least, most
	case model.Time, model.Duration:
		d.Earliest, d.Latest = boundText(fd.Rules.Min), boundText(fd.Rules.Max)
	default:
		d.Minimum, d.Maximum = bound(fd.Rules.Min), bound(fd.Rules.Max)
	}
	d.Pattern = fd.Rules.Pattern
}

// encodedLength is how long so many bytes are in base64.
func encodedLength(n *int) *int {
	if n == nil {
		return nil
	}
	encoded := base64.StdEncoding.EncodedLen(*n)
	return &encoded
}

func bound(e *model.Expr) json.RawMessage {
	if e == nil {
		return nil
	}
	return constantJSON(e.Value)
}

// boundText is a time or a duration as it stands in JSON, without the quotes.
func boundText(e *model.Expr) string {
	var text string
	if e != nil {
		_ = json.Unmarshal(constantJSON(e.Value), &text) // it is a text
	}
	return text
}

// constantJSON is a constant as it is stored.
func constantJSON(value any) json.RawMessage {
	switch v := value.(type) {
	case time.Duration:
		value = durations.Format(v)
	case time.Time:
		value = v.Format(time.RFC3339Nano)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil // constants are numbers, texts, bools and bytes, which are JSON
	}
	return text
}
