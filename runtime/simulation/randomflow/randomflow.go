// Package randomflow makes random flows for tests: trees of all blocks that a flow can
// have, with random policies, and the machines that walk them. What a generated flow
// says with expressions over its data, these say with sums: each step gets the sum of
// what stands before it, and the output of a flow is the sum of all.
package randomflow

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// Flow is a random flow.
type Flow struct {
	Definition flow.Definition
	Root       *Node
	// What the flow has, by name.
	Steps    map[string]*flow.StepDef // and its calls
	Waits    map[string]*flow.WaitDef
	Foreachs map[string]*flow.ForeachDef
}

// Kind is what a node is.
type Kind string

// The kinds of nodes.
const (
	Step     Kind = "step"
	Call     Kind = "call"
	Wait     Kind = "wait"
	Sequence Kind = "sequence"
	Parallel Kind = "parallel"
	Choose   Kind = "choose"
	Foreach  Kind = "foreach"
)

// Node is a block of a flow.
type Node struct {
	Kind  Kind
	Parts []*Node // of a block that is made of others

	step  *flow.StepDef    // of a step or a call
	wait  *flow.WaitDef    // of a wait
	block *flow.BlockDef   // of a choose, and of a parallel with a condition or delay
	each  *flow.ForeachDef // of a foreach

	rarely bool          // it has a condition, which one of three inputs does not meet
	until  time.Duration // it begins at the earliest so long after the run's start; 0: at once
	items  int           // of a foreach
	salt   int64         // makes its decisions others than those of its neighbours
}

// Options say how a flow is to be.
type Options struct {
	Name  string
	Depth int     // how deep blocks are nested
	Width int     // how many blocks stand in a row, at most
	Calls []*Flow // what it may call
}

// New makes a flow.
func New(r *rand.Rand, o Options) *Flow {
	f := &Flow{Steps: map[string]*flow.StepDef{}, Waits: map[string]*flow.WaitDef{}, Foreachs: map[string]*flow.ForeachDef{}}
	g := &generator{Rand: r, Options: o, flow: f}
	f.Root = &Node{Kind: Sequence, Parts: g.nodes(o.Width, o.Depth, false)}
	f.Definition = flow.Definition{
		Flow: o.Name, Version: "1.0", MaxAttempts: 1,
		Input: reflect.TypeFor[int64](), Output: reflect.TypeFor[int64](),
		New: func(input []byte) (flow.Machine, error) {
			m := &machine{root: f.Root.live()}
			return m, flow.Decode(input, &m.input)
		},
	}
	if g.oneIn(3) {
		f.Definition.MaxAttempts = 2
		f.Definition.Restart = flow.Policy{BackoffBase: g.upTo(2 * time.Second), Backoff: flow.Fixed}
	}
	if g.oneIn(5) {
		f.Definition.Timeout = time.Second + g.upTo(20*time.Second)
	}
	f.list(f.Root)
	f.Definition.Order = order(f.Root)
	return f
}

// order is where the blocks of a node stand.
func order(n *Node) []flow.Place {
	switch n.Kind {
	case Step, Call:
		return []flow.Place{{Name: n.step.Name}}
	case Wait:
		return []flow.Place{{Name: n.wait.Name}}
	}
	var inside [][]flow.Place
	for _, part := range n.Parts {
		inside = append(inside, order(part))
	}
	together := slices.Concat(inside...)
	switch {
	case n.Kind == Foreach:
		return []flow.Place{{Name: n.each.Name, Inside: [][]flow.Place{together}, Each: true}}
	case n.Kind == Sequence:
		return together
	case n.block == nil:
		return []flow.Place{{Inside: inside}}
	}
	return []flow.Place{{Name: n.block.Name, Inside: inside}}
}

