// The walk over the blocks of a flow, which is the body of a machine's Next.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// sequence is blocks one after the other.
func sequence(fl *model.Flow, body []model.Block) *jen.Statement {
	w := jen.Empty()
	for i, b := range body {
		if i > 0 {
			w.Op("&&")
		}
		w.Add(walk(fl, b))
	}
	return w
}

// walk is one block.
func walk(fl *model.Flow, b model.Block) *jen.Statement {
	switch b := b.(type) {
	case *model.Step:
		return step(fl, b)
	case *model.Parallel:
		return parallel(fl, b)
	case *model.Choose:
		return choose(fl, b)
	}
	return jen.Empty()
}

// step is a step, by the plainest of the methods that do what it says.
func step(fl *model.Flow, st *model.Step) *jen.Statement {
	method, args := "Run", []jen.Code{jen.Id("p"), addrOf(blockDefName(fl, st))}
	switch {
	case st.Until != nil:
		method = "RunUntil"
		args = append(args, computed(st.When), computed(st.Until))
	case st.When != nil:
		method = "RunWhen"
		args = append(args, computed(st.When))
	}
	args = append(args, jen.Func().Params().Id(st.In.GoName).Block(jen.Return(filled(st.In, st.Bindings))))
	return jen.Id("s").Dot(st.VarName).Dot(method).Call(args...)
}

// computed is a function that computes an expression; nil where there is none.
func computed(e *model.Expr) *jen.Statement {
	if e == nil {
		return jen.Nil()
	}
	return jen.Func().Params().Add(goType(e.Type)).Block(jen.Return(whole(e).code))
}

// parallel is the branches together, in a group if they are skipped or wait as
// one.
func parallel(fl *model.Flow, par *model.Parallel) *jen.Statement {
	if !grouped(par) {
		return branches(fl, par, "parallel "+par.Name+", "+place(par.Pos))
	}
	body := jen.Func().Params().Bool().Block(jen.Return(branches(fl, par, "")))
	return jen.Id("s").Dot(par.VarName).Dot("Run").Call(append(opening(fl, par), body)...)
}

// opening are the first arguments for a block made of others, which are alike
// for all kinds: what it is, and when it begins.
func opening(fl *model.Flow, b model.Block) []jen.Code {
	head := b.Head()
	return []jen.Code{jen.Id("p"), addrOf(blockDefName(fl, b)), computed(head.When), computed(head.Until)}
}

// branches runs all branches. A remark says what they are where nothing else does.
func branches(fl *model.Flow, par *model.Parallel, remark string) *jen.Statement {
	var list []jen.Code
	for _, branch := range par.Branches {
		list = append(list, sequence(fl, branch))
	}
	return inFlow("All").Add(remarkedLines(remark, list...))
}

// choose is the choice among the cases, and what each of them does.
func choose(fl *model.Flow, ch *model.Choose) *jen.Statement {
	args := append(opening(fl, ch),
		jen.Func().Params().Int().Block(choice(ch)),
		jen.Func().Params(jen.Id("chosen").Int()).Bool().Block(cases(fl, ch)))
	return jen.Id("s").Dot(ch.VarName).Dot("Run").Call(args...)
}

// choice is the index of the first case that holds.
func choice(ch *model.Choose) *jen.Statement {
	var ways []jen.Code
	otherwise := inFlow("NoCase")
	for i, c := range ch.Cases {
		if c.When == nil {
			otherwise = jen.Lit(i)
			break
		}
		ways = append(ways, jen.Case(whole(c.When).code).Block(jen.Return(jen.Lit(i))))
	}
	ways = append(ways, jen.Default().Block(jen.Return(otherwise)))
	return jen.Switch().Block(ways...)
}

// cases are the blocks of each case. A case that the flow does not have any more
// has nothing to do.
func cases(fl *model.Flow, ch *model.Choose) *jen.Statement {
	var list []jen.Code
	for i, c := range ch.Cases {
		remark := place(c.Pos)
		if c.When == nil {
			remark = "else, " + remark
		}
		list = append(list, remarkedCase(jen.Lit(i), remark), jen.Return(sequence(fl, c.Body)))
	}
	list = append(list, jen.Default().Block(jen.Return(jen.True())))
	return jen.Switch(jen.Id("chosen")).Block(list...)
}
