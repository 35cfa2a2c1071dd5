package check

import (
	"cmp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file tells editors what an expression can call, from the tables by which calls are checked.

// Callable is a function or a macro that an expression can call.
type Callable struct {
	Name string
	// Signature is what goes in and what comes out, in the words of the language: (string) → bool.
	Signature string
	// Alone says that it can be called with nothing in its brackets.
	Alone bool
	Doc   string // in Markdown
}

// Variable is a name that an expression can read.
type Variable struct {
	Name, Doc string
	Type      *model.Type
}

// Calls is what expressions of a package can call.
type Calls struct {
	typer     *typer
	functions map[string]*decls.FunctionDecl
	macros    map[string]cel.Macro
}

// CallsOf is what the expressions of a package can call.
func CallsOf(pkg *model.Package) (*Calls, error) {
	t, err := newTyper(pkg)
	if err != nil {
		return nil, err
	}
	all, err := library()
	if err != nil {
		return nil, err
	}
	c := &Calls{typer: t, functions: all.Functions(), macros: map[string]cel.Macro{}}
	for _, m := range all.Macros() {
		c.macros[m.Function()] = m
	}
	c.macros[existsOne] = c.macros[operators.ExistsOne]
	return c, nil
}

// Functions are those that stand by themselves, as in size(x).
func (c *Calls) Functions() []Callable {
	var list []Callable
	for _, name := range c.typer.names() {
		if one, ok := c.function(name); ok {
			list = append(list, one)
		}
	}
	return list
}

// Makers are those behind `optional.`, without it.
func (c *Calls) Makers() []Callable {
	var list []Callable
	for _, name := range makers() {
		if one, ok := c.function(name); ok {
			one.Name = strings.TrimPrefix(name, "optional.")
			list = append(list, one)
		}
	}
	return list
}

// Methods are those that can be called on a value, behind a dot.
func (c *Calls) Methods(of *model.Type) []Callable {
	if kindOf(of) == resolve.Unknown {
		return nil
	}
	var list []Callable
	for _, name := range c.typer.names() {
		one := Callable{Name: name}
		if f := c.functions[name]; f != nil {
			one = c.callable(f, func(o *decls.OverloadDecl, with typeArguments) bool {
				return o.IsMemberFunction() && with.bind(o.ArgTypes()[0], c.typer.celType(of))
			})
		} else if MacroVariable(name, of) != nil {
			one.Signature, one.Doc = "(x, …)", documented(c.macros[name])
		}
		if one.Signature != "" {
			list = append(list, one)
		}
	}
	return list
}

// function is a function that stands by itself; false for one that does not.
func (c *Calls) function(name string) (Callable, bool) {
	if t := c.typer.enums[name]; t != nil {
		return Callable{Name: name, Signature: "(string) → " + TypeText(t), Doc: t.Named.Doc}, true
	}
	if name == has {
		return Callable{Name: name, Signature: "(x.field) → bool", Doc: "Whether an optional field is there, or a map has a key."}, true
	}
	f := c.functions[name]
	if f == nil {
		return Callable{}, false
	}
	one := c.callable(f, func(o *decls.OverloadDecl, _ typeArguments) bool { return !o.IsMemberFunction() })
	return one, one.Signature != ""
}

// callable is a function with those of its overloads that are meant.
func (c *Calls) callable(f *decls.FunctionDecl, meant func(*decls.OverloadDecl, typeArguments) bool) Callable {
	one := Callable{Name: f.Name(), Doc: f.Description()}
	var signatures []string
	var examples []string
	for _, o := range f.OverloadDecls() {
		with := typeArguments{}
		if !meant(o, with) || slices.ContainsFunc(o.ArgTypes(), isUnsigned) {
			continue
		}
		args := o.ArgTypes()
		if o.IsMemberFunction() {
			args = args[1:]
		}
		words := make([]string, len(args))
		for i, arg := range args {
			words[i] = c.typer.words(arg, with)
		}
		one.Alone = one.Alone || len(args) == 0
		signatures = append(signatures, "("+strings.Join(words, ", ")+") → "+c.typer.words(o.ResultType(), with))
		examples = append(examples, o.Examples()...)
	}
	slices.SortStableFunc(signatures, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	one.Signature = strings.Join(slices.Compact(signatures), ", ")
	one.Doc = withExamples(one.Doc, examples)
	return one
}

func isUnsigned(t *types.Type) bool { return t.Kind() == types.UintKind }

// documented is what CEL says about a macro.
func documented(m cel.Macro) string {
	d, ok := m.(interface{ Documentation() *common.Doc })
	if !ok {
		return ""
	}
	doc := d.Documentation()
	var examples []string
	for _, child := range doc.Children {
		examples = append(examples, child.Description)
	}
	return withExamples(doc.Description, examples)
}

func withExamples(doc string, examples []string) string {
	if len(examples) == 0 {
		return doc
	}
	return doc + "\n\n```cel\n" + strings.Join(examples, "\n") + "\n```"
}

// typeArguments are the types that the parameters of an overload stand for.
type typeArguments map[string]*types.Type

// bind says whether a value of a type fits an operand, and keeps what its parameters stand for then.
func (with typeArguments) bind(operand, value *types.Type) bool {
	if operand.Kind() == types.TypeParamKind {
		with[operand.TypeName()] = value
		return true
	}
	if operand.Kind() != value.Kind() || operand.TypeName() != value.TypeName() {
		return false
	}
	for i, parameter := range operand.Parameters() {
		if !with.bind(parameter, value.Parameters()[i]) {
			return false
		}
	}
	return true
}

// words is a type of CEL in those of the language; one that can be any is T.
func (t *typer) words(c *types.Type, with typeArguments) string {
	switch c.Kind() {
	case types.TypeParamKind:
		if known, ok := with[c.TypeName()]; ok {
			return t.words(known, nil)
		}
		return "T"
	case types.ListKind:
		return "list<" + t.words(c.Parameters()[0], with) + ">"
	case types.MapKind:
		return "map<" + t.words(c.Parameters()[1], with) + ">"
	case types.OpaqueKind:
		if c.TypeName() == types.OptionalType.TypeName() {
			return t.words(c.Parameters()[0], with) + "?"
		}
	}
	if m := t.modelType(c); m != nil {
		return TypeText(m)
	}
	return c.TypeName()
}

// MacroVariable is the type of the name that a macro gives to what it looks at; nil if it does not work on a type.
func MacroVariable(macro string, over *model.Type) *model.Type {
	switch {
	case slices.Contains(macros(), macro) && kindOf(over) == model.List:
		return over.Elem
	case slices.Contains(macros(), macro) && kindOf(over) == model.Map:
		return &model.Type{Kind: model.String}
	case (macro == optMap || macro == optFlatMap) && kindOf(over) == model.Optional:
		return over.Elem
	}
	return nil
}

// TypeOf is the type of an expression that reads variables; nil if it is none that can be checked.
func (c *Calls) TypeOf(variables []Variable, source string) *model.Type {
	text := common.NewTextSource(source)
	tree, bad := c.typer.parse(text)
	if bad != nil {
		return nil
	}
	nothing := &resolve.Flow{Model: &model.Flow{Input: new(model.Payload)}} // but the variables, which are seen like those of macros
	x := &expression{
		report: new(diag.Reporter), typer: c.typer, scope: &scope{flow: nothing},
		source: source, chars: []rune(source), places: make([]model.Pos, len([]rune(source))+1), info: tree.SourceInfo(),
	}
	for _, v := range variables {
		if v.Type != nil {
			x.locals = append(x.locals, local{name: v.Name, typ: v.Type})
		}
	}
	if e := x.convert(tree.Expr()); e != nil {
		return e.Type
	}
	return nil
}
