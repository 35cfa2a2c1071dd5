package schema_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// load loads one flow file that must be accepted.
func load(t *testing.T, text string) *model.Package {
	t.Helper()
	pkg, list := schema.Load(fstest.MapFS{"shop.flow.yaml": {Data: []byte(text)}}, schema.Options{Package: "shop"})
	if len(list) > 0 {
		t.Fatalf("the spec is refused:\n%s\n%s", list, text)
	}
	return pkg
}

func TestOrderExample(t *testing.T) {
	folder := filepath.Join("..", "examples", "orders")
	pkg, list := schema.Load(os.DirFS(folder), schema.Options{Dir: folder})
	if len(list) > 0 {
		t.Fatal(list.String())
	}
	if pkg.Name != "orders" {
		t.Errorf("the package is named %q, want orders", pkg.Name)
	}
	f := pkg.Flows[0]
	if f.GoName != "ProcessOrder" || f.VarName != "processOrder" || f.Version != "1.0" || f.MaxAttempts != 3 || f.Timeout != 30*time.Minute {
		t.Errorf("the flow is %+v", f)
	}
	charge := f.Steps[1]
	if method := charge.In.Fields[slices.IndexFunc(charge.In.Fields, func(f *model.Field) bool { return f.Name == "method" })]; !method.Secret || !charge.In.Secret {
		t.Error("the payment method is a secret, and the input of charge-payment holds one")
	}
	want := model.Policy{Timeout: time.Minute, Retries: 2, Backoff: model.Exponential, BackoffBase: time.Second}
	if charge.Policy != want || charge.Undo.GoName != "RefundPayment" || charge.Undo.Policy != want {
		t.Errorf("the policies are %+v and %+v", charge.Policy, charge.Undo)
	}
	if shipped := f.Output.Bindings[1]; shipped.Field.Type.Kind != model.Bool || shipped.Value.Overload != "optional_orValue_value" {
		t.Errorf("shipped is %+v", shipped.Field)
	}
}

func TestSharedTypes(t *testing.T) {
	pkg, list := schema.Load(fstest.MapFS{
		"a.flow.yaml":     {Data: []byte("flow: a\nversion: 1.10\ninput: Order\nsteps: [{step: pay, out: Receipt}]\n")},
		"b.types.yaml":    {Data: []byte("types:\n  Order: {id: string, lines: list<Line>}\n  Receipt: {doc: Paid., fields: {no: {type: string, secret: true}, format: string}}\n")},
		"c.types.yaml":    {Data: []byte("types: {Line: {sku: string, parent: \"Line?\", fields: string}}\nerrors: {out-of-stock: {fields: {sku: string, error: string}, retry: never}}\n")},
		"sub/x.flow.yaml": {Data: []byte("not read")},
	}, schema.Options{Package: "shop"})
	if len(list) > 0 {
		t.Fatal(list.String())
	}
	f := pkg.Flows[0]
	if f.Version != "1.10" || f.Input.Alias.Named.Name != "Order" || f.Input.GoName != "AInput" {
		t.Errorf("the flow is %+v, its input %+v", f, f.Input)
	}
	receipt := pkg.Types[1]
	if receipt.Doc != "Paid." || !receipt.Secret || receipt.Fields[1].GoName != "FormatValue" || receipt.Pos.File != "b.types.yaml" {
		t.Errorf("Receipt is %+v", receipt)
	}
	if !f.Output.Payload.Secret || fieldNames(f.Output.Payload.Fields) != "no format" || f.Output.Payload.Fields[1].GoName != "FormatValue" {
		t.Errorf("the output is that of the last step, its fields are %s", fieldNames(f.Output.Payload.Fields))
	}
	e := pkg.Errors[0]
	if e.GoName != "OutOfStock" || !e.Permanent || e.Fields[1].GoName != "ErrorValue" {
		t.Errorf("the error is %+v", e)
	}
}

