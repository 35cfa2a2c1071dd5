package parse

import (
	"fmt"
	"math"
	"strings"

	"gopkg.in/yaml.v3"
)

// This file cuts a file into lines of tokens for Format. Where scalars are is known from
// YAML itself; what stands between them is punctuation, and comments.

// token is a scalar or the first line of one, a mark of YAML's such as `{`, or a comment.
type token struct {
	column int // from 0
	text   string
	mark   rune // one of -:,{}[] or # for a comment; 0 for a scalar
}

// formatLine is a line of a file that is formatted.
type formatLine struct {
	raw    []rune
	tokens []token
	// inScalar says that the line goes on with a text that began on an earlier one.
	inScalar bool
	// textIndent is how deep that text stands: white space up to there is not in it.
	textIndent int
	// ends says that the text, one that is not behind a `|` or `>`, ends on the line.
	ends bool
	// follows is the line with which this one is shifted, as it goes on with something that began
	// there: a text, or a {…}; nil for a line of its own.
	follows *formatLine
	// shift is by how much its beginning moves to the right.
	shift int
}

// span is where a scalar is.
type span struct {
	line, column       int // from 0
	endLine, endColumn int // behind its last character, and its quote
	block              bool
}

// lexer is the state of cutting.
type lexer struct {
	lines []*formatLine
	spans map[[2]int]span
	depth int // of {…} and […]
}

func (p *parser) lex(root *yaml.Node) ([]*formatLine, error) {
	x := &lexer{spans: map[[2]int]span{}}
	if err := x.addSpans(p, root); err != nil {
		return nil, err
	}
	for _, raw := range p.source {
		x.lines = append(x.lines, &formatLine{raw: raw})
	}
	var opened *formatLine // the line on which the outermost {…} began
	for i := 0; i < len(x.lines); {
		l := x.lines[i]
		if x.depth > 0 {
			l.follows = opened
		} else {
			opened = l
		}
		next, err := x.line(i, 0)
		if err != nil {
			return nil, err
		}
		i = next
	}
	return x.lines, nil
}

// addSpans notes where the scalars below a node are.
func (x *lexer) addSpans(p *parser, n *yaml.Node) error {
	for _, c := range n.Content {
		if err := x.addSpans(p, c); err != nil {
			return err
		}
	}
	if n.Kind != yaml.ScalarNode || n.Value == "" && n.Style == 0 {
		return nil
	}
	s := span{line: n.Line - 1, column: n.Column - 1, block: n.Style&blockStyles != 0}
	if !s.block {
		places := p.newText(n).Places()
		end := places[len(places)-1]
		s.endLine, s.endColumn = end.Line-1, end.Column-1
		if quoted(n) {
			s.endColumn++
		}
		if s.endLine < s.line || s.endLine >= len(p.source) || s.endColumn > len(p.source[s.endLine]) || s.endLine == s.line && s.endColumn <= s.column {
			return fmt.Errorf("%w: the text in line %d cannot be followed", errUnformatted, n.Line)
		}
	}
	x.spans[[2]int{s.line, s.column}] = s
	return nil
}

// line cuts a line from a column on, and is the next line to cut.
func (x *lexer) line(at, from int) (next int, err error) {
	l := x.lines[at]
	for column := from; column < len(l.raw); {
		r := l.raw[column]
		s, scalar := x.spans[[2]int{at, column}]
		switch {
		case scalar && s.block:
			return x.blockScalar(at, column), nil
		case scalar && s.endLine > at:
			l.tokens = append(l.tokens, token{column: column, text: strings.TrimRight(string(l.raw[column:]), " \t")})
			x.continued(at, s.endLine, math.MaxInt)
			x.lines[s.endLine].ends = true
			return x.line(s.endLine, s.endColumn)
		case scalar:
			l.tokens = append(l.tokens, token{column: column, text: string(l.raw[column:s.endColumn])})
			column = s.endColumn
		case r == ' ' || r == '\t':
			column++
		case r == '#':
			l.tokens = append(l.tokens, token{column: column, text: strings.TrimRight(string(l.raw[column:]), " \t"), mark: '#'})
			column = len(l.raw)
		case strings.ContainsRune("-:,{}[]", r):
			if column == 0 && strings.HasPrefix(string(l.raw), "---") {
				return 0, fmt.Errorf("%w: leave out the `---` in line %d, which a file of one flow does not need", errUnformatted, at+1)
			}
			x.nest(r)
			l.tokens = append(l.tokens, token{column: column, text: string(r), mark: r})
			column++
		default:
			return 0, fmt.Errorf("%w: line %d has a `%c` that flow files do not need", errUnformatted, at+1, r)
		}
	}
	return at + 1, nil
}

func (x *lexer) nest(r rune) {
	switch r {
	case '{', '[':
		x.depth++
	case '}', ']':
		x.depth--
	}
}

// continued notes that a text goes on up to a line, so deep.
func (x *lexer) continued(at, last, indent int) {
	for i := at + 1; i <= last; i++ {
		l := x.lines[i]
		l.inScalar, l.textIndent, l.follows = true, indent, x.lines[at]
	}
}

// blockScalar goes over a text behind `|` or `>`: all the lines that are blank or stand deeper than its key.
func (x *lexer) blockScalar(at, column int) (next int) {
	l := x.lines[at]
	header, comment, commented := strings.Cut(string(l.raw[column:]), " #")
	l.tokens = append(l.tokens, token{column: column, text: strings.TrimSpace(header)})
	if commented {
		l.tokens = append(l.tokens, token{column: column + len(header) + 1, text: strings.TrimRight("#"+comment, " \t"), mark: '#'})
	}
	parent, last, textIndent := l.parentColumn(), at, 0
	for i := at + 1; i < len(x.lines); i++ {
		indent, blank := leading(x.lines[i].raw)
		if !blank && indent <= parent {
			break
		}
		if textIndent == 0 && !blank && !strings.ContainsAny(header, "123456789") {
			textIndent = indent
		}
		if !blank || strings.Contains(header, "+") {
			last = i
		}
	}
	x.continued(at, last, textIndent)
	return last + 1
}

// parentColumn is where the key or the dash stands that the last value of the line belongs to.
func (l *formatLine) parentColumn() int {
	parent := -1
	for i, t := range l.tokens[:len(l.tokens)-1] {
		if t.mark == '-' || i+1 < len(l.tokens) && l.tokens[i+1].mark == ':' {
			parent = t.column
		}
	}
	return parent
}

// leading is how many spaces a line begins with, and whether it has nothing else.
func leading(raw []rune) (indent int, blank bool) {
	for i, r := range raw {
		if r != ' ' && r != '\t' {
			return i, false
		}
	}
	return len(raw), true
}
