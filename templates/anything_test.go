package templates_test

// This file draws expressions of any type, from what is seen.

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// dtype is a drawn type: a declared one, a scalar, or one made of another.
type dtype struct {
	text   string // as specs write it
	kind   string // string, …, enum, struct, go, list, map, optional
	of     *dtype // the elements of a list or a map, the value of an optional
	fields []dfield
	values []string // of an enum
}

type dfield struct {
	name   string
	of     *dtype
	secret bool
}

// dvalue is something an expression sees.
type dvalue struct {
	text   string
	of     *dtype
	secret bool
}

func scalar(kind string) *dtype { return &dtype{text: kind, kind: kind} }
func listOf(t *dtype) *dtype    { return &dtype{text: "list<" + t.text + ">", kind: "list", of: t} }

func mapOf(t *dtype) *dtype { return &dtype{text: "map<" + t.text + ">", kind: "map", of: t} }

func optionalDtype(t *dtype) *dtype {
	if t.kind == "optional" {
		return t
	}
	return &dtype{text: "optional<" + t.text + ">", kind: "optional", of: t}
}

// goTypes are the Go types that all packages have, and what expressions read of them.
func goTypes() []*dtype {
	part := &dtype{text: "Part", kind: "go"}
	part.fields = []dfield{
		{name: "name", of: scalar("string")},
		{name: "n", of: scalar("int")},
		{name: "next", of: optionalDtype(part)},
	}
	own := &dtype{text: "Own", kind: "go", fields: []dfield{
		{name: "label", of: scalar("string")},
		{name: "weight", of: scalar("float")},
		{name: "shard", of: scalar("int")},
	}}
	money := &dtype{text: "Money", kind: "go", fields: []dfield{
		{name: "units", of: scalar("int")},
		{name: "kind", of: scalar("string")},
		{name: "note", of: optionalDtype(scalar("string"))},
		{name: "at", of: scalar("time")},
		{name: "pause", of: scalar("duration")},
		{name: "raw", of: scalar("bytes")},
		{name: "parts", of: listOf(part)},
		{name: "by", of: mapOf(part)},
		{name: "small", of: scalar("int")},
		{name: "first", of: part},
		{name: "rounding", of: optionalDtype(scalar("int"))},
		{name: "tags", of: listOf(scalar("string"))},
	}}
	return []*dtype{money, part, own}
}

// reads are the ways to what a value holds.
func (v dvalue) reads(depth int) []dvalue {
	all := []dvalue{v}
	inside, absent := v.of, false
	if inside.kind == "optional" {
		inside, absent = inside.of, true
	}
	if depth == 0 {
		return all
	}
	for _, f := range inside.fields {
		of := f.of
		if absent {
			of = optionalDtype(of)
		}
		all = append(all, dvalue{v.text + "." + f.name, of, v.secret || f.secret}.reads(depth-1)...)
	}
	return all
}

// hides says whether a value of the type may hold a secret.
func (t *dtype) hides(depth int) bool {
	if t == nil || depth > 6 {
		return false
	}
	return t.of.hides(depth+1) || slices.ContainsFunc(t.fields, func(f dfield) bool { return f.secret || f.of.hides(depth+1) })
}

// comparable says whether values of the type can be compared.
func (t *dtype) comparable() bool {
	switch t.kind {
	case "go", "json":
		return false
	case "list", "map", "optional":
		return t.of.comparable()
	case "struct":
		return !slices.ContainsFunc(t.fields, func(f dfield) bool { return !f.of.comparable() })
	}
	return true
}

// pen draws expressions from what is seen.
type pen struct {
	t     *rapid.T
	seen  []dvalue
	names *int
}

func (p *pen) n(max int, what string) int { return rapid.IntRange(0, max).Draw(p.t, what) }

// with is a pen for the inside of a macro, which sees its element too.
func (p *pen) with(v dvalue) *pen {
	return &pen{p.t, append(slices.Clip(p.seen), v.reads(2)...), p.names}
}

// fresh is a name for the element of a macro, such as generated code has for its own.
func (p *pen) fresh() string {
	*p.names++
	names := []string{"x", "p", "s", "e", "v", "it", "flow", "money", "len"}
	return fmt.Sprintf("%s%dx", names[p.n(len(names)-1, "macro name")], *p.names)
}