// TestTypesWithFieldsOfTheirOwnWords has types whose fields are named like the
// words that describe one.
func TestTypesWithFieldsOfTheirOwnWords(t *testing.T) {
	tests := []struct{ declaration, fields string }{
		{"{doc: string, type: string}", "doc type"},
		{"{fields: {type: string, amount: int}}", "type amount"},
		{"{doc: Of money., fields: {type: {type: string, doc: D}, doc: string, id: int}}", "type doc id"},
		{"{fields: {type: list<string>, doc: All.}}", "fields"},
		{"{fields: string}", "fields"},
	}
	for _, test := range tests {
		text := "flow: a\nversion: \"1.0\"\ntypes: {T: " + test.declaration + "}\nsteps: [{step: x}]\n"
		pkg, list := schema.Load(fstest.MapFS{"a.flow.yaml": {Data: []byte(text)}}, schema.Options{Package: "p"})
		if len(list) > 0 {
			t.Errorf("%s: %s", test.declaration, list)
			continue
		}
		if got := fieldNames(pkg.Types[0].Fields); got != test.fields {
			t.Errorf("%s has the fields %q, want %q", test.declaration, got, test.fields)
		}
	}
}

func fieldNames(fields []*model.Field) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

const spec = `
flow: shop
version: "1.0"
types:
  Item: {sku: string, quantity: int, size: optional<string>}
  Order: {id: string, total: float, items: list<Item>, note: optional<string>, tags: map<string>, card: {type: string, secret: true}, blob: json, raw: bytes}
input: {count: int, at: time, wait: duration, pin: {type: int, secret: true}}
steps:
  - step: load-order
    in: {}
    out: {order: Order}
  - step: maybe
    when: input.count > 0
    in: {}
    out: {ok: bool, n: "int?", order: Order, more: list<Item>}
`

