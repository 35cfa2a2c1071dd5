package templates

import "testing"

func TestGoFileName(t *testing.T) {
	tests := map[string]string{
		"process-order.flow.yaml":    "process_order.flow.go",
		"money.types.yaml":           "money.types.go",
		"orders.v2.flow.yaml":        "orders_v2.flow.go",
		"ProcessOrder.flow.yaml":     "ProcessOrder.flow.go",
		"my order ü.flow.yaml":       "my_order__.flow.go",
		"sync-windows.flow.yaml":     "sync_windows_flow.flow.go",
		"run-linux-amd64.flow.yaml":  "run_linux_amd64_flow.flow.go",
		"load-arm64.types.yaml":      "load_arm64_types.types.go",
		"linux.flow.yaml":            "linux.flow.go", // no system without a name in front
		"order-test.flow.yaml":       "order_test.flow.go",
		"run-windows-test.flow.yaml": "run_windows_test_flow.flow.go",
		"_draft.flow.yaml":           "x_draft.flow.go",
		".flow.yaml":                 "x.flow.go",
	}
	for spec, want := range tests {
		if got := goFileName(spec); got != want {
			t.Errorf("the file for %s is %s, want %s", spec, got, want)
		}
	}
}
