package editor_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/editor"
	"github.com/bextgen/bextgen/schema/parse"
)

// schemas are the two schemas, ready to check files.
type schemas struct{ flow, types *jsonschema.Schema }

func compile(t *testing.T) schemas {
	t.Helper()
	one := func(text []byte, err error) *jsonschema.Schema {
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", document); err != nil {
			t.Fatal(err)
		}
		schema, err := compiler.Compile("schema.json")
		if err != nil {
			t.Fatal(err)
		}
		return schema
	}
	return schemas{one(editor.Flow()), one(editor.Types())}
}

// check is what an editor would mark in a file; nil also for one that is no YAML.
func (s schemas) check(t *testing.T, name string, content []byte) error {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil || len(document.Content) == 0 {
		return err
	}
	if strings.HasSuffix(name, parse.TypesSuffix) {
		return s.types.Validate(asJSON(document.Content[0]))
	}
	return s.flow.Validate(asJSON(document.Content[0]))
}

// asJSON is a document as editors see it: YAML 1.2 has no times.
func asJSON(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = asJSON(n.Content[i+1])
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, element := range n.Content {
			list = append(list, asJSON(element))
		}
		return list
	}
	var value any
	if n.Tag == "!!timestamp" || n.Decode(&value) != nil {
		return n.Value
	}
	return value
}

// TestSchemaAcceptsGoodSpecs takes every spec that the compiler accepts.
func TestSchemaAcceptsGoodSpecs(t *testing.T) {
	s, count := compile(t), 0
	check := func(name string, content []byte) {
		count++
		if err := s.check(t, name, content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, pattern := range []string{"../../examples/*/*.yaml", "../../templates/scaffold/*.yaml"} {
		for _, file := range glob(t, pattern) {
			check(file, read(t, file))
		}
	}
	for _, file := range glob(t, "../../testdata/gen/*.txtar") {
		for _, f := range txtar.Parse(read(t, file)).Files {
			if strings.HasSuffix(f.Name, parse.FlowSuffix) || strings.HasSuffix(f.Name, parse.TypesSuffix) {
				check(file+"/"+f.Name, f.Data)
			}
		}
	}
	if count < 60 {
		t.Errorf("there are %d good specs, want at least 60", count)
	}
}

// unseen are the codes of mistakes that a schema cannot see: files, YAML itself, what names
// refer to, types and expressions.
func unseen() []diag.Code {
	return []diag.Code{
		diag.Unreadable, diag.NoFlowFile, diag.TooLarge, diag.SecondDocument, diag.PackageName,
		diag.DuplicateKey, // which editors mark without a schema
		diag.Misplaced,    // an `else` that is not last; of others, some are seen
		diag.ReservedName, diag.DeclaredTwice, diag.GoCollision, diag.EndlessType, diag.WrongRule, diag.BadDefault,
		diag.DelaysTooLong, diag.CallCircle, diag.UnknownFlow,
		diag.ExprSyntax, diag.ExprNotYet, diag.UnknownVariable, diag.ReadTooEarly, diag.NoResult, diag.UnknownField,
		diag.MaybeAbsent, diag.TypeMismatch, diag.NullRefused, diag.UntypedExpr, diag.AmbiguousMerge, diag.SecretExposed,
		diag.OnlyInForeach, diag.BadConstant, diag.SuspectCondition, diag.BadSchedule, diag.BadValue,
	}
}

// unseenIn are the packages of testdata/diag whose mistakes have a code that can be seen in
// others: what is missing or wrong depends there on what names refer to.
func unseenIn() []string {
	return []string{
		"block_output.txtar", "foreach_output.txtar", "foreach_output_in_parallel.txtar", "wait_output.txtar", // a flow's output
		"schedule_rules.txtar", // the input of a schedule
		"enum_values.txtar", "expr_names.txtar", "go_fields.txtar", "go_no_module.txtar", "type_unknown_no_follow_up.txtar",
		"file_empty.txtar", "yaml_alias.txtar", // YAML
	}
}

// TestSchemaRefusesBadSpecs takes the example of each code from the page that explains it, and
// holds that an editor marks it, but for the codes that only the compiler sees.
func TestSchemaRefusesBadSpecs(t *testing.T) {
	s := compile(t)
	for _, code := range diag.Codes() {
		page, _ := diag.Explanation(code)
		parts := strings.Split(page, "```yaml\n")
		if len(parts) != 3 {
			t.Fatalf("the page of %s has not two examples", code)
		}
		if err := s.checkExample(t, parts[2]); err != nil {
			t.Errorf("%s: the mended example is marked: %v", code, err)
		}
		isChange := strings.Contains(parts[1], "-- before/") // what a flow was before, no schema sees
		if err := s.checkExample(t, parts[1]); (err == nil) != (isChange || slices.Contains(unseen(), code)) {
			t.Errorf("%s (%s): the wrong example is marked with %v", code, diag.Titles()[code], err)
		}
	}
}

// checkExample is check for an example in Markdown.
func (s schemas) checkExample(t *testing.T, text string) error {
	t.Helper()
	text, _, _ = strings.Cut(text, "```")
	archive := txtar.Parse([]byte(text))
	if len(archive.Files) == 0 {
		return s.check(t, "shop.flow.yaml", archive.Comment)
	}
	return s.checkFiles(t, archive)
}

// TestSchemaRefusesBadFiles takes the packages of testdata/diag: one with a mistake that a
// schema can see is marked.
func TestSchemaRefusesBadFiles(t *testing.T) {
	s, count := compile(t), 0
	for _, file := range glob(t, "../../testdata/diag/*.txtar") {
		archive := txtar.Parse(read(t, file))
		codes := slices.DeleteFunc(codesOf(archive), func(c diag.Code) bool { return slices.Contains(unseen(), c) })
		if len(codes) == 0 {
			continue
		}
		count++
		if (s.checkFiles(t, archive) == nil) != slices.Contains(unseenIn(), filepath.Base(file)) {
			t.Errorf("%s has %v, and is not marked; or it is, and is in the list of those that are not", filepath.Base(file), codes)
		}
	}
	if count < 40 {
		t.Errorf("there are %d packages with a mistake that can be seen, want at least 40", count)
	}
}

// checkFiles is what an editor would mark in the first of the files in which it marks something.
func (s schemas) checkFiles(t *testing.T, archive *txtar.Archive) error {
	t.Helper()
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, parse.FlowSuffix) && !strings.HasSuffix(f.Name, parse.TypesSuffix) {
			continue
		}
		if err := s.check(t, f.Name, f.Data); err != nil {
			return err
		}
	}
	return nil
}

