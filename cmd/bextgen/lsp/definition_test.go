package lsp_test

import (
	"path/filepath"
	"strconv"
	"testing"
)

func TestDefinition(t *testing.T) {
	const handlers = "package shop\n\ntype h struct{}\n\n/* é */ func (h) ChargePayment() {}\n\nfunc (h) RefundPayment() {}\n\nfunc Notify() {}\n"
	const child = "flow: child\nversion: \"1.0\"\nsteps: [{step: b}]\n"
	const parent = "flow: parent\nversion: \"1.0\"\nsteps:\n  - call: ch‸ild\n"
	tests := []struct{ at, want string }{ // the file, its line from 1, and what is there
		{"when: charge‸Payment", "shop.flow.yaml:15 charge-payment"},
		{"when: chargePayment.charge‸Id", "shop.flow.yaml:18 chargeId"},
		{"{id: inp‸ut.orderId", "shop.flow.yaml:12 orderId"},
		{"input.order.it‸ems", "shop.flow.yaml:9 items"},
		{`"🎉" + input.order‸Id`, "shop.flow.yaml:12 orderId"},
		{"sku: thi‸ng.sku", "shop.flow.yaml:25 pack-all"},
		{"size(pack‸All)", "shop.flow.yaml:25 pack-all"},
		{"order: ‸Order", "shop.flow.yaml:6 Order"},
		{"list<It‸em>", "shop.flow.yaml:4 Item"},
		{"size: Siz‸e}", "shop.flow.yaml:5 Size"},
		{"step: charge-pay‸ment", "shop.go:5 ChargePayment"},
		{"compensate: ‸refund-payment", "shop.go:7 RefundPayment"},
		{"step: ‸notify", ""}, // no method
		{"wait: app‸roved", ""},
		{"doc: Charges the ca‸rd", ""},
		{"siz‸e(packAll)", ""},
		{parent, "child.flow.yaml:1 child"},
	}
	c := start(t, "shop.go", handlers, "child.flow.yaml", child)
	for _, test := range tests {
		name, marked := "parent.flow.yaml", test.at
		if test.at != parent {
			name, marked = "shop.flow.yaml", shopAt(t, test.at)
		}
		text, params := c.openAt(name, marked)
		var found *struct {
			URI   string
			Range rangeOf
		}
		c.ask("textDocument/definition", params, &found)
		got := ""
		if found != nil {
			file := filepath.Base(found.URI)
			if file != "shop.flow.yaml" {
				text = map[string]string{"shop.go": handlers, "child.flow.yaml": child}[file]
			}
			got = file + ":" + strconv.Itoa(found.Range.Start.Line+1) + " " + found.Range.in(text)
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.at, got, test.want)
		}
	}
}
