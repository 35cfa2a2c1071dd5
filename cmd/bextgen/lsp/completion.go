package lsp

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/check"
	"github.com/bextgen/bextgen/schema/editor"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

type completionItem struct {
	Label         string   `json:"label"`
	Kind          itemKind `json:"kind"`
	Detail        string   `json:"detail,omitempty"`
	Documentation *markup  `json:"documentation,omitempty"`
	SortText      string   `json:"sortText,omitempty"` // the label if it is empty
	Edit          textEdit `json:"textEdit"`
}

// itemKind is the picture that an editor shows.
type itemKind int

const (
	aMethod   itemKind = 2
	aFunction itemKind = 3
	aField    itemKind = 5
	aVariable itemKind = 6
	aClass    itemKind = 7
	aProperty itemKind = 10
	aValue    itemKind = 12
)

// completion offers what can be written at a place: keys, words, types, flows, and what expressions can read.
func (s *server) completion(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	v, err := s.at(ctx, req)
	if v == nil || err != nil || v.line == 0 {
		return nil, err
	}
	around, before := pathTo(v.text, v.line, v.column)
	l := newLanguage()
	form := l.form(v.file, around)
	var offered []completionItem
	if around.inValue(v.line) {
		if v.outdated {
			s.mend(v, around)
		}
		offered = v.values(around, form, before)
	} else {
		offered = keys(l[form], around[len(around)-1].keys)
	}
	_, from := v.word(form != parse.Expression && form != parse.OutputOf)
	for i := range offered {
		offered[i].Edit.Range = v.text.span(v.line, from, v.column)
	}
	return offered, nil
}

// mend makes a model of the folder as it would be if the line that is typed ended at the place, with the brackets
// closed that are open. Where that is no YAML either, the model stays.
func (s *server) mend(v *view, around path) {
	line := strings.TrimRight(string(v.text.line(v.line)[:v.column-1]), ".")
	for _, f := range slices.Backward(around) {
		line += f.close
	}
	lines := slices.Clone(v.text)
	lines[v.line-1] = []rune(line)
	if pkg, _ := s.load(v.with(v.file, lines.String()), v.folder); pkg != nil {
		v.pkg = pkg
	}
}

// keys offers those keys of a mapping that it does not have yet.
func keys(all []parse.Key, there []string) []completionItem {
	var offered []completionItem
	for _, k := range all {
		if !slices.Contains(there, k.Name) {
			offered = append(offered, completionItem{
				Label: k.Name, Kind: aProperty, Documentation: &markup{"markdown", k.Doc}, Edit: textEdit{NewText: k.Name + ": "},
			})
		}
	}
	return offered
}

// values offers what the value of a key can be.
func (v *view) values(around path, form parse.Form, before string) []completionItem {
	var names []string
	switch form {
	case parse.Expression, parse.OutputOf:
		return v.readable(around, before)
	case parse.TypeText, fieldForm, typeForm:
		return append(plain(aClass, resolve.Scalars()...), v.types()...)
	case parse.ShapeOf:
		return v.types()
	case parse.Name:
		if around[len(around)-1].key == "call" && v.pkg != nil {
			for _, f := range v.pkg.Flows {
				names = append(names, f.Name)
			}
		}
		return plain(aValue, names...)
	}
	return plain(aValue, editor.Words(form)...)
}

func plain(kind itemKind, labels ...string) []completionItem {
	var offered []completionItem
	for _, label := range labels {
		offered = append(offered, completionItem{Label: label, Kind: kind, Edit: textEdit{NewText: label}})
	}
	return offered
}

// types offers the types that are declared.
func (v *view) types() []completionItem {
	if v.pkg == nil {
		return nil
	}
	var offered []completionItem
	for _, n := range v.pkg.Types {
		one := plain(aClass, n.Name)[0]
		one.Documentation = &markup{"markdown", aboutType(n)}
		offered = append(offered, one)
	}
	return offered
}

