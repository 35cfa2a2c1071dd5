package lsp

import (
	"github.com/bextgen/bextgen/schema/model"
)

// This file finds in the model what stands at a place. The model may have gaps.

// expressions calls a function for each node of the expressions of a flow.
func expressions(f *model.Flow, do func(*model.Expr)) {
	roots := []*model.Expr{f.IdempotencyKey, f.Tenant, f.Priority}
	if f.Concurrency != nil {
		roots = append(roots, f.Concurrency.Key)
	}
	model.EachBlock(f.Body, func(b model.Block) { roots = append(roots, expressionsOf(b)...) })
	if f.Output != nil {
		roots = append(roots, f.Output.Value)
		roots = append(roots, values(f.Output.Bindings)...)
	}
	for _, root := range roots {
		visit(root, do)
	}
}

func visit(e *model.Expr, do func(*model.Expr)) {
	if e == nil {
		return
	}
	do(e)
	for _, arg := range e.Args {
		visit(arg, do)
	}
}

// expressionsOf are those of a block itself, some of which may be nil.
func expressionsOf(b model.Block) []*model.Expr {
	all := []*model.Expr{b.Head().When, b.Head().Until}
	switch b := b.(type) {
	case *model.Step:
		all = append(all, values(b.Bindings)...)
	case *model.Wait:
		all = append(all, b.Key)
	case *model.Choose:
		for _, c := range b.Cases {
			all = append(all, c.When)
		}
	case *model.Foreach:
		all = append(all, b.Over, b.Collect)
	}
	return all
}

func values(bindings []*model.Binding) []*model.Expr {
	var all []*model.Expr
	for _, b := range bindings {
		all = append(all, b.Value)
	}
	return all
}

// named is the name by which a node reads something; empty if it does not.
func named(e *model.Expr) string {
	switch e.Kind {
	case model.InputVar:
		return "input"
	case model.BlockVar:
		return source(e).Head().VarName
	case model.ItemVar:
		return e.Foreach.As
	case model.IndexVar:
		return e.Foreach.IndexAs
	case model.RunVar, model.LocalVar:
		return e.Name
	case model.Select:
		return e.Field.Name
	}
	return ""
}

// source is the block whose value a BlockVar is.
func source(e *model.Expr) model.Block {
	switch {
	case e.Foreach != nil:
		return e.Foreach
	case e.Wait != nil:
		return e.Wait
	}
	return e.Step
}

// flow is the flow of the file that a question is about; nil if there is none.
func (v *view) flow() *model.Flow {
	for _, f := range v.pkg.Flows {
		if f.Pos.File == v.file {
			return f
		}
	}
	return nil
}

// is says whether a place is where the name begins that is asked about; from is its column.
func (v *view) is(pos model.Pos, from int) bool {
	return pos.File == v.file && pos.Line == v.line && pos.Column == from
}

// node is the part of an expression that has a name and begins in a column; nil if there is none.
func (v *view) node(name string, from int) *model.Expr {
	f := v.flow()
	if f == nil {
		return nil
	}
	var found *model.Expr
	expressions(f, func(e *model.Expr) {
		if found == nil && v.is(e.Pos, from) && named(e) == name {
			found = e
		}
	})
	return found
}

// block is the block whose own name begins in a column, perhaps behind a quote; nil if there is none.
func (v *view) block(name string, from int) model.Block {
	f := v.flow()
	if f == nil {
		return nil
	}
	var found model.Block
	model.EachBlock(f.Body, func(b model.Block) {
		if pos := b.Head().Pos; v.is(pos, from) || v.is(pos, from-1) && v.nameAt(pos) == "" {
			found = b
		}
	})
	return found
}

// declared is the type with a name; nil if there is none.
func (v *view) declared(name string) *model.Named {
	for _, n := range v.pkg.Types {
		if n.Name == name {
			return n
		}
	}
	return nil
}
