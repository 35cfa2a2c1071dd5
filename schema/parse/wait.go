package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of a wait.

func (p *parser) wait(n *yaml.Node, head Head) Block {
	w := &Wait{Head: head}
	keys := p.waitKeys(w)
	before := p.report.Len()
	for _, e := range p.entries(n, w.What()) {
		known, why := find(keys, e.key.Value), notOfWaits(e.key.Value)
		switch {
		case known != nil:
			known.read(e.value)
		case why != "":
			p.report.Add(diag.UnknownKey, e.key.Pos, "%s has no `%s`: %s", w.What(), e.key.Value, why)
		default:
			p.unknownKey(e.key, w.What(), keys)
		}
	}
	if w.OnTimeout != nil && w.Timeout == nil && p.report.Len() == before {
		p.report.Add(diag.MissingKey, w.OnTimeout.Pos, "%s has an `onTimeout` and no `timeout`: without one it waits as long as it takes; say how long with `timeout: 24h`, or leave `onTimeout` out", w.What())
	}
	if w.Name == nil {
		return nil
	}
	p.waitKey(n, w)
	return w
}

func (p *parser) waitKeys(w *Wait) []key {
	return append(p.headKeys(&w.Head),
		key{"out", func(v *yaml.Node) { w.Out = p.shape(v, "`out`") }},
		p.into(&w.Key, "key"),
		p.into(&w.Timeout, "timeout"),
		p.into(&w.OnTimeout, "onTimeout"),
	)
}

// notOfWaits says why a wait does not have a key that a step has, "" for any other key.
func notOfWaits(key string) string {
	switch key {
	case "in":
		return "no handler runs that would get it; what the signal carries is its `out`"
	case "retries", "backoff", "backoffBase", "backoffMax", "jitter":
		return "no handler runs that could be tried again; `timeout` and `onTimeout` say what happens if no signal comes"
	case "compensate":
		return "it does nothing that could be undone; give it to the step that acts on the signal"
	case "transaction":
		return "no handler runs that could write anything"
	}
	return ""
}

// waitKey holds that a wait has a key in a foreach, and only there.
func (p *parser) waitKey(n *yaml.Node, w *Wait) {
	switch {
	case p.foreachs > 0 && !mentions(n, "key"):
		p.report.Add(diag.MissingKey, w.Pos, "%s stands in a foreach and has no `key`: each element waits for a signal of its own, which says by this text whose it is: `key: EXPR`, such as `key: item.id`", w.What())
	case p.foreachs == 0 && w.Key != nil:
		p.report.Add(diag.Misplaced, w.Key.Pos, "%s has a `key` and stands in no foreach: a key says which element a signal is for, and here there is one wait for the whole run; leave it out", w.What())
	}
}
