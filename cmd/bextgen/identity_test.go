package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const someID = "vUQV3GvTnr3scqW6tjB1/qrAEenrjy_sa_4gLztwN/W1QsPGB-q433XBlDpvlG/cQzWidKJiqt5CPus0r82"

// The program that runs is known by what the go command wrote into it.
func TestIdentify(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := exec.Command("go", "tool", "buildid", self).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := identify(); err != nil || got != "build "+strings.TrimSpace(string(want)) {
		t.Errorf("got %q, %v, want the build ID %s", got, err, want)
	}
}

func TestIdentityOf(t *testing.T) {
	tests := map[string]struct{ program, want string }{
		"ELF":           {"\x7fELF\x00Go\x00\x00" + someID + "\x00rest", "build " + someID},
		"not ELF":       {"MZ\xff Go build ID: \"" + someID + "\"\n \xffrest", "build " + someID},
		"no mark":       {"text", "sha256 982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"},
		"a word of own": {"MZ\xff Go build ID: \"redacted\"\n \xffrest", "sha256 "},
		"far behind":    {strings.Repeat("x", 1<<17) + "Go build ID: \"" + someID + "\"", "sha256 "},
	}
	for name, test := range tests {
		got, err := identityOf(strings.NewReader(test.program))
		if err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, test.want)
		}
	}
	if got, err := identityOf(strings.NewReader("")); err == nil {
		t.Errorf("a program without bytes is %q", got)
	}
}

// A hash is one of all bytes.
func TestIdentityOfAllBytes(t *testing.T) {
	program := strings.Repeat("x", 1<<17)
	first, err := identityOf(strings.NewReader(program + "1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := identityOf(strings.NewReader(program + "2"))
	if err != nil || first == second {
		t.Errorf("two programs are both %s, %v", first, err)
	}
}
