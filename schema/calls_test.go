package schema_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// called is flows in the reverse order of who calls whom, so that none could be checked
// when it comes first by its file.
func called() map[string]string {
	return map[string]string{
		"a": `
flow: order
version: "1.0"
defaults: {retries: 4, timeout: 2s}
input: {id: string, card: {type: string, secret: true}, amount: float}
steps:
  - call: pay
    doc: The money comes first.
    delay: 1m
    in: {card: input.card, amount: "1.5", kind: "'card'", marks: "[]", note: input.id}
    compensate: {name: pay-back, retries: 1}
  - call: pay
    as: again
    when: pay.fee > 1.0
    in: {card: pay.token, amount: pay.fee, kind: pay.kind, marks: "['x']", note: pay.note, kinds: "optional.of([pay.kind])"}
    compensate: pay-again
  - parallel: both
    steps:
      - call: total
        in: {card: input.card, amount: 2.0}
      - foreach: all
        over: "[1.0, 2.0]"
        steps: [{call: total, as: each, in: {amount: item, card: 'again.token.orValue("")'}}]
  - call: total
    as: known
output: {token: pay.token, other: again.token, sum: "total + all[0]", rest: known}
`,
		"b": `
flow: pay
version: "1.0"
input: {card: {type: string, secret: true}, amount: float, kind: Kind, marks: list<string>, note: optional<string>, kinds: optional<list<Kind>>}
types: {Kind: {enum: [card, cash]}}
steps:
  - step: charge
    out: {token: string, fee: float}
output: {token: "charge.token + input.card", fee: charge.fee, kind: input.kind, note: input.note}
`,
		"c": `
flow: total
version: "1.0"
input: Sum
types: {Sum: {card: {type: string, secret: true}, amount: float}}
steps: [{call: round, as: last}]
`,
		"d": "flow: round\nversion: \"1.0\"\ninput: {amount: float}\nsteps: [{step: s}]\noutput: input.amount\n",
	}
}

func loadFlows(t *testing.T, flows map[string]string) (*model.Package, diag.List) {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range flows {
		files[name+".flow.yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return schema.Load(files, schema.Options{Package: "shop"})
}

// TestCalls says what the calls of flows give and return.
func TestCalls(t *testing.T) {
	pkg, list := loadFlows(t, called())
	if len(list) > 0 {
		t.Fatal(list.String())
	}
	var got strings.Builder
	for _, f := range pkg.Flows {
		for _, s := range f.Steps {
			if s.Calls == nil {
				continue
			}
			fmt.Fprintf(&got, "%s calls %s as %s: %s to %s\n", f.Name, s.Calls.Name, s.Name, s.In.GoName, s.Out.GoName)
			for _, b := range s.Bindings {
				fmt.Fprintf(&got, "  %s: %s\n", b.Field.Name, describe(b.Value))
			}
		}
		if f.Output.Value != nil {
			fmt.Fprintf(&got, "%s returns %s\n", f.Name, describe(f.Output.Value))
		}
		for _, field := range f.Output.Payload.Fields {
			fmt.Fprintf(&got, "%s returns %s: %s %v\n", f.Name, field.Name, typeText(field.Type), field.Secret)
		}
	}
	want := `
order calls pay as pay: PayInput to PayOutput
  card: string select secret
  amount: float literal
  kind: enum literal
  marks: list<string> list
  note: string? optional_of
order calls pay as again: PayInput to PayOutput
  card: string select secret
  amount: float select
  kind: enum select
  marks: list<string> list
  note: string? select
  kinds: list<enum>? optional_of
order calls total as total: TotalInput to TotalOutput
  card: string select secret
  amount: float literal
order calls total as each: TotalInput to TotalOutput
  amount: float item
  card: string optional_orValue_value secret
order calls total as known: TotalInput to TotalOutput
  card: string select secret
  amount: float select
order returns token: string true
order returns other: string? true
order returns sum: float false
order returns rest: float false
pay returns token: string true
pay returns fee: float false
pay returns kind: enum false
pay returns note: string? false
total calls round as last: RoundInput to RoundOutput
  amount: float select
total returns float block
round returns float select
`
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got.String())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	checkModel(t, pkg)
}

// TestCallPolicies holds that only the compensation of a call has a policy.
func TestCallPolicies(t *testing.T) {
	pkg, list := loadFlows(t, called())
	if len(list) > 0 {
		t.Fatal(list.String())
	}
	first, second := pkg.Flows[0].Steps[0], pkg.Flows[0].Steps[1]
	if first.Policy != (model.Policy{}) || first.Undo.Policy.Retries != 1 || first.Undo.Policy.Timeout == 0 || second.Undo.Policy.Retries != 4 {
		t.Errorf("the calls are %+v and %+v, undone with %+v and %+v", first, second, first.Undo, second.Undo)
	}
	if first.Doc != "The money comes first." || first.Delay == 0 || first.Skippable || !second.Skippable || second.When == nil || first.Pos.Line != 7 {
		t.Errorf("the calls begin with %+v and %+v", first.BlockHead, second.BlockHead)
	}
}

// TestHostileCalls holds that many calls are refused soon.
func TestHostileCalls(t *testing.T) {
	const head = "flow: shop\nversion: \"1.0\"\n"
	fields := "flow: other\nversion: \"1.0\"\nsteps: [{step: s, in: {}}]\ninput:\n" + numbered(1000, "  field%d: optional<int>\n")
	chain := map[string]string{}
	for i := range 300 {
		chain[fmt.Sprintf("f%d", i)] = fmt.Sprintf("flow: f%d\nversion: \"1.0\"\nsteps: [{call: f%d, in: {}}]\n", i, i+1)
	}
	tests := map[string]struct {
		flows map[string]string
		code  diag.Code
	}{
		"unknown flows":  {map[string]string{"a": head + "steps:\n" + numbered(999, "  - {call: other%d}\n")}, diag.TooLarge},
		"calls of it":    {map[string]string{"a": head + "steps:\n" + numbered(999, "  - {call: shop, as: s%d}\n")}, diag.TooLarge},
		"unknown fields": {map[string]string{"a": head + "steps:\n  - call: other\n    in: {" + numbered(999, "fieldX%d: '1', ") + "a: '1'}\n", "b": fields}, diag.TooLarge},
		"all by name": {map[string]string{"b": fields, "a": head + "types:\n  Many:\n" + numbered(200, "    field%d: int\n") +
			"input: Many\nsteps:\n" + numbered(998, "  - {call: other, as: s%d}\n")}, ""},
		"too much to look through": {map[string]string{"b": fields, "a": head + "types:\n  Many:\n" + numbered(300, "    x%d: int\n") +
			"input: Many\nsteps:\n" + numbered(900, "  - {call: other, as: s%d}\n")}, diag.TooLarge},
		"a long way to nothing": {chain, diag.UnknownFlow},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, list := loadFlows(t, test.flows)
			if test.code == "" && len(list) > 0 || test.code != "" && (len(list) == 0 || list[0].Code != test.code) {
				t.Errorf("want %q, got %s", test.code, clip(list.String()))
			}
		})
	}
}
