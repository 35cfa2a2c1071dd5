// The Next of a machine, and the methods that it is made of: one for each block with
// others in it, and of a long flow one for each part.

package templates

import (
	"fmt"
	"slices"
	"strings"

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
	addParts(f, sc)
	for _, b := range ownBlocks(sc.flow.Body) {
		if method := ownMethod(sc, b); method != "" {
			f.Add(comment(method + " is the " + strings.ToLower(groupKind(b)) + " " + b.Head().Name + ", " + place(b.Head().Pos) + "."))
			addWalk(f, sc.flow, method, group(sc, b))
		}
	}
}

// addParts emits Next, and the parts that a long flow has.
func addParts(f *jen.File, sc *scope) {
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

// ownMethod is the method that walks a block with others in it, "" for a block that is
// walked where it stands: one in a foreach, where the method would need the elements.
func ownMethod(sc *scope, b model.Block) string {
	if kind := groupKind(b); kind != "" && sc.holders[b] == machineVar {
		return b.Head().GoName + kind
	}
	return ""
}

// groupKind is the kind of a block with others in it, "" for other blocks.
func groupKind(b model.Block) string {
	switch b.(type) {
	case *model.Parallel:
		return "Parallel"
	case *model.Choose:
		return "Choose"
	case *model.Foreach:
		return "Foreach"
	}
	return ""
}

// The names of what a long flow has for its parts begin with capitals, as those of all
// methods of a machine: so they are none of a block.
const partsField = "Parts"

func partName(i int) string { return fmt.Sprint("Part", i+1) }

// partsState is the field that says how far a long flow is.
func partsState(fl *model.Flow) []jen.Code {
	if len(fl.Body) <= longFlow {
		return nil
	}
	return []jen.Code{jen.Id(partsField).Add(inFlow("Parts"))}
}
