package lsp_test

import (
	"strings"
	"testing"
)

func TestHover(t *testing.T) {
	tests := []struct{ at, word, want string }{
		{"ver‸sion:", "version", "`major.minor`, read as written"},
		{"‸retries: 2", "retries", "How many attempts may follow the first.\n\nDefault: `0`"},
		{"onTimeout‸: c", "onTimeout", "`fail` fails the run"},
		{"de‸fault: 1.5", "default", "The value where JSON lacks the field."},
		{"as‸: thing", "as", "The name of the element in expressions."},
		{"enu‸m: [", "enum", "The values, of which text of this type is one."},
		{"input:\n  order‸Id", "", ""}, // a field's name is no key of the language
		{"step: charge-pay‸ment", "charge-payment", "step charge-payment: {chargeId: string}\n```\n\nCharges the card.\n\nHandled by `ChargePayment`, read in expressions as `chargePayment`."},
		{"wait: app‸roved", "approved", "wait approved: {by: string}"},
		{"foreach: pack‸-all", "pack-all", "list<"},
		{"when: charge‸Payment", "chargePayment", "ChargePaymentOutput\n```\n\nCharges the card."},
		{"when: chargePayment.ch‸argeId", "chargeId", "chargeId: string"},
		{`"🎉" + input.order‸Id`, "orderId", "orderId: string"},
		{"over: in‸put", "input", "input: ShopInput"},
		{"input.order.it‸ems", "items", "items: list<Item>"},
		{"sku: th‸ing.sku", "thing", "thing: Item"},
		{"thing‸Index", "thingIndex", "thingIndex: int"},
		{"size(pack‸All)", "packAll", "packAll: list<"},
		{"si‸ze(packAll)", "size", "size(bytes) → int"},
		{"order: Or‸der", "Order", "Order:\n  items: list<Item>\n  total: float\n```\n\nWhat somebody bought."},
		{"list<It‸em>", "Item", "Item:\n  sku: string\n  size: Size"},
		{"size: Si‸ze", "Size", "Size: enum [small, large]"},
		{"doc: What some‸body", "", ""},
	}
	c := start(t)
	for _, test := range tests {
		text, params := c.openAt("shop.flow.yaml", shopAt(t, test.at))
		var got *struct {
			Contents struct{ Kind, Value string }
			Range    rangeOf
		}
		c.ask("textDocument/hover", params, &got)
		switch {
		case got == nil && test.want == "":
		case got == nil || test.want == "":
			t.Errorf("%s: got %+v, want %q", test.at, got, test.want)
		case !strings.Contains(got.Contents.Value, test.want) || got.Range.in(text) != test.word:
			t.Errorf("%s: got %q of %q, want %q of %q", test.at, got.Contents.Value, got.Range.in(text), test.want, test.word)
		}
	}
}

// TestHoverInBrokenFile holds that keys are told about in what is no YAML, and what expressions read where
// something else is wrong.
func TestHoverInBrokenFile(t *testing.T) {
	c := start(t)
	for at, want := range map[string]string{
		"flow: a\nsteps:\n  - step: b\n    re‸tries: [\n":                                                          "How many attempts",
		"flow: a\nversion: \"1.0\"\ninput: {x: int}\nsteps: [{step: b, re‸tries: 1}, {stp: \n":                     "How many attempts",
		"flow: a\nversion: \"1.0\"\ninput: {id: int}\nsteps:\n  - step: b\n    in: {x: nobody, y: input.i‸d}\n":    "id: int",
		"flow: a\nversion: \"1.0\"\ninput: {id: string}\nsteps:\n  - step: b\n    when: input.id.starts‸With(1)\n": "startsWith(string) → bool\n```\n\ntest whether",
		"flow: a\nversion: \"1.0\"\ninput: {id: string}\nsteps:\n  - step: b\n    when: input.i‸d + 1 == \"a\"\n":  "id: string",
	} {
		_, params := c.openAt("a.flow.yaml", at)
		var got struct{ Contents struct{ Value string } }
		c.ask("textDocument/hover", params, &got)
		if !strings.Contains(got.Contents.Value, want) {
			t.Errorf("%s: got %q, want %q", at, got.Contents.Value, want)
		}
	}
}

// TestPlacesOutOfRange asks every question about places that are not there.
func TestPlacesOutOfRange(t *testing.T) {
	c := start(t)
	c.open("shop.flow.yaml", shop)
	for _, line := range []int{-1, 0, 7, 1 << 30} {
		for _, column := range []int{-1, 0, 1 << 30} {
			for _, name := range []string{"shop.flow.yaml", "none.flow.yaml", "a.go"} {
				for _, method := range []string{"hover", "definition", "completion", "prepareRename"} {
					c.ask("textDocument/"+method, map[string]any{
						"textDocument": map[string]any{"uri": c.uri(name)}, "position": map[string]any{"line": line, "character": column},
					}, nil)
				}
			}
		}
	}
}
