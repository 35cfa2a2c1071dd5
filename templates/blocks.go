// The blocks of a flow at any depth, and those among them that have a state and a
// definition of their own.

package templates

import (
	"github.com/bextgen/bextgen/schema/model"
)

// allBlocks are the blocks of a flow at any depth, each before those in it: the
// order of the spec.
func allBlocks(fl *model.Flow) []model.Block {
	return collectBlocks(fl.Body, bodies)
}

// ownBlocks are the blocks of a body at any depth, but for those in a foreach,
// which are other ones for each element.
func ownBlocks(body []model.Block) []model.Block {
	return collectBlocks(body, func(b model.Block) [][]model.Block {
		if _, ok := b.(*model.Foreach); ok {
			return nil
		}
		return bodies(b)
	})
}

// collectBlocks are the blocks of a body, each followed by those that inside
// finds in it.
func collectBlocks(body []model.Block, inside func(model.Block) [][]model.Block) []model.Block {
	var list []model.Block
	for _, b := range body {
		list = append(list, b)
		for _, inner := range inside(b) {
			list = append(list, collectBlocks(inner, inside)...)
		}
	}
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
	case *model.Foreach:
		return [][]model.Block{b.Body}
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
	case *model.Wait:
		list = append(list, b.Key)
	case *model.Choose:
		for _, c := range b.Cases {
			list = append(list, c.When)
		}
	case *model.Foreach:
		list = append(list, b.Over, b.Collect)
	}
	return list
}
