package templates_test

// This file draws whole packages.

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/templates"
	"github.com/bextgen/bextgen/testdata/gen/module"
)

// pack draws a package: its types, and flows that call those before them.
type pack struct {
	t      *rapid.T
	types  []*dtype
	flows  []*dflow
	names  int
	macros int
}

// dflow is a drawn flow, as a call sees it.
type dflow struct {
	name   string
	input  []dfield
	needed []bool // by input: whether a call has to give it
	output *dtype
}

func (k *pack) n(max int, what string) int { return rapid.IntRange(0, max).Draw(k.t, what) }
func (k *pack) one(list ...string) string  { return list[k.n(len(list)-1, "one")] }

func (k *pack) typ(depth int) *dtype {
	if depth > 0 {
		switch k.n(11, "kind") {
		case 0:
			return listOf(k.typ(depth - 1))
		case 1:
			return mapOf(k.typ(depth - 1))
		case 2, 3:
			return optionalDtype(k.typ(depth - 1))
		case 4, 5, 6:
			return k.types[k.n(len(k.types)-1, "declared")]
		}
	}
	return scalar(k.one("string", "string", "int", "int", "float", "bool", "bytes", "time", "duration", "json"))
}

var fieldNames = []string{
	"id", "url", "p", "s", "e", "x", "v", "error", "string", "len", "body", "out", "out1", "value", "item", "index", "time", "flow", "json",
	"name", "size", "matches", "contains", "all", "map1", "orValue", "hasValue", "optional", "timestamp", "duration", "int", "bool",
	"run1", "key", "nil", "append", "iota", "problems", "secret", "new", "getHours", "isNaN", "userHTTPCode", "a1b2",
}

var blockNames = []string{
	"p", "s", "e", "x", "v", "error", "string", "len", "body", "out", "value", "item", "index", "time", "flow", "json", "money",
	"name", "size", "matches", "all", "or-value", "optional", "timestamp", "duration", "int", "bool", "key", "nil", "append",
	"iota", "new", "http-url", "a1-b2", "context", "runtime", "reflect", "strconv", "fmt", "slog", "next", "machine",
	"register", "start", "get", "signal", "definition", "own", "types", "math", "slices", "strings", "plan", "session", "user-id", "ids", "any",
}

// fields draws some fields, and how a spec writes them.
func (k *pack) fields(most, depth int, options bool) ([]dfield, map[string]any) {
	var list []dfield
	spec := map[string]any{}
	for range 1 + k.n(most-1, "fields") {
		f := dfield{name: fieldNames[k.n(len(fieldNames)-1, "field")], of: k.typ(depth)}
		if _, ok := spec[f.name]; ok {
			continue
		}
		spec[f.name] = f.of.text
		if options && k.n(2, "options") == 0 {
			long := map[string]any{"type": f.of.text, "doc": "What */ it `is`."}
			if k.n(3, "secret") == 0 {
				long["secret"], f.secret = true, true
			}
			k.rules(f.of, long)
			spec[f.name] = long
		}
		list = append(list, f)
	}
	return list, spec
}

// rules draws rules and a default that fit.
func (k *pack) rules(of *dtype, into map[string]any) {
	if of.kind == "optional" {
		of = of.of
	}
	set := func(key string, v any) {
		if k.n(1, key) == 0 {
			into[key] = v
		}
	}
	switch of.kind {
	case "string":
		set("minLength", 1)
		set("maxLength", 30)
		set("pattern", "^[`\"a-z]+$")
		set("default", "abc")
	case "int":
		set("min", -3)
		set("max", 9)
		set("default", 5)
	case "float":
		set("min", -0.5)
		set("max", 1e300)
		set("default", 5)
	case "time":
		set("min", "2020-01-31T12:00:00.5Z")
		set("max", "2120-01-31T12:00:00+02:00")
		set("default", "2026-01-31T12:00:00Z")
	case "duration":
		set("min", "1ms")
		set("max", "2d")
		set("default", "1.5h")
	case "bytes":
		set("maxLength", 40)
		set("default", "AAEC")
	case "bool":
		set("default", true)
	case "enum":
		set("default", of.values[0])
	case "list":
		set("maxLength", 4)
		if text, ok := texts()[of.of.kind]; ok {
			set("default", []any{text})
		}
	case "map":
		set("minLength", 0)
	}
}