// list notes what the flow has.
func (f *Flow) list(n *Node) {
	switch n.Kind {
	case Step, Call:
		f.Definition.Steps = append(f.Definition.Steps, n.step)
		f.Steps[n.step.Name] = n.step
	case Wait:
		f.Definition.Waits = append(f.Definition.Waits, n.wait)
		f.Waits[n.wait.Name] = n.wait
	case Foreach:
		f.Foreachs[n.each.Name] = n.each
	}
	for _, part := range n.Parts {
		f.list(part)
	}
}

// generator draws the blocks of a flow.
type generator struct {
	*rand.Rand
	Options
	flow  *Flow
	named int
}

func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// upTo is a time of whole milliseconds, at least one.
func (g *generator) upTo(most time.Duration) time.Duration {
	return time.Duration(1+g.Int64N(most.Milliseconds())) * time.Millisecond
}

func (g *generator) nodes(most, depth int, inForeach bool) []*Node {
	nodes := make([]*Node, 1+g.IntN(most))
	for i := range nodes {
		nodes[i] = g.node(depth, inForeach)
	}
	return nodes
}

// kinds are how often a kind comes; those from Sequence on are made of others.
var kinds = []Kind{Step, Step, Step, Step, Wait, Call, Sequence, Parallel, Parallel, Choose, Foreach}

const leaves = 6

func (g *generator) node(depth int, inForeach bool) *Node {
	among := kinds
	if depth == 0 {
		among = kinds[:leaves]
	}
	n := &Node{Kind: among[g.IntN(len(among))], rarely: g.oneIn(5), salt: g.Int64N(100)}
	if n.Kind == Call && len(g.Calls) == 0 {
		n.Kind = Step
	}
	name := fmt.Sprintf("b%d", g.named)
	g.named++
	var delay time.Duration
	switch g.IntN(12) {
	case 0:
		delay = g.upTo(3 * time.Second)
	case 1:
		n.until = g.upTo(5 * time.Second)
	}
	switch n.Kind {
	case Step, Call:
		n.step = g.step(name, n.Kind)
		n.step.Delay = delay
	case Wait:
		n.wait = &flow.WaitDef{
			Name: name, Delay: delay, Keyed: inForeach, Continue: g.oneIn(2), Payload: reflect.TypeFor[int64](),
		}
		if g.oneIn(2) {
			n.wait.Timeout = g.upTo(5 * time.Second)
		}
	case Foreach:
		n.items = g.IntN(5)
		n.each = &flow.ForeachDef{Name: name, Delay: delay, Limit: 1 + g.IntN(3)}
		n.Parts = g.nodes(2, depth-1, true)
	default:
		if n.Kind == Choose || g.oneIn(2) {
			n.block = &flow.BlockDef{Name: name, Delay: delay}
		}
		n.Parts = g.nodes(3, depth-1, inForeach)
	}
	return n
}

func (g *generator) step(name string, kind Kind) *flow.StepDef {
	s := &flow.StepDef{Name: name, Policy: g.policy()}
	if kind == Call {
		child := &g.Calls[g.IntN(len(g.Calls))].Definition
		s.Policy, s.Calls = flow.Policy{}, &flow.CallDef{Flow: child.Flow, Version: child.Version}
	}
	if g.oneIn(2) {
		s.Compensation = &flow.CompensationDef{Name: "undo-" + name, Attempted: g.oneIn(3)}
		if kind == Call || g.oneIn(2) {
			p := g.policy()
			s.Compensation.Policy = &p
		}
	}
	return s
}

func (g *generator) policy() flow.Policy {
	p := flow.Policy{
		Retries:     g.IntN(4),
		Backoff:     []flow.Backoff{"", flow.Fixed, flow.Linear, flow.Exponential}[g.IntN(4)],
		BackoffBase: g.upTo(time.Second),
		BackoffMax:  2 * time.Second,
		Jitter:      []float64{0, 0.2, 1}[g.IntN(3)],
	}
	if g.oneIn(3) {
		p.Timeout = 100*time.Millisecond + g.upTo(2*time.Second)
	}
	return p
}