// codesOf are the codes of what the compiler says of a package.
func codesOf(archive *txtar.Archive) []diag.Code {
	var codes []diag.Code
	for _, f := range archive.Files {
		for line := range strings.Lines(string(f.Data)) {
			if from := strings.LastIndex(line, "(BX"); f.Name == "want" && from >= 0 {
				codes = append(codes, diag.Code(strings.TrimSuffix(line[from+1:], ")\n")))
			}
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// TestKeysTogether holds what is marked of keys that need or exclude each other.
func TestKeysTogether(t *testing.T) {
	s := compile(t)
	for spec, good := range map[string]bool{
		"steps: [{wait: a, timeout: 1h, onTimeout: continue}]":                               true,
		"steps: [{wait: a, onTimeout: continue}]":                                            false,
		"steps: [{step: a}]\nschedule: {cron: 0 9 * * *, timezone: Europe/Paris}":            true,
		"steps: [{step: a}]\nschedule: {cron: 0 9 * * *, every: 1h}":                         false,
		"steps: [{step: a}]\nschedule: {every: 1h, timezone: Europe/Paris}":                  false,
		"steps: [{step: a}]\nschedule: {input: {}}":                                          false,
		"steps: [{choose: a, cases: [{when: input.x, steps: [{step: a}]}]}]":                 true,
		"steps: [{choose: a, cases: [{when: input.x, else: [{step: a}]}]}]":                  false,
		"steps: [{choose: a, cases: [{when: input.x}]}]":                                     false,
		"steps: [{choose: a, cases: [{else: [{step: a}]}]}]":                                 false,
		"steps: [{parallel: a, steps: [{sequence: [{step: b}]}, {step: c}]}]":                true,
		"steps: [{sequence: [{step: b}]}]":                                                   false,
		"steps: [{step: a, wait: b}]":                                                        false,
		"steps: [{step: a, retries: \"3\", jitter: \"0.1\", transaction: \"true\"}]":         true,
		"steps: [{step: a}]\ntypes: {Size: {enum: [s, 1]}, A: {fields: {enum: list<Size>}}}": true,
		"steps: [{step: a}]\ntypes: {size: {enum: [s]}}":                                     false,
	} {
		if err := s.check(t, "a.flow.yaml", []byte("flow: a\nversion: 1.0\n"+spec)); (err == nil) != good {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

// TestDurations holds that a text that is a duration is one for editors too.
func TestDurations(t *testing.T) {
	s := compile(t)
	for _, text := range []string{"1s", "1d12h", "1.5h", "200ms", "1d2h3m4s5ms", "0.5s", "5", "s", "1 s", "1w", "", "-1s"} {
		_, err := duration.Parse(text)
		marked := s.check(t, "a.flow.yaml", []byte("flow: a\nversion: \"1.0\"\nsteps: [{step: b, delay: \""+text+"\"}]\n"))
		if (err != nil || text == "-1s") != (marked != nil) {
			t.Errorf("%q: the compiler says %v, the schema %v", text, err, marked)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
