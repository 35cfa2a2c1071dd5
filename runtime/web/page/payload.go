package page

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// This file is how values, errors and other texts of any size are shown.

// preview is how many bytes of a text stand on a run's page.
const preview = 2 << 10

// payload is a text as far as it is shown.
type payload struct {
	Text string
	Size int    // in bytes, as stored
	Cut  bool   // there is more
	All  string // where all of it is; empty where there is no such place
}

// newPayload is a value as text, cut where it is long.
func newPayload(raw json.RawMessage) payload {
	p := payload{Size: len(raw)}
	p.Text, p.Cut = cutText(pretty(raw[:min(len(raw), 4*preview)], raw), preview)
	return p
}

// textPayload is a text that is no value, such as an error, cut where it is long.
func textPayload(s string) payload {
	p := payload{Size: len(s)}
	p.Text, p.Cut = cutText(s, preview)
	return p
}

// at says where all of a payload is, if it is cut.
func (p payload) at(url string) payload {
	if p.Cut {
		p.All = url
	}
	return p
}

// pretty is JSON indented for reading, with all that it says as it was written: numbers
// too. What is too long to be indented at once is shown as it is stored.
func pretty(head, raw json.RawMessage) string {
	if len(head) < len(raw) {
		return string(head)
	}
	return indented(raw)
}

// lineWidth is how long a line of a value may be before its parts get lines of their own.
const lineWidth = 72

// indented is a value as a person would write it: what fits on a line stands on one.
func indented(raw json.RawMessage) string {
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return string(raw)
	}
	w := valueWriter{src: compact.Bytes()}
	w.value(0)
	return w.out.String()
}

// valueWriter lays out compact JSON, which is right.
type valueWriter struct {
	src []byte
	at  int
	out strings.Builder
}

// value writes the value that begins here, whose first line already has so many bytes of
// indentation.
func (w *valueWriter) value(indent int) {
	open := w.src[w.at]
	end := w.end()
	if open != '{' && open != '[' || end-w.at <= lineWidth-indent {
		w.line(end)
		return
	}
	w.take()
	for w.src[w.at] != '}' && w.src[w.at] != ']' {
		w.newLine(indent + 2)
		if open == '{' {
			w.line(w.end()) // the name
			w.take()
			w.out.WriteByte(' ')
		}
		w.value(indent + 2)
		if w.src[w.at] == ',' {
			w.take()
		}
	}
	w.newLine(indent)
	w.take()
}

func (w *valueWriter) newLine(indent int) {
	w.out.WriteByte('\n')
	for range indent {
		w.out.WriteByte(' ')
	}
}

// take writes the byte that is next.
func (w *valueWriter) take() {
	w.out.WriteByte(w.src[w.at])
	w.at++
}

// line writes all up to a place on one line, with a space behind each colon and comma.
func (w *valueWriter) line(end int) {
	quoted := false
	for w.at < end {
		c := w.src[w.at]
		if quoted && c == '\\' {
			w.take()
		} else if c == '"' {
			quoted = !quoted
		}
		w.take()
		if !quoted && (c == ':' || c == ',') {
			w.out.WriteByte(' ')
		}
	}
}

// end is where the value that begins here ends. It is looked for only as far as a line
// may go, if it is a list or an object; a place behind that stands for any.
func (w *valueWriter) end() int {
	depth, quoted := 0, false
	for i := w.at; i < len(w.src); i++ {
		switch c := w.src[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			depth--
		case depth == 0 && (c == ',' || c == ':'):
			return i
		}
		if depth > 0 && i-w.at > lineWidth {
			return len(w.src)
		}
		if depth == 0 && !quoted && w.ends(i) {
			return i + 1
		}
	}
	return len(w.src)
}

// ends says whether a text, list or object ends with the byte at a place.
func (w *valueWriter) ends(i int) bool {
	c := w.src[i]
	return c == '}' || c == ']' || c == '"'
}

// cutText is the beginning of a text, at most n bytes of whole characters.
func cutText(s string, n int) (text string, cut bool) {
	if len(s) <= n {
		return s, false
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}
