package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of a step.

func (p *parser) step(n *yaml.Node, head Head) Block {
	s := &Step{Head: head}
	p.object(n, s.What(), p.stepKeys(s))
	if s.Name == nil {
		return nil
	}
	return s
}

func (p *parser) stepKeys(s *Step) []key {
	keys := append(p.headKeys(&s.Head),
		key{"in", func(v *yaml.Node) { s.In = p.bindings(v, "`in`") }},
		key{"out", func(v *yaml.Node) { s.Out = p.shape(v, "`out`") }},
		p.into(&s.Transaction, "transaction"),
		key{"compensate", func(v *yaml.Node) { s.Compensate = p.compensation(v) }},
	)
	return append(keys, p.policyKeys(&s.Policy)...)
}

func (p *parser) compensation(n *yaml.Node) *Compensation {
	c := new(Compensation)
	if n.Kind == yaml.ScalarNode {
		c.Name = p.newText(n)
		return c
	}
	before := p.report.Len()
	p.object(n, "`compensate`", p.compensationKeys(c))
	if c.Name == nil {
		if p.report.Len() == before {
			p.report.Add(diag.MissingKey, p.pos(n), "`compensate` needs the name of a handler: `compensate: NAME` or `compensate: {name: NAME, …}`")
		}
		return nil
	}
	return c
}

func (p *parser) compensationKeys(c *Compensation) []key {
	return append([]key{p.into(&c.Name, "name"), p.into(&c.After, "after")}, p.policyKeys(&c.Policy)...)
}

func (p *parser) bindings(n *yaml.Node, where string) *Bindings {
	b, before := &Bindings{Pos: p.pos(n)}, p.report.Len()
	for _, e := range p.entries(n, where) {
		if value := p.text(e.value, "`"+short(e.key.Value)+"`"); value != nil {
			b.List = append(b.List, Binding{Name: e.key, Value: value})
		}
	}
	b.Gaps = p.report.Len() > before
	return b
}
