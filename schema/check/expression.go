package check

import (
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file turns CEL's tree of an expression into the model's, from the leaves
// up, with the type of every node. Where it returns nil, the reason was reported.

// expression is an expression on its way into the model.
type expression struct {
	report *diag.Reporter
	typer  *typer
	scope  *scope
	source string
	chars  []rune
	places []model.Pos // of each character
	// commented says that a comment follows in the file.
	commented bool
	info      *ast.SourceInfo
	// hyphens says that a step's name with hyphens was reported.
	hyphens bool
	locals  []local // of the macros around, the outermost first
}

// expr is an expression of the spec with types, nil after it reported an error.
func (c *pass) expr(t *parse.Text, s *scope) *model.Expr {
	x, e := c.read(t, s)
	if e != nil && e.Type == nil {
		x.untyped(e)
		return nil
	}
	return e
}

// read is expr for a place that may say what an empty list or map is of, which has no
// Type yet.
func (c *pass) read(t *parse.Text, s *scope) (*expression, *model.Expr) {
	if c.report.Full() {
		return nil, nil
	}
	chars := []rune(t.Value)
	if !c.fits(t, len(chars)) {
		return nil, nil
	}
	x := &expression{
		report: c.report, typer: c.typer, scope: s,
		source: strings.TrimSpace(t.Value), chars: chars, places: t.Places(), commented: t.Commented,
	}
	text := common.NewTextSource(t.Value)
	tree, bad := c.typer.parse(text)
	if bad != nil {
		x.syntaxError(text, bad)
		return nil, nil
	}
	x.info = tree.SourceInfo()
	return x, x.convert(tree.Expr())
}

func (x *expression) untyped(e *model.Expr) {
	if isNone(e) {
		x.report.Add(diag.UntypedExpr, e.Pos, "the type of `optional.none()` by itself cannot be told; leave out what is never there")
		return
	}
	x.report.Add(diag.UntypedExpr, e.Pos, "the type of an empty list or map by itself cannot be told")
}

// at is the place of a character of the expression.
func (x *expression) at(offset int) model.Pos {
	return x.places[max(0, min(offset, len(x.places)-1))]
}

// offset is where CEL says that a node is: of an operator the sign, of a
// selection the dot, of a call the bracket.
func (x *expression) offset(e ast.Expr) int {
	r, _ := x.info.GetOffsetRange(e.ID())
	return int(r.Start)
}

// hasName says that the name of a function stands before its bracket.
func (x *expression) hasName(function string, bracket int) bool {
	from := bracket - len(function)
	return from >= 0 && bracket <= len(x.chars) && string(x.chars[from:bracket]) == function
}

// own is the place that is shown for a node itself: of a selection the name of
// the field, of a call the name of the function.
func (x *expression) own(e ast.Expr) model.Pos {
	at := x.offset(e)
	switch e.Kind() {
	case ast.SelectKind:
		for at++; at < len(x.chars) && x.chars[at] <= ' '; at++ {
		}
	case ast.CallKind:
		if name := e.AsCall().FunctionName(); x.hasName(name, at) {
			at -= len(name)
		}
	}
	return x.at(at)
}

func (x *expression) node(kind model.ExprKind, t *model.Type, pos model.Pos) *model.Expr {
	return &model.Expr{Kind: kind, Type: t, Source: x.source, Pos: pos}
}

// over is a node over others: it can fail and is secret if one of them is.
func (x *expression) over(kind model.ExprKind, t *model.Type, pos model.Pos, args []*model.Expr) *model.Expr {
	e := x.node(kind, t, pos)
	e.Args = args
	for _, arg := range args {
		e.Fallible = e.Fallible || arg.Fallible
		e.Secret = e.Secret || arg.Secret
	}
	return e
}

// convert is a node with all below it. Its Type is nil for an empty list or map, and
// for optional.none(), until what stands around it says more.
func (x *expression) convert(e ast.Expr) *model.Expr {
	var converted *model.Expr
	switch e.Kind() {
	case ast.IdentKind:
		converted = x.variable(e.AsIdent(), x.own(e))
	case ast.SelectKind:
		converted = x.selection(e)
	case ast.LiteralKind:
		converted = x.literal(e)
	case ast.CallKind:
		converted = x.call(e)
	case ast.ListKind:
		converted = x.list(e)
	case ast.MapKind:
		converted = x.mapping(e)
	case ast.StructKind:
		x.report.Add(diag.ExprNotYet, x.own(e), "an expression makes no values of types; name the fields in the `in` of a step, or let a handler make the value")
	default:
		x.report.Add(diag.ExprNotYet, x.own(e), "this part of CEL is not supported in expressions")
	}
	if converted != nil && converted.Type != nil && converted.Type.Kind == resolve.Unknown {
		return nil // the type is wrong where it is declared, and reported there
	}
	if converted != nil && converted.Type != nil && depth(converted.Type) > maxListDepth {
		x.report.Add(diag.TooLarge, x.own(e), "the value of this is nested more than %d levels deep", maxListDepth)
		return nil
	}
	return converted
}

func (x *expression) convertAll(list []ast.Expr) []*model.Expr {
	converted := make([]*model.Expr, 0, len(list))
	for _, e := range list {
		if c := x.convert(e); c != nil {
			converted = append(converted, c)
		}
	}
	if len(converted) < len(list) {
		return nil
	}
	return converted
}

func (x *expression) selection(e ast.Expr) *model.Expr {
	s := e.AsSelect()
	if s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == "run" {
		return x.runProperty(s.FieldName(), x.own(e))
	}
	from := x.convert(s.Operand())
	if from == nil {
		return nil
	}
	return x.field(from, s.FieldName(), x.own(e))
}

// field reads a field. Of an optional it is optional: one optional, also where
// the field is so itself.
func (x *expression) field(from *model.Expr, name string, pos model.Pos) *model.Expr {
	t, isOptional := from.Type, false
	if kindOf(t) == model.Optional {
		t, isOptional = t.Elem, true
	}
	switch kindOf(t) {
	case model.Struct, model.GoStruct:
	case model.Map:
		key := x.node(model.Literal, &model.Type{Kind: model.String}, pos)
		key.Value = name
		return x.typed(operators.Index, false, []*model.Expr{from, key}, pos)
	case model.List:
		x.report.Add(diag.UnknownField, pos, "`%s` is a list and has no `%s`; read an element first: `%s[0].%s`", text(from), clip(name), text(from), clip(name))
		return nil
	default:
		x.report.Add(diag.UnknownField, pos, "`%s` has no fields, so no `%s`", text(from), clip(name))
		return nil
	}
	field := fieldNamed(FieldsOf(t), name)
	if field == nil {
		x.unknownField(from, t, name, pos)
		return nil
	}
	result := field.Type
	if isOptional {
		result = optional(result)
	}
	e := x.over(model.Select, result, pos, []*model.Expr{from})
	e.Field = field
	e.Secret = e.Secret || field.Secret
	e.Fallible = e.Fallible || field.Conversion == model.ConvertUnsigned
	return e
}

func (x *expression) unknownField(from *model.Expr, t *model.Type, name string, pos model.Pos) {
	if t.Kind == model.GoStruct && x.unreadable(from, t.Named, name, pos) {
		return
	}
	x.report.Add(diag.UnknownField, pos, "`%s` has no field `%s`%s", text(from), clip(name), diag.Hint(name, fieldNames(t)))
}

// unreadable reports a field of a Go type that is there, and why it cannot be read.
func (x *expression) unreadable(from *model.Expr, t *model.Named, name string, pos model.Pos) bool {
	why, known := t.Go.Unreadable[name]
	switch {
	case t.Go.Opaque != "":
		x.report.Add(diag.UnknownField, pos, "`%s` is of the Go type `%s`, of which expressions can read no field: %s", text(from), t.Name, t.Go.Opaque)
	case known:
		x.report.Add(diag.UnknownField, pos, "the field `%s` of the Go type `%s` cannot be read in expressions: %s", clip(name), t.Name, why)
	default:
		return false
	}
	return true
}
