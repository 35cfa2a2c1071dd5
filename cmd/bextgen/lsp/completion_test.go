package lsp_test

import (
	"slices"
	"strings"
	"testing"
)

// item is what is offered.
type item struct {
	Label, Detail string
	Documentation *struct{ Value string }
	TextEdit      struct {
		Range   rangeOf
		NewText string
	}
}

func (c *client) complete(params map[string]any) []item {
	c.t.Helper()
	var items []item
	c.ask("textDocument/completion", params, &items)
	return items
}

func TestCompletion(t *testing.T) {
	// What is put behind the end of the flow, what is offered there, in parts, and what is not.
	tests := []struct{ added, want, not string }{
		{"ou‸", "output schedule timeout", "version steps step retries sequence"},
		{"out‸: x", "output", "version"},
		{"defaults:\n  re‸", "retries backoff jitter", "step output name"},
		{"defaults: {retries: 1, ‸}", "backoff", "retries step"},
		{"  - ‸", "step wait call parallel choose foreach", "sequence when name"},
		{"  - st‸", "step", "sequence"},
		{"  - step: last\n    ‸", "when in out retries compensate transaction", "step cases onTimeout output"},
		{"  - wait: last\n    ‸", "onTimeout key out", "retries wait"},
		{"  - wait: last\n    onTimeout: ‸", "fail continue", "step true"},
		{"  - {wait: last, onTimeout: c‸}", "fail continue", "step"},
		{"  - {wait: last, ‸", "onTimeout", "wait step"},
		{"  - step: last\n    backoff: ex‸", "exponential fixed linear", "step"},
		{"  - step: last\n    transaction: ‸", "true false", "step"},
		{"  - step: last\n    compensate: {‸", "name after retries", "step"},
		{"  - step: last\n    compensate:\n      after: ‸", "completed attempted", "name"},
		{"  - step: last\n    out: {a: ‸", "string Item Size", "name step shop"},
		{"  - step: last\n    out: {a: list<I‸", "string Item Size", "name step shop"},
		{"  - step: last\n    out: ‸", "Item Size", "string"},
		{"  - step: last\n    out:\n      a: {type: ‸", "string Item Size", "secret"},
		{"  - step: last\n    out:\n      a: {‸", "type secret default minLength", "string"},
		{"  - step: last\n    when: ‸", "input run chargePayment approved packAll", "thing pack notify last refundPayment step"},
		{"  - step: last\n    when: input.‸", "orderId order", "input run"},
		{"  - step: last\n    when: input.order.‸", "items total", "orderId"},
		{"  - step: last\n    when: input.order.to‸", "items total", "orderId"},
		{"  - step: last\n    when: chargePayment.chargeId == \"a\" && approved.‸", "by", "chargeId"},
		{"  - step: last\n    when: \"!approved.‸", "by", "chargeId"},
		{"  - step: last\n    when: input.orderId == 'input.‸", "", "orderId"},
		{"  - step: last\n    when: run.‸", "id tenant attempt startedAt", "orderId"},
		{"  - step: last\n    when: nobody.‸", "", "orderId"},
		{"  - step: last\n    when: si‸", "size has int duration timestamp Size", "first all or startsWith of optional.of value uint dyn"},
		{"  - step: last\n    when: input.orderId.‸", "contains startsWith endsWith matches size", "first all or int orderId has getHours"},
		{"  - step: last\n    when: input.order.items.‸", "size all exists exists_one existsOne filter map first last", "contains or unwrapOpt sku optMap"},
		{"  - step: last\n    when: approved.‸", "by or orValue hasValue optMap optFlatMap", "size value contains"},
		{"  - step: last\n    when: approved.by.‸", "or orValue hasValue", "size by"},
		{"  - step: last\n    when: approved.by.orValue('').‸", "size contains", "by or"},
		{"  - step: last\n    when: approved.?‸", "by", "input"},
		{"  - step: last\n    when: size(packAll) > 1 && (packAll[0].‸", "done", "size or"},
		{"  - step: last\n    when: packAll.first().‸", "done orValue", "size"},
		{"  - step: last\n    when: input.order.items.map(x, x.size).last().‸", "orValue", "sku"},
		{"  - step: last\n    when: run.startedAt.‸", "getHours getFullYear getDate", "size contains"},
		{"  - step: last\n    when: duration('1h').‸", "getHours", "getDate size"},
		{"  - step: last\n    when: '\"a\".‸", "contains", "getDate first"},
		{"  - step: last\n    when: '\"a.\" + input.‸", "orderId", "contains"},
		{"  - step: last\n    when: \"a\" == 'b.‸", "", "orderId contains size"},
		{"  - step: last\n    when: optional.‸", "of none ofNonZeroValue unwrap", "optional.of input orValue"},
		{"  - step: last\n    when: input.order.items.all(x, ‸", "x input size", "sku"},
		{"  - step: last\n    when: input.order.items.all(x, x.‸", "sku size", "orderId contains"},
		{"  - step: last\n    when: input.order.items.all(x, x.sku.‸", "contains", "sku"},
		{"  - step: last\n    when: input.order.items.all(x, input.order.items.exists(y, y.sku == x.‸", "sku", "items"},
		{"  - step: last\n    when: input.order.items.all(x, x.sku == '') && x.‸", "", "sku"},
		{"  - step: last\n    when: approved.optMap(a, a.‸", "by", "orValue"},
		{"  - step: last\n    when: approved.all(a, a.‸", "", "by"},
		{"  - step: last\n    when: 1.‸", "", "size input"},
		{"  - step: last\n    when: ).‸", "", "size input"},
		{"  - step: last\n    in: {a: input.orderId, b: input.‸", "orderId order", "when"},
		{"  - step: last\n    in:\n      a: input.‸", "orderId order", "when"},
		{"  - step: last\n    doc: |\n      input.‸", "", "orderId when"},
		{"  - step: last\n    doc: input.‸", "", "orderId when"},
		{"  - step: last # input.‸", "", "orderId when"},
		{"  - foreach: last\n    over: input.order.items\n    steps:\n      - step: inner\n        in: {a: item.‸", "sku size", "orderId"},
		{"  - foreach: last\n    over: input.order.items\n    steps:\n      - step: inner\n        when: ‸", "item itemIndex input", "thing last"},
		{"  - parallel: last\n    steps:\n      - ‸", "step sequence", "when"},
		{"  - choose: last\n    cases:\n      - ‸", "when steps else", "step"},
		{"  - choose: last\n    cases:\n      - when: input.‸", "orderId", "step"},
		{"  - call: ‸", "shop", "step"},
		{"output:\n  a: packAll‸", "packAll chargePayment input", "thing notify"},
		{"output: in‸", "input", "steps"},
		{"schedule: {every: 1h, ‸", "cron overlap catchUp", "every step"},
		{"schedule:\n  - name: a\n    overlap: ‸", "skip queue allow", "cron"},
	}
	c := start(t)
	for _, test := range tests {
		c.open("shop.flow.yaml", shop) // what is known where the rest is no YAML
		c.diagnostics("shop.flow.yaml")
		_, params := c.openAt("shop.flow.yaml", shop+test.added)
		var got []string
		for _, one := range c.complete(params) {
			got = append(got, one.Label)
		}
		c.diagnostics("shop.flow.yaml")
		for _, label := range strings.Fields(test.want) {
			if !slices.Contains(got, label) {
				t.Errorf("%q: %s is not offered; there are %v", test.added, label, got)
			}
		}
		for _, label := range strings.Fields(test.not) {
			if slices.Contains(got, label) {
				t.Errorf("%q: %s is offered", test.added, label)
			}
		}
	}
}

