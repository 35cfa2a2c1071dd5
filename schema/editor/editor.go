// Package editor writes the JSON Schema of flow files and types files, with which an editor
// completes keys, explains them and marks mistakes while one types. Its objects, keys and
// descriptions are those of the parser (parse.Objects); what only the compiler sees, such as
// types and expressions, is left to it.
package editor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/bextgen/bextgen/schema/parse"
)

// node is a JSON Schema or a part of one.
type node = map[string]any

// draft is the version of JSON Schema that editors know.
const draft = "http://json-schema.org/draft-07/schema#"

// Flow is the schema of *.flow.yaml files.
func Flow() ([]byte, error) { return write("flow", "flow", "A durable flow") }

// Types is the schema of *.types.yaml files.
func Types() ([]byte, error) {
	return write("types", "typesFile", "Types and errors that the flows of a folder share")
}

// write writes the schema of files that are an object.
func write(name, root, title string) ([]byte, error) {
	b := &builder{objects: map[string]parse.Object{}, definitions: node{}}
	for _, o := range parse.Objects() {
		b.objects[o.Name] = o
	}
	schema := node{"$schema": draft, "$id": fmt.Sprintf("https://bextgen.dev/schema/%s.json", name), "title": title}
	maps.Copy(schema, b.object(b.objects[root]))
	schema["definitions"] = b.definitions
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(schema); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return text.Bytes(), nil
}

// builder collects the definitions that a schema refers to.
type builder struct {
	objects     map[string]parse.Object
	definitions node
}

// ref refers to the definition of an object or of a form.
func (b *builder) ref(name string) node {
	if _, there := b.definitions[name]; !there {
		b.definitions[name] = nil // blocks stand in blocks
		if o, ok := b.objects[name]; ok {
			b.definitions[name] = b.object(o)
		} else {
			b.definitions[name] = b.structure(parse.Form(name))
		}
	}
	return node{"$ref": "#/definitions/" + name}
}

// object is a mapping of known keys.
func (b *builder) object(o parse.Object) node {
	properties, required := node{}, []string{}
	for _, k := range o.Keys {
		properties[k.Name] = b.property(k)
		if k.Required {
			required = append(required, k.Name)
		}
	}
	schema := node{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	maps.Copy(schema, together(o.Name))
	return schema
}

// together is what holds of the keys of an object with each other.
func together(object string) node {
	switch object {
	case "wait":
		return node{"dependencies": node{"onTimeout": []string{"timeout"}}}
	case "schedule":
		return node{
			"oneOf":        []node{{"required": []string{"cron"}}, {"required": []string{"every"}}},
			"dependencies": node{"timezone": []string{"cron"}},
		}
	case "case":
		return node{"oneOf": []node{{"required": []string{"when", "steps"}}, {"required": []string{"else"}, "maxProperties": 1}}}
	}
	return nil
}

// property is a key with its value. A description beside a $ref would not be read, so that a
// reference is wrapped.
func (b *builder) property(k parse.Key) node {
	p := scalar(k.Form)
	if p == nil {
		p = node{"allOf": []node{b.ref(string(k.Form))}}
	}
	p["description"] = k.Doc
	if k.Default != "" {
		p["default"] = literal(k.Form, k.Default)
	}
	return p
}

// literal is a value as JSON has it.
func literal(form parse.Form, text string) any {
	switch form {
	case parse.Count, parse.Positive, parse.Limit, parse.Part:
		return json.Number(text)
	case parse.Switch:
		return text == "true"
	}
	return text
}
