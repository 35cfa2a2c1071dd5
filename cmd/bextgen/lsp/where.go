package lsp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/schema/parse"
)

// This file says where in a document a place is: under which keys. It goes by indentation and brackets alone, since
// a document is seldom YAML while one types.

// frame is a key, or an entry of a list, that a place is in.
type frame struct {
	column int
	key    string // empty for an entry
	flow   bool   // inside {…} or […]
	close  string // what ends the {…} or […] that it is; empty for all others
	keys   []string
	line   int // from 1
}

// path is the frames that a place is in, from the outermost on. The first stands for the document.
type path []frame

// pathTo is the path to a place, and what stands before it in its value or key.
func pathTo(t text, line, column int) (p path, before string) {
	p = path{{column: -1}}
	block := -1 // the column of the key of the text block that the lines are in
	for i, content := range t {
		if i+1 > line {
			break
		}
		last := i+1 == line
		if last {
			content = content[:min(column-1, len(content))]
		}
		indent := indentation(content)
		blank := indent == len(content) || content[indent] == '#'
		if block >= 0 && (blank || indent > block) {
			if last {
				return p, strings.TrimSpace(string(content))
			}
			continue
		}
		block = -1
		if blank && !last {
			continue
		}
		before = p.read(content, indent)
		for j := range p {
			p[j].line = cmp.Or(p[j].line, i+1)
		}
		if strings.HasPrefix(before, "|") || strings.HasPrefix(before, ">") {
			block = p[len(p)-1].column
		}
	}
	return p, before
}

// inValue says that a place on a line is in the value of the last key of its path, and not where a key may be.
func (p path) inValue(line int) bool {
	last := p[len(p)-1]
	return last.key != "" && (last.flow || last.line == line)
}

func indentation(line []rune) int {
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	return n
}

// read goes over a line and returns what is left of it behind the last key.
func (p *path) read(line []rune, at int) string {
	if !(*p)[len(*p)-1].flow {
		p.leave(at, strings.HasPrefix(string(line[at:]), "-"))
		for strings.HasPrefix(string(line[at:])+" ", "- ") {
			*p = append(*p, frame{column: at})
			for at++; at < len(line) && line[at] == ' '; at++ {
			}
		}
		if key, behind := keyAt(line[at:]); key != "" {
			p.enter(frame{column: at, key: key})
			at += behind
		}
	}
	return p.flow(line[min(at, len(line)):])
}

// leave leaves what a line at a column is not in. An entry of a list may be in the column of its key.
func (p *path) leave(column int, entry bool) {
	for len(*p) > 1 {
		last := (*p)[len(*p)-1]
		if last.column < column || entry && last.column == column && last.key != "" {
			return
		}
		*p = (*p)[:len(*p)-1]
	}
}

func (p *path) enter(f frame) {
	around := &(*p)[len(*p)-1]
	around.keys = append(around.keys, f.key)
	*p = append(*p, f)
}

// keyAt is the key with which a text begins, and the length of all before its value.
func keyAt(text []rune) (key string, behind int) {
	n := 0
	for n < len(text) && inName(text[n]) {
		n++
	}
	if n == 0 || n == len(text) || text[n] != ':' || n+1 < len(text) && text[n+1] != ' ' {
		return "", 0
	}
	key = string(text[:n])
	for n++; n < len(text) && text[n] == ' '; n++ {
	}
	return key, n
}

// flow goes over a value with {…} or […] in it, and returns what is left behind the last of its keys.
func (p *path) flow(value []rune) string {
	from := 0
	var quote rune
	for i := 0; i < len(value); i++ {
		r := value[i]
		inFlow := (*p)[len(*p)-1].flow
		begins := strings.TrimSpace(string(value[from:i])) == ""
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case (r == '"' || r == '\'') && begins:
			quote = r
		case r == '#' && (i == 0 || value[i-1] == ' '):
			return ""
		case (r == '{' || r == '[') && begins:
			*p = append(*p, frame{column: 1 << 20, flow: true, close: map[rune]string{'{': "}", '[': "]"}[r]})
			from = i + 1
			i += p.flowKey(value[from:])
			from = i + 1
		case inFlow && r == ',':
			p.endFlow(false)
			from = i + 1
			i += p.flowKey(value[from:])
			from = i + 1
		case inFlow && (r == '}' || r == ']'):
			p.endFlow(true)
			from = i + 1
		}
	}
	return strings.TrimLeft(string(value[from:]), " ")
}

