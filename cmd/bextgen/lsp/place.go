package lsp

import (
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file goes between our places and those of the protocol: lines and characters from 1 on one
// side, lines and UTF-16 code units from 0 on the other, and paths on one side, URIs on the other.

// text is a document by its lines.
type text [][]rune

func newText(content string) text {
	var lines text
	for line := range strings.SplitSeq(content, "\n") {
		lines = append(lines, []rune(strings.TrimSuffix(line, "\r")))
	}
	return lines
}

// String is the document in one piece.
func (t text) String() string {
	lines := make([]string, 0, len(t))
	for _, line := range t {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}

// line is a line by its number from 1; empty if there is none.
func (t text) line(n int) []rune {
	if n < 1 || n > len(t) {
		return nil
	}
	return t[n-1]
}

// units is a character of a line, from 0, in UTF-16 code units; behind the end, that of the end.
func units(line []rune, character int) int {
	count := 0
	for _, r := range line[:max(0, min(character, len(line)))] {
		count += max(1, utf16.RuneLen(r))
	}
	return count
}

// character is the character of a line, from 0, at a number of UTF-16 code units; that of the end behind it.
func character(line []rune, unit int) int {
	for i, r := range line {
		if unit <= 0 {
			return i
		}
		unit -= max(1, utf16.RuneLen(r))
	}
	return len(line)
}

// word is the range of the word at a place, as the terminal marks it; the first line for no place.
func (t text) word(line, column int) span {
	line, column = max(1, min(line, len(t))), max(1, column)
	content := t.line(line)
	return t.span(line, column, min(diag.WordEnd(content, column-1), len(content))+1)
}

// span is the range between two columns of a line.
func (t text) span(line, from, to int) span {
	content := t.line(line)
	return span{
		Start: position{line - 1, units(content, from-1)},
		End:   position{line - 1, units(content, max(from, to)-1)},
	}
}

// filePath is the path of a file by its URI; false if it is that of no file.
func filePath(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", false
	}
	path := u.Path
	if len(path) > 2 && path[0] == '/' && path[2] == ':' { // /c:/flows
		path = path[1:]
	}
	return filepath.Clean(filepath.FromSlash(path)), true
}

// fileURI is the URI of a file.
func fileURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
