// The walk over the blocks of a flow, which is the body of a machine's Next.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// sequence is blocks one after the other. From the first one on that is on a line of its
// own, each begins a line.
func sequence(sc *scope, body []model.Block) *jen.Statement {
	w, broken := jen.Empty(), false
	for i, b := range body {
		if i > 0 {
			w.Op("&&")
			if broken = broken || onOneLine(sc, body[i-1]) || ownMethod(sc, b) != ""; broken {
				w.Line()
			}
		}
		w.Add(walk(sc, b))
	}
	return w
}

// onOneLine says whether the call for a block is on one line, which then ends behind it:
// of a wait for which nothing is computed, and of a method.
func onOneLine(sc *scope, b model.Block) bool {
	w, isWait := b.(*model.Wait)
	return isWait && w.When == nil && w.Until == nil && w.Key == nil || ownMethod(sc, b) != ""
}

// walk is one block.
func walk(sc *scope, b model.Block) *jen.Statement {
	if method := ownMethod(sc, b); method != "" {
		return jen.Id("s").Dot(method).Call(jen.Id("p"))
	}
	switch b := b.(type) {
	case *model.Step:
		return step(sc, b)
	case *model.Wait:
		return wait(sc, b)
	}
	return group(sc, b)
}

// group is one block with others in it.
func group(sc *scope, b model.Block) *jen.Statement {
	switch b := b.(type) {
	case *model.Parallel:
		return parallel(sc, b)
	case *model.Choose:
		return choose(sc, b)
	case *model.Foreach:
		return foreach(sc, b)
	}
	return jen.Empty()
}

// step is a step, by the plainest of the methods that do what it says.
func step(sc *scope, st *model.Step) *jen.Statement {
	method, args := "Run", []jen.Code{jen.Id("p"), addrOf(blockDefName(sc.flow, st))}
	switch {
	case st.Until != nil:
		method = "RunUntil"
		args = append(args, computed(sc, st.When), computed(sc, st.Until))
	case st.When != nil:
		method = "RunWhen"
		args = append(args, computed(sc, st.When))
	}
	args = append(args, jen.Func().Params().Id(st.In.GoName).Block(jen.Return(filled(sc, st.In, st.Bindings))))
	return jen.Id(sc.state(st)).Dot(method).Call(args...)
}

// wait is a wait, and what computes its key.
func wait(sc *scope, w *model.Wait) *jen.Statement {
	return jen.Id(sc.state(w)).Dot("Run").Call(append(opening(sc, w), computed(sc, w.Key))...)
}

// computed is a function that computes an expression; nil where there is none.
func computed(sc *scope, e *model.Expr) *jen.Statement {
	if e == nil {
		return jen.Nil()
	}
	return jen.Func().Params().Add(goType(e.Type)).Block(jen.Return(whole(sc, e).code))
}

// parallel is the branches together, in a group if they are skipped or wait as
// one.
func parallel(sc *scope, par *model.Parallel) *jen.Statement {
	if !grouped(par) {
		remark := ""
		if ownMethod(sc, par) == "" {
			remark = "parallel " + par.Name + ", " + place(par.Pos)
		}
		return branches(sc, par, remark)
	}
	body := jen.Func().Params().Bool().Block(jen.Return(branches(sc, par, "")))
	return jen.Id(sc.state(par)).Dot("Run").Call(append(opening(sc, par), body)...)
}

// opening are the first arguments for a block other than a step, which are alike for all
// kinds: what it is, and when it begins.
func opening(sc *scope, b model.Block) []jen.Code {
	head := b.Head()
	return []jen.Code{jen.Id("p"), addrOf(blockDefName(sc.flow, b)), computed(sc, head.When), computed(sc, head.Until)}
}

// branches runs all branches. A remark says what they are where nothing else does.
func branches(sc *scope, par *model.Parallel, remark string) *jen.Statement {
	var list []jen.Code
	for _, branch := range par.Branches {
		list = append(list, sequence(sc, branch))
	}
	return inFlow("All").Add(remarkedLines(remark, list...))
}

// choose is the choice among the cases, and what each of them does.
func choose(sc *scope, ch *model.Choose) *jen.Statement {
	args := append(opening(sc, ch),
		jen.Func().Params().Int().Block(choice(sc, ch)),
		jen.Func().Params(jen.Id("chosen").Int()).Bool().Block(cases(sc, ch)))
	return jen.Id(sc.state(ch)).Dot("Run").Call(args...)
}

// choice is the index of the first case that holds.
func choice(sc *scope, ch *model.Choose) *jen.Statement {
	var ways []jen.Code
	otherwise := inFlow("NoCase")
	for i, c := range ch.Cases {
		if c.When == nil {
			otherwise = jen.Lit(i)
			break
		}
		ways = append(ways, jen.Case(whole(sc, c.When).code).Block(jen.Return(jen.Lit(i))))
	}
	ways = append(ways, jen.Default().Block(jen.Return(otherwise)))
	return jen.Switch().Block(ways...)
}

// cases are the blocks of each case. A case that the flow does not have any more
// has nothing to do.
func cases(sc *scope, ch *model.Choose) *jen.Statement {
	var list []jen.Code
	for i, c := range ch.Cases {
		remark := place(c.Pos)
		if c.When == nil {
			remark = "else, " + remark
		}
		list = append(list, remarkedCase(jen.Lit(i), remark), jen.Return(sequence(sc, c.Body)))
	}
	list = append(list, jen.Default().Block(jen.Return(jen.True())))
	return jen.Switch(jen.Id("chosen")).Block(list...)
}

// foreach is the list, what is done with an element, and what becomes of it.
func foreach(sc *scope, each *model.Foreach) *jen.Statement {
	element := jen.Op("*").Add(inFlow("Element")).Types(goType(each.Item), jen.Id(elementBodyName(sc.flow, each)))
	named := jen.Id(sc.elements[each]).Add(element)
	collect := jen.Nil()
	if each.Collect != nil {
		collect = jen.Func().Params(named).Add(valueType(each)).Block(jen.Return(whole(sc, each.Collect).code))
	}
	args := append(opening(sc, each),
		computed(sc, each.Over),
		jen.Func().Params(named).Bool().Block(jen.Return(sequence(sc, each.Body))),
		collect)
	return jen.Id(sc.state(each)).Dot("Run").Call(args...)
}
