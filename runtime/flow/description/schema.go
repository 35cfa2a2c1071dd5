package description

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Schema is a JSON Schema, draft 2020-12, with the words that OpenAPI 3.1 takes. A schema
// here refers to the types of its flow as #/$defs/NAME.
//
// Beyond the standard's words there are x-secret, of a property that is hidden wherever it is
// shown; x-minimum and x-maximum, of a time or a duration; x-go-type, where the JSON is the
// affair of a Go type of the user's own; and the format bextgen-duration: 1d12h. A pattern is in
// the syntax of RE2. A secret is not marked as writeOnly: it is not left out of what is
// shown, something else stands in its place.
type Schema struct {
	Ref         string `json:"$ref,omitempty"`
	Description string `json:"description,omitempty"`
	Types       Types  `json:"type,omitempty"`
	Format      string `json:"format,omitempty"`
	// Encoding is base64, of bytes.
	Encoding string   `json:"contentEncoding,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	// Secret marks a property that is secret whatever its type is.
	Secret  bool            `json:"x-secret,omitempty"`
	Default json.RawMessage `json:"default,omitempty"`

	Minimum    json.RawMessage `json:"minimum,omitempty"`
	Maximum    json.RawMessage `json:"maximum,omitempty"`
	MinLength  *int            `json:"minLength,omitempty"`
	MaxLength  *int            `json:"maxLength,omitempty"`
	MinItems   *int            `json:"minItems,omitempty"`
	MaxItems   *int            `json:"maxItems,omitempty"`
	MinEntries *int            `json:"minProperties,omitempty"`
	MaxEntries *int            `json:"maxProperties,omitempty"`
	Pattern    string          `json:"pattern,omitempty"`
	Earliest   string          `json:"x-minimum,omitempty"`
	Latest     string          `json:"x-maximum,omitempty"`

	// Properties are the fields of a struct, in the order of the spec; those of Required
	// have to be there. Values is what the values of a map are like, Items the elements of a list.
	Properties Properties `json:"properties,omitempty"`
	Required   []string   `json:"required,omitempty"`
	Values     *Schema    `json:"additionalProperties,omitempty"`
	Items      *Schema    `json:"items,omitempty"`
	// AnyOf is a reference and null, of an optional value.
	AnyOf  []*Schema `json:"anyOf,omitempty"`
	GoType string    `json:"x-go-type,omitempty"`
}

// Null is the type of what is absent.
const Null = "null"

// refPrefix is what references to the types of a flow begin with.
const refPrefix = "#/$defs/"

// Ref is a schema that refers to a type of the flow.
func Ref(name string) *Schema { return &Schema{Ref: refPrefix + name} }

// RefName is the name of the type that the schema refers to; empty if it does not.
func (s *Schema) RefName() string {
	name, _ := strings.CutPrefix(s.Ref, refPrefix)
	return name
}

// Resolve is the schema itself, or the type that it refers to; nil if that is not there.
func (f *Flow) Resolve(s *Schema) *Schema {
	for range len(f.Defs) + 1 { // a reference to itself has no end
		if s == nil || s.Ref == "" {
			return s
		}
		s = f.Defs[s.RefName()]
	}
	return nil
}

// MapRefs is a copy of the schema in which each reference is replaced by what to says of the
// name that it has, such as #/components/schemas/orders.Item.
func (s *Schema) MapRefs(to func(name string) string) *Schema {
	if s == nil {
		return nil
	}
	c := *s
	if s.Ref != "" {
		c.Ref = to(s.RefName())
	}
	c.Values, c.Items = s.Values.MapRefs(to), s.Items.MapRefs(to)
	c.Properties, c.AnyOf = nil, nil
	for _, p := range s.Properties {
		c.Properties = append(c.Properties, Property{Name: p.Name, Schema: p.Schema.MapRefs(to)})
	}
	for _, one := range s.AnyOf {
		c.AnyOf = append(c.AnyOf, one.MapRefs(to))
	}
	return &c
}

// Property is a field of a struct.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties are the fields of a struct. In JSON they are an object that keeps their order.
type Properties []Property

// Get is the schema of a field; nil if there is none of this name.
func (p Properties) Get(name string) *Schema {
	for _, property := range p {
		if property.Name == name {
			return property.Schema
		}
	}
	return nil
}

// MarshalJSON writes an object whose members are in the order of the properties.
func (p Properties) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // whoever writes what is around decides that
	for i, property := range p {
		out.WriteByte("{,"[min(i, 1)])
		if err := enc.Encode(property.Name); err != nil {
			return nil, fmt.Errorf("writing the schema of %s: %w", property.Name, err)
		}
		out.WriteByte(':')
		if err := enc.Encode(property.Schema); err != nil {
			return nil, fmt.Errorf("writing the schema of %s: %w", property.Name, err)
		}
	}
	if len(p) == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// UnmarshalJSON reads an object and keeps the order of its members.
func (p *Properties) UnmarshalJSON(text []byte) error {
	*p = nil
	dec := json.NewDecoder(bytes.NewReader(text))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("reading the properties of a schema: %.20s is no object", text)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return fmt.Errorf("reading the properties of a schema: %w", err)
		}
		schema := new(Schema)
		if err := dec.Decode(schema); err != nil {
			return fmt.Errorf("reading the schema of %v: %w", name, err)
		}
		*p = append(*p, Property{Name: fmt.Sprint(name), Schema: schema})
	}
	return nil
}

// Types are the types of JSON that a value may have. In JSON, one stands without a list.
type Types []string

// MarshalJSON writes one type as a text, several as a list.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// UnmarshalJSON reads a text or a list.
func (t *Types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Types{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}
