package parse

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file reads the forms of values: text, lists, and mappings with known keys.

// entry is a key of a mapping with its value.
type entry struct {
	key   *Text
	value *yaml.Node
}

// key is a key that the language has at some place, and what reads its value.
type key struct {
	name string
	read func(value *yaml.Node)
}

// object reads a mapping of known keys. where says to the user where it stands.
func (p *parser) object(n *yaml.Node, where string, keys []key) {
	p.keys(p.entries(n, where), where, keys)
}

// keys reads entries that have known keys.
func (p *parser) keys(entries []entry, where string, keys []key) {
	for _, e := range entries {
		if known := find(keys, e.key.Value); known != nil {
			known.read(e.value)
			continue
		}
		p.unknownKey(e.key, where, keys)
	}
}

func find(keys []key, name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

func (p *parser) unknownKey(k *Text, where string, keys []key) {
	names := make([]string, 0, len(keys))
	for _, known := range keys {
		names = append(names, known.name)
	}
	hint := diag.Hint(k.Value, names)
	if i := slices.IndexFunc(names, func(name string) bool { return slices.Contains(otherWords(name), k.Value) }); i >= 0 {
		hint = "; write `" + names[i] + "`"
	}
	p.report.Add(diag.UnknownKey, k.Pos, "unknown key `%s` in %s%s", short(k.Value), where, hint)
}

// otherWords are words that people know from elsewhere for a key, and that do not look like it.
func otherWords(key string) []string {
	switch key {
	case "when":
		return []string{"if", "condition", "only_if"}
	case "in":
		return []string{"with", "args", "arguments", "params", "parameters"}
	case "out":
		return []string{"returns", "result", "results"}
	case "delay":
		return []string{"sleep", "pause", "after"}
	case "retries":
		return []string{"attempts", "maxAttempts", "max_attempts"}
	case "compensate":
		return []string{"rollback", "undo", "onError", "on_error", "catch"}
	case "doc":
		return []string{"description", "comment"}
	case "steps":
		return []string{"do", "tasks", "body", "blocks"}
	case "over":
		return []string{"each", "items"}
	}
	return nil
}

// maxEntries is the number of keys that a mapping may have, and of steps in a flow.
const maxEntries = 1000

// entries is the keys and values of a mapping. Keys that are no text, that are
// there twice or that have no value are reported and left out; for those in
// mayBeBlank, "" in quotes is one.
func (p *parser) entries(n *yaml.Node, where string, mayBeBlank ...string) []entry {
	var list []entry
	for _, e := range p.pairs(n, where) {
		if empty(e.value) && !(quoted(e.value) && slices.Contains(mayBeBlank, e.key.Value)) {
			p.emptyValue(n, e.key)
			if cutByComma(n, e.key.Value) {
				return nil // the other values are not what the user meant either
			}
			continue
		}
		list = append(list, e)
	}
	return list
}

// pairs is the keys and values of a mapping, also those without a value.
func (p *parser) pairs(n *yaml.Node, where string) []entry {
	if n.Kind != yaml.MappingNode {
		p.wrongForm(n, "a mapping (`key: value` lines)", where)
		return nil
	}
	if count := len(n.Content) / 2; count > maxEntries {
		p.report.Add(diag.TooLarge, p.pos(n), "%s has %d entries, more than the %d that there may be", where, count, maxEntries)
		return nil
	}
	var list []entry
	first := map[string]*Text{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			p.wrongForm(k, "text as a key", where)
			continue
		}
		name := p.newText(k)
		if before, twice := first[name.Value]; twice {
			p.report.AddRelated(diag.DuplicateKey, name.Pos, before.Pos, "it stands here first", "the key `%s` is given twice in %s", short(name.Value), where)
			continue
		}
		first[name.Value] = name
		list = append(list, entry{name, value})
	}
	return list
}

func empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (strings.TrimSpace(n.Value) == "" || n.Value == "~" && n.Style == 0)
}

func quoted(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
}

// cutByComma says that a key without a value is what came behind a comma of an
// expression in {…}, and no name.
func cutByComma(n *yaml.Node, key string) bool {
	return n.Style&yaml.FlowStyle != 0 && strings.ContainsAny(key, "()[]\"' .")
}

func (p *parser) emptyValue(mapping *yaml.Node, name *Text) {
	if cutByComma(mapping, name.Value) {
		p.report.Add(diag.EmptyValue, name.Pos,
			"`%s` has no value: inside {…} YAML ends a value at a comma; put an expression with commas in quotes", short(name.Value))
		return
	}
	p.report.Add(diag.EmptyValue, name.Pos, "`%s` has no value; give it one or leave the key out", short(name.Value))
}

func (p *parser) wrongForm(n *yaml.Node, want, where string) {
	got := map[yaml.Kind]string{yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list", yaml.ScalarNode: "text"}[n.Kind]
	p.report.Add(diag.WrongForm, p.pos(n), "%s needs %s, this is %s", where, want, got)
}

// text reads a value that is text; nil after it reported that it is none.
func (p *parser) text(n *yaml.Node, where string) *Text {
	if n.Kind != yaml.ScalarNode {
		p.wrongForm(n, "text (in quotes if it has brackets in it)", where)
		return nil
	}
	return p.newText(n)
}

// into reads a text into a place of the syntax tree.
func (p *parser) into(target **Text, name string) key {
	return key{name, func(value *yaml.Node) { *target = p.text(value, "`"+name+"`") }}
}

func (p *parser) newText(n *yaml.Node) *Text {
	return &Text{Value: n.Value, Pos: p.pos(n), Commented: n.LineComment != "", source: p.source, style: n.Style}
}

// short cuts what is shown of a text that may be anything.
func short(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
