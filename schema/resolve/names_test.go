package resolve

import "testing"

func TestNames(t *testing.T) {
	tests := []struct{ name, goName, varName, local string }{
		{"process-order", "ProcessOrder", "processOrder", "processOrder"},
		{"notify", "Notify", "notify", "notify"},
		{"load-url", "LoadURL", "loadUrl", "loadURL"},
		{"api-sync", "APISync", "apiSync", "apiSync"},
		{"http2-get", "Http2Get", "http2Get", "http2Get"},
		{"step-2", "Step2", "step2", "step2"},
		{"a-b1", "AB1", "aB1", "aB1"},
		{"send-ids", "SendIDs", "sendIds", "sendIDs"},
		{"x", "X", "x", "x"},
	}
	for _, test := range tests {
		if got := GoName(test.name); got != test.goName {
			t.Errorf("GoName(%q) = %q, want %q", test.name, got, test.goName)
		}
		if got := VarName(test.name); got != test.varName {
			t.Errorf("VarName(%q) = %q, want %q", test.name, got, test.varName)
		}
		if got := localName(test.name); got != test.local {
			t.Errorf("localName(%q) = %q, want %q", test.name, got, test.local)
		}
	}
}

func TestFieldGoNames(t *testing.T) {
	tests := []struct{ name, want string }{
		{"id", "ID"},
		{"orderId", "OrderID"},
		{"sku", "SKU"},
		{"orderIDs", "OrderIDs"},
		{"orderIds", "OrderIDs"},
		{"urls", "URLs"},
		{"imageUrl", "ImageURL"},
		{"httpStatus", "HTTPStatus"},
		{"userHTTPCode", "UserHTTPCode"},
		{"jsonApi", "JSONAPI"},
		{"clientIp", "ClientIP"},
		{"uuid", "UUID"},
		{"type", "Type"},
		{"idle", "Idle"},
		{"x2y", "X2y"},
		{"aB", "AB"},
		{"eMail", "EMail"},
	}
	for _, test := range tests {
		if got := GoName(test.name); got != test.want {
			t.Errorf("GoName(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestReserved(t *testing.T) {
	for word, want := range map[string]string{
		"type": "in Go", "in": "in expressions (CEL)", "package": "in Go", "null": "in expressions (CEL)", "order": "",
	} {
		if got := reservedIn(word); got != want {
			t.Errorf("reservedIn(%q) = %q, want %q", word, got, want)
		}
	}
	if where := reservedInCEL("type"); where != "" {
		t.Errorf("a field can be named type, but it is reserved %s", where)
	}
}
