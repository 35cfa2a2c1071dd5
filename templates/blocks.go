// The blocks of a flow at any depth, and those among them that have a state and a
// definition of their own.

package templates

import (
	"github.com/bextgen/bextgen/schema/model"
)

// allBlocks are the blocks of a flow at any depth, each before those in it: the
// order of the spec.
func allBlocks(fl *model.Flow) []model.Block {
	var list []model.Block
	var collect func(body []model.Block)
	collect = func(body []model.Block) {
		for _, b := range body {
			list = append(list, b)
			for _, inner := range bodies(b) {
				collect(inner)
			}
		}
	}
	collect(fl.Body)
	return list
}

// bodies are the sequences of blocks in a block.
func bodies(b model.Block) [][]model.Block {
	switch b := b.(type) {
	case *model.Parallel:
		return b.Branches
	case *model.Choose:
		var list [][]model.Block
		for _, c := range b.Cases {
			list = append(list, c.Body)
		}
		return list
	}
	return nil
}

// grouped says whether a parallel is more than its branches: it is skipped or
// waits as a whole, which the machine has to keep.
func grouped(par *model.Parallel) bool {
	return par.When != nil || par.Delay != 0 || par.Until != nil
}

// expressions are those of a block itself, in the order in which they are
// computed.
func expressions(b model.Block) []*model.Expr {
	list := []*model.Expr{b.Head().When, b.Head().Until}
	switch b := b.(type) {
	case *model.Step:
		for _, binding := range b.Bindings {
			list = append(list, binding.Value)
		}
	case *model.Choose:
		for _, c := range b.Cases {
			list = append(list, c.When)
		}
	}
	return list
}
