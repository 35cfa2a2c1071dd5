// The Next of a machine, which of a long flow is made of several methods.

package templates

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// A flow of more than longFlow blocks, one after the other, is made of parts of about
// partLength blocks: one method would be long for people, and for a run, which walks it
// after each outcome.
const (
	longFlow   = 32
	partLength = 16
)

// addNext emits what walks the blocks.
func addNext(f *jen.File, sc *scope) {
	fl := sc.flow
	f.Comment("// Next says whether the run is done; if it is not, the plan holds what it needs now.")
	if len(fl.Body) <= longFlow {
		addWalk(f, fl, "Next", sequence(sc, fl.Body))
		return
	}
	parts := partsOf(fl.Body)
	args := []jen.Code{jen.Id("p")}
	for i := range parts {
		args = append(args, jen.Id("s").Dot(partName(i)))
	}
	f.Comment("// A part that is done is not walked again.")
	addWalk(f, fl, "Next", jen.Id("s").Dot(partsField).Dot("Run").Add(callLines(args...)))
	for i, part := range parts {
		first, last := part[0].Head(), part[len(part)-1].Head()
		f.Add(comment(fmt.Sprintf("%s goes from %s to %s.", partName(i), first.Name, last.Name)))
		addWalk(f, fl, partName(i), sequence(sc, part))
	}
}

// addWalk emits a method that walks something.
func addWalk(f *jen.File, fl *model.Flow, name string, walk *jen.Statement) {
	f.Func().Params(receiver(fl)).Id(name).Params(planParam()).Bool().Block(jen.Return(walk))
}

// partsOf are parts of a body, of about one length.
func partsOf(body []model.Block) [][]model.Block {
	count := (len(body) + partLength - 1) / partLength
	return slices.Collect(slices.Chunk(body, (len(body)+count-1)/count))
}

// The names of what a long flow has for its parts begin with capitals: so they are none
// of a block.
const partsField = "Parts"

func partName(i int) string { return fmt.Sprint("Part", i+1) }

// partsState is the field that says how far a long flow is.
func partsState(fl *model.Flow) []jen.Code {
	if len(fl.Body) <= longFlow {
		return nil
	}
	return []jen.Code{jen.Id(partsField).Add(inFlow("Parts"))}
}