// TestExpressions says what becomes of expressions that are accepted: the type, the
// overload of the outermost node, and whether it can fail and is secret.
func TestExpressions(t *testing.T) {
	tests := []struct{ expr, want string }{
		{"input.count", "int select"},
		{"loadOrder", "ShopLoadOrderOutput block"},
		{"loadOrder.order", "Order select"},
		{"loadOrder.order.card", "string select secret"},
		{"loadOrder.order.note", "string? select"},
		{"loadOrder.order.blob", "json select"},
		{"maybe", "ShopMaybeOutput? block"},
		{"maybe.ok", "bool? select"},
		{"maybe.n", "int? select"}, // one optional, not two
		{"maybe.order.note", "string? select"},
		{"maybe.order.card", "string? select secret"},
		{"maybe.ok.orValue(false)", "bool optional_orValue_value"},
		{"maybe.order.note.orValue(loadOrder.order.id)", "string optional_orValue_value"},
		{"maybe.more.orValue([])", "list<Item> optional_orValue_value"},
		{"maybe.order.tags.orValue({})", "map<string> optional_orValue_value"},
		{"maybe.order.orValue(loadOrder.order)", "Order optional_orValue_value"},
		{"maybe.hasValue()", "bool optional_hasValue"},
		{"maybe.order.card.hasValue()", "bool optional_hasValue secret"},
		{"loadOrder.order.items[0]", "Item index_list fallible"},
		{"loadOrder.order.items[0].size", "string? select fallible"},
		{"maybe.more.orValue([])[0].sku", "string select fallible"},
		{"loadOrder.order.tags['x']", "string index_map fallible"},
		{"loadOrder.order.tags.x", "string index_map fallible"},
		{"true", "bool literal"},
		{"-5", "int literal"},
		{"1.5", "float literal"},
		{`"a"`, "string literal"},
		{`b"a"`, "bytes literal"},
		{"[1, 2]", "list<int> list"},
		{"[[], [1]]", "list<list<int>> list"},
		{`{"a": 1.5}`, "map<float> map"},
		{"[input.pin]", "list<int> list secret"},
		{"1 + 2", "int literal"},
		{"1 / 0", "int divide_int64 fallible"},
		{"input.count + 2", "int add_int64 fallible"},
		{"loadOrder.order.total / 2.0", "float divide_double"},
		{"7 % input.count", "int modulo_int64 fallible"},
		{"-input.count", "int negate_int64 fallible"},
		{"-loadOrder.order.total", "float negate_double"},
		{`"a" + "b"`, "string literal"},
		{`loadOrder.order.id + "b"`, "string add_string"},
		{`duration("1" + "h")`, "duration literal"},
		{"timestamp(0)", "time literal"},
		{"duration(loadOrder.order.id)", "duration string_to_duration fallible"},
		{`input.at.getHours("Europe/Paris")`, "int timestamp_to_hours_with_tz fallible"},
		{"maybe.more[0]", "Item? optional_list_optindex_optional_int"},
		{"maybe.more[0].size", "string? select"},
		{"maybe.more[?0].size", "string? select"},
		{"maybe.order.tags.?x", "string? optional_map_optindex_optional_value"},
		{"has(maybe.order.tags.x)", "bool optional_hasValue"},
		{"maybe.hasValue()", "bool optional_hasValue"},
		{"maybe.order.hasValue(loadOrder.order)", "bool optional_hasValue_value secret"},
		{"maybe.n.or(optional.none())", "int? optional_or_optional"},
		{"optional.none().orValue(1)", "int optional_orValue_value"},
		{"maybe.n.optMap(n, n + 1)", "int? macro fallible"},
		{"maybe.order.card.optMap(c, size(c))", "int? macro secret"},
		{"maybe.order.optFlatMap(o, o.note)", "string? macro"},
		{"[?maybe.n, input.pin]", "list<int> optional_unwrap secret"},
		{"{?\"a\": maybe.n}", "map<int> optional_entries"},
		{"loadOrder.order.items.first().sku", "string? select"},
		{"loadOrder.order.items + [loadOrder.order.items[0]]", "list<Item> add_list fallible"},
		{"[] + [1]", "list<int> add_list"},
		{"input.at + input.wait", "time add_timestamp_duration fallible"},
		{"input.at - run.startedAt", "duration subtract_timestamp_timestamp fallible"},
		{"input.at < run.startedAt", "bool less_timestamp"},
		{"loadOrder.order.total > 100", "bool greater_double_int64"},
		{"input.count == 1 && !maybe.ok.orValue(true)", "bool logical_and"},
		{"loadOrder.order.items == []", "bool equals"},
		{"loadOrder.order.note != maybe.order.note", "bool not_equals"},
		{"input.pin == 1234 ? 1 : 2", "int conditional secret"},
		{"input.count > 0 ? loadOrder.order.note : maybe.order.note", "string? conditional"},
		{"true ? [] : [1]", "list<int> conditional"},
		{"size(loadOrder.order.items)", "int size_list"},
		{"loadOrder.order.id.size()", "int string_size"},
		{"loadOrder.order == loadOrder.order", "bool equals secret"},
		{"[loadOrder.order] != []", "bool not_equals secret"},
		{"size(loadOrder.order.items)", "int size_list"},
		{"size(loadOrder.order.card)", "int size_string secret"},
		{"size(loadOrder.order.tags) + size(loadOrder.order.raw)", "int add_int64 fallible"},
		{"double(input.count) * 1.5", "float multiply_double"},
		{"int(loadOrder.order.total)", "int double_to_int64 fallible"},
		{"run.id", "string run"},
		{"run.attempt", "int run"},
	}
	for _, test := range tests {
		t.Run(test.expr, func(t *testing.T) {
			quoted := strings.ReplaceAll(test.expr, "'", "''")
			pkg := load(t, spec+"  - step: use\n    in: {x: '"+quoted+"'}\n")
			step := pkg.Flows[0].Steps[2]
			b := step.Bindings[0]
			if got := describe(b.Value); got != test.want {
				t.Errorf("%s is %q, want %q", test.expr, got, test.want)
			}
			if b.Field.Type != b.Value.Type || b.Field.Secret != b.Value.Secret || b.Field.GoName != "X" || step.In.Secret != secretIn(b.Field) {
				t.Errorf("the field is %+v", b.Field)
			}
			checkNodes(t, b.Value, test.expr)
		})
	}
}

// secretIn says whether a field of the specs above is or holds a secret.
func secretIn(f *model.Field) bool {
	text := typeText(f.Type)
	return f.Secret || strings.Contains(text, "Order") || strings.Contains(text, "ShopMaybeOutput")
}

