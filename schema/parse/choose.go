package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of a choose and of the cases in it.

func (p *parser) choose(n *yaml.Node, head Head) Block {
	b := &Choose{Head: head}
	where := b.What()
	p.object(n, where, p.chooseKeys(b))
	if !mentions(n, "cases") {
		p.report.Add(diag.MissingKey, p.pos(n), "%s has no `cases`: `cases: [{when: EXPR, steps: […]}, {else: […]}]`", where)
	}
	return b
}

func (p *parser) chooseKeys(b *Choose) []key {
	return append(p.headKeys(&b.Head), key{"cases", func(v *yaml.Node) { b.Cases = p.cases(v, b.What()) }})
}

func (p *parser) cases(n *yaml.Node, choose string) []*Case {
	if n.Kind != yaml.SequenceNode {
		p.wrongForm(n, "a list (entries of `when` and `steps`, the last perhaps of `else`)", "`cases`")
		return nil
	}
	var cases []*Case
	for _, entry := range n.Content {
		if c := p.oneCase(entry, choose); c != nil {
			cases = append(cases, c)
		}
	}
	if len(n.Content) == 0 || len(n.Content) == len(cases) && cases[0].Else && len(cases) == 1 {
		p.report.Add(diag.NoCase, p.pos(n), "%s has no case with a condition; it needs at least one: `cases: [{when: EXPR, steps: […]}]`", choose)
	}
	p.elseIsLast(cases, choose)
	return cases
}

func (p *parser) oneCase(n *yaml.Node, choose string) *Case {
	if n.Kind != yaml.MappingNode {
		p.wrongForm(n, "`when: EXPR` and `steps: […]` in each entry, or `else: […]`", "`cases`")
		return nil
	}
	c := &Case{Pos: p.pos(n)}
	where := "a case of " + choose
	p.object(n, where, p.caseKeys(c, choose))
	hasWhen, hasSteps, hasElse := mentions(n, "when"), mentions(n, "steps"), mentions(n, "else")
	switch {
	case hasElse && (hasWhen || hasSteps):
		p.report.Add(diag.Misplaced, c.Pos, "%s has an `else` next to other keys; `else` is an entry of its own, with its blocks right behind it: `- else: [{step: NAME}]`", where)
	case hasElse:
	case !hasWhen:
		p.report.Add(diag.MissingKey, c.Pos, "%s has no `when`; only the last can be without: `else: […]`", where)
	case !hasSteps:
		p.report.Add(diag.MissingKey, c.Pos, "%s has no `steps`: `{when: EXPR, steps: [{step: NAME}]}`", where)
	}
	return c
}

func (p *parser) caseKeys(c *Case, choose string) []key {
	return []key{
		p.into(&c.When, "when"),
		{"steps", func(v *yaml.Node) { c.Body = p.blocks(v, "a case of "+choose, "steps") }},
		{"else", func(v *yaml.Node) { c.Else, c.Body = true, p.blocks(v, "the `else` of "+choose, "else") }},
	}
}

// elseIsLast reports an `else` that is given again, or that has cases behind it.
func (p *parser) elseIsLast(cases []*Case, choose string) {
	var first, behind *Case
	for _, c := range cases {
		switch {
		case first == nil && c.Else:
			first = c
		case first != nil && c.Else:
			p.report.AddRelated(diag.Misplaced, c.Pos, first.Pos, "it stands here first", "`else` is given twice in %s", choose)
		case first != nil && behind == nil:
			behind = c
		}
	}
	if behind != nil {
		p.report.AddRelated(diag.Misplaced, first.Pos, behind.Pos, "this case stands behind it",
			"the `else` of %s must be its last case; those behind it would never be looked at", choose)
	}
}
