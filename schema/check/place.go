package check

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file says why a block that is there cannot be read from some place.

// place is a block with the way to it from the flow's own blocks.
type place struct {
	block model.Block
	turns []turn
}

// turn is a branch of a parallel, a case of a choose or the body of a foreach, by its number.
type turn struct {
	group model.Block
	way   int
}

// locate finds a block at any depth; nil if there is none.
func locate(body []model.Block, is func(model.Block) bool) *place {
	for _, b := range body {
		if is(b) {
			return &place{block: b}
		}
		for i, way := range ways(b) {
			if p := locate(way, is); p != nil {
				p.turns = append([]turn{{b, i}}, p.turns...)
				return p
			}
		}
	}
	return nil
}

// ways is the branches of a parallel, the cases of a choose or the body of a foreach.
func ways(b model.Block) [][]model.Block {
	switch b := b.(type) {
	case *model.Parallel:
		return b.Branches
	case *model.Choose:
		list := make([][]model.Block, len(b.Cases))
		for i, one := range b.Cases {
			list[i] = one.Body
		}
		return list
	case *model.Foreach:
		return [][]model.Block{b.Body}
	}
	return nil
}

// hasResult says whether a block, or one in it that is seen behind it, has a value.
func hasResult(b model.Block) bool {
	switch b.(type) {
	case *model.Step, *model.Wait, *model.Foreach:
		return ResultType(b) != nil
	}
	for _, way := range ways(b) {
		for _, inner := range way {
			if hasResult(inner) {
				return true
			}
		}
	}
	return false
}

// unseen reports a block that cannot be read here; false if no block has the name.
func (x *expression) unseen(name string, pos model.Pos) bool {
	body := x.scope.flow.Model.Body
	if x.unseenElement(name, pos) {
		return true
	}
	wanted := locate(body, func(b model.Block) bool { return b.Head().VarName == name })
	if wanted == nil {
		return false
	}
	switch wanted.block.(type) {
	case *model.Parallel, *model.Choose:
		x.report.Add(diag.NoResult, pos, "%s has no value of its own; read the steps in it", what(wanted.block))
		return true
	}
	if f := x.foreachBefore(wanted); f != nil {
		if f.Name != "" { // what has no name was reported, and cannot be read
			x.report.Add(diag.OnlyInForeach, pos, "%s runs once for each element of %s, and is seen only in it; behind it read `%s`, the list of what `collect` says for each",
				what(wanted.block), what(f), f.VarName)
		}
		return true
	}
	reader := locate(body, func(b model.Block) bool { return b == x.scope.reader })
	if reader == nil {
		return false // it is the output, which sees all that is in no foreach
	}
	x.report.Add(diag.ReadTooEarly, pos, "%s", whyUnseen(wanted, reader))
	return true
}

// foreachBefore is the foreach with a block in it that the expression stands behind.
func (x *expression) foreachBefore(wanted *place) *model.Foreach {
	for _, turn := range wanted.turns {
		f, ok := turn.group.(*model.Foreach)
		if ok && x.scope.sees(f) {
			return f
		}
	}
	return nil
}

// unseenElement reports the name of an element, or of its place, outside of its foreach.
func (x *expression) unseenElement(name string, pos model.Pos) bool {
	named := func(b model.Block) bool {
		f, ok := b.(*model.Foreach)
		return ok && (f.As == name || f.IndexAs == name)
	}
	found := locate(x.scope.flow.Model.Body, named)
	if found == nil {
		return false
	}
	of := found.block
	if x.scope.reader != nil && named(x.scope.reader) {
		of = x.scope.reader // of several with this name, the one that is meant
	}
	x.report.Add(diag.OnlyInForeach, pos, "`%s` is about one element of %s, and is seen only by the blocks in it and its `collect`", name, what(of))
	return true
}

func whyUnseen(wanted, reader *place) string {
	step, by := what(wanted.block), what(reader.block)
	if wanted.block == reader.block {
		return step + " cannot read its own result"
	}
	for _, turn := range reader.turns {
		if turn.group == wanted.block {
			return by + " stands in " + step + ", whose value is not known before its end"
		}
	}
	shared := 0
	for shared < min(len(wanted.turns), len(reader.turns)) && wanted.turns[shared] == reader.turns[shared] {
		shared++
	}
	after := step + " comes after " + by + ", so its result is not known yet"
	if shared == len(wanted.turns) {
		return after
	}
	group := wanted.turns[shared].group
	if group == reader.block {
		return step + " stands in " + by + ", so its result is not known before it"
	}
	if shared == len(reader.turns) || reader.turns[shared].group != group {
		return after
	}
	if _, isChoose := group.(*model.Choose); isChoose {
		return step + " stands in another case of " + what(group) + " than " + by + "; only one of them runs"
	}
	return step + " runs beside " + by + ", in another branch of " + what(group) + ", so its result is not known there"
}

// what names a block to the user.
func what(b model.Block) string {
	kind := "step"
	switch b := b.(type) {
	case *model.Step:
		if b.Calls != nil {
			kind = "call"
		}
	case *model.Wait:
		kind = "wait"
	case *model.Parallel:
		kind = "parallel"
	case *model.Choose:
		kind = "choose"
	case *model.Foreach:
		kind = "foreach"
	}
	if b.Head().Name == "" {
		return "a " + kind
	}
	return kind + " `" + b.Head().Name + "`"
}
