package check

import (
	"time"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file finds delays that always come and together are longer than a run may take.

func (c *pass) delays(f *resolve.Flow) {
	if f.Model.Timeout == 0 {
		return
	}
	if end := elapse(f.Body, budget{left: f.Model.Timeout}); end.exceeded != nil {
		c.report.AddRelated(diag.DelaysTooLong, end.exceeded.Pos, f.Syntax.Timeout.Pos, "the timeout stands here",
			"with this delay the flow waits longer than its timeout of %s allows; it can never complete", f.Syntax.Timeout.Value)
	}
}

// budget is the time that is left of a flow's timeout.
type budget struct {
	left     time.Duration
	exceeded *parse.Text // the delay with which there was none left
}

func (b budget) wait(d time.Duration, t *parse.Text) budget {
	if b.exceeded != nil || d == 0 {
		return b
	}
	if b.left -= d; b.left < 0 {
		b.exceeded = t
	}
	return b
}

// elapse is what is left behind blocks, at best.
func elapse(body []resolve.Block, b budget) budget {
	for _, block := range body {
		b = elapseBlock(block, b)
	}
	return b
}

func elapseBlock(block resolve.Block, b budget) budget {
	switch block := block.(type) {
	case *resolve.Step:
		return elapseHead(&block.Model.BlockHead, &block.Syntax.Head, b)
	case *resolve.Wait:
		// Its timeout does not count: the signal may be there before it begins.
		return elapseHead(&block.Model.BlockHead, &block.Syntax.Head, b)
	case *resolve.Parallel:
		return elapseParallel(block, b)
	case *resolve.Choose:
		return elapseChoose(block, b)
	case *resolve.Foreach:
		// Nothing in it counts: the list may be empty.
		return elapseHead(&block.Model.BlockHead, &block.Syntax.Head, b)
	}
	return b
}

func elapseHead(m *model.BlockHead, syntax *parse.Head, b budget) budget {
	if syntax.When != nil {
		return b // perhaps it is skipped
	}
	return b.wait(m.Delay, syntax.Delay)
}

// elapseParallel takes the branch that takes longest.
func elapseParallel(p *resolve.Parallel, b budget) budget {
	if p.Syntax.When != nil {
		return b
	}
	b = elapseHead(&p.Model.BlockHead, &p.Syntax.Head, b)
	least := b
	for _, branch := range p.Branches {
		if end := elapse(branch, b); end.left < least.left {
			least = end
		}
	}
	return least
}

// elapseChoose takes the case that is done first, or none if perhaps none holds.
func elapseChoose(c *resolve.Choose, b budget) budget {
	if c.Syntax.When != nil {
		return b
	}
	b = elapseHead(&c.Model.BlockHead, &c.Syntax.Head, b)
	if n := len(c.Cases); n == 0 || !c.Cases[n-1].Syntax.Else {
		return b
	}
	most := elapse(c.Cases[0].Body, b)
	for _, one := range c.Cases[1:] {
		if end := elapse(one.Body, b); end.left > most.left {
			most = end
		}
	}
	return most
}
