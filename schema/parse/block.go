package parse

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file reads lists of blocks, and what all kinds of blocks have.

// maxNesting is the number of blocks that there may be around a block. A
// level takes four of YAML's, which maxDepth leaves room for.
const maxNesting = 8

// kinds are the keys that a block can begin with.
func kinds() []string { return []string{"step", "wait", "call", "parallel", "choose", "foreach"} }

// blocks is the blocks that run one after the other under a key.
func (p *parser) blocks(n *yaml.Node, where, name string) []Block {
	var blocks []Block
	for _, entry := range p.blockNodes(n, where, name) {
		if b := p.block(entry); b != nil {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// blockNodes is the entries of a list of blocks, nil after it reported that there are none.
func (p *parser) blockNodes(n *yaml.Node, where, name string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		p.wrongForm(n, "a list (lines that begin with `- step: NAME`)", "`"+name+"`")
		return nil
	}
	if len(n.Content) == 0 {
		p.noStep(n, where, name)
	}
	before := p.blockCount
	if p.blockCount += len(n.Content); p.blockCount > maxEntries {
		if before <= maxEntries { // said once
			p.report.Add(diag.TooLarge, p.pos(n), "the flow has more blocks than the %d that it may have", maxEntries)
		}
		return nil
	}
	return n.Content
}

func (p *parser) noStep(n *yaml.Node, where, name string) {
	p.report.Add(diag.NoStep, p.pos(n), "%s has no step; it needs at least one: `%s: [{step: NAME}]`", where, name)
}

// block reads an entry of a list of blocks, nil after it reported that it is none.
func (p *parser) block(n *yaml.Node) Block {
	if n.Kind != yaml.MappingNode {
		p.wrongForm(n, "its kind and name, such as `step: NAME`", "a block")
		return nil
	}
	kind := p.kind(n)
	head := Head{Kind: kind, Pos: p.pos(n)}
	if name := child(n, kind); name != nil && name.Kind == yaml.ScalarNode && !empty(name) {
		head.Name, head.Pos = p.newText(name), p.pos(name)
	}
	switch kind {
	case "step":
		return p.step(n, head)
	case "wait":
		return p.wait(n, head)
	case "call":
		return p.call(n, head)
	case "":
		return nil
	}
	if p.depth == maxNesting {
		p.report.Add(diag.TooLarge, p.pos(n), "%s stands in %d other blocks, more than it may; flatten the flow", head.What(), maxNesting)
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	switch kind {
	case "parallel":
		return p.parallel(n, head)
	case "choose":
		return p.choose(n, head)
	}
	return p.foreach(n, head)
}

// kind is the kind of a block, "" after it reported that it has none. A misspelt
// one is what it was meant to be, and reported as an unknown key.
func (p *parser) kind(n *yaml.Node) string {
	var found *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k := n.Content[i]; {
		case p.refusedKind(k):
			return ""
		case !slices.Contains(kinds(), k.Value):
		case found == nil:
			found = k
		case found.Value != k.Value:
			p.report.Add(diag.Misplaced, p.pos(k), "a block is of one kind, this is a `%s` and a `%s`; begin the second one with `- `", found.Value, k.Value)
			return ""
		}
	}
	if found != nil {
		return found.Value
	}
	if len(n.Content) > 0 {
		if meant := diag.Nearest(n.Content[0].Value, kinds()); meant != "" {
			return meant
		}
	}
	p.report.Add(diag.MissingKey, p.pos(n), "a block begins with its kind and name: `- step: NAME`, `- wait: NAME`, `- call: FLOW`, `- parallel: NAME`, `- choose: NAME` or `- foreach: NAME`")
	return ""
}

// refusedKind reports a kind of block that cannot stand here.
func (p *parser) refusedKind(k *yaml.Node) bool {
	if k.Value != "sequence" {
		return false
	}
	p.report.Add(diag.Misplaced, p.pos(k), "`sequence` is a branch of a `parallel`; here blocks run one after the other anyway, so write them without it")
	return true
}

// headKeys are the keys that all blocks have.
func (p *parser) headKeys(h *Head) []key {
	return []key{
		{h.Kind, func(v *yaml.Node) {
			if v.Kind != yaml.ScalarNode {
				p.wrongForm(v, "a name (`- "+h.Kind+": NAME`)", "`"+h.Kind+"`")
			}
		}},
		p.into(&h.Doc, "doc"),
		p.into(&h.When, "when"),
		p.into(&h.Delay, "delay"),
		p.into(&h.Until, "until"),
	}
}
