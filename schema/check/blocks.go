package check

import (
	"slices"

	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file goes over the blocks of a flow, and says which others each of them sees.

// body checks blocks that run one after the other, and returns the scope behind them.
func (c *pass) body(blocks []resolve.Block, s scope) scope {
	s.seen = slices.Clip(s.seen) // branches begin with the same blocks, and each goes on with its own
	for _, b := range blocks {
		s.seen = append(s.seen, c.block(b, s)...)
	}
	return s
}

// within is the steps, waits and foreachs that blocks add to a scope.
func (c *pass) within(blocks []resolve.Block, s scope) []sight {
	return c.body(blocks, s).seen[len(s.seen):]
}

// block checks a block, and returns what it adds to the scope behind it.
func (c *pass) block(b resolve.Block, s scope) []sight {
	switch b := b.(type) {
	case *resolve.Step:
		return c.step(b, s)
	case *resolve.Wait:
		return c.wait(b, s)
	case *resolve.Parallel:
		return c.parallel(b, s)
	case *resolve.Choose:
		return c.choose(b, s)
	case *resolve.Foreach:
		return c.foreach(b, s)
	}
	return nil
}

func (c *pass) step(b *resolve.Step, s scope) []sight {
	m := b.Model
	s.reader = m
	c.stepValues(b, s.flow.Syntax.Defaults)
	c.head(&m.BlockHead, &b.Syntax.Head, &s)
	if m.Calls != nil {
		c.childInput(b, &s)
	} else {
		c.input(b, &s)
	}
	return seenBehind(m, b.Syntax.When != nil)
}

// seenBehind is a block with a value of its own.
func seenBehind(b model.Block, conditional bool) []sight {
	seen := []sight{{block: b}}
	if conditional {
		return maybe(seen, "it has a `when`")
	}
	return seen
}

// parallel: its branches do not see each other.
func (c *pass) parallel(b *resolve.Parallel, s scope) []sight {
	s.reader = b.Model
	c.head(&b.Model.BlockHead, &b.Syntax.Head, &s)
	var seen []sight
	for _, branch := range b.Branches {
		seen = append(seen, c.within(branch, s)...)
	}
	if b.Syntax.When != nil {
		return maybe(seen, b.Syntax.What()+" around it has a `when`")
	}
	return seen
}

func (c *pass) choose(b *resolve.Choose, s scope) []sight {
	s.reader = b.Model
	c.head(&b.Model.BlockHead, &b.Syntax.Head, &s)
	var seen []sight
	for _, one := range b.Cases {
		if one.Syntax.When != nil {
			one.Model.When = c.typed(one.Syntax.When, "when", model.Bool, &s)
		}
		seen = append(seen, c.within(one.Body, s)...)
	}
	return maybe(seen, "it stands in a case of "+b.Syntax.What())
}

// maybe is blocks that may have been skipped.
func maybe(seen []sight, why string) []sight { return absent(seen, "may be skipped, "+why) }

// absent is blocks that may have no value. The reason that is nearest to a block is kept.
func absent(seen []sight, why string) []sight {
	for i := range seen {
		seen[i].absent = orElse(seen[i].absent, why)
	}
	return seen
}

// head checks what all blocks have.
func (c *pass) head(m *model.BlockHead, syntax *parse.Head, s *scope) {
	m.Delay = c.duration(syntax.Delay, "delay")
	if syntax.When != nil {
		m.When = c.typed(syntax.When, "when", model.Bool, s)
	}
	if syntax.Until != nil {
		m.Until = c.typed(syntax.Until, "until", model.Time, s)
	}
}
