package parse

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file writes a file as all are written: two spaces for each level, one behind a colon
// and a comma, none at the end of a line, one blank line at most. Nothing but white space changes: the
// order of things, their quotes, their lines and all comments stay.

// errUnformatted is a file that is YAML, with parts that no flow file needs.
var errUnformatted = errors.New("this cannot be formatted")

// Format is a file as it is to be written, given its base name and its text. What is no YAML is
// reported, and nil is returned. Its meaning is the same as before: where that cannot be
// held, there is an error.
func Format(name string, text []byte, report *diag.Reporter) ([]byte, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	root, p := open(name, text, report)
	if root == nil {
		return nil, nil
	}
	if strings.ContainsAny(string(text), "\u0085\u2028\u2029") || bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n")) {
		return nil, fmt.Errorf("%w: it has characters that YAML reads as ends of lines, and editors do not", errUnformatted)
	}
	lines, err := p.lex(root)
	if err != nil {
		return nil, err
	}
	indent(lines)
	formatted := render(lines)
	if err := sameMeaning(name, root, text, formatted); err != nil {
		return nil, err
	}
	return formatted, nil
}

// sameMeaning holds that only white space was changed, and none that means something.
func sameMeaning(name string, root *yaml.Node, before, after []byte) error {
	report := new(diag.Reporter)
	again, _ := open(name, after, report)
	if again == nil || !alike(root, again) || !bytes.Equal(solid(before), solid(after)) {
		return fmt.Errorf("%w without changing what it means, which is a mistake in bextgen; please report it", errUnformatted)
	}
	return nil
}

// solid is a text without its white space.
func solid(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// alike says whether two nodes mean the same.
func alike(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && a.Style == b.Style && slices.EqualFunc(a.Content, b.Content, alike)
}

// render is the lines as text, with no more than one blank line between others.
func render(lines []*formatLine) []byte {
	var b bytes.Buffer
	blank := false
	for _, l := range lines {
		text := l.text()
		if text == "" && !l.inScalar {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteString("\n")
		}
		blank = false
		b.WriteString(text + "\n")
	}
	return b.Bytes()
}
