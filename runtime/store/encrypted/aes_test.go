package encrypted_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/store/encrypted"
)

func TestKeysThatAreRefused(t *testing.T) {
	short := key("a")
	short.Secret = short.Secret[:31]
	for name, keys := range map[string][]encrypted.Key{
		"a short secret": {short}, "a short old secret": {key("b"), short}, "no id": {{Secret: key("a").Secret}},
		"a colon in the id": {{ID: "a:b", Secret: key("a").Secret}}, "a long id": {{ID: strings.Repeat("a", 65), Secret: key("a").Secret}},
		"the same id twice": {key("a"), key("b"), key("a")},
	} {
		if _, err := encrypted.NewAES(keys[0], keys[1:]...); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestAESOpensOnlyWhatItSealedThere(t *testing.T) {
	a := codec(t, "a")
	at := encrypted.Place{Run: "01", What: "input"}
	for _, plain := range []string{"", "x", strings.Repeat("payload ", 10000)} {
		keyID, sealed, err := a.Seal(at, []byte(plain))
		if err != nil || keyID != "a" || len(plain) > 3 && bytes.Contains(sealed, []byte(plain[:8])) {
			t.Fatalf("Seal: %s, %v", keyID, err)
		}
		if again, err := codec(t, "b", "a").Open(at, "a", sealed); err != nil || string(again) != plain {
			t.Errorf("Open with an old key: %d bytes, %v", len(again), err)
		}
		refused := func(what string, c encrypted.Codec, at encrypted.Place, keyID string, sealed []byte, want error) {
			t.Helper()
			if got, err := c.Open(at, keyID, sealed); !errors.Is(err, want) || got != nil {
				t.Errorf("%s: %q, %v; want %v", what, got, err, want)
			}
		}
		refused("another run", a, encrypted.Place{Run: "02", What: "input"}, keyID, sealed, encrypted.ErrNotGenuine)
		refused("another place", a, encrypted.Place{Run: "01", What: "output"}, keyID, sealed, encrypted.ErrNotGenuine)
		refused("a key that is not there", codec(t, "b"), at, keyID, sealed, encrypted.ErrNoKey)
		other, err := encrypted.NewAES(encrypted.Key{ID: "a", Secret: key("b").Secret})
		if err != nil {
			t.Fatal(err)
		}
		refused("another key of the id", other, at, keyID, sealed, encrypted.ErrNotGenuine)
		for _, i := range []int{0, 11, 12, len(sealed) / 2, len(sealed) - 1} {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			refused(fmt.Sprint("byte ", i, " changed"), a, at, keyID, changed, encrypted.ErrNotGenuine)
		}
		for _, n := range []int{0, 5, 12, len(sealed) - 1} {
			refused(fmt.Sprint(n, " bytes left"), a, at, keyID, sealed[:n], encrypted.ErrNotGenuine)
		}
	}
}

// The same payload is the same bytes in its place, and tells nothing in any other.
func TestAESIsTheSameOnlyInOnePlace(t *testing.T) {
	a := codec(t, "a")
	seen := map[string]bool{}
	for _, at := range []encrypted.Place{{Run: "01", What: "input"}, {Run: "01", What: "output"}, {Run: "02", What: "input"}} {
		_, first, err := a.Seal(at, []byte("payload"))
		if err != nil {
			t.Fatal(err)
		}
		_, second, _ := a.Seal(at, []byte("payload"))
		_, other, _ := a.Seal(at, []byte("payloae"))
		if !bytes.Equal(first, second) || bytes.Equal(first[:12], other[:12]) || seen[string(first)] {
			t.Errorf("%v: %x, %x, of another payload %x", at, first, second, other)
		}
		seen[string(first)] = true
	}
}

// BenchmarkAES is what a payload costs that is stored and read once.
func BenchmarkAES(b *testing.B) {
	a := codec(b, "a")
	at := encrypted.Place{Run: "01JD0000000000000000000001", What: `log entry 5 (step "reserve") output`}
	for _, size := range []int{100, 1 << 10, 100 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			plain := bytes.Repeat([]byte("x"), size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				keyID, sealed, err := a.Seal(at, plain)
				if err == nil {
					_, err = a.Open(at, keyID, sealed)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
