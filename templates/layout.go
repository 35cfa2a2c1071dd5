// How generated code is laid out where gofmt leaves the choice: which lines are
// broken, and the groups of imports.

package templates

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"

	"github.com/dave/jennifer/jen"
)

// lineWidth is the width from which on a line is broken, its indent not counted.
const lineWidth = 100

// severalLines is the width of what is on several lines anyway.
const severalLines = lineWidth + 1

// width is that of a piece of code on one line; of one that has several, a
// width that fits nowhere.
func width(code *jen.Statement) int {
	text := fmt.Sprintf("%#v", code)
	if strings.Contains(text, "\n") {
		return severalLines
	}
	return len([]rune(text))
}

// field is one field of a struct literal.
func field(name string, value *jen.Statement) *jen.Statement {
	return jen.Id(name).Op(":").Add(value)
}

// oneLine is the body of a function on the line of its head.
func oneLine(statement *jen.Statement) *jen.Statement {
	return jen.Values(statement) // braces without line breaks
}

// lines is a literal's braces with each item on a line of its own.
func lines(items ...jen.Code) *jen.Statement {
	if len(items) == 0 {
		return jen.Values()
	}
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, items...)
}

// callLines is a call's parentheses with each argument on a line of its own.
func callLines(args ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "(", Close: ")", Separator: ",", Multi: true}, args...)
}

// remarkedLines is callLines with a comment behind the opening parenthesis, if
// there is something to remark.
func remarkedLines(remark string, args ...jen.Code) *jen.Statement {
	if remark == "" {
		return callLines(args...)
	}
	return jen.Custom(jen.Options{Open: "( // " + clean(remark), Close: ")", Separator: ",", Multi: true}, args...)
}

// remarkedCase is the head of a case with a comment behind it.
func remarkedCase(value *jen.Statement, remark string) *jen.Statement {
	return jen.Custom(jen.Options{Open: "case ", Close: ": // " + clean(remark)}, value)
}

// paramLines are parameters, each on a line of its own.
func paramLines(params ...jen.Code) *jen.Statement { return callLines(params...) }

// formatted is source as gofmt writes it, with the packages of Go in front of the others
// among the imports, as people do.
func formatted(src []byte) ([]byte, error) {
	const open = "\nimport (\n"
	head, rest, ok := bytes.Cut(src, []byte(open))
	if !ok {
		return format.Source(src)
	}
	block, body, _ := bytes.Cut(rest, []byte("\n)\n"))
	var own, others []string
	for line := range strings.SplitSeq(string(block), "\n") {
		if root, _, _ := strings.Cut(line, "/"); strings.Contains(root, ".") {
			others = append(others, line)
		} else {
			own = append(own, line)
		}
	}
	groups := strings.Join(own, "\n") + "\n\n" + strings.Join(others, "\n")
	return format.Source(bytes.Join([][]byte{head, []byte(open), []byte(groups), []byte("\n)\n"), body}, nil))
}