// drawn is an expression and whether it is made of a secret.
type drawn struct {
	text   string
	secret bool
}

// and says whether this is made of a secret, or one of the others is.
func (w drawn) and(others ...drawn) bool {
	for _, o := range others {
		w.secret = w.secret || o.secret
	}
	return w.secret
}

// expr draws an expression of a type, false if there may be none.
func (p *pen) expr(want *dtype, depth int) (drawn, bool) {
	ways := []func(*dtype, int) (drawn, bool){p.path, p.path, p.orValue, p.element, p.conditional, p.made}
	if depth <= 0 {
		ways = []func(*dtype, int) (drawn, bool){p.path, p.literal}
	}
	from := p.n(len(ways)-1, "way")
	for i := range ways {
		if w, ok := ways[(from+i)%len(ways)](want, depth-1); ok {
			return w, true
		}
	}
	return p.literal(want, 0)
}

func (p *pen) typed(text string) (list []dvalue) {
	for _, v := range p.seen {
		if v.of.text == text {
			list = append(list, v)
		}
	}
	return list
}

func (p *pen) path(want *dtype, _ int) (drawn, bool) {
	list := p.typed(want.text)
	if len(list) == 0 {
		return drawn{}, false
	}
	v := list[p.n(len(list)-1, "path")]
	return drawn{v.text, v.secret}, true
}

func (p *pen) orValue(want *dtype, depth int) (drawn, bool) {
	if want.kind == "optional" {
		return drawn{}, false
	}
	x, ok := p.path(optionalDtype(want), depth)
	if !ok {
		return x, false
	}
	y, ok := p.expr(want, depth)
	if !ok {
		return y, false
	}
	return drawn{x.text + ".orValue(" + y.text + ")", x.and(y)}, true
}

func (p *pen) element(want *dtype, depth int) (drawn, bool) {
	if want.kind == "optional" {
		return drawn{}, false
	}
	if x, ok := p.path(listOf(want), depth); ok && p.n(1, "list") == 0 {
		i, _ := p.expr(scalar("int"), depth)
		return drawn{fmt.Sprintf("%s[%s]", x.text, i.text), x.and(i)}, true
	}
	if x, ok := p.path(mapOf(want), depth); ok {
		i, _ := p.expr(scalar("string"), depth)
		return drawn{fmt.Sprintf("%s[%s]", x.text, i.text), x.and(i)}, true
	}
	return drawn{}, false
}

func (p *pen) conditional(want *dtype, depth int) (drawn, bool) {
	c, _ := p.expr(scalar("bool"), depth)
	a, okA := p.expr(want, depth)
	b, okB := p.expr(want, depth)
	return drawn{fmt.Sprintf("(%s ? %s : %s)", c.text, a.text, b.text), c.and(a, b)}, okA && okB
}

// literal is an expression of a type that reads nothing, if there is one.
func (p *pen) literal(want *dtype, depth int) (drawn, bool) {
	switch want.kind {
	case "string":
		return drawn{[]string{`"a"`, `""`, `'ü\n"'`, `r"\d"`}[p.n(3, "text")], false}, true
	case "int":
		return drawn{[]string{"0", "7", "-1", "9223372036854775807"}[p.n(3, "int")], false}, true
	case "float":
		return drawn{[]string{"0.0", "2.5", "-1.0", "1e30"}[p.n(3, "float")], false}, true
	case "bool":
		return drawn{[]string{"true", "false"}[p.n(1, "bool")], false}, true
	case "bytes":
		return drawn{`b"ab"`, false}, true
	case "time":
		return drawn{`timestamp("2026-01-31T12:00:00Z")`, false}, true
	case "duration":
		return drawn{`duration("90s")`, false}, true
	case "enum":
		return drawn{fmt.Sprintf("%s(%q)", want.text, want.values[p.n(len(want.values)-1, "value")]), false}, true
	case "list":
		x, ok := p.expr(want.of, depth-1)
		return drawn{"[" + x.text + "]", x.secret}, ok && want.of.kind != "optional"
	case "map":
		x, ok := p.expr(want.of, depth-1)
		return drawn{`{"k": ` + x.text + "}", x.secret}, ok && want.of.kind != "optional"
	case "optional":
		x, ok := p.expr(want.of, depth-1)
		return drawn{"optional.of(" + x.text + ")", x.secret}, ok
	}
	return drawn{}, false
}

