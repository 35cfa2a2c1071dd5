package lsp_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// edits are those of a rename.
type edits map[string][]struct {
	Range   rangeOf
	NewText string
}

// apply makes the edits of a file in its text.
func (e edits) apply(t *testing.T, uri, text string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, one := range slices.Backward(e[uri]) {
		line := utf16.Encode([]rune(lines[one.Range.Start.Line]))
		lines[one.Range.Start.Line] = string(utf16.Decode(line[:one.Range.Start.Character])) + one.NewText + string(utf16.Decode(line[one.Range.End.Character:]))
	}
	return strings.Join(lines, "\n")
}

func TestRename(t *testing.T) {
	const flow = `flow: shop
version: "1.0"
types:
  Row: {total: int}
input: {chargePayment: int, rows: list<Row>}
steps:
  - step: "charge-payment"
    doc: The charge-payment, or chargePayment.
    in: {chargePayment: input.chargePayment}
    out: {total: int, other: int}
  - step: notify
    when: '"é🎉 chargePayment" != "" && chargePayment.total-chargePayment.other > 1'
    in:
      a: >-
        [1, 2].map(y, y +
          chargePayment.other)[0]
      b: "\"\\u00e9\" + string(chargePayment.other)"
      c: "input.rows.map(x, chargePayment.total)[0]"
  - step: last # gets all that is there
output: {sum: chargePayment.other}
`
	renamed := strings.NewReplacer(
		`"charge-payment"`, `"take-money"`, "&& chargePayment.total-chargePayment.other", "&& takeMoney.total-takeMoney.other",
		"          chargePayment.other", "          takeMoney.other", "string(chargePayment", "string(takeMoney", "sum: chargePayment", "sum: takeMoney",
		"map(x, chargePayment", "map(x, takeMoney",
	).Replace(flow)
	tests := []struct{ at, name, want, refused string }{
		{`"charge‸-payment"`, "take-money", renamed, ""},
		{"&& ‸chargePayment.", "take-money", renamed, ""},
		{"-chargePay‸ment.other", "take-money", renamed, ""},
		{"          chargePayment‸.other", "take-money", renamed, ""},
		{"step: ‸last", "end", strings.Replace(flow, "step: last", "step: end", 1), ""},
		{`"charge‸-payment"`, "notify", "", "named twice"},
		{`"charge‸-payment"`, "takeMoney", "", "kebab-case"},
		{`"charge‸-payment"`, "a\n  - step: b", "", "kebab-case"},
		{`"charge‸-payment"`, "", "", "kebab-case"},
		{`"charge‸-payment"`, "input", "", "`input`"},
		{`"charge‸-payment"`, "x", "", "means something else"}, // the name of an element in an expression that reads it
		{"input.charge‸Payment", "take-money", "", "no step"},
		{"flow: sh‸op", "take-money", "", "no step"},
		{"doc: The charge-pay‸ment", "take-money", "", "no step"},
	}
	c := start(t)
	for _, test := range tests {
		plain := strings.Replace(test.at, mark, "", 1)
		if !strings.Contains(flow, plain) {
			t.Fatalf("%q is not in the flow", plain)
		}
		text, params := c.openAt("shop.flow.yaml", strings.Replace(flow, plain, test.at, 1))
		params["newName"] = test.name
		m := c.response(c.request("textDocument/rename", params))
		if test.want == "" {
			if m.Error == nil || m.Error.Code != -32803 || !strings.Contains(m.Error.Message, test.refused) {
				t.Errorf("%s to %q: %s %+v, want it refused with %q", test.at, test.name, m.Result, m.Error, test.refused)
			}
			continue
		}
		var result struct{ Changes edits }
		if m.Error != nil || json.Unmarshal(m.Result, &result) != nil {
			t.Errorf("%s to %q: %+v", test.at, test.name, m.Error)
			continue
		}
		if got := result.Changes.apply(t, c.uri("shop.flow.yaml"), text); got != test.want {
			t.Errorf("%s to %q: got\n%s", test.at, test.name, got)
		}
	}
}

func TestRenameInWrongFolder(t *testing.T) {
	c := start(t, "b.flow.yaml", "flow: b\n")
	_, params := c.openAt("shop.flow.yaml", shopAt(t, "step: ‸notify"))
	params["newName"] = "tell"
	if m := c.response(c.request("textDocument/rename", params)); m.Error == nil || !strings.Contains(m.Error.Message, "b.flow.yaml:1:1") {
		t.Errorf("got %s, %+v", m.Result, m.Error)
	}
}

func TestRenameOfEscapedName(t *testing.T) {
	c := start(t)
	_, params := c.openAt("a.flow.yaml", "flow: a\nversion: \"1.0\"\nsteps:\n  - step: \"‸charge\\x2dpayment\"\n")
	params["newName"] = "b"
	if m := c.response(c.request("textDocument/rename", params)); m.Error == nil || !strings.Contains(m.Error.Message, "behind `step:`") {
		t.Errorf("got %s, %+v", m.Result, m.Error)
	}
}

func TestPrepareRename(t *testing.T) {
	c := start(t)
	for at, want := range map[string]string{
		"step: ‸notify": "notify notify", "when: charge‸Payment": "chargePayment charge-payment", "wait: ‸approved": " ", "size(pack‸All)": " ",
	} {
		text, params := c.openAt("shop.flow.yaml", shopAt(t, at))
		var got *struct {
			Range       rangeOf
			Placeholder string
		}
		c.ask("textDocument/prepareRename", params, &got)
		said := " "
		if got != nil {
			said = got.Range.in(text) + " " + got.Placeholder
		}
		if said != want {
			t.Errorf("%s: got %q, want %q", at, said, want)
		}
	}
}
