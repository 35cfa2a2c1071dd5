package lsp

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/schema/check"
)

// This file reads the beginning of an expression, up to where somebody types.

// tokens are those of an expression, of which the last may have just begun.
type tokens struct {
	source string
	at     [][]int // of each, its begin and end in the source
}

// lexeme is a text in quotes, perhaps one that is not closed, a name or number, a dot with what may belong to it, or
// any other character.
var lexeme = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\w+|\.\??|\S`)

// scan takes an expression apart. The quote with which the value of a key may begin is YAML's.
func scan(expression string) tokens {
	source := expression
	if strings.HasPrefix(source, `"`) || strings.HasPrefix(source, "'") {
		source = source[1:]
	}
	return tokens{source: source, at: lexeme.FindAllStringIndex(source, -1)}
}

func (t tokens) text(i int) string {
	if i < 0 || i >= len(t.at) {
		return ""
	}
	return t.source[t.at[i][0]:t.at[i][1]]
}

func (t tokens) isName(i int) bool {
	return t.text(i) != "" && inName(rune(t.text(i)[0])) && t.text(i) != "-" && t.text(i) != "in"
}

func (t tokens) isText(i int) bool {
	return t.text(i) != "" && strings.ContainsAny(t.text(i)[:1], `"'`)
}

// inText says that the expression ends in the middle of a text in quotes.
func (t tokens) inText() bool {
	last := t.text(len(t.at) - 1)
	return t.isText(len(t.at)-1) && (len(last) == 1 || last[len(last)-1] != last[0])
}

// receiver is what stands before the last dot, if a name follows on that or is still to follow.
func (t tokens) receiver() (source string, behindDot bool) {
	dot := len(t.at) - 1
	if t.isName(dot) && t.at[dot][1] == len(t.source) {
		dot--
	}
	if !strings.HasPrefix(t.text(dot), ".") {
		return "", false
	}
	return t.operand(dot), true
}

// operand is the source of the operand that ends before a token; empty if there is none.
func (t tokens) operand(end int) string {
	begin := t.beginOf(end)
	if begin < 0 {
		return ""
	}
	return t.source[t.at[begin][0]:t.at[end-1][1]]
}

// beginOf is where the operand begins that ends before a token: with its first name, text or bracket; -1 if there is none.
func (t tokens) beginOf(end int) int {
	begin := end - 1
	switch {
	case slices.Contains([]string{")", "]", "}"}, t.text(begin)):
		if begin = t.opening(begin); begin < 0 {
			return -1
		}
		isCall := t.text(begin) == "(" && t.isName(begin-1)
		isIndex := t.text(begin) == "[" && (t.isName(begin-1) || t.text(begin-1) == ")" || t.text(begin-1) == "]")
		if isCall || isIndex {
			return t.beginOf(begin)
		}
	case !t.isName(begin) && !t.isText(begin):
		return -1
	}
	if strings.HasPrefix(t.text(begin-1), ".") {
		return t.beginOf(begin - 1)
	}
	return begin
}

// opening is where the bracket is opened that a token closes; -1 if nowhere.
func (t tokens) opening(closing int) int {
	depth := 0
	for i := closing; i >= 0; i-- {
		switch t.text(i) {
		case ")", "]", "}":
			depth++
		case "(", "[", "{":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// within are the brackets that are open at the end, the outermost first.
func (t tokens) within() []int {
	var open []int
	for i := range t.at {
		switch t.text(i) {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			open = open[:max(0, len(open)-1)]
		}
	}
	return open
}

// elements adds to variables the names that the macros around the end of an expression declare.
func (t tokens) elements(calls *check.Calls, variables []check.Variable) []check.Variable {
	for _, bracket := range t.within() {
		macro, name := t.text(bracket-1), t.text(bracket+1)
		if t.text(bracket) != "(" || t.text(bracket-2) != "." || !t.isName(bracket+1) || t.text(bracket+2) != "," {
			continue
		}
		over := calls.TypeOf(variables, t.operand(bracket-2))
		if element := check.MacroVariable(macro, over); element != nil {
			variables = append(variables, check.Variable{Name: name, Type: element})
		}
	}
	return variables
}