// texts are values of types that a spec writes as text.
func texts() map[string]string {
	return map[string]string{
		"string": "a", "time": "2026-01-31T12:00:00Z", "duration": "1h", "bytes": "AA==", "enum": "small",
	}
}

// declare draws the types of the package.
func (k *pack) declare(folder string) map[string]any {
	spec := map[string]any{
		"Money": map[string]any{"go": "golden/" + folder + "/time.Amount"},
		"Part":  map[string]any{"go": "golden/" + folder + "/time.Part"},
		"Own":   map[string]any{"go": "golden/" + folder + ".Own"},
	}
	k.types = goTypes()
	for _, name := range []string{"Size", "Enum"} {
		k.types = append(k.types, &dtype{text: name, kind: "enum", values: []string{"small", "extra-large", "XXL"}})
		spec[name] = map[string]any{"enum": []any{"small", "extra-large", "XXL"}}
	}
	for _, name := range []string{"Order", "Duration", "Time", "JSON", "Problems"}[:2+k.n(3, "structs")] {
		t := &dtype{text: name, kind: "struct"}
		var fields map[string]any
		t.fields, fields = k.fields(5, 2, true)
		k.types = append(k.types, t)
		spec[name] = map[string]any{"fields": fields, "doc": "About " + name}
	}
	return spec
}

// flow draws a flow.
func (k *pack) flow(name string) map[string]any {
	k.names = 0
	f := &dflow{name: name}
	var input map[string]any
	f.input, input = k.fields(6, 2, true)
	for _, field := range f.input {
		long, _ := input[field.name].(map[string]any)
		_, hasDefault := long["default"]
		f.needed = append(f.needed, field.of.kind != "optional" && !hasDefault)
	}
	spec := map[string]any{"flow": name, "version": "1.0", "input": input, "maxAttempts": 2}
	in := dvalue{"input", &dtype{kind: "struct", fields: f.input}, false}
	seen := in.reads(3)[1:]
	k.keys(spec, seen)
	k.schedule(spec, f)
	d := &body{pack: k, used: map[string]bool{"input": true, "run": true}}
	seen = append(seen, dvalue{"run.id", scalar("string"), false}, dvalue{"run.attempt", scalar("int"), false}, dvalue{"run.startedAt", scalar("time"), false})
	steps, behind := d.blocks(seen, 3)
	spec["steps"] = steps
	out, fields := d.assign(append(slices.Clip(seen), behind...))
	spec["output"] = out
	f.output = &dtype{kind: "struct", text: "output of " + name, fields: fields}
	k.flows = append(k.flows, f)
	return spec
}

func open(seen []dvalue) (list []dvalue) {
	for _, v := range seen {
		if !v.secret && !v.of.hides(0) {
			list = append(list, v)
		}
	}
	return list
}

// keys draws what is computed at the start.
func (k *pack) keys(spec map[string]any, seen []dvalue) {
	pen := &pen{k.t, open(seen), &k.macros}
	if k.n(2, "idempotency") == 0 {
		w, _ := pen.expr(scalar("string"), 2)
		spec["idempotencyKey"] = w.text
	}
	if k.n(2, "tenant") == 0 {
		w, _ := pen.expr(scalar("string"), 2)
		spec["tenant"] = w.text
	}
	if k.n(2, "priority") == 0 {
		w, _ := pen.expr(scalar("int"), 2)
		spec["priority"] = w.text
	}
	if k.n(2, "concurrency") == 0 {
		w, _ := pen.expr(scalar(k.one("int", "string", "bool")), 2)
		spec["concurrency"] = map[string]any{"limit": 3, "key": w.text}
	}
	if k.n(2, "retention") == 0 {
		spec["retention"], spec["timeout"] = "30d", "1d12h"
	}
	if k.n(2, "defaults") == 0 {
		spec["defaults"] = map[string]any{"timeout": "1m", "retries": 2, "jitter": 0.2}
	}
}

