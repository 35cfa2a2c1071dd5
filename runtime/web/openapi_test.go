package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// This file holds every answer in the tests against the OpenAPI text. The schemas of OpenAPI 3.1 are
// JSON Schema, so a validator of that is all that is needed.

// contract is the OpenAPI text of a server.
type contract struct {
	paths    map[string]map[string]json.RawMessage
	compiler *jsonschema.Compiler
}

const contractURL = "http://localhost/openapi.json"

func (s *site) contract() *contract {
	s.Helper()
	if s.text != nil {
		return s.text
	}
	w := &recorder{header: http.Header{}}
	r, err := http.NewRequestWithContext(s.Context(), "GET", "/_bext/openapi.json", nil)
	if err != nil {
		s.Fatal(err)
	}
	who := s.who.Load()
	if who == nil {
		return nil // nobody is told
	}
	s.server.Config.Handler.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		return nil
	}
	var text struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.body.Bytes()))
	if err == nil {
		err = json.Unmarshal(w.body.Bytes(), &text)
	}
	c := &contract{paths: text.Paths, compiler: jsonschema.NewCompiler()}
	if err == nil {
		err = c.compiler.AddResource(contractURL, document)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.text = c
	return c
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) WriteHeader(status int)      { r.status = status }

var parameter = regexp.MustCompile(`\\\{[^}]*\\\}`)

// conforms wants an answer to be as the text says.
func (s *site) conforms(method, path string, a answer) {
	s.Helper()
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	c := s.contract()
	if c == nil || kind != "application/json" && kind != "application/problem+json" {
		return
	}
	path, _, _ = strings.Cut("/_bext"+path, "?")
	pointer := c.schemaOf(strings.ToLower(method), path, a.status, kind)
	if pointer == "" {
		if kind == "application/json" && !strings.HasSuffix(path, "/openapi.json") {
			s.Errorf("%s %s: the answer %d is not in the OpenAPI text", method, path, a.status)
		}
		return
	}
	schema, err := c.compiler.Compile(contractURL + "#" + pointer)
	if err != nil {
		s.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		s.Errorf("%s %s: %v", method, path, err)
	}
}

// schemaOf is where the schema of an answer stands; empty if there is none.
func (c *contract) schemaOf(method, path string, status int, kind string) string {
	escaped := func(text string) string {
		return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", " ", "%20").Replace(text)
	}
	for template, item := range c.paths {
		pattern := "^" + parameter.ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$"
		if operation := item[method]; operation != nil && regexp.MustCompile(pattern).MatchString(path) {
			var o struct {
				Responses map[string]struct {
					Content map[string]json.RawMessage `json:"content"`
				} `json:"responses"`
			}
			if json.Unmarshal(operation, &o) != nil {
				continue
			}
			for _, code := range []string{strconv.Itoa(status), "default"} {
				if o.Responses[code].Content[kind] != nil {
					return "/paths/" + escaped(template) + "/" + method + "/responses/" + code + "/content/" + escaped(kind) + "/schema"
				}
			}
		}
	}
	return ""
}

func TestTheOpenAPITextHasTheSchemaOfEveryInput(t *testing.T) {
	s := newSite(t)
	var text struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct {
							Required   []string                  `json:"required"`
							Properties map[string]map[string]any `json:"properties"`
						} `json:"schema"`
					} `json:"content"`
				} `json:"requestBody"`
			} `json:"post"`
		} `json:"paths"`
	}
	s.get("/openapi.json").is(200).into(&text)
	input := text.Paths["/_bext/flows/order"].Post.RequestBody.Content["application/json"].Schema
	if !strings.HasPrefix(text.OpenAPI, "3.1") || input.Properties["count"]["type"] != "integer" || input.Properties["card"]["writeOnly"] != true {
		t.Errorf("OpenAPI %s has the input %+v", text.OpenAPI, input)
	}
}