func describe(e *model.Expr) string {
	what := string(e.Kind)
	if e.Kind == model.Call {
		what = e.Overload
	}
	text := typeText(e.Type) + " " + what
	if e.Fallible {
		text += " fallible"
	}
	if e.Secret {
		text += " secret"
	}
	return text
}

func typeText(t *model.Type) string {
	switch t.Kind {
	case model.List, model.Map:
		return string(t.Kind) + "<" + typeText(t.Elem) + ">"
	case model.Optional:
		return typeText(t.Elem) + "?"
	case model.Struct:
		if t.Named != nil {
			return t.Named.Name
		}
		return t.Payload.GoName
	}
	return string(t.Kind)
}

// checkNodes holds that every node has a type, the text and a place.
func checkNodes(t *testing.T, e *model.Expr, source string) {
	t.Helper()
	if e.Type == nil || e.Source != source || e.Pos.Line == 0 || e.Pos.Column == 0 || e.Pos.File != "shop.flow.yaml" {
		t.Errorf("a node of %s is %+v", source, e)
	}
	if e.Type.Kind == model.Optional && e.Type.Elem.Kind == model.Optional {
		t.Errorf("a node of %s is optional twice", source)
	}
	for _, arg := range e.Args {
		checkNodes(t, arg, source)
	}
}

