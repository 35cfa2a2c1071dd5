package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadOrdersRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"what is not JSON", `orders: []`, "invalid character"},
		{"an order without an id", `{"orders": [{"id": "ord_1"}, {}]}`, "order 2 has no id"},
		{"two orders of one id", `{"orders": [{"id": "ord_1"}, {"id": "ord_1"}]}`, "two orders ord_1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readOrders(writeOrders(t, c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}

func TestReadOrdersOfTheDemo(t *testing.T) {
	file, err := readOrders("testdata/orders.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Orders) != 20 {
		t.Errorf("%d orders, want 20", len(file.Orders))
	}
	for _, o := range file.Outages {
		if _, ok := file.order(o.OrderID); !ok {
			t.Errorf("an outage of the %s for %s, which is no order", o.Service, o.OrderID)
		}
	}
}

func writeOrders(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