// made is what a function makes.
func (p *pen) made(want *dtype, depth int) (drawn, bool) {
	switch want.kind {
	case "bool":
		return p.condition(depth)
	case "int":
		return p.call(depth, "size(%s)|list<string>", "size(%s)|string", "%s.getHours()|time", "%s.getSeconds()|duration", "int(%s)|float",
			"%s + %s|int|int", "%s / %s|int|int", "-(%s)|int", "int(%s)|time", "%s.getMonth(%s)|time|read", "size(%s)|bytes", "%s %% %s|int|int")
	case "float":
		return p.call(depth, "double(%s)|int", "%s * %s|float|float", "double(%s)|string", "%s / 3.0|float")
	case "string":
		return p.call(depth, "string(%s)|int", "string(%s)|float", "string(%s)|time", "string(%s)|duration", "string(%s)|bool",
			"%s + %s|string|string", "string(%s)|bytes", "%s.first().orValue(%s)|list<string>|string")
	case "bytes":
		return p.call(depth, "bytes(%s)|string", "%s + %s|bytes|bytes")
	case "time":
		return p.call(depth, "%s + %s|time|duration", "timestamp(size(%s))|string", "timestamp(%s)|read")
	case "duration":
		return p.call(depth, "%s - %s|time|time", "duration(%s)|read", "%s + %s|duration|duration")
	case "enum":
		return p.call(depth, want.text+"(%s)|read")
	case "list":
		return p.list(want, depth)
	case "optional":
		return p.optional(want, depth)
	}
	return p.literal(want, depth)
}

// call draws one of some texts with the kinds of their operands.
func (p *pen) call(depth int, ways ...string) (drawn, bool) {
	parts := strings.Split(ways[p.n(len(ways)-1, "call")], "|")
	var w drawn
	var texts []any
	for _, kind := range parts[1:] {
		from, of := p.expr, scalar(kind)
		switch kind {
		case "list<string>":
			of = listOf(scalar("string"))
		case "read": // text that the compiler does not know
			from, of = p.path, scalar("string")
		}
		x, ok := from(of, depth)
		if !ok {
			return w, false
		}
		text := x.text
		if strings.Contains(text, " ") || strings.HasPrefix(text, "-") {
			text = "(" + text + ")"
		}
		w.secret = w.secret || x.secret
		texts = append(texts, text)
	}
	w.text = "(" + fmt.Sprintf(parts[0], texts...) + ")"
	return w, true
}

func (p *pen) condition(depth int) (drawn, bool) {
	switch p.n(9, "condition") {
	case 0:
		return p.call(depth, "%s && %s|bool|bool", "%s || %s|bool|bool", "!%s|bool")
	case 1:
		return p.call(depth, "%s < %s|int|float", "%s >= %s|time|time", "%s > %s|duration|duration", "%s <= %s|string|string", "%s < %s|bool|bool", "%s < %s|bytes|bytes")
	case 2:
		return p.call(depth, "%s.contains(%s)|string|string", "%s.startsWith(%s)|string|string", "%s.matches('^a')|string", "bool(%s)|string")
	}
	if len(p.seen) == 0 {
		return p.literal(scalar("bool"), 0)
	}
	v := p.seen[p.n(len(p.seen)-1, "value")]
	w := drawn{v.text, v.secret}
	switch {
	case v.of.kind == "optional" && p.n(1, "has") == 0:
		return drawn{w.text + ".hasValue()", w.secret}, true
	case v.of.kind == "list" && p.n(3, "macro") > 0:
		x := p.fresh()
		in := p.with(dvalue{x, v.of.of, v.secret})
		c, _ := in.expr(scalar("bool"), depth)
		macro := []string{"all", "exists", "exists_one"}[p.n(2, "macro")]
		return drawn{fmt.Sprintf("%s.%s(%s, %s)", w.text, macro, x, c.text), w.and(c)}, true
	case v.of.kind == "map" && p.n(2, "macro") > 0:
		x := p.fresh()
		in := p.with(dvalue{x, scalar("string"), v.secret})
		c, _ := in.expr(scalar("bool"), depth)
		return drawn{fmt.Sprintf("%s.exists(%s, %s)", w.text, x, c.text), w.and(c)}, true
	case v.of.kind == "list" && v.of.of.kind != "optional" && v.of.of.comparable():
		if x, ok := p.expr(v.of.of, depth); ok {
			return drawn{fmt.Sprintf("(%s in %s)", x.text, w.text), w.and(x)}, true
		}
	case v.of.comparable():
		if x, ok := p.expr(v.of, depth); ok {
			return drawn{fmt.Sprintf("(%s %s %s)", w.text, []string{"==", "!="}[p.n(1, "op")], x.text), w.and(x)}, true
		}
	}
	return p.literal(scalar("bool"), 0)
}

