package lsp

import (
	"context"
	"fmt"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/check"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

type hover struct {
	Contents markup `json:"contents"`
	Range    span   `json:"range"`
}

type markup struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// hover tells about a name: a key, a block, a type, or what an expression reads.
func (s *server) hover(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	v, err := s.at(ctx, req)
	if v == nil || err != nil || v.line == 0 {
		return nil, err
	}
	name, from := v.word(true)
	told := v.aboutKey(name, from)
	if told == "" && v.pkg != nil {
		if b := v.block(name, from); b != nil {
			told = aboutBlock(b)
		} else {
			name, from = v.word(false)
			told = v.about(name, from)
		}
	}
	if told == "" {
		return nil, nil
	}
	return hover{markup{"markdown", told}, v.text.span(v.line, from, from+len(name))}, nil
}

// aboutKey is the documentation of a key; empty if the name is none.
func (v *view) aboutKey(name string, from int) string {
	behind := v.text.line(v.line)[from-1+len(name):]
	if len(behind) == 0 || behind[0] != ':' {
		return ""
	}
	around, _ := pathTo(v.text, v.line, from+len(name)+1)
	if len(around) < 2 || around[len(around)-1].key != name {
		return ""
	}
	l := newLanguage()
	k, ok := l.key(l.form(v.file, around[:len(around)-1]), name)
	if !ok {
		return ""
	}
	if k.Default != "" {
		return fmt.Sprintf("%s\n\nDefault: `%s`", k.Doc, k.Default)
	}
	return k.Doc
}

// about tells about what an expression reads or calls, and about a type.
func (v *view) about(name string, from int) string {
	if e := v.node(name, from); e != nil {
		return aboutNode(e)
	}
	around, before := pathTo(v.text, v.line, from+len(name))
	l := newLanguage()
	switch l.form(v.file, around) {
	case parse.Expression, parse.OutputOf: // one that is wrong, or a function
		for _, one := range v.readable(around, before) {
			if one.Label == name {
				return aboutItem(one)
			}
		}
	case parse.TypeText, parse.ShapeOf, fieldForm:
		if n := v.declared(name); n != nil {
			return aboutType(n)
		}
	}
	return ""
}

// aboutItem tells about what could have been completed.
func aboutItem(one completionItem) string {
	told := one.Label
	if one.Kind != aFunction && one.Kind != aMethod && one.Detail != "" {
		told += ": "
	}
	doc := ""
	if one.Documentation != nil {
		doc = one.Documentation.Value
	}
	return paragraphs(code(told+one.Detail), doc)
}

func aboutNode(e *model.Expr) string {
	told := code(named(e) + ": " + typeText(e.Type))
	switch e.Kind {
	case model.BlockVar:
		return paragraphs(told, source(e).Head().Doc)
	case model.Select:
		return paragraphs(told, e.Field.Doc)
	}
	return told
}

func aboutBlock(b model.Block) string {
	head := b.Head()
	switch b := b.(type) {
	case *model.Step:
		if b.Calls != nil {
			return paragraphs(code("call "+b.Calls.Name+result(b.Out)), b.Calls.Doc, head.Doc)
		}
		return paragraphs(code("step "+head.Name+result(b.Out)), head.Doc, "Handled by `"+head.GoName+"`, read in expressions as `"+head.VarName+"`.")
	case *model.Wait:
		return paragraphs(code("wait "+head.Name+result(b.Out)), head.Doc, "Read in expressions as `"+head.VarName+"`.")
	case *model.Foreach:
		told := "foreach " + head.Name
		if b.Collect != nil {
			told += ": list<" + typeText(b.Collect.Type) + ">"
		}
		return paragraphs(code(told), head.Doc)
	}
	return head.Doc
}

// result is what a step or a wait results in, empty for nothing.
func result(p *model.Payload) string {
	switch {
	case p == nil:
		return ""
	case p.Alias != nil:
		return ": " + typeText(p.Alias)
	}
	return ": {" + fields(p.Fields, ", ") + "}"
}

func aboutType(n *model.Named) string {
	switch {
	case n.Go != nil:
		return paragraphs(code(n.Name+": Go type "+strings.TrimPrefix(n.Go.ImportPath+"."+n.Go.Name, ".")), n.Doc)
	case n.Values != nil:
		var all []string
		for _, value := range n.Values {
			all = append(all, value.Text)
		}
		return paragraphs(code(n.Name+": enum ["+strings.Join(all, ", ")+"]"), n.Doc)
	}
	return paragraphs(code(n.Name+":\n  "+fields(n.Fields, "\n  ")), n.Doc)
}

func fields(list []*model.Field, between string) string {
	var all []string
	for _, f := range list {
		all = append(all, f.Name+": "+typeText(f.Type))
	}
	return strings.Join(all, between)
}

// typeText is a type in the words of the language, also of one that is not known.
func typeText(t *model.Type) string {
	if t == nil {
		return "?"
	}
	return check.TypeText(t)
}

func code(text string) string { return "```yaml\n" + text + "\n```" }

func paragraphs(all ...string) string {
	var told []string
	for _, p := range all {
		if p != "" {
			told = append(told, p)
		}
	}
	return strings.Join(told, "\n\n")
}
