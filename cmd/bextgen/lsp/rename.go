package lsp

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

type workspaceEdit struct {
	Changes map[string][]textEdit `json:"changes"`
}

type prepared struct {
	Range       span   `json:"range"`
	Placeholder string `json:"placeholder"`
}

// prepareRename says what would be renamed at a place: a step, at its name or where an expression reads it.
func (s *server) prepareRename(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	v, err := s.at(ctx, req)
	if v == nil || err != nil || v.pkg == nil {
		return nil, err
	}
	step, where := v.stepAt()
	if step == nil {
		return nil, nil
	}
	return prepared{where, step.Name}, nil
}

// rename renames a step, in its flow and in all expressions that read it. It refuses what would not be right
// afterwards, and a folder that is not right now, since in that some expressions are not known.
func (s *server) rename(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	var params struct {
		NewName string `json:"newName"`
	}
	if err := read(req, &params); err != nil {
		return nil, err
	}
	v, err := s.at(ctx, req)
	if v == nil || err != nil || v.pkg == nil {
		return nil, err
	}
	step, _ := v.stepAt()
	if step == nil {
		return nil, refusal("no step is named here")
	}
	if len(v.list) > 0 {
		return nil, refusal("put right first what is wrong in the folder: %s", v.list[0])
	}
	if err := refuseName(params.NewName); err != nil {
		return nil, err
	}
	return s.renamed(v, step, params.NewName)
}

// refuseName refuses what is no name at all; what else is wrong with one shows when it is tried.
func refuseName(name string) error {
	report := new(diag.Reporter)
	if resolve.CheckName(&parse.Text{Value: name}, "step", report) {
		return nil
	}
	return refusal("%s", report.List()[0].Message)
}

// renamed is the edits that rename a step, after it tried them.
func (s *server) renamed(v *view, step *model.Step, name string) (any, error) {
	places := v.placesOf(step)
	if len(places) == 0 {
		return nil, refusal("the name of the step is written in a way that it cannot be replaced in; write it behind `step:`, as it is")
	}
	_, wrong := s.load(v.with(v.file, v.text.replaced(places, name)), v.folder)
	if len(wrong) > 0 {
		return nil, refusal("`%s` cannot be the name: %s", name, wrong[0])
	}
	var edits []textEdit
	for _, p := range places {
		edits = append(edits, textEdit{v.text.span(p.line, p.column, p.column+len(p.name)), p.as(name)})
	}
	return workspaceEdit{map[string][]textEdit{v.uri(v.folder, v.file): edits}}, nil
}

// mention is a place at which a step is named: by its own name, or by that in expressions.
type mention struct {
	line, column int // from 1, in characters
	name         string
	inExpression bool
}

// as is what is to stand there if the step has another name.
func (m mention) as(name string) string {
	if m.inExpression {
		return resolve.VarName(name)
	}
	return name
}

// placesOf are the places in the file at which a step is named, in their order.
func (v *view) placesOf(step *model.Step) []mention {
	own := mention{step.Pos.Line, step.Pos.Column, step.Name, false}
	if !v.text.has(own) { // in quotes
		own.column++
	}
	all := []mention{own}
	expressions(v.flow(), func(e *model.Expr) {
		if e.Kind == model.BlockVar && e.Step == step {
			all = append(all, mention{e.Pos.Line, e.Pos.Column, step.VarName, true})
		}
	})
	// A step without an `in` reads what is not written.
	all = slices.DeleteFunc(all, func(m mention) bool { return !v.text.has(m) })
	slices.SortFunc(all, func(a, b mention) int { return cmp.Or(a.line-b.line, a.column-b.column) })
	return slices.Compact(all)
}

// has says whether a name stands where it is said to.
func (t text) has(m mention) bool {
	line := t.line(m.line)
	if m.column < 1 || m.column > len(line) {
		return false
	}
	rest, ok := strings.CutPrefix(string(line[m.column-1:]), m.name)
	next, _ := utf8.DecodeRuneInString(rest)
	return ok && (!inName(next) || next == '-' && m.inExpression)
}

// replaced is a document in which other names stand at some places, which are in their order.
func (t text) replaced(places []mention, name string) string {
	lines := slices.Clone(t)
	for _, p := range slices.Backward(places) {
		line := lines[p.line-1]
		lines[p.line-1] = slices.Concat(line[:p.column-1], []rune(p.as(name)), line[p.column-1+len(p.name):])
	}
	return lines.String()
}

// stepAt is the step that is named at a place, and the range of the name; nil if there is none.
func (v *view) stepAt() (*model.Step, span) {
	name, from := v.word(true)
	if step, ok := v.block(name, from).(*model.Step); ok && step.Calls == nil {
		return step, v.text.span(v.line, from, from+len(name))
	}
	name, from = v.word(false)
	if e := v.node(name, from); e != nil && e.Kind == model.BlockVar && e.Step != nil && e.Step.Calls == nil {
		return e.Step, v.text.span(v.line, from, from+len(name))
	}
	return nil, span{}
}

// refusal is the error of a request that cannot be followed.
func refusal(format string, args ...any) error {
	return &jsonrpc2.Error{Code: codeRequestFailed, Message: fmt.Sprintf(format, args...)}
}
