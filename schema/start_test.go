package schema_test

import (
	"testing"

	"github.com/bextgen/bextgen/schema/model"
)

// TestStartKeys says what becomes of what a flow says about its start.
func TestStartKeys(t *testing.T) {
	const head = "flow: shop\nversion: \"1.0\"\n" +
		"types: {Order: {id: string, rank: optional<int>, card: {type: string, secret: true}}}\n" +
		"input: {order: Order, tags: map<string>, n: int, note: optional<string>, run: string}\n"
	tests := []struct{ keys, key, tenant, priority string }{
		{"", "", "", ""},
		{"idempotencyKey: input.order.id\n", "select", "", ""},
		{"tenant: input.tags.shop\n", "", "index_map fallible", ""},
		{"priority: input.n\n", "", "", "select"},
		{"priority: 5\n", "", "", "literal"},
		{"tenant: \"'acme'\"\n", "", "literal", ""},
		{"idempotencyKey: input.note.orValue('none')\n", "optional_orValue_value", "", ""},
		{"idempotencyKey: input.run\npriority: size(input.tags) + 1\n", "select", "", "add_int64 fallible"},
		{"priority: input.order.rank.orValue(0)\n", "", "", "optional_orValue_value"},
		{"tenant: \"input.n > 0 ? input.order.id : 'none'\"\n", "", "conditional", ""},
	}
	for _, test := range tests {
		f := load(t, head+test.keys+"steps: [{step: pay, in: {}}]\n").Flows[0]
		for _, got := range []struct {
			key  string
			e    *model.Expr
			want string
		}{{"idempotencyKey", f.IdempotencyKey, test.key}, {"tenant", f.Tenant, test.tenant}, {"priority", f.Priority, test.priority}} {
			if node := startNode(got.e); node != got.want {
				t.Errorf("%s%s is %q, want %q", test.keys, got.key, node, got.want)
			}
		}
	}
}

// startNode is the outermost node of an expression, and whether it can fail.
func startNode(e *model.Expr) string {
	if e == nil {
		return ""
	}
	node := string(e.Kind)
	if e.Kind == model.Call {
		node = e.Overload
	}
	if e.Fallible {
		node += " fallible"
	}
	return node
}
