package flow

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type tree struct {
	Name     string          `json:"name"`
	Children []tree          `json:"children"`
	Tags     map[string]int  `json:"tags"`
	Note     *string         `json:"note,omitempty"`
	Raw      json.RawMessage `json:"raw"`
	Blob     []byte          `json:"blob"`
	At       time.Time       `json:"at"`
	For      Duration        `json:"for"`
}

func TestEncodeHasNoNullListsOrMaps(t *testing.T) {
	v := tree{Name: "<a>", Children: []tree{{Name: "b"}}, For: Duration(36 * time.Hour)}
	raw, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"<a>","children":[{"name":"b","children":[],"tags":{},"raw":null,"blob":"","at":"0001-01-01T00:00:00Z","for":"0s"}],` +
		`"tags":{},"raw":null,"blob":"","at":"0001-01-01T00:00:00Z","for":"1d12h"}`
	if string(raw) != want {
		t.Errorf("encoded\n%s\nwant\n%s", raw, want)
	}
	if v.Tags != nil || v.Children[0].Children != nil {
		t.Errorf("the value that was encoded was changed: %+v", v)
	}
	var back tree
	if err := Decode(raw, &back); err != nil {
		t.Fatal(err)
	}
	again, err := Encode(back)
	if err != nil || string(again) != want {
		t.Errorf("read and encoded again\n%s\n%v", again, err)
	}
}

func TestEncodeRefusesWhatJSONCannotHold(t *testing.T) {
	for _, v := range []any{math.NaN(), math.Inf(1), map[string]float64{"x": math.Inf(-1)}, make(chan int)} {
		if raw, err := Encode(v); err == nil {
			t.Errorf("%v was encoded as %s", v, raw)
		}
	}
}

func TestWholeNumbersStayExact(t *testing.T) {
	raw, err := Encode(int64(math.MaxInt64))
	if err != nil {
		t.Fatal(err)
	}
	var back int64
	if err := Decode(raw, &back); err != nil || back != math.MaxInt64 {
		t.Errorf("read %d, %v", back, err)
	}
}

func TestDecodeRefusesMoreThanOneValue(t *testing.T) {
	var n int
	if err := Decode([]byte("1 2"), &n); err == nil {
		t.Error("two values were read as one")
	}
}

type card struct {
	Number string `json:"number" secret:"true"`
	Name   string `json:"name"`
}

func (c card) Format(f fmt.State, verb rune) { FormatRedacted(f, verb, c) }
func (c card) LogValue() slog.Value          { return LogRedacted(c) }

type wallet struct {
	Cards []card          `json:"cards"`
	ByTag map[string]card `json:"byTag"`
	Best  *card           `json:"best,omitempty"`
	PIN   int64           `json:"pin" secret:"true"`
	Limit int64           `json:"limit"`
}

func TestSecretsAreHiddenAtEveryDepth(t *testing.T) {
	w := wallet{
		Cards: []card{{"4242", "ann"}}, ByTag: map[string]card{"home": {"5555", "bob"}},
		Best: &card{"6666", "cy"}, PIN: 123456, Limit: math.MaxInt64,
	}
	raw, err := Encode(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"best":{"name":"cy","number":"•••"},"byTag":{"home":{"name":"bob","number":"•••"}},` +
		`"cards":[{"name":"ann","number":"•••"}],"limit":9223372036854775807,"pin":"•••"}`
	if got := string(Redact(reflect.TypeOf(w), raw)); got != want {
		t.Errorf("redacted\n%s\nwant\n%s", got, want)
	}
	secrets := Secrets(reflect.TypeOf(w), raw)
	text := "card 4242, card 5555, card 6666, pin 123456, limit 7"
	if got := Blot(text, secrets); got != "card •••, card •••, card •••, pin •••, limit 7" {
		t.Errorf("blotted %q", got)
	}
	if got := string(Redact(reflect.TypeOf(w), json.RawMessage(`{"pin":`))); got != `"•••"` {
		t.Errorf("bytes that cannot be understood are shown as %s", got)
	}
}

func TestSecretsAreHiddenWhenPrintedAndLogged(t *testing.T) {
	c := card{"4242-4242", "ann"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, "4242") || !strings.Contains(text, "ann") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	var out strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("paid", "card", c)
	}
	if strings.Contains(out.String(), "4242") || strings.Count(out.String(), "ann") != 2 {
		t.Errorf("logged %s", out.String())
	}
}

type outOfStock struct {
	SKU   string `json:"sku"`
	Left  int64  `json:"left"`
	Token string `json:"token" secret:"true"`
}

func (e *outOfStock) Error() string     { return DeclaredErrorText(e) }
func (e *outOfStock) ErrorName() string { return "out-of-stock" }

func TestDeclaredErrors(t *testing.T) {
	def := &Definition{Errors: []ErrorDef{{
		Name: "out-of-stock", Permanent: true, New: func() DeclaredError { return new(outOfStock) },
	}}}
	err := fmt.Errorf("at the shelf: %w", &outOfStock{SKU: "a", Left: 2, Token: "abcd"})
	stored := def.ErrorOf(err)
	want := &Error{
		Kind: ErrorHandler, Message: "at the shelf: out-of-stock (left: 2, sku: a, token: •••)", Permanent: true,
		Name: "out-of-stock", Fields: json.RawMessage(`{"sku":"a","left":2,"token":"abcd"}`),
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	back, ok := def.Declared(stored).(*outOfStock)
	if !ok || *back != (outOfStock{"a", 2, "abcd"}) {
		t.Errorf("found again %+v", back)
	}
	other := &Definition{}
	if e := other.ErrorOf(err); e.Name != "" || e.Permanent {
		t.Errorf("a flow that does not declare it stores %+v", e)
	}
	if other.Declared(stored) != nil || other.Declared(nil) != nil {
		t.Error("a flow that does not declare it finds it")
	}
	if e := other.ErrorOf(Permanent(fmt.Errorf("no"))); !e.Permanent || e.Message != "no" {
		t.Errorf("a permanent error is stored as %+v", e)
	}
}

func TestALongSecretIsBlottedOutBeforeAPartOfIt(t *testing.T) {
	type login struct {
		User  string `json:"user" secret:"true"`
		Token string `json:"token" secret:"true"`
	}
	secrets := Secrets(reflect.TypeFor[login](), json.RawMessage(`{"user":"anna","token":"anna-4711"}`))
	if got := Blot("anna-4711 of anna", secrets); got != "••• of •••" {
		t.Errorf("got %q", got)
	}
}