// flowKey enters the key with which a part of {…} begins, and returns how many characters it is with what
// stands before it.
func (p *path) flowKey(text []rune) int {
	n := indentation(text)
	key, behind := keyAt(text[n:])
	if key == "" {
		return 0
	}
	p.enter(frame{column: 1 << 20, key: key, flow: true})
	return n + behind
}

// endFlow leaves a key of a {…}, and that itself at its end.
func (p *path) endFlow(all bool) {
	if last := (*p)[len(*p)-1]; last.key != "" && last.flow {
		*p = (*p)[:len(*p)-1]
	}
	if last := (*p)[len(*p)-1]; all && last.flow {
		*p = (*p)[:len(*p)-1]
	}
}

// Forms of places that parse has no word for.
const (
	anyBlock  parse.Form = "block"       // of which the kind is not written yet
	anyBranch parse.Form = "branch"      // which may be a sequence
	fieldForm parse.Form = "fieldOrType" // a type, or a mapping of the keys of a field
	typeForm  parse.Form = "declaration" // of a type
)

// language is the keys of all kinds of mappings.
type language map[parse.Form][]parse.Key

func newLanguage() language {
	l := language{}
	for _, o := range parse.Objects() {
		l[parse.Form(o.Name)] = o.Keys
	}
	for _, kind := range []parse.Form{"step", "wait", "call", "parallel", "choose", "foreach"} {
		l[anyBlock] = append(l[anyBlock], l[kind][slices.IndexFunc(l[kind], func(k parse.Key) bool { return k.Name == string(kind) })])
	}
	l[anyBranch] = append(slices.Clip(l[anyBlock]), l["sequence"]...)
	l[fieldForm] = l["field"]
	l[typeForm] = slices.Concat(l["enum"], l["goType"], l["struct"])
	l[parse.Undo] = l["compensation"]
	l[parse.Schedules] = l["schedule"]
	return l
}

// key is a key of a mapping of some form.
func (l language) key(form parse.Form, name string) (parse.Key, bool) {
	i := slices.IndexFunc(l[form], func(k parse.Key) bool { return k.Name == name })
	if i < 0 {
		return parse.Key{}, false
	}
	return l[form][i], true
}

// form is the form of what stands at a path in a file; empty if nothing is known of it.
func (l language) form(file string, p path) parse.Form {
	form := parse.Form("flow")
	if strings.HasSuffix(file, parse.TypesSuffix) {
		form = "typesFile"
	}
	for _, f := range p[1:] {
		switch {
		case f.key != "":
			form = l.value(form, f.key)
		case !f.flow || form == parse.Blocks || form == parse.Branches || form == parse.Cases || form == parse.Texts:
			form = element(form)
		}
		form = l.kind(form, f.keys)
	}
	return form
}

// kind is that of a block with some keys.
func (l language) kind(form parse.Form, keys []string) parse.Form {
	if form != anyBlock && form != anyBranch {
		return form
	}
	for _, k := range l[anyBranch] {
		if slices.Contains(keys, k.Name) {
			return parse.Form(k.Name)
		}
	}
	return form
}

// value is the form of the value of a key.
func (l language) value(form parse.Form, name string) parse.Form {
	if k, ok := l.key(form, name); ok {
		return k.Form
	}
	switch form {
	case parse.FieldsOf, parse.ShapeOf:
		return fieldForm
	case parse.BindingsOf, parse.OutputOf:
		return parse.Expression
	case parse.Types:
		return typeForm
	case typeForm:
		return fieldForm
	case parse.Errors:
		return "error"
	}
	return ""
}

// element is the form of an entry of a list.
func element(list parse.Form) parse.Form {
	switch list {
	case parse.Blocks:
		return anyBlock
	case parse.Branches:
		return anyBranch
	case parse.Cases:
		return "case"
	case parse.Schedules:
		return "schedule"
	}
	return ""
}
