package check

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file checks literals: of one value, and of lists and maps, in which what stands
// behind a `?` is left out where it is absent.

func (x *expression) literal(e ast.Expr) *model.Expr {
	pos := x.own(e)
	var kind model.Kind
	var value any
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		kind, value = model.Bool, bool(v)
	case types.Int:
		kind, value = model.Int, int64(v)
	case types.Double:
		kind, value = model.Float, float64(v)
	case types.String:
		kind, value = model.String, string(v)
	case types.Bytes:
		kind, value = model.Bytes, []byte(v)
	case types.Null:
		x.report.Add(diag.NullRefused, pos, "there is no `null` in expressions; `x.hasValue()` says whether an optional x is there")
		return nil
	default:
		x.report.Add(diag.ExprNotYet, pos, "there are no unsigned numbers; leave out the `u`")
		return nil
	}
	literal := x.node(model.Literal, &model.Type{Kind: kind}, pos)
	literal.Value = value
	return literal
}

func (x *expression) list(e ast.Expr) *model.Expr {
	l, pos := e.AsList(), x.own(e)
	if l.Size() == 0 {
		return x.node(model.ListOf, nil, pos)
	}
	args := x.convertAll(l.Elements())
	if args == nil {
		return nil
	}
	if len(l.OptionalIndices()) > 0 {
		return x.listOfPresent(args, l.IsOptional, pos)
	}
	if !x.plain(args...) || !x.enumElements(args) {
		return nil
	}
	return x.listLiteral(args, pos)
}

// listLiteral is a list of elements of one type.
func (x *expression) listLiteral(args []*model.Expr, pos model.Pos) *model.Expr {
	v := x.typer.list(args)
	if !v.ok || v.result == nil && allTyped(args) {
		x.report.Add(diag.TypeMismatch, pos, "the elements of a list must be of one type; these are %s", kinds(args))
		return nil
	}
	return x.settled(x.over(model.ListOf, v.result, pos, args), v)
}

func (x *expression) mapping(e ast.Expr) *model.Expr {
	m, pos := e.AsMap(), x.own(e)
	if m.Size() == 0 {
		return x.node(model.MapOf, nil, pos)
	}
	var parts []ast.Expr
	optionals := map[int32]bool{}
	for i, entry := range m.Entries() {
		if entry.AsMapEntry().IsOptional() {
			optionals[int32(i)] = true
		}
		parts = append(parts, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
	}
	args := x.convertAll(parts)
	switch {
	case args == nil:
		return nil
	case len(optionals) > 0:
		return x.mapOfPresent(args, func(i int32) bool { return optionals[i] }, pos)
	case !x.plain(args...) || !x.enumElements(values(args)):
		return nil
	}
	return x.mapLiteral(args, pos)
}

// values is the second of each pair.
func values(pairs []*model.Expr) []*model.Expr {
	var list []*model.Expr
	for i := 1; i < len(pairs); i += 2 {
		list = append(list, pairs[i])
	}
	return list
}

// mapLiteral is a map of pairs whose values are of one type.
func (x *expression) mapLiteral(args []*model.Expr, pos model.Pos) *model.Expr {
	for i := 0; i < len(args); i += 2 {
		if kindOf(args[i].Type) != model.String {
			x.report.Add(diag.TypeMismatch, args[i].Pos, "the keys of a map are strings, not %s", kinds(args[i:i+1]))
			return nil
		}
	}
	v := x.typer.mapping(args)
	if !v.ok || v.result == nil && allTyped(args) {
		x.report.Add(diag.TypeMismatch, pos, "the values of a map must be of one type")
		return nil
	}
	return x.settled(x.over(model.MapOf, v.result, pos, args), v)
}

func allTyped(args []*model.Expr) bool {
	for _, arg := range args {
		if arg.Type == nil {
			return false
		}
	}
	return true
}

// settled gives empty lists and maps, and optional.none(), among the operands the
// types that CEL found for them.
func (x *expression) settled(e *model.Expr, v verdict) *model.Expr {
	for i, arg := range e.Args {
		if arg.Type == nil {
			arg.Type = flattened(v.args[i])
		}
		if arg.Type == nil {
			x.untyped(arg)
			return nil
		}
	}
	return e
}

// listOfPresent is a list literal with a `?` before some elements, which are only in
// it if they are there.
func (x *expression) listOfPresent(args []*model.Expr, isOptional func(int32) bool, pos model.Pos) *model.Expr {
	for i, arg := range args {
		if args[i] = x.perhaps(arg, isOptional(int32(i))); args[i] == nil {
			return nil
		}
	}
	list := x.listLiteral(args, pos)
	if list == nil {
		return nil
	}
	return x.typed(unwrap, false, []*model.Expr{list}, pos)
}

// mapOfPresent is a map literal with a `?` before some keys, which are only in it if
// their values are there.
func (x *expression) mapOfPresent(pairs []*model.Expr, isOptional func(int32) bool, pos model.Pos) *model.Expr {
	for i := 1; i < len(pairs); i += 2 {
		if pairs[i] = x.perhaps(pairs[i], isOptional(int32(i/2))); pairs[i] == nil {
			return nil
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if !x.plain(pairs[i]) {
			return nil
		}
	}
	entries := x.mapLiteral(pairs, pos)
	if entries == nil {
		return nil
	}
	call := x.over(model.Call, container(model.Map, entries.Type.Elem.Elem), pos, []*model.Expr{entries})
	call.Overload = optionalEntries
	return call
}

// perhaps is an element of a literal as an optional value, nil after it reported that
// a `?` is missing, or is one too many.
func (x *expression) perhaps(e *model.Expr, marked bool) *model.Expr {
	switch {
	case marked && !isOptional(e):
		x.report.Add(diag.TypeMismatch, e.Pos, "`%s` is always there; leave out the `?`", text(e))
		return nil
	case marked:
		return e
	case !x.plain(e):
		return nil
	case e.Type == nil:
		x.untyped(e)
		return nil
	}
	return x.typed("optional.of", false, []*model.Expr{e}, e.Pos)
}