// schedule draws a schedule, if the flow's input can be written down.
func (k *pack) schedule(spec map[string]any, f *dflow) {
	input := map[string]any{}
	for i, field := range f.input {
		value, ok := literalOf(field.of)
		if ok && (f.needed[i] || k.n(1, "given") == 0) {
			input[field.name] = value
		} else if f.needed[i] {
			return
		}
	}
	spec["schedule"] = map[string]any{"every": "1h", "input": input}
}

// literalOf is a value of a type as a spec writes it.
func literalOf(of *dtype) (any, bool) {
	if text, ok := texts()[of.kind]; ok {
		return text, true
	}
	switch of.kind {
	case "int", "float":
		return 5, true
	case "bool":
		return true, true
	case "json":
		return map[string]any{"a": []any{1, nil, "x"}}, true
	case "list", "map":
		value, ok := literalOf(of.of)
		if of.kind == "map" {
			return map[string]any{"a b": value}, ok
		}
		return []any{value}, ok
	case "optional":
		return literalOf(of.of)
	case "struct":
		all := map[string]any{}
		for _, f := range of.fields {
			value, ok := literalOf(f.of)
			if !ok {
				return nil, false
			}
			all[f.name] = value
		}
		return all, true
	}
	return nil, false
}

// body draws the blocks of a flow.
type body struct {
	*pack
	used map[string]bool
	each []string
}

func (d *body) name() (kebab, read string) {
	kebab = blockNames[d.n(len(blockNames)-1, "block")]
	if d.used[strings.ToLower(varName(kebab))] {
		d.names++
		kebab = fmt.Sprintf("%s%d", kebab, d.names)
	}
	d.used[strings.ToLower(varName(kebab))] = true
	return kebab, varName(kebab)
}

func varName(kebab string) string {
	words := strings.Split(kebab, "-")
	for i := range words[1:] {
		words[i+1] = strings.ToUpper(words[i+1][:1]) + words[i+1][1:]
	}
	return strings.Join(words, "")
}

// assign draws `in` or `output`: fields with expressions of them.
func (d *body) assign(seen []dvalue) (map[string]any, []dfield) {
	pen := &pen{d.t, seen, &d.macros}
	spec := map[string]any{}
	var fields []dfield
	for range 1 + d.n(3, "assigned") {
		of := d.typ(2)
		if d.n(1, "seen") == 0 {
			of = seen[d.n(len(seen)-1, "type of")].of
		}
		name := fieldNames[d.n(len(fieldNames)-1, "field")]
		w, ok := pen.expr(of, 3)
		if _, twice := spec[name]; twice || !ok {
			continue
		}
		spec[name] = w.text
		fields = append(fields, dfield{name, of, w.secret})
	}
	if len(fields) == 0 {
		spec["none"], fields = "1", append(fields, dfield{"none", scalar("int"), false})
	}
	return spec, fields
}

func (d *body) blocks(seen []dvalue, depth int) (specs []any, behind []dvalue) {
	for range 1 + d.n(2, "blocks") {
		spec, own := d.block(append(slices.Clip(seen), behind...), depth)
		specs = append(specs, spec)
		behind = append(behind, own...)
	}
	return specs, behind
}

