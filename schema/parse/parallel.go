package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of a parallel and of the sequences in it.

func (p *parser) parallel(n *yaml.Node, head Head) Block {
	b := &Parallel{Head: head}
	where := b.What()
	p.object(n, where, p.parallelKeys(b))
	if !mentions(n, "steps") {
		p.report.Add(diag.MissingKey, p.pos(n), "%s has no `steps`; each entry of them is a branch: `steps: [{step: NAME}, {step: NAME}]`", where)
	}
	return b
}

func (p *parser) parallelKeys(b *Parallel) []key {
	return append(p.headKeys(&b.Head), key{"steps", func(v *yaml.Node) { b.Branches = p.branches(v, b.What()) }})
}

func (p *parser) branches(n *yaml.Node, where string) [][]Block {
	var branches [][]Block
	for _, entry := range p.blockNodes(n, where, "steps") {
		switch {
		case entry.Kind == yaml.SequenceNode:
			p.wrongForm(entry, "one block, or `sequence: […]` for several", "a branch")
		case isSequence(entry):
			branches = append(branches, p.sequence(entry))
		default:
			if b := p.block(entry); b != nil {
				branches = append(branches, []Block{b})
			}
		}
	}
	return branches
}

// isSequence says whether an entry is a sequence, if perhaps a misspelt one.
func isSequence(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return false
	}
	return child(n, "sequence") != nil || diag.Nearest(n.Content[0].Value, append(kinds(), "sequence")) == "sequence"
}

func (p *parser) sequence(n *yaml.Node) []Block {
	var blocks []Block
	read := p.sequenceKeys(&blocks)
	ofBlocks := p.headKeys(new(Head))
	for _, e := range p.entries(n, "a sequence") {
		switch k := find(read, e.key.Value); {
		case k != nil:
			k.read(e.value)
		case find(ofBlocks, e.key.Value) != nil:
			p.report.Add(diag.UnknownKey, e.key.Pos, "a sequence is only the blocks of a branch and has no `%s`; give it to the blocks in it", e.key.Value)
		default:
			p.unknownKey(e.key, "a sequence", read)
		}
	}
	return blocks
}

func (p *parser) sequenceKeys(blocks *[]Block) []key {
	return []key{{"sequence", func(v *yaml.Node) { *blocks = p.blocks(v, "the sequence", "sequence") }}}
}
