package parse

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestMeanings holds that each key has a meaning, and each meaning a key.
func TestMeanings(t *testing.T) {
	used := map[string]bool{}
	for _, o := range Objects() {
		for _, k := range o.Keys {
			if k.Doc == "" || k.Form == "" {
				t.Errorf("the key `%s` of %s has no meaning: add it to meanings.go", k.Name, o.Name)
			}
			if !strings.HasSuffix(k.Doc, ".") {
				t.Errorf("what the key `%s` of %s means is no sentence: %s", k.Name, o.Name, k.Doc)
			}
			if own := o.Name + "." + k.Name; meanings()[own].Doc != "" {
				used[own] = true
			} else {
				used["*."+k.Name] = true
			}
		}
	}
	for key := range meanings() {
		if !used[key] {
			t.Errorf("%s has a meaning, and there is no such key", key)
		}
	}
}

// TestKeysAreDocumented holds that docs/language.md speaks of each key.
func TestKeysAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range Objects() {
		for _, k := range o.Keys {
			if !regexp.MustCompile("`[^`\n]*\\b" + k.Name + "\\b[^`\n]*`").Match(page) {
				t.Errorf("docs/language.md does not speak of the key `%s` of %s", k.Name, o.Name)
			}
		}
	}
}
