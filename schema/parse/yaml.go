package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file turns bytes into YAML nodes, and the YAML library's errors into
// places and words of the user. The library is known in this package alone.

// Limits of a file. No flow that people write comes near them.
const (
	MaxSize  = 512 << 10 // bytes
	maxNodes = 50_000    // keys and values
	maxDepth = 40
	// maxSearched is the size up to which the line of a YAML error is searched
	// for; in larger files the library's own guess is shown.
	maxSearched = 64 << 10
)

// decode is the one document of a file, or nil after it reported why there is none.
func (p *parser) decode(text []byte) *yaml.Node {
	if len(text) > MaxSize {
		p.report.Add(diag.TooLarge, p.at(0, 0), "the file has more than the %d bytes that a flow file may have", MaxSize)
		return nil
	}
	if !utf8.Valid(text) {
		line := 1 + bytes.Count(text[:invalidUTF8(text)], []byte("\n"))
		p.report.Add(diag.InvalidYAML, p.at(line, 1), "this line is not UTF-8 text; save the file as UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	document, err := decodeNext(decoder)
	if errors.Is(err, io.EOF) {
		p.reportEmpty()
		return nil
	}
	if err != nil {
		p.reportYAML(text, err)
		return nil
	}
	second, err := decodeNext(decoder)
	if err != nil && !errors.Is(err, io.EOF) {
		p.reportYAML(text, err)
		return nil
	}
	if err == nil {
		p.report.Add(diag.SecondDocument, p.pos(second), "a second YAML document begins here (`---`); a file holds one flow")
		return nil
	}
	if countNodes(document) > maxNodes {
		p.report.Add(diag.TooLarge, p.at(0, 0), "the file has more than the %d keys and values that a flow file may have", maxNodes)
		return nil
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		p.reportEmpty()
		return nil
	}
	return root
}

// countNodes counts no alias twice: it does not look into them.
func countNodes(n *yaml.Node) int {
	count := 1
	for _, child := range n.Content {
		count += countNodes(child)
	}
	return count
}

func (p *parser) reportEmpty() {
	p.report.Add(diag.EmptyValue, p.at(0, 0), "the file is empty; a flow begins with `flow: NAME`")
}

// decodeNext reads one document. The library limits its own depth, and reports
// errors with panics that it recovers from; should one of them slip through, on
// input that nobody thought of, it is an error too.
func decodeNext(decoder *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	document = new(yaml.Node)
	if err := decoder.Decode(document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return nil, io.EOF
	}
	return document, nil
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// refuseFeatures reports what YAML can do and the language does not have. The
// file is not read further then, so that the user sees the cause alone.
func (p *parser) refuseFeatures(n *yaml.Node, depth int) {
	if depth > maxDepth && n.Kind != yaml.ScalarNode {
		p.report.Add(diag.TooLarge, p.pos(n), "this is nested more than %d levels deep", maxDepth)
		return
	}
	switch {
	case n.Kind == yaml.AliasNode:
		p.report.Add(diag.YAMLFeature, p.pos(n), "YAML reads `*%s` as an alias, which flow files do not have; if it is text, put it in quotes", n.Value)
		return
	case n.Anchor != "":
		p.report.Add(diag.YAMLFeature, p.pos(n), "YAML reads `&%s` as an anchor, which flow files do not have; if it is text, put it in quotes", n.Anchor)
	case n.Style&yaml.TaggedStyle != 0:
		p.report.Add(diag.YAMLFeature, p.pos(n), "YAML reads `%s` as a tag; put an expression that begins with `!` in quotes: \"%s\"",
			n.Tag, strings.TrimSpace(n.Tag+" "+n.Value))
	case n.Tag == "!!merge":
		p.report.Add(diag.YAMLFeature, p.pos(n), "`<<` is a merge key of YAML, which flow files do not have")
	}
	for _, child := range n.Content {
		p.refuseFeatures(child, depth+1)
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// reportYAML says in the user's words what the YAML library did not like.
func (p *parser) reportYAML(text []byte, err error) {
	found := yamlLine.FindStringSubmatch(err.Error())
	problem := yamlLine.ReplaceAllString(err.Error(), "")
	if strings.Contains(problem, "exceeded max depth") {
		p.report.Add(diag.TooLarge, p.at(0, 0), "the file is nested too deeply")
		return
	}
	line := 1
	if len(found) > 1 && found[1] != "" {
		line, _ = strconv.Atoi(found[1]) // digits; one too large for an int is no line of the file and is cut below
	}
	if len(text) <= maxSearched {
		line = p.faultyLine()
	}
	line = max(1, min(line, len(p.lines)))
	content := p.lines[line-1]
	column := 1 + len(content) - len(strings.TrimLeft(content, " \t"))
	p.report.Add(diag.InvalidYAML, p.at(line, column), "this is not valid YAML: %s", explain(problem, content))
}

// faultyLine is the line at which a file stops being YAML. The library often
// names the beginning of the block around it. So we look for a number of lines
// that are valid by themselves and are not with one more.
func (p *parser) faultyLine() int {
	valid, invalid := 0, len(p.lines)
	for invalid-valid > 1 {
		middle := (valid + invalid) / 2
		if n := p.validFrom(middle, invalid); n > 0 {
			valid = n
		} else {
			invalid = middle
		}
	}
	return invalid
}

// validFrom is the first of a few numbers of lines that is valid YAML, or 0. A few, since
// the lines of a {…} that goes over several are not valid before its end.
func (p *parser) validFrom(n, limit int) int {
	for last := min(n+4, limit); n < last; n++ {
		head := strings.Join(p.lines[:n], "\n") + "\n"
		_, err := decodeNext(yaml.NewDecoder(strings.NewReader(head)))
		if err == nil || errors.Is(err, io.EOF) {
			return n
		}
	}
	return 0
}

// explain turns a problem of the YAML library into words for people who write flows.
func explain(problem, line string) string {
	if strings.Contains(problem, "cannot start any token") && strings.Contains(line, "?>") {
		problem = "did not find expected ',' or" // list<T?> in {…}: YAML reads a key from the `?` on
	}
	for _, e := range explanations() {
		if strings.Contains(problem, e.problem) {
			return e.words
		}
	}
	value := line
	if _, after, ok := strings.Cut(line, ": "); ok {
		value = strings.TrimSpace(after)
	}
	if strings.HasPrefix(value, "'") || strings.HasPrefix(value, `"`) {
		return "text follows behind a closing quote; put an expression that begins with a quote in quotes as a whole"
	}
	if strings.Contains(problem, "did not find expected key") {
		return "this line does not fit the ones around it; look at its indentation, and at quotes and brackets that are not closed"
	}
	return problem
}

type explanation struct{ problem, words string }

func explanations() []explanation {
	const brackets = "inside {…} and […] a value with brackets, commas, quotes, `?`, ` #` or `: ` must be in quotes, and the closing bracket must be there"
	return []explanation{
		{"did not find expected ',' or", brackets},
		{"did not find expected node content", brackets},
		{"mapping values are not allowed", "a `: ` where none can be; put text that has it in quotes, or look at the indentation"},
		{"could not find expected ':'", "a key without its `:`, or text that is not indented enough"},
		{"cannot start any token", "a value cannot begin with a tab, `%`, `@` or a backquote; put it in quotes, and indent with spaces"},
		{"tab character", "a tab; indent with spaces"},
		{"alphabetic or numeric character", "YAML reads `&` and `*` at the beginning of a value, and behind a tag `!`, as an anchor or alias; put the value in quotes"},
		{"unknown anchor", "YAML reads `*` at the beginning of a value as an alias, which flow files do not have; put the value in quotes"},
		{"found unexpected end of stream", "a quote that is opened here is never closed"},
		{"unknown escape character", "an escape that YAML does not have; write `\\\\` for a backslash in double quotes"},
		{"control characters are not allowed", "a control character"},
		{"tag", "YAML reads `!` at the beginning of a value as a tag; put the value in quotes"},
	}
}

// pos is the place of a node.
func (p *parser) pos(n *yaml.Node) model.Pos { return p.at(n.Line, n.Column) }

func (p *parser) at(line, column int) model.Pos {
	return model.Pos{File: p.file, Line: line, Column: column}
}
