package lsp_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// mark is where the cursor is in a document of a test.
const mark = "‸"

// openAt opens a document with a mark in it, and returns it without, and the parameters of questions about the place.
func (c *client) openAt(name, marked string) (text string, params map[string]any) {
	c.t.Helper()
	before, behind, ok := strings.Cut(marked, mark)
	if !ok {
		c.t.Fatalf("no mark in\n%s", marked)
	}
	c.open(name, before+behind)
	line := before[strings.LastIndex(before, "\n")+1:]
	return before + behind, map[string]any{
		"textDocument": map[string]any{"uri": c.uri(name)},
		"position":     map[string]any{"line": strings.Count(before, "\n"), "character": len(utf16.Encode([]rune(line)))},
	}
}

// shop is a flow that has something of everything; %s is for what a test adds.
const shop = `flow: shop
version: "1.0"
types:
  Item: {sku: string, size: Size}
  Size: {enum: [small, large]}
  Order:
    doc: What somebody bought.
    fields:
      items: list<Item>
      total: {type: float, doc: In euros., default: 1.5}
input:
  orderId: string
  order: Order
steps:
  - step: charge-payment
    doc: Charges the card.
    in: {id: input.orderId, note: '"🎉" + input.orderId'}
    out: {chargeId: string}
    compensate: refund-payment
    retries: 2
  - wait: approved
    out: {by: string}
    timeout: 1h
    onTimeout: continue
  - foreach: pack-all
    over: input.order.items
    as: thing
    steps:
      - step: pack
        in: {sku: thing.sku, place: thingIndex}
        out: {done: bool}
  - step: notify
    when: chargePayment.chargeId != ""
    in:
      id: chargePayment.chargeId
      size: size(packAll)
`

// shopAt is the flow with the mark put into, or in front of, the first place that a text has.
func shopAt(t *testing.T, text string) string {
	t.Helper()
	plain := strings.Replace(text, mark, "", 1)
	if !strings.Contains(shop, plain) {
		t.Fatalf("%q is not in the flow", plain)
	}
	return strings.Replace(shop, plain, text, 1)
}

type rangeOf struct{ Start, End struct{ Line, Character int } }

func (r rangeOf) in(text string) string {
	lines := strings.Split(text, "\n")
	if r.Start.Line != r.End.Line || r.Start.Line >= len(lines) {
		return fmt.Sprintf("%+v", r)
	}
	units := utf16.Encode([]rune(lines[r.Start.Line]))
	if r.Start.Character > r.End.Character || r.End.Character > len(units) {
		return fmt.Sprintf("%+v", r)
	}
	return string(utf16.Decode(units[r.Start.Character:r.End.Character]))
}
