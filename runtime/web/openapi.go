package web

import (
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file makes the OpenAPI text out of the table of the routes, the types of the
// answers, and those of the registered flows.

// operation is what the text says of a route.
type operation struct {
	id, summary  string
	query        []parameter
	body         reflect.Type // of the request; nil for none, or any
	loose        bool         // the body may be anything
	answer, also response
	events       bool // the answer is a stream
}

type parameter struct{ name, kind, description string }

type response struct {
	status int
	body   reflect.Type
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func answerOf[T any](status int) response { return response{status, typeOf[T]()} }

type object = map[string]any

func (h *handler) getOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, h.openAPI())
}

func (h *handler) openAPI() object {
	schemas, paths := object{"Problem": schemaOf(typeOf[Problem]())}, object{}
	for _, r := range h.routes() {
		if r.about == nil {
			continue
		}
		item, _ := paths[h.prefix+r.path].(object)
		if item == nil {
			item = object{"parameters": pathParameters(r.path)}
			paths[h.prefix+r.path] = item
		}
		item[strings.ToLower(r.method)] = r.about.describe(schemas)
	}
	for _, def := range h.rt.Definitions() {
		path := h.prefix + "/flows/" + def.Flow
		if paths[path] == nil { // else there is a newer version
			paths[path] = object{"post": startOperation(def, schemas)}
		}
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "bextgen", "version": "1", "description": "Durable flows: runs, their events, and what can be done to them."},
		"paths":   paths,
		"components": object{
			"schemas": schemas,
			"securitySchemes": object{
				"bearer": object{"type": "http", "scheme": "bearer"},
				"basic":  object{"type": "http", "scheme": "basic"},
			},
		},
		"security": []object{{"bearer": []string{}}, {"basic": []string{}}, {}},
	}
}

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

func pathParameters(path string) []object {
	list := []object{}
	for _, m := range inBraces.FindAllStringSubmatch(path, -1) {
		schema := object{"type": "string"}
		if m[1] == "act" {
			schema["enum"] = slices.Sorted(maps.Keys(acts))
		}
		list = append(list, object{"name": m[1], "in": "path", "required": true, "schema": schema})
	}
	return list
}

// describe is the operation in the text. The schemas of its bodies are put among the others.
func (o *operation) describe(schemas object) object {
	text := object{"operationId": o.id, "summary": o.summary}
	parameters := []object{}
	for _, p := range o.query {
		parameters = append(parameters, object{
			"name": p.name, "in": "query", "description": p.description, "schema": object{"type": p.kind},
		})
	}
	if len(parameters) > 0 {
		text["parameters"] = parameters
	}
	switch {
	case o.loose:
		text["requestBody"] = content("application/json", object{})
	case o.body != nil:
		text["requestBody"] = content("application/json", reference(o.body, schemas))
	}
	responses := object{"default": described("What went wrong", content("application/problem+json", object{"$ref": "#/components/schemas/Problem"}))}
	for _, r := range []response{o.answer, o.also} {
		if r.status != 0 {
			responses[strconv.Itoa(r.status)] = described(http.StatusText(r.status), content("application/json", reference(r.body, schemas)))
		}
	}
	if o.events {
		responses["200"] = described("Events as they happen, as a text/event-stream", content("text/event-stream", object{"type": "string"}))
		responses["204"] = object{"description": "There is nothing more to come"}
	}
	text["responses"] = responses
	return text
}

func reference(t reflect.Type, schemas object) object {
	schemas[t.Name()] = schemaOf(t)
	return object{"$ref": "#/components/schemas/" + t.Name()}
}

func content(mediaType string, schema object) object {
	return object{"content": object{mediaType: object{"schema": schema}}}
}

func described(description string, o object) object {
	o["description"] = description
	return o
}

// startOperation is the start of one flow, with the schema of its input.
func startOperation(def *flow.Definition, schemas object) object {
	start := &operation{
		id: "start-" + def.Flow, summary: "Starts a run of " + def.Flow + " " + def.Version,
		answer: answerOf[StartAnswer](202), also: answerOf[StartAnswer](200),
	}
	text := start.describe(schemas)
	if def.Doc != "" {
		text["description"] = def.Doc
	}
	text["parameters"] = []object{
		headerParameter(tenantHeader, "string", "For whom the run is."),
		headerParameter(priorityHeader, "integer", "Higher first."),
		headerParameter(keyHeader, "string", "A second start with the same key returns the first run."),
	}
	text["requestBody"] = content("application/json", schemaOf(def.Input))
	return text
}

func headerParameter(name, kind, description string) object {
	return object{"name": name, "in": "header", "description": description, "schema": object{"type": kind}}
}