// readable offers what an expression can go on with that ends with a text: names and functions, or what can
// stand behind a dot.
func (v *view) readable(around path, before string) []completionItem {
	if v.pkg == nil || v.flow() == nil {
		return nil
	}
	expression := scan(before)
	calls, err := check.CallsOf(v.pkg)
	if err != nil || expression.inText() {
		return nil
	}
	variables := expression.elements(calls, v.variables(around))
	receiver, behindDot := expression.receiver()
	if !behindDot {
		var offered []completionItem
		for _, one := range variables {
			offered = append(offered, readItem(aVariable, one.Name, one.Type, one.Doc))
		}
		return append(offered, callItems(aFunction, calls.Functions())...)
	}
	switch receiver {
	case "run":
		return runProperties()
	case "optional":
		return callItems(aFunction, calls.Makers())
	}
	of := calls.TypeOf(variables, receiver)
	var offered []completionItem
	for _, f := range fieldsOf(of) {
		offered = append(offered, readItem(aField, f.Name, f.Type, f.Doc))
	}
	return append(offered, callItems(aMethod, calls.Methods(of))...)
}

// callItems offers what can be called, behind all that can be read. What needs nothing in its brackets gets them closed.
func callItems(kind itemKind, all []check.Callable) []completionItem {
	var offered []completionItem
	for _, c := range all {
		one := plain(kind, c.Name)[0]
		one.Detail, one.Documentation, one.SortText = c.Signature, &markup{"markdown", c.Doc}, "~"+c.Name
		one.Edit.NewText += "("
		if c.Alone {
			one.Edit.NewText += ")"
		}
		offered = append(offered, one)
	}
	return offered
}

func readItem(kind itemKind, name string, t *model.Type, doc string) completionItem {
	one := plain(kind, name)[0]
	if t != nil {
		one.Detail = typeText(t)
	}
	if doc != "" {
		one.Documentation = &markup{"markdown", doc}
	}
	return one
}

func runProperties() []completionItem {
	var offered []completionItem
	all := check.RunProperties()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		offered = append(offered, readItem(aField, name, &model.Type{Kind: all[name]}, ""))
	}
	return offered
}

// fieldsOf are the fields of a type, also of one that may be absent.
func fieldsOf(t *model.Type) []*model.Field {
	if t != nil && t.Kind == model.Optional {
		t = t.Elem
	}
	if t == nil || t.Named == nil && t.Payload == nil {
		return nil
	}
	return check.FieldsOf(t)
}

// variables are what an expression at a place can begin with: input and run, the elements of the foreachs
// around, and the blocks before it.
func (v *view) variables(around path) []check.Variable {
	f := v.flow()
	all := []check.Variable{{Name: "run"}}
	if p := f.Input; p != nil {
		of := &model.Type{Kind: model.Struct, Payload: p}
		if p.Alias != nil {
			of = p.Alias
		}
		all = append(all, check.Variable{Name: "input", Type: of})
	}
	return append(all, v.blocksBefore(f.Body, around)...)
}

func (v *view) blocksBefore(list []model.Block, around path) []check.Variable {
	var all []check.Variable
	for _, b := range list {
		head := b.Head()
		if head.Pos.Line >= v.line {
			continue
		}
		in := slices.ContainsFunc(around, func(f frame) bool { return f.key == "" && f.line == head.Pos.Line })
		if t := check.ResultType(b); t != nil && !in {
			all = append(all, check.Variable{Name: head.VarName, Doc: head.Doc, Type: maybe(b, t)})
		}
		switch b := b.(type) {
		case *model.Parallel:
			for _, branch := range b.Branches {
				all = append(all, v.blocksBefore(branch, around)...)
			}
		case *model.Choose:
			for _, c := range b.Cases {
				all = append(all, v.blocksBefore(c.Body, around)...)
			}
		case *model.Foreach:
			if in {
				all = append(all, check.Variable{Name: b.As, Type: b.Item}, check.Variable{Name: b.IndexAs, Type: &model.Type{Kind: model.Int}})
				all = append(all, v.blocksBefore(b.Body, around)...)
			}
		}
	}
	return all
}

// maybe is the type of a block's value, which is optional where the block may be skipped.
func maybe(b model.Block, t *model.Type) *model.Type {
	wait, ok := b.(*model.Wait)
	if t.Kind == model.Optional || !b.Head().Skippable && !(ok && wait.Continue) {
		return t
	}
	return &model.Type{Kind: model.Optional, Elem: t}
}