// TestCompletionItems holds what is written, in place of what, and what is said about it.
func TestCompletionItems(t *testing.T) {
	c := start(t)
	one := func(added, label string) (item, string) {
		text, params := c.openAt("shop.flow.yaml", shop+added)
		items := c.complete(params)
		i := slices.IndexFunc(items, func(one item) bool { return one.Label == label })
		if i < 0 {
			t.Fatalf("%q: %s is not offered", added, label)
		}
		return items[i], items[i].TextEdit.Range.in(text)
	}
	if got, replaced := one("max‸", "maxAttempts"); got.TextEdit.NewText != "maxAttempts: " || replaced != "max" || got.Documentation.Value == "" {
		t.Errorf("a key: %+v for %q", got, replaced)
	}
	if got, replaced := one("  - step: last\n    in: {e: '\"🎉\"', b: input.order.to‸", "total"); got.Detail != "float" || replaced != "to" || got.Documentation.Value != "In euros." {
		t.Errorf("a field: %+v for %q", got, replaced)
	}
	if got, replaced := one("  - step: last\n    when: 1-app‸", "approved"); got.Detail != "ShopApproved?" || replaced != "app" {
		t.Errorf("a wait that may have no value: %+v for %q", got, replaced)
	}
	for added, want := range map[string][3]string{ // a call, what is written, and what goes in and comes out
		"  - step: last\n    when: input.order.items.fi‸":  {"first", "first()", "() → Item?"},
		"  - step: last\n    when: approved.by.orVa‸":      {"orValue", "orValue(", "(string) → string"},
		"  - step: last\n    when: input.orderId.startsW‸": {"startsWith", "startsWith(", "(string) → bool"},
		"  - step: last\n    when: input.order.items.a‸":   {"all", "all(", "(x, …)"},
		"  - step: last\n    when: run.startedAt.getH‸":    {"getHours", "getHours()", "() → int, (string) → int"},
		"  - step: last\n    when: optional.non‸":          {"none", "none()", "() → T?"},
		"  - step: last\n    when: Si‸":                    {"Size", "Size(", "(string) → Size"},
	} {
		got, _ := one(added, want[0])
		if got.TextEdit.NewText != want[1] || got.Detail != want[2] || got.Documentation == nil {
			t.Errorf("%q: %+v, want %q", added, got, want)
		}
	}
}

func TestCompletionOfTypesFile(t *testing.T) {
	c := start(t)
	_, params := c.openAt("a.types.yaml", "types:\n  Size: {enum: [small]}\n  Item:\n    size: ‸\n")
	var got []string
	for _, one := range c.complete(params) {
		got = append(got, one.Label)
	}
	if !slices.Contains(got, "Size") || !slices.Contains(got, "string") {
		t.Errorf("got %v", got)
	}
}
