package flow

import (
	"strconv"
	"strings"
)

// This file is blocks that newer code of a flow has in front of those that a run has
// begun. A run passes them over: it is behind them.

// Place is where a block stands in its flow.
type Place struct {
	// Name is the block's name as in the spec.
	Name string
	// Inside are the branches of a parallel, the cases of a choose or, as the only
	// one, the blocks of a foreach; in each, one block comes after the other.
	Inside [][]Place
	// Each says that the blocks inside are those of a foreach.
	Each bool
}

// order looks for such blocks in a run that was restored.
type order struct {
	run *Run
	// elements are what the names of blocks begin with in the elements that have
	// begun, by the path of their foreach.
	elements map[string][]string
}

// passOver marks the blocks that the run is behind although it never came to them.
func (r *Run) passOver() {
	if len(r.def.Order) == 0 || len(r.steps) == 0 {
		return
	}
	o := order{run: r, elements: map[string][]string{}}
	seen := map[string]bool{}
	for path := range r.steps {
		for i := range len(path) {
			if path[i] != '.' || seen[path[:i]] {
				continue
			}
			seen[path[:i]] = true
			foreach := path[:strings.LastIndexByte(path[:i], '[')]
			o.elements[foreach] = append(o.elements[foreach], path[:i+1])
		}
	}
	o.sequence(r.def.Order, "", false)
}

// sequence marks those of blocks one after the other, whose paths begin with around. It
// says whether any of them has begun; behind says whether one has that comes after all of them.
func (o *order) sequence(blocks []Place, around string, behind bool) (begun bool) {
	for i := len(blocks) - 1; i >= 0; i-- {
		if o.block(&blocks[i], around, behind) {
			behind, begun = true, true
		}
	}
	return begun
}

func (o *order) block(b *Place, around string, behind bool) (begun bool) {
	path := around + b.Name
	st := o.run.steps[path]
	begun = st != nil && st.status != stepNew
	inside := false
	for i, blocks := range b.Inside {
		switch {
		case b.Each && (!begun || st.status != stepRunning): // its elements are not walked
		case b.Each:
			for _, element := range o.elements[path] {
				o.sequence(blocks, element, false)
			}
		case begun && st.status == stepSkipped: // so nothing in it is ever walked
		case begun && st.status == stepCompleted && string(st.output) != strconv.Itoa(i): // a case that was not chosen
		default:
			inside = o.sequence(blocks, around, behind) || inside
		}
	}
	switch {
	case begun:
	case inside: // what is around what has begun has begun too
		o.run.step(path).around = true
	case behind:
		o.run.step(path).passed = true
	}
	return begun || inside
}
