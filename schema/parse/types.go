package parse

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file reads declarations: types, errors and fields.

func (p *parser) types(n *yaml.Node) []*Type {
	var list []*Type
	for _, e := range p.entries(n, "`types`") {
		if t := p.typeDeclaration(e); t != nil {
			list = append(list, t)
		}
	}
	return list
}

// typeDeclaration reads `{field: type, …}`, `{enum: […]}`, `{go: path.Type}`, or
// `{doc, fields: {…}}` for a type with a text about it or with fields that would be
// read as something else.
func (p *parser) typeDeclaration(e entry) *Type {
	where := "type `" + short(e.key.Value) + "`"
	if e.value.Kind != yaml.MappingNode {
		p.wrongForm(e.value, "fields: `NAME: {field: type, …}`", where)
		return nil
	}
	t := &Type{Name: e.key}
	if path := child(e.value, "go"); path != nil && path.Kind == yaml.ScalarNode && strings.Contains(path.Value, ".") {
		p.object(e.value, where, p.goTypeKeys(t))
		return t
	}
	if values := child(e.value, "enum"); values != nil && values.Kind == yaml.SequenceNode {
		p.object(e.value, where, p.enumKeys(t, where))
		return t
	}
	if fields := child(e.value, "fields"); fields != nil && fields.Kind == yaml.MappingNode && !isField(fields) {
		p.object(e.value, where, p.structKeys(t, where))
		return t
	}
	t.Fields = p.fields(e.value, where)
	return t
}

func (p *parser) goTypeKeys(t *Type) []key {
	return []key{p.into(&t.Doc, "doc"), p.into(&t.Go, "go")}
}

func (p *parser) enumKeys(t *Type, where string) []key {
	return []key{p.into(&t.Doc, "doc"), {"enum", func(v *yaml.Node) { t.Values = p.enumValues(v, where) }}}
}

func (p *parser) structKeys(t *Type, where string) []key {
	return []key{p.into(&t.Doc, "doc"), {"fields", func(v *yaml.Node) { t.Fields = p.fields(v, where) }}}
}

// enumValues reads the list of an enum; it is not nil, also if it is empty.
func (p *parser) enumValues(n *yaml.Node, where string) []*Text {
	values := []*Text{}
	for _, v := range n.Content {
		if v.Kind != yaml.ScalarNode {
			p.wrongForm(v, "text for each value", where)
			continue
		}
		values = append(values, p.newText(v))
	}
	if len(n.Content) == 0 {
		p.report.Add(diag.EmptyValue, p.pos(n), "%s has no value; write `enum: [small, large]`", where)
	}
	return values
}

// isField says whether a mapping is what stands behind the name of a field, such
// as {type: string, doc: …}, and not a list of fields of which one is named type.
func isField(n *yaml.Node) bool {
	keys := new(parser).fieldKeys(new(Field))
	for i := 0; i+1 < len(n.Content); i += 2 {
		if find(keys, n.Content[i].Value) == nil {
			return false
		}
	}
	return child(n, "type") != nil
}

func child(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

func (p *parser) errors(n *yaml.Node) []*Error {
	var list []*Error
	for _, e := range p.entries(n, "`errors`") {
		declared := &Error{Name: e.key}
		where := "error `" + short(e.key.Value) + "`"
		p.object(e.value, where, p.errorKeys(declared, where))
		list = append(list, declared)
	}
	return list
}

func (p *parser) errorKeys(declared *Error, where string) []key {
	return []key{
		p.into(&declared.Doc, "doc"),
		{"fields", func(v *yaml.Node) { declared.Fields = p.fields(v, where) }},
		{"retry", func(v *yaml.Node) { declared.Permanent = p.retry(v) }},
	}
}

func (p *parser) retry(n *yaml.Node) bool {
	text := p.text(n, "`retry`")
	if text != nil && text.Value != "never" {
		p.report.Add(diag.UnknownWord, text.Pos, "`retry: %s` is not known; possible is `never`, and without `retry` the step's policy holds", short(text.Value))
	}
	return text != nil
}

// shape reads fields or the name of a type.
func (p *parser) shape(n *yaml.Node, where string) *Shape {
	s := &Shape{Pos: p.pos(n)}
	if n.Kind == yaml.ScalarNode {
		s.Type = p.newText(n)
		return s
	}
	s.Fields = p.fields(n, where)
	return s
}

func (p *parser) fields(n *yaml.Node, where string) []*Field {
	var list []*Field
	for _, e := range p.entries(n, where) {
		if f := p.field(e); f != nil {
			list = append(list, f)
		}
	}
	return list
}

// field reads `name: type` or `name: {type, doc, secret, default, min, …}`.
func (p *parser) field(e entry) *Field {
	f := &Field{Name: e.key}
	if e.value.Kind == yaml.ScalarNode {
		f.Type = p.newText(e.value)
		return f
	}
	where := "field `" + short(e.key.Value) + "`"
	if e.value.Kind != yaml.MappingNode {
		p.wrongForm(e.value, "a type, or `{type: …}`", where)
		return nil
	}
	before := p.report.Len()
	p.keys(p.entries(e.value, where, "default"), where, p.fieldKeys(f))
	if f.Type == nil {
		if p.report.Len() == before {
			p.report.Add(diag.MissingKey, p.pos(e.value), "%s has no `type`", where)
		}
		return nil
	}
	return f
}

func (p *parser) fieldKeys(f *Field) []key {
	return []key{
		p.into(&f.Type, "type"),
		p.into(&f.Doc, "doc"),
		{"secret", func(v *yaml.Node) { f.Secret = p.boolean(v, "`secret`") }},
		{"default", func(v *yaml.Node) { f.Default = p.value(v, "`default`") }},
		p.into(&f.Min, "min"),
		p.into(&f.Max, "max"),
		p.into(&f.MinLength, "minLength"),
		p.into(&f.MaxLength, "maxLength"),
		p.into(&f.Pattern, "pattern"),
	}
}

func (p *parser) boolean(n *yaml.Node, where string) bool {
	text := p.text(n, where)
	if text != nil && text.Value != "true" && text.Value != "false" {
		p.report.Add(diag.UnknownWord, text.Pos, "%s is `true` or `false`, not `%s`", where, short(text.Value))
	}
	return text != nil && text.Value == "true"
}