func (d *body) block(seen []dvalue, depth int) (map[string]any, []dvalue) {
	kinds := []func([]dvalue, int) (map[string]any, []dvalue){d.step, d.step, d.wait, d.call, d.choose, d.parallel, d.foreach}
	if depth == 0 {
		kinds = kinds[:4]
	}
	spec, behind := kinds[d.n(len(kinds)-1, "kind")](seen, depth-1)
	pen := &pen{d.t, seen, &d.macros}
	switch d.n(6, "head") {
	case 0:
		w, _ := pen.expr(scalar("time"), 2)
		spec["until"] = w.text
	case 1:
		spec["delay"] = "1ms"
	case 2:
		w, _ := pen.expr(scalar("bool"), 3)
		spec["when"] = w.text
		behind = absent(behind)
	}
	return spec, behind
}

func absent(values []dvalue) []dvalue {
	values = slices.Clone(values)
	for i := range values {
		values[i].of = optionalDtype(values[i].of)
	}
	return values
}

// result draws an out, and what is read of it.
func (d *body) result(read string) (any, []dvalue) {
	if t := d.types[d.n(len(d.types)-1, "out")]; t.kind == "struct" && d.n(2, "whole") == 0 {
		return t.text, dvalue{read, t, false}.reads(3)
	}
	fields, spec := d.fields(3, 2, true)
	return spec, dvalue{read, &dtype{kind: "struct", text: "result " + read, fields: fields}, false}.reads(3)
}

func (d *body) step(seen []dvalue, _ int) (map[string]any, []dvalue) {
	kebab, read := d.name()
	spec := map[string]any{"step": kebab, "retries": 1}
	spec["in"], _ = d.assign(seen)
	var behind []dvalue
	if d.n(3, "out") > 0 {
		spec["out"], behind = d.result(read)
	}
	switch d.n(4, "compensate") {
	case 0:
		spec["compensate"] = "undo-" + kebab
	case 1:
		spec["compensate"] = map[string]any{"name": "undo-" + kebab, "after": "attempted", "timeout": "1s"}
	}
	if d.n(4, "transaction") == 0 {
		spec["transaction"], spec["timeout"] = true, "5s"
	}
	return spec, behind
}

func (d *body) wait(seen []dvalue, _ int) (map[string]any, []dvalue) {
	kebab, read := d.name()
	spec := map[string]any{"wait": kebab}
	var behind []dvalue
	if d.n(3, "out") > 0 {
		spec["out"], behind = d.result(read)
	}
	if len(d.each) > 0 {
		pen := &pen{d.t, open(seen), &d.macros}
		w, _ := pen.expr(scalar("string"), 2)
		spec["key"] = w.text
	}
	if d.n(1, "timeout") == 0 {
		spec["timeout"], spec["onTimeout"] = "1h", "continue"
		behind = absent(behind)
	}
	return spec, behind
}

func (d *body) call(seen []dvalue, depth int) (map[string]any, []dvalue) {
	if len(d.flows) == 0 {
		return d.step(seen, depth)
	}
	f := d.flows[d.n(len(d.flows)-1, "called")]
	in := map[string]any{}
	for i, field := range f.input {
		from := seen
		if !field.secret {
			from = open(seen)
		}
		pen := &pen{d.t, from, &d.macros}
		w, ok := pen.expr(field.of, 2)
		switch {
		case ok && (f.needed[i] || d.n(2, "give") > 0):
			in[field.name] = w.text
		case f.needed[i]:
			return d.step(seen, depth)
		}
	}
	kebab, read := d.name()
	spec := map[string]any{"call": f.name, "as": kebab, "in": in}
	if d.n(2, "compensate") == 0 {
		spec["compensate"] = "undo-" + kebab
	}
	return spec, dvalue{read, f.output, false}.reads(3)
}

func (d *body) choose(seen []dvalue, depth int) (map[string]any, []dvalue) {
	kebab, _ := d.name()
	pen := &pen{d.t, seen, &d.macros}
	w, _ := pen.expr(scalar("bool"), 3)
	steps, behind := d.blocks(seen, depth)
	others, also := d.blocks(seen, depth)
	return map[string]any{"choose": kebab, "cases": []any{
		map[string]any{"when": w.text, "steps": steps}, map[string]any{"else": others},
	}}, absent(append(behind, also...))
}

