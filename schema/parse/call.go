package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of a call.

// call is a step whose work is a run of another flow. Its name is what `as` says, or
// that flow's.
func (p *parser) call(n *yaml.Node, head Head) Block {
	s := &Step{Head: head, Calls: head.Name}
	if as := child(n, "as"); as != nil && as.Kind == yaml.ScalarNode && !empty(as) {
		s.Name = p.newText(as)
	}
	keys := p.callKeys(s)
	for _, e := range p.entries(n, s.What()) {
		known, why := find(keys, e.key.Value), notOfCalls(e.key.Value)
		switch {
		case known != nil:
			known.read(e.value)
		case why != "":
			p.report.Add(diag.UnknownKey, e.key.Pos, "%s has no `%s`: %s", s.What(), e.key.Value, why)
		default:
			p.unknownKey(e.key, s.What(), keys)
		}
	}
	if s.Calls == nil {
		return nil
	}
	return s
}

func (p *parser) callKeys(s *Step) []key {
	return append(p.headKeys(&s.Head),
		key{"as", func(v *yaml.Node) { p.text(v, "`as`") }},
		key{"in", func(v *yaml.Node) { s.In = p.bindings(v, "`in`") }},
		key{"compensate", func(v *yaml.Node) { s.Compensate = p.compensation(v) }},
	)
}

// notOfCalls says why a call does not have a key that a step has, "" for any other key.
func notOfCalls(key string) string {
	switch key {
	case "out":
		return "its value is what the called flow says under its own `output`"
	case "retries":
		return "the called flow has its own; its steps have `retries`, and as a whole it has `maxAttempts`"
	case "timeout", "backoff", "backoffBase", "backoffMax", "jitter":
		return "the called flow has its own; write it there"
	case "transaction":
		return "the called flow is a run of its own; a step in it can have it"
	}
	return ""
}
