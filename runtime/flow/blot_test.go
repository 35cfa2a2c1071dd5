package flow

import "testing"

func TestBlotJSON(t *testing.T) {
	for raw, want := range map[string]string{
		`"the pin is 1234-pin"`:                `"the pin is •••"`,
		`{"a":["1234-pin",{"b":7}],"n":98765}`: `{"a":["•••",{"b":7}],"n":"•••"}`,
		`{"1234-pin":true,"x":9876543}`:        `{"x":9876543,"•••":true}`,
		`null`:                                 `null`,
		`12345678901234567890`:                 `12345678901234567890`,
		`no JSON`:                              `"•••"`,
	} {
		if got := string(BlotJSON([]byte(raw), []string{"1234-pin", "98765"})); got != want {
			t.Errorf("BlotJSON(%s) is %s, want %s", raw, got, want)
		}
	}
}

func TestSecretTexts(t *testing.T) {
	got := SecretTexts([]byte(`{"a":["first","no"],"n":12345,"b":true}`))
	if len(got) != 2 {
		t.Errorf("the texts are %q", got)
	}
	if got := SecretTexts([]byte(`{`)); got != nil {
		t.Errorf("of no JSON they are %q", got)
	}
}
