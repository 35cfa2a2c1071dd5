package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of a foreach.

func (p *parser) foreach(n *yaml.Node, head Head) Block {
	b := &Foreach{Head: head}
	where := b.What()
	p.foreachs++
	defer func() { p.foreachs-- }()
	p.object(n, where, p.foreachKeys(b))
	if !mentions(n, "over") {
		p.report.Add(diag.MissingKey, p.pos(n), "%s has no `over`, the list for whose elements its blocks run: `over: EXPR`", where)
	}
	if !mentions(n, "steps") {
		p.report.Add(diag.MissingKey, p.pos(n), "%s has no `steps`: `steps: [{step: NAME}]`", where)
	}
	return b
}

func (p *parser) foreachKeys(b *Foreach) []key {
	return append(p.headKeys(&b.Head),
		p.into(&b.Over, "over"),
		p.into(&b.As, "as"),
		p.into(&b.Limit, "limit"),
		p.into(&b.Collect, "collect"),
		key{"steps", func(v *yaml.Node) { b.Body = p.blocks(v, b.What(), "steps") }},
	)
}
