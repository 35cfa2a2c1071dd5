package web

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file describes the types of flows as JSON Schema (2020-12, which OpenAPI 3.1 uses).

// schemaOf is the schema of what a type is as JSON. A nil type is nothing: null.
func schemaOf(t reflect.Type) map[string]any {
	if t == nil {
		return map[string]any{"type": "null"}
	}
	return schemaOfType(t, map[reflect.Type]bool{})
}

func schemaOfType(t reflect.Type, within map[reflect.Type]bool) map[string]any {
	if known := schemaOfKnown(t); known != nil {
		return known
	}
	switch t.Kind() {
	case reflect.Pointer:
		schema := schemaOfType(t.Elem(), within)
		if kind, ok := schema["type"].(string); ok {
			schema["type"] = []string{kind, "null"}
		}
		return schema
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "format": "int64"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice, reflect.Array:
		return map[string]any{"type": "array", "items": schemaOfType(t.Elem(), within)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOfType(t.Elem(), within)}
	case reflect.Struct:
		return schemaOfStruct(t, within)
	}
	return map[string]any{}
}

// schemaOfKnown is the schema of types with an encoding of their own; nil for others.
func schemaOfKnown(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[flow.Duration]():
		return map[string]any{"type": "string", "description": "A duration such as 1d12h."}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case reflect.TypeFor[texts]():
		return map[string]any{"type": []string{"string", "array"}, "items": map[string]any{"type": "string"}}
	case reflect.TypeFor[[]byte]():
		return map[string]any{"type": "string", "contentEncoding": "base64"}
	}
	if t.Kind() == reflect.Pointer {
		return nil
	}
	if e, ok := reflect.Zero(t).Interface().(flow.Enum); ok && t.Kind() == reflect.String {
		return map[string]any{"type": "string", "enum": e.EnumValues()}
	}
	switch {
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		return map[string]any{}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	return nil
}

func schemaOfStruct(t reflect.Type, within map[reflect.Type]bool) map[string]any {
	if within[t] {
		return map[string]any{"type": "object"} // it contains itself: deep enough
	}
	within[t] = true
	defer delete(within, t)
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		schema := schemaOfType(f.Type, within)
		if f.Tag.Get("secret") == "true" {
			schema["writeOnly"] = true // what is shown is •••
		}
		properties[name] = schema
		if f.Type.Kind() != reflect.Pointer && !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 && !reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		schema["required"] = required // a type that decodes itself has defaults for some
	}
	return schema
}