func TestEverythingIsMerged(t *testing.T) {
	pkg := load(t, `
flow: shop
version: "1.0"
input: {id: {type: string, doc: Of the order., secret: true}}
steps:
  - step: first
    out: {a: int}
  - step: silent
  - step: second
    when: first.a > 0
    out: {b: string, c: "string?"}
  - step: third
    out: {d: string}
`)
	var got []string
	for _, f := range pkg.Flows[0].Steps[3].In.Fields {
		got = append(got, f.Name+" "+typeText(f.Type))
	}
	if diff := cmp.Diff([]string{"id string", "a int", "b string?", "c string?"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	id := pkg.Flows[0].Steps[3].Bindings[0]
	if !id.Field.Secret || id.Field.Doc != "Of the order." || id.Value.Source != "input.id" || id.Value.Args[0].Kind != model.InputVar {
		t.Errorf("the first field is %+v, made of %+v", id.Field, id.Value)
	}
}

func TestOutputs(t *testing.T) {
	const head = "flow: shop\nversion: \"1.0\"\ntypes: {Order: {id: string}}\ninput: {n: int}\nsteps:\n"
	tests := []struct{ name, rest, want string }{
		{"last result", "  - step: a\n    out: {x: int, y: string}\n", "fields x y"},
		{"last result, a declared type", "  - step: a\n    out: Order\n", "fields id"},
		{"last result, perhaps skipped", "  - step: a\n    when: input.n > 0\n    out: {x: int}\n", "fields x?"},
		{"no result", "  - step: a\n", "fields"},
		{"names", "  - step: a\noutput: {n: input.n, two: input.n * 2}\n", "fields n two"},
		{"one value", "  - step: a\noutput: input.n + 1\n", "alias int"},
		{"one type", "  - step: a\n    out: {o: Order}\noutput: a.o\n", "alias Order"},
		{"a whole result", "  - step: a\n    out: {x: int}\noutput: a\n", "alias ShopAOutput"},
		{"nothing", "  - step: a\noutput: {}\n", "fields"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := load(t, head+test.rest).Flows[0].Output
			got := "fields"
			for i, f := range out.Payload.Fields {
				got += " " + f.Name
				if f.Type.Kind == model.Optional {
					got += "?"
				}
				if out.Bindings[i].Field != f {
					t.Errorf("binding %d is not for %s", i, f.Name)
				}
			}
			if out.Payload.Alias != nil {
				got = "alias " + typeText(out.Payload.Alias)
			}
			if got != test.want || out.Payload.GoName != "ShopOutput" || (out.Value != nil) != (out.Payload.Alias != nil) {
				t.Errorf("the output is %s (%+v), want %s", got, out, test.want)
			}
		})
	}
}

func TestPolicies(t *testing.T) {
	pkg := load(t, `
flow: shop
version: "1.0"
backoff: linear
backoffBase: 1m
backoffMax: 1d12h
jitter: 0.5
defaults: {timeout: 10s, retries: 5, backoff: fixed, jitter: 0.1}
steps:
  - step: a
    delay: 1.5h
    retries: 0
    timeout: 1s
    compensate: {name: undo-a, retries: 9}
  - step: b
`)
	f := pkg.Flows[0]
	if want := (model.Policy{Backoff: model.Linear, BackoffBase: time.Minute, BackoffMax: 36 * time.Hour, Jitter: 0.5}); f.Restart != want || f.MaxAttempts != 1 {
		t.Errorf("restarts: %+v", f.Restart)
	}
	a, b := f.Steps[0], f.Steps[1]
	if want := (model.Policy{Timeout: time.Second, Backoff: model.Fixed, Jitter: 0.1}); a.Policy != want || a.Delay != 90*time.Minute {
		t.Errorf("a: %+v", a)
	}
	if want := (model.Policy{Timeout: time.Second, Retries: 9, Backoff: model.Fixed, Jitter: 0.1}); a.Undo.Policy != want {
		t.Errorf("undo-a: %+v", a.Undo)
	}
	if want := (model.Policy{Timeout: 10 * time.Second, Retries: 5, Backoff: model.Fixed, Jitter: 0.1}); b.Policy != want || b.Undo != nil {
		t.Errorf("b: %+v", b)
	}
}

func TestPackageName(t *testing.T) {
	file := fstest.MapFS{"a.flow.yaml": {Data: []byte("flow: a\nversion: \"1.0\"\nsteps: [{step: x}]\n")}}
	tests := []struct{ dir, option, want string }{
		{"examples/orders", "", "orders"},
		{"My-Flows_2", "", "myflows2"},
		{".", "", "schema"}, // the folder of this test
		{"examples/type", "other", "other"},
		{"examples/type", "", ""},
		{"x", "a b", ""},
		{"x", "func", ""},
		{"documentation", "", ""},
	}
	for _, test := range tests {
		pkg, list := schema.Load(file, schema.Options{Dir: test.dir, Package: test.option})
		switch {
		case test.want == "" && (len(list) != 1 || list[0].Code != diag.PackageName):
			t.Errorf("%s: diagnostics are %v, want one of the package's name", test.dir, list)
		case test.want != "" && (len(list) > 0 || pkg.Name != test.want):
			t.Errorf("%s: %v %v, want %s", test.dir, pkg, list, test.want)
		}
	}
}

func TestFolderInDiagnostics(t *testing.T) {
	_, list := schema.Load(fstest.MapFS{"a.flow.yaml": {Data: []byte("flow: a\n")}}, schema.Options{Dir: "./x/y", Package: "p"})
	if len(list) == 0 || list[0].File != "x/y/a.flow.yaml" {
		t.Errorf("diagnostics are %v, want them in x/y/a.flow.yaml", list)
	}
}

// brokenFS has a file that cannot be opened.
type brokenFS struct{ fstest.MapFS }

func (f brokenFS) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".yaml") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func TestUnreadable(t *testing.T) {
	_, list := schema.Load(brokenFS{fstest.MapFS{"a.flow.yaml": {}}}, schema.Options{Package: "p"})
	if len(list) != 1 || list[0].Code != diag.Unreadable || list[0].File != "a.flow.yaml" {
		t.Errorf("an unreadable file: %v", list)
	}
	_, list = schema.Load(fstest.MapFS{"a.flow.yaml": {Mode: fs.ModeNamedPipe}}, schema.Options{Package: "p"})
	if len(list) != 1 || list[0].Code != diag.Unreadable || list[0].File != "a.flow.yaml" {
		t.Errorf("a pipe: %v", list)
	}
	_, list = schema.Load(os.DirFS(filepath.Join("no", "such", "folder")), schema.Options{Package: "p", Dir: "no/such/folder"})
	if len(list) != 1 || list[0].Code != diag.Unreadable || list[0].File != "no/such/folder" {
		t.Errorf("an unreadable folder: %v", list)
	}
}
