package parse

import (
	"strconv"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/model"
)

// Text is a value of the file that is text, with its place.
type Text struct {
	Value string
	Pos   model.Pos
	// Commented says that a comment follows, which the writer may have meant as text.
	Commented bool

	source source
	style  yaml.Style
}

// source is the characters of the lines of a file, without their ends.
type source [][]rune

func newSource(lines []string) source {
	s := make(source, len(lines))
	for i, l := range lines {
		s[i] = []rune(l)
	}
	return s
}

// Places is the place of each character of the value in the file, and one more
// for its end. Quotes, escapes and folded lines are taken into account; where
// the text cannot be followed the place of the value stands for all of it.
func (t *Text) Places() []model.Pos {
	w := &walker{lines: t.source, line: t.Pos.Line - 1, column: t.Pos.Column - 1, style: t.style}
	w.enter()
	var places []model.Pos
	for _, want := range t.Value {
		w.skipFolds(want)
		places = append(places, model.Pos{File: t.Pos.File, Line: w.line + 1, Column: w.column + 1})
		if !w.take(want) {
			return t.everywhere()
		}
	}
	return append(places, model.Pos{File: t.Pos.File, Line: w.line + 1, Column: w.column + 1})
}

func (t *Text) everywhere() []model.Pos {
	places := make([]model.Pos, utf8.RuneCountInString(t.Value)+1)
	for i := range places {
		places[i] = t.Pos
	}
	return places
}

// walker goes over the raw text of a scalar, in step with its value.
type walker struct {
	lines        source
	line, column int // from 0, columns in characters
	style        yaml.Style
	indent       int // of a block scalar
}

const blockStyles = yaml.LiteralStyle | yaml.FoldedStyle

// enter goes to the first character of the value.
func (w *walker) enter() {
	switch {
	case w.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		w.column++
	case w.style&blockStyles != 0:
		w.indent = w.blockIndent()
		w.goTo(w.line+1, w.indent)
	}
}

// blockIndent is the indentation of the first line of a block scalar with text.
func (w *walker) blockIndent() int {
	for i := w.line + 1; i < len(w.lines); i++ {
		for column, r := range w.lines[i] {
			if r != ' ' {
				return column
			}
		}
	}
	return 0
}

func (w *walker) goTo(line, column int) {
	w.line, w.column = line, column
}

// rest is what is left of the line at hand.
func (w *walker) rest() []rune {
	if w.line < 0 || w.line >= len(w.lines) || w.column >= len(w.lines[w.line]) {
		return nil
	}
	return w.lines[w.line][w.column:]
}

// skipFolds goes over the ends of lines that are not in the value.
func (w *walker) skipFolds(want rune) {
	if want == ' ' || want == '\n' {
		return
	}
	for w.atEnd() && w.line+1 < len(w.lines) {
		w.nextLine()
	}
}

// atEnd says that nothing but blanks, or the backslash of a joined line, is left.
func (w *walker) atEnd() bool {
	for i, r := range w.rest() {
		joined := r == '\\' && i+1 == len(w.rest()) && w.style&yaml.DoubleQuotedStyle != 0
		if r != ' ' && r != '\t' && !joined {
			return false
		}
	}
	return true
}

func (w *walker) nextLine() {
	w.goTo(w.line+1, w.indent)
	if w.style&blockStyles == 0 {
		w.column = 0
		for _, r := range w.rest() {
			if r != ' ' && r != '\t' {
				break
			}
			w.column++
		}
	}
}

// take goes over the raw text of one character of the value.
func (w *walker) take(want rune) bool {
	rest := w.rest()
	if (want == ' ' || want == '\n') && w.atEnd() {
		w.nextLine()
		return true
	}
	if len(rest) == 0 {
		return false
	}
	switch {
	case w.style&yaml.DoubleQuotedStyle != 0 && rest[0] == '\\':
		n, got := escape(rest)
		w.column += n
		return got == want
	case w.style&yaml.SingleQuotedStyle != 0 && rest[0] == '\'':
		w.column += 2
	default:
		w.column++
	}
	return rest[0] == want
}

// escape is the length and meaning of an escape of a double-quoted text.
func escape(raw []rune) (length int, meaning rune) {
	if len(raw) < 2 {
		return 1, utf8.RuneError
	}
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[raw[1]]
	if digits > 0 && len(raw) >= 2+digits {
		n, err := strconv.ParseUint(string(raw[2:2+digits]), 16, 32)
		if err != nil {
			return 1, utf8.RuneError
		}
		return 2 + digits, rune(n)
	}
	simple := map[rune]rune{
		'0': 0, 'a': '\a', 'b': '\b', 't': '\t', '\t': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r', 'e': 0x1b,
		' ': ' ', '"': '"', '/': '/', '\\': '\\', '\'': '\'', 'N': 0x85, '_': 0xa0, 'L': 0x2028, 'P': 0x2029,
	}
	if meaning, ok := simple[raw[1]]; ok {
		return 2, meaning
	}
	return 1, utf8.RuneError
}
