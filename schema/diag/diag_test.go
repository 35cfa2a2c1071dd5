package diag_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

func TestString(t *testing.T) {
	tests := []struct {
		d    diag.Diagnostic
		want string
	}{
		{diag.Diagnostic{File: "a.flow.yaml", Line: 3, Column: 5, Code: "BX008", Message: "what"}, "a.flow.yaml:3:5: what (BX008)"},
		{diag.Diagnostic{File: "a.flow.yaml", Code: "BX001", Message: "what"}, "a.flow.yaml: what (BX001)"},
		{diag.Diagnostic{Code: "BX002", Message: "what"}, "what (BX002)"},
	}
	for _, test := range tests {
		if got := test.d.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestSorted(t *testing.T) {
	d := func(file string, line, column int, message string) diag.Diagnostic {
		return diag.Diagnostic{File: file, Line: line, Column: column, Code: "BX001", Message: message}
	}
	list := diag.List{
		d("b", 1, 1, "x"), d("a", 2, 1, "x"), d("a", 1, 9, "y"), d("a", 1, 9, "x"), d("a", 1, 2, "x"),
		d("a", 1, 9, "y"), d("", 0, 0, "x"), d("a", 1, 9, "x"),
	}
	want := diag.List{
		d("", 0, 0, "x"), d("b", 1, 1, "x"), d("a", 1, 2, "x"), d("a", 1, 9, "x"), d("a", 1, 9, "y"), d("a", 2, 1, "x"),
	}
	if diff := cmp.Diff(want, list.Sorted([]string{"b", "a"})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMessagesArePrintable(t *testing.T) {
	var r diag.Reporter
	r.Add(diag.UnknownKey, model.Pos{}, "unknown key `%s`", "\x1b[31m\nred")
	if got, want := r.List()[0].Message, "unknown key `\ufffd[31m\ufffdred`"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDidYouMean(t *testing.T) {
	candidates := []string{"retries", "timeout", "backoff", "chargePayment", "id", "T", "when", "input"}
	tests := []struct{ name, want string }{
		{"retires", "retries"},
		{"timout", "timeout"},
		{"wehn", "when"},
		{"inptu", "input"},
		{"charge-payment", "chargePayment"},
		{"ChargePayment", "chargePayment"},
		{"ib", "id"},
		{"x", ""},
		{"?", ""},
		{"frobnicate", ""},
		{"", ""},
	}
	for _, test := range tests {
		if got := diag.Nearest(test.name, candidates); got != test.want {
			t.Errorf("Nearest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTitles(t *testing.T) {
	form := regexp.MustCompile(`^BX\d{3}$`)
	for code, title := range diag.Titles() {
		if !form.MatchString(string(code)) || title == "" {
			t.Errorf("code %q has the title %q", code, title)
		}
	}
}