func (d *body) parallel(seen []dvalue, depth int) (map[string]any, []dvalue) {
	kebab, _ := d.name()
	a, behind := d.blocks(seen, depth)
	b, also := d.block(seen, depth)
	return map[string]any{"parallel": kebab, "steps": []any{map[string]any{"sequence": a}, b}}, append(behind, also...)
}

func (d *body) foreach(seen []dvalue, depth int) (map[string]any, []dvalue) {
	pen := &pen{d.t, seen, &d.macros}
	of := listOf(d.typ(2))
	for _, v := range seen {
		if v.of.kind == "list" && d.n(1, "over") == 0 {
			of = v.of
		}
	}
	over, ok := pen.expr(of, 2)
	if !ok {
		return d.step(seen, depth)
	}
	kebab, read := d.name()
	_, as := d.name()
	d.used[strings.ToLower(as+"Index")] = true
	inside := append(slices.Clip(seen), dvalue{as, of.of, over.secret}.reads(3)...)
	inside = append(inside, dvalue{as + "Index", scalar("int"), false})
	d.each = append(d.each, as)
	steps, own := d.blocks(inside, depth)
	d.each = d.each[:len(d.each)-1]
	spec := map[string]any{"foreach": kebab, "over": over.text, "as": as, "limit": 3, "steps": steps}
	in := append(inside, own...)
	value := in[d.n(len(in)-1, "collect")]
	pen.seen = in
	w, ok := pen.expr(value.of, 2)
	if !ok || value.of.kind == "optional" {
		w, _ = pen.expr(scalar("int"), 2)
		value.of = scalar("int")
	}
	spec["collect"] = w.text
	return spec, []dvalue{{read, listOf(value.of), w.secret || over.secret}}
}

// drawPackage draws the specs of a package in a folder.
func drawPackage(t *rapid.T, folder string) fstest.MapFS {
	k := &pack{t: t}
	fsys := fstest.MapFS{"all.types.yaml": file(map[string]any{"types": k.declare(folder)})}
	for _, name := range []string{"a", "get-b", "flow"} {
		fsys[name+".flow.yaml"] = file(k.flow(name))
	}
	return fsys
}

func file(spec any) *fstest.MapFile {
	data, err := json.MarshalIndent(spec, "", " ")
	if err != nil {
		panic(err)
	}
	data = []byte(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(string(data), `\u003c`, "<"), `\u003e`, ">"), `\u0026`, "&"))
	return &fstest.MapFile{Data: data}
}

// TestAnything draws packages whose flows use all of the language with types of all kinds:
// none of them is wrong, and go vet has nothing to say of their Go.
func TestAnything(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	dir := t.TempDir()
	if err := module.Write(dir, ".."); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		folder := fmt.Sprintf("p%d", i)
		specs := rapid.Custom(func(t *rapid.T) fstest.MapFS { return drawPackage(t, folder) }).Example(i)
		at := filepath.Join(dir, folder)
		writeFile(t, filepath.Join(at, "own.go"), []byte("package "+folder+goOwnSource))
		writeFile(t, filepath.Join(at, "time", "time.go"), []byte(goMoneySource))
		pkg, diagnostics := schema.Load(specs, schema.Options{Package: folder, Dir: folder, Out: at})
		if len(diagnostics) > 0 {
			t.Errorf("%sin %s", diagnostics, specTexts(specs))
			continue
		}
		files, err := templates.Go(pkg)
		if err != nil {
			t.Fatalf("%s has no Go: %v", specTexts(specs), err)
		}
		for _, f := range files {
			writeFile(t, filepath.Join(at, f.Name), f.Content)
		}
	}
	run(t, dir, "go", "vet", "./...")
}

func specTexts(specs fstest.MapFS) string {
	var b strings.Builder
	for name, f := range specs {
		fmt.Fprintf(&b, "-- %s --\n%s\n", name, f.Data)
	}
	return b.String()
}
