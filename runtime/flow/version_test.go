package flow

import "testing"

func TestParseVersion(t *testing.T) {
	for text, want := range map[string][2]int{"1.0": {1, 0}, "1.10": {1, 10}, "0.2": {0, 2}, "2147483647.1": {2147483647, 1}} {
		if major, minor, err := ParseVersion(text); err != nil || major != want[0] || minor != want[1] {
			t.Errorf("%s is read as %d and %d, %v", text, major, minor, err)
		}
	}
	for _, text := range []string{"", "1", "1.", ".1", "1.x", "-1.0", "1.-1", "+1.0", "1.0.0", "2147483648.0"} {
		if major, minor, err := ParseVersion(text); err == nil {
			t.Errorf("%q is read as %d and %d", text, major, minor)
		}
	}
}