func (p *pen) list(want *dtype, depth int) (drawn, bool) {
	switch p.n(3, "list") {
	case 0:
		a, okA := p.expr(want, depth)
		b, okB := p.expr(want, depth)
		return drawn{fmt.Sprintf("(%s + %s)", a.text, b.text), a.and(b)}, okA && okB
	case 1:
		a, ok := p.expr(want, depth)
		x := p.fresh()
		c, _ := p.with(dvalue{x, want.of, a.secret}).expr(scalar("bool"), depth)
		return drawn{fmt.Sprintf("%s.filter(%s, %s)", a.text, x, c.text), a.and(c)}, ok
	case 2:
		if want.of.kind == "optional" {
			break
		}
		var lists []dvalue
		for _, v := range p.seen {
			if v.of.kind == "list" {
				lists = append(lists, v)
			}
		}
		if len(lists) == 0 {
			break
		}
		v := lists[p.n(len(lists)-1, "list")]
		x := p.fresh()
		y, ok := p.with(dvalue{x, v.of.of, v.secret}).expr(want.of, depth)
		return drawn{fmt.Sprintf("%s.map(%s, %s)", v.text, x, y.text), y.and(drawn{"", v.secret})}, ok
	}
	return p.literal(want, depth)
}

func (p *pen) optional(want *dtype, depth int) (drawn, bool) {
	switch p.n(5, "optional") {
	case 0:
		if x, ok := p.path(listOf(want.of), 0); ok {
			return drawn{x.text + []string{".first()", ".last()", "[?0]"}[p.n(2, "end")], x.secret}, true
		}
	case 1:
		if x, ok := p.path(mapOf(want.of), 0); ok {
			return drawn{x.text + []string{".?a", `[?"b"]`}[p.n(1, "key")], x.secret}, true
		}
	case 2:
		a, okA := p.expr(want, depth)
		b, okB := p.expr(want, depth)
		return drawn{fmt.Sprintf("%s.or(%s)", a.text, b.text), a.and(b)}, okA && okB
	case 3:
		var all []dvalue
		for _, v := range p.seen {
			if v.of.kind == "optional" {
				all = append(all, v)
			}
		}
		if len(all) > 0 {
			v := all[p.n(len(all)-1, "optional")]
			x := p.fresh()
			in := p.with(dvalue{x, v.of.of, v.secret})
			if p.n(1, "flat") == 0 {
				y, ok := in.expr(want, depth)
				return drawn{fmt.Sprintf("%s.optFlatMap(%s, %s)", v.text, x, y.text), y.and(drawn{"", v.secret})}, ok
			}
			y, ok := in.expr(want.of, depth)
			return drawn{fmt.Sprintf("%s.optMap(%s, %s)", v.text, x, y.text), y.and(drawn{"", v.secret})}, ok
		}
	case 4:
		x, ok := p.expr(want.of, depth)
		zeroes := slices.Contains([]string{"string", "int", "float", "bool", "bytes", "duration", "list", "map"}, want.of.kind)
		return drawn{"optional.ofNonZeroValue(" + x.text + ")", x.secret}, ok && zeroes && want.of.comparable()
	}
	return p.literal(want, depth)
}
