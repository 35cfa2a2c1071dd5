package parse

import "strings"

// This file says where each line begins, and writes it, for Format.

// level is a list or a mapping that is open at a line.
type level struct {
	list     bool
	old, new int // the columns of its dashes or keys
}

// indent sets the shift of all lines.
func indent(lines []*formatLine) {
	var levels []level
	for i, l := range lines {
		if l.follows != nil || len(l.tokens) == 0 {
			continue
		}
		if l.tokens[0].mark == '#' {
			l.shift = besideComment(lines[i+1:], levels, l.tokens[0].column) - l.tokens[0].column
			continue
		}
		levels = enter(levels, l.tokens)
		l.shift = startOf(levels, l.tokens[0]) - l.tokens[0].column
	}
	for _, l := range lines {
		if l.follows != nil {
			l.shift = l.follows.shift
		}
	}
}

// enter is the levels that are open in a line.
func enter(levels []level, tokens []token) []level {
	levels = leave(levels, tokens[0])
	for i, t := range tokens {
		if top := len(levels) - 1; i > 0 || top < 0 || levels[top].old != t.column || levels[top].list != (t.mark == '-') {
			levels = append(levels, level{t.mark == '-', t.column, inside(levels)})
		}
		if t.mark != '-' {
			break // a key, or a value
		}
	}
	return levels
}

// leave closes the levels that a line is not in.
func leave(levels []level, first token) []level {
	for len(levels) > 0 {
		top := levels[len(levels)-1]
		if top.old < first.column || top.old == first.column && first.mark == '-' { // a list may stand right below its key
			break
		}
		levels = levels[:len(levels)-1]
	}
	return levels
}

// inside is where what is in the innermost level begins.
func inside(levels []level) int {
	const step = 2
	if len(levels) == 0 {
		return 0
	}
	return levels[len(levels)-1].new + step
}

// startOf is the new column of the first token of a line.
func startOf(levels []level, first token) int {
	for i := len(levels) - 1; i >= 0; i-- {
		if levels[i].old == first.column && levels[i].list == (first.mark == '-') {
			return levels[i].new
		}
	}
	return 0
}

// besideComment is where a comment on a line of its own begins: as deep as what follows it, if it stood
// beside that, or else as deep as what it stood beside before.
func besideComment(behind []*formatLine, levels []level, column int) int {
	for _, l := range behind {
		if len(l.tokens) == 0 || l.tokens[0].mark == '#' {
			continue
		}
		next := enter(append([]level(nil), levels...), l.tokens)
		if l.tokens[0].column == column {
			return startOf(next, l.tokens[0])
		}
		break
	}
	for i := len(levels) - 1; i >= 0; i-- {
		if levels[i].old <= column {
			return levels[i].new
		}
	}
	return 0
}

// text is the line as it is to be written.
func (l *formatLine) text() string {
	if l.inScalar {
		return l.shifted()
	}
	if len(l.tokens) == 0 {
		return ""
	}
	var b strings.Builder
	column := max(0, l.tokens[0].column+l.shift)
	b.WriteString(strings.Repeat(" ", column))
	for i, t := range l.tokens {
		if i > 0 {
			space := gap(l.tokens[i-1], t)
			if t.mark == '#' { // it stays where it was, if there is room
				space = max(1, t.column+l.shift-column)
			}
			b.WriteString(strings.Repeat(" ", space))
			column += space
		}
		b.WriteString(t.text)
		column += len([]rune(t.text))
	}
	return b.String()
}

// gap is how many spaces stand between two tokens.
func gap(before, t token) int {
	switch {
	case before.mark == '{' || before.mark == '[' || t.mark == ':':
		return 0
	case (t.mark == '}' || t.mark == ']' || t.mark == ',') && before.mark != ':':
		return 0
	}
	return 1
}

// shifted is a line of a text that began before: its words are left alone.
func (l *formatLine) shifted() string {
	raw := l.raw
	spaces := 0
	for spaces < len(raw) && raw[spaces] == ' ' {
		spaces++
	}
	if spaces == len(raw) && spaces <= l.textIndent {
		return ""
	}
	if l.ends { // so that the end of the line is no part of the text
		raw = []rune(strings.TrimRight(string(raw), " \t"))
	}
	return strings.Repeat(" ", max(0, spaces+l.shift)) + string(raw[spaces:])
}
