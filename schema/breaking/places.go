package breaking

import (
	"slices"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// placed is a block and where it stands.
type placed struct {
	*description.Block
	at []level
	// scope is the foreach around it, whose elements are paths of their own in the log;
	// choose and chosen the choose around it and its case.
	scope, choose string
	chosen        int
	// skippable says that a run can go on without the block, by what the flow says.
	skippable bool
}

// level is a part of a place: in which branch of what is around it, and the how manieth there.
type level struct{ branch, index int }

// places are the blocks with a name, by that, and their names in the order of the spec.
type places struct {
	byName map[string]*placed
	names  []string
}

func placesOf(f *description.Flow) *places {
	p := &places{byName: map[string]*placed{}}
	p.add(f.Blocks, placed{}, 0)
	return p
}

// add adds blocks one after the other, which are a branch of what is around them.
func (p *places) add(list []description.Block, around placed, branch int) {
	for i := range list {
		b := &list[i]
		here := around
		here.Block, here.at = b, append(slices.Clip(around.at), level{branch, i})
		here.skippable = around.skippable || b.When != "" || b.OnTimeout == "continue"
		if b.Name != "" {
			own := here
			p.byName[b.Name] = &own
			p.names = append(p.names, b.Name)
		}
		switch b.Kind {
		case description.Parallel:
			for j := range b.Blocks {
				p.add(b.Blocks[j:j+1], here, j)
			}
		case description.Foreach:
			here.scope, here.skippable = b.Name, false // in it, its blocks are as others
			p.add(b.Blocks, here, 0)
		case description.Choose:
			for j, c := range b.Cases {
				in := here
				in.choose, in.chosen, in.skippable = b.Name, j, true
				p.add(c.Blocks, in, j)
			}
		default:
			p.add(b.Blocks, here, 0) // of a sequence
		}
	}
}

// before says whether a block is over before the other begins.
func (p *placed) before(other *placed) bool {
	for i := range min(len(p.at), len(other.at)) {
		switch a, b := p.at[i], other.at[i]; {
		case a.branch != b.branch:
			return false
		case a.index != b.index:
			return a.index < b.index
		}
	}
	return false
}

// in says whether a block stands in the other, at any depth.
func (p *placed) in(other *placed) bool {
	return len(p.at) > len(other.at) && slices.Equal(p.at[:len(other.at)], other.at)
}
