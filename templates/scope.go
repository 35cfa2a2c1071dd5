// Where generated code finds the values of a flow's blocks: those in a foreach
// are kept with the element that they belong to, all others in the machine.

package templates

import (
	"strconv"

	"github.com/bextgen/bextgen/schema/model"
)

// machineVar is the variable with the machine, in its methods.
const machineVar = "s"

// scope knows for each block of a flow what holds its state.
type scope struct {
	flow     *model.Flow
	input    string                    // s.input
	holders  map[model.Block]string    // s, e.Body, e2.Body
	elements map[*model.Foreach]string // e, e2: the variable with a foreach's element
}

// newScope is the scope of a flow.
func newScope(fl *model.Flow) *scope {
	sc := &scope{flow: fl, input: "s.input", holders: map[model.Block]string{}, elements: map[*model.Foreach]string{}}
	sc.enter(fl.Body, machineVar, 1)
	return sc
}

// startScope is that of expressions which are computed when a run of a flow is
// started: they have its input as a parameter, and nothing else.
func startScope(fl *model.Flow) *scope { return &scope{flow: fl, input: "input"} }

// enter notes what holds the blocks of a body, which stands in depth-1 foreachs.
func (sc *scope) enter(body []model.Block, holder string, depth int) {
	for _, b := range ownBlocks(body) {
		sc.holders[b] = holder
		if each, ok := b.(*model.Foreach); ok {
			sc.elements[each] = elementName(depth)
			sc.enter(each.Body, sc.elements[each]+".Body", depth+1)
		}
	}
}

// elementName is that of the element of a foreach: e, and e2, e3 in others.
func elementName(depth int) string {
	if depth == 1 {
		return "e"
	}
	return "e" + strconv.Itoa(depth)
}

// state is where the state of a block is.
func (sc *scope) state(b model.Block) string {
	return sc.holders[b] + "." + b.Head().VarName
}
