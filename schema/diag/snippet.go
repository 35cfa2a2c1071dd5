package diag

import (
	"fmt"
	"strings"
	"unicode"
)

// Snippet is the line of a file at a place, with its number, and a mark below what stands
// there; empty where there is no such place. What would steer a terminal is replaced.
func Snippet(content string, line, column int) string {
	lines := strings.Split(content, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(strings.TrimRight(lines[line-1], "\r"))
	if column < 1 || column > len(text)+1 {
		return ""
	}
	number := fmt.Sprint(line)
	from, to := column-1, WordEnd(text, column-1)
	return fmt.Sprintf("  %s │ %s\n  %s │ %s%s\n",
		number, plain(text), strings.Repeat(" ", len(number)), strings.Repeat(" ", from), strings.Repeat("^", to-from))
}

// WordEnd is the place behind the word of a line that begins at a place, or behind the one
// character there if it is in no word. Places are characters, counted from 0.
func WordEnd(line []rune, from int) int {
	to := from + 1
	for to < len(line) && inWord(line[from]) && inWord(line[to]) {
		to++
	}
	return to
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r)
}

// plain is a line in which each character takes one place, as far as that can be known.
func plain(line []rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return unicode.ReplacementChar
		}
		return r
	}, string(line))
}
