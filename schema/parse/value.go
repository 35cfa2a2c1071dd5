package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/model"
)

// This file reads literal values: data that stands in the spec itself.

// Value is a literal value: text, a list or a mapping.
type Value struct {
	Pos  model.Pos
	Text *Text // nil for a list and a mapping
	// Plain says that the text stands without quotes: then 1 is a number.
	Plain bool
	// List is the elements of a list, Fields the fields of a mapping; of the other two
	// kinds of values they are nil.
	List   []*Value
	Fields []ValueField
	// Partial says that some of the fields were reported and left out.
	Partial bool
}

// ValueField is a field of a mapping.
type ValueField struct {
	Name  *Text
	Value *Value
}

// value reads a literal value; fields without a value are reported and left out.
func (p *parser) value(n *yaml.Node, where string) *Value {
	v := &Value{Pos: p.pos(n)}
	switch n.Kind {
	case yaml.SequenceNode:
		v.List = make([]*Value, 0, len(n.Content))
		for _, element := range n.Content {
			v.List = append(v.List, p.value(element, where))
		}
	case yaml.MappingNode:
		v.Fields = []ValueField{}
		before := p.report.Len()
		for _, e := range p.pairs(n, where) {
			if unsaid(e.value) {
				p.emptyValue(n, e.key)
				continue
			}
			v.Fields = append(v.Fields, ValueField{e.key, p.value(e.value, where)})
		}
		v.Partial = p.report.Len() > before
	default:
		v.Text, v.Plain = p.newText(n), n.Style == 0
	}
	return v
}

// unsaid says that nothing stands behind a key, not even an empty text in quotes.
func unsaid(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style == 0 && empty(n)
}

// IsWord says that the value is a word without quotes, such as true.
func (v *Value) IsWord(word string) bool { return v.Plain && v.Text != nil && v.Text.Value == word }

// Field is the value of a field; nil if the mapping does not have it.
func (v *Value) Field(name string) *Value {
	for _, f := range v.Fields {
		if f.Name.Value == name {
			return f.Value
		}
	}
	return nil
}
