package randomflow

import (
	"strconv"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file walks a random flow, as generated code walks one.

// machine is a run of a flow.
type machine struct {
	input int64
	root  *live
}

// Next implements flow.Machine.
func (m *machine) Next(p *flow.Plan) bool { return m.root.run(p, m.input) }

// Output implements flow.Machine.
func (m *machine) Output(*flow.Plan) any { return m.root.sum() }

// live is a node of one run.
type live struct {
	*Node
	step   flow.Step[int64, int64]
	wait   flow.Wait[int64]
	group  flow.Group
	choice flow.Choice
	each   flow.Foreach[int64, []*live, int64]
	index  int64 // of the element around it
	parts  []*live
}

func (n *Node) live() *live {
	l := &live{Node: n}
	if n.Kind != Foreach { // else each element has its own
		for _, part := range n.Parts {
			l.parts = append(l.parts, part.live())
		}
	}
	return l
}

// run walks the node. Before is the sum of what stands before it.
func (l *live) run(p *flow.Plan, before int64) bool {
	var when func() bool
	if l.rarely {
		when = func() bool { return (before+l.salt)%3 != 0 }
	}
	var until func() time.Time
	if l.until > 0 {
		until = func() time.Time { return p.StartedAt.Add(l.until) }
	}
	switch l.Kind {
	case Step, Call:
		return l.step.RunUntil(p, l.Node.step, when, until, func() int64 { return before })
	case Wait:
		var key func() string
		if l.Node.wait.Keyed {
			key = func() string { return strconv.FormatInt(l.index, 10) }
		}
		return l.wait.Run(p, l.Node.wait, when, until, key)
	case Sequence:
		return inSequence(p, l.parts, before)
	case Parallel:
		if l.block == nil {
			return flow.All(l.branches(p, before)...)
		}
		return l.group.Run(p, l.block, when, until, func() bool { return flow.All(l.branches(p, before)...) })
	case Choose:
		choose := func() int { return int((before+l.salt)%int64(len(l.parts)+1)) - 1 }
		return l.choice.Run(p, l.block, when, until, choose,
			func(chosen int) bool { return l.parts[chosen].run(p, before) })
	}
	return l.foreach(p, before, when, until)
}

func inSequence(p *flow.Plan, parts []*live, before int64) bool {
	for _, part := range parts {
		if !part.run(p, before) {
			return false
		}
		before += part.sum()
	}
	return true
}

func (l *live) branches(p *flow.Plan, before int64) []bool {
	done := make([]bool, len(l.parts))
	for i, part := range l.parts {
		done[i] = part.run(p, before)
	}
	return done
}

func (l *live) foreach(p *flow.Plan, before int64, when func() bool, until func() time.Time) bool {
	items := func() []int64 {
		all := make([]int64, l.items)
		for i := range all {
			all[i] = before%10 + int64(i)
		}
		return all
	}
	run := func(e *flow.Element[int64, []*live]) bool {
		if e.Body == nil {
			for _, part := range l.Parts {
				e.Body = append(e.Body, part.live().of(e.Index))
			}
		}
		return inSequence(p, e.Body, before+e.Item)
	}
	return l.each.Run(p, l.Node.each, when, until, items, run, func(e *flow.Element[int64, []*live]) int64 {
		return e.Item + sum(e.Body)
	})
}

// of says in which element the node is.
func (l *live) of(index int64) *live {
	l.index = index
	for _, part := range l.parts {
		part.of(index)
	}
	return l
}

// sum is what the node is worth: all results in it.
func (l *live) sum() int64 {
	total := sum(l.parts)
	if v := l.step.Value(); v != nil {
		total += *v
	}
	if v := l.wait.Value(); v != nil {
		total += *v
	}
	for _, v := range l.each.Out {
		total += v
	}
	return total
}

func sum(parts []*live) (total int64) {
	for _, part := range parts {
		total += part.sum()
	}
	return total
}
