package editor

import (
	"strings"

	"github.com/bextgen/bextgen/schema/check"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file has the forms of values as JSON Schema.

// durationForm is a duration but for the order of its units.
const durationForm = `^\s*([0-9]+(\.[0-9]+)?(d|h|ms|m|s))+\s*$`

// text is any value that is one line or a text: a flow file's numbers are read as they are written.
func text() node { return node{"type": []string{"string", "number", "boolean"}, "pattern": `\S`} }

// Words are the words that a value of a form can be; nil if it is not one of a few.
func Words(form parse.Form) []string {
	switch form {
	case parse.Backoff:
		return words(model.Fixed, model.Linear, model.Exponential)
	case parse.OnTimeout:
		return words("fail", "continue")
	case parse.After:
		return words("completed", "attempted")
	case parse.CatchUp:
		return words(model.CatchUpNone, model.CatchUpLast, model.CatchUpAll)
	case parse.Overlap:
		return words(model.OverlapSkip, model.OverlapQueue, model.OverlapAllow)
	case parse.Retry:
		return words("never")
	case parse.Switch:
		return words("true", "false")
	}
	return nil
}

func words[W ~string](all ...W) []string {
	var texts []string
	for _, word := range all {
		texts = append(texts, string(word))
	}
	return texts
}

func named(pattern string) node {
	return said(node{"type": "string", "pattern": pattern, "maxLength": resolve.LongestName}, map[string]string{
		resolve.KebabCase:  "Write a name in kebab-case: small letters, digits and single hyphens, such as charge-payment.",
		resolve.CamelCase:  "Write a name in camelCase: letters and digits, a small one first, such as orderId.",
		resolve.PascalCase: "Write a name that begins with a capital, of letters and digits, such as OrderItem.",
	}[pattern])
}

// said is a pattern with the words that editors have for what does not match, in place of the pattern.
func said(n node, words string) node {
	n["patternErrorMessage"] = words
	return n
}

// whole is a whole number, which may stand in quotes.
func whole(least, most int) node {
	return node{"type": []string{"integer", "string"}, "minimum": least, "maximum": most, "pattern": `^\+?[0-9]+$`}
}

// scalar is the form of a value that is no list and no mapping, nil for any other.
func scalar(form parse.Form) node {
	switch form {
	case parse.Prose, parse.Expression, parse.Scalar:
		return text()
	case parse.Name:
		return named(resolve.KebabCase)
	case parse.Camel:
		return named(resolve.CamelCase)
	case parse.Version:
		return said(node{"type": []string{"string", "number"}, "pattern": check.VersionForm}, "Write major.minor, such as \"1.0\".")
	case parse.Duration:
		return said(node{"type": "string", "pattern": durationForm}, "Write a duration: a number with d, h, m, s or ms, or several of them, such as 30s, 1d12h or 1.5h.")
	case parse.Count:
		return whole(0, check.MostAttempts)
	case parse.Positive:
		return whole(1, check.MostAttempts)
	case parse.Limit:
		return whole(1, check.LargestLimit)
	case parse.Part:
		return node{"type": []string{"number", "string"}, "minimum": 0, "maximum": 1}
	case parse.Switch:
		return said(node{"type": []string{"boolean", "string"}, "pattern": "^(true|false)$"}, "Write true or false.")
	case parse.GoType:
		return said(node{"type": "string", "pattern": `^[^.].*\.[A-Z][A-Za-z0-9]*$`}, "Write the path of a Go package and the name of a type in it, such as example.com/shop/money.Amount.")
	case parse.TypeText:
		return typeText()
	case parse.Literal:
		return node{}
	}
	if all := Words(form); all != nil {
		return node{"enum": all}
	}
	return nil
}

// typeText is a type as it is written. The first alternative is what editors offer.
func typeText() node {
	kinds := resolve.Scalars()
	simple := `(` + strings.Join(kinds, "|") + `|[A-Z][A-Za-z0-9]*)`
	const open = `(list|map|optional)\s*<\s*`
	pattern := `^\s*(` + simple + `|` + open + `(` + open + `)*` + simple + `(\s*[>?])*\s*>)(\s*\?)?\s*$`
	return node{"type": "string", "anyOf": []node{{"enum": kinds}, said(node{"pattern": pattern}, "Write a type, such as string, list<Item> or map<int>; one that is declared begins with a capital.")}}
}

// structure is the form of a value that is a list or a mapping, or may be one.
func (b *builder) structure(form parse.Form) node {
	switch form {
	case parse.Blocks:
		return list(b.either("step", "wait", "call", "parallel", "choose", "foreach"))
	case parse.Branches:
		return list(b.either("step", "wait", "call", "parallel", "choose", "foreach", "sequence"))
	case parse.Cases:
		cases := list(b.ref("case"))
		cases["contains"] = node{"required": []string{"when"}}
		return cases
	case parse.Schedules:
		several := list(b.ref("schedule"))
		several["maxItems"] = parse.MaxSchedules
		return node{"anyOf": []node{b.ref("schedule"), several}}
	case parse.Undo:
		return node{"anyOf": []node{named(resolve.KebabCase), b.ref("compensation")}}
	case parse.FieldsOf:
		return mapping(resolve.CamelCase, node{"anyOf": []node{typeText(), b.ref("field")}})
	case parse.ShapeOf:
		return node{"anyOf": []node{named(resolve.PascalCase), b.ref(string(parse.FieldsOf))}}
	case parse.BindingsOf:
		return mapping(resolve.CamelCase, text())
	case parse.OutputOf:
		return node{"anyOf": []node{text(), b.ref(string(parse.BindingsOf))}}
	case parse.Types:
		return mapping(resolve.PascalCase, b.either("enum", "goType", "struct", string(parse.FieldsOf)))
	case parse.Errors:
		return mapping(resolve.KebabCase, b.ref("error"))
	case parse.Texts:
		return list(text())
	case parse.Input:
		return node{"type": "object"}
	}
	return nil
}

func (b *builder) either(names ...string) node {
	var all []node
	for _, name := range names {
		all = append(all, b.ref(name))
	}
	return node{"anyOf": all}
}

func list(items node) node { return node{"type": "array", "minItems": 1, "items": items} }

func mapping(names string, values node) node {
	return node{"type": "object", "propertyNames": named(names), "additionalProperties": values}
}
