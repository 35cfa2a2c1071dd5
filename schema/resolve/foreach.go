package resolve

import (
	"slices"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file resolves foreachs, and the names that they give their elements.

// element is a foreach whose names are still to be compared with those of others.
type element struct {
	of     *Foreach
	around []*Foreach
}

// foreach is there also after an error in its name, like a parallel.
func (r *blockResolver) foreach(syntax *parse.Foreach, skippable bool) Block {
	m := &model.Foreach{BlockHead: r.head(&syntax.Head, skippable), As: "item"}
	if syntax.As != nil {
		m.As = syntax.As.Value
	}
	m.IndexAs = m.As + "Index"
	if m.Name != "" {
		flow := r.flow.Model
		what, prefix := syntax.What()+" of flow `"+flow.Name+"`", flow.VarName+m.GoName
		if r.claim(prefix+"Foreach", what, m.Pos) {
			r.claim(prefix+"Body", what, m.Pos)
		}
	}
	b := &Foreach{Model: m, Syntax: syntax}
	b.Refused = syntax.As != nil && !r.elementName(syntax)
	if !b.Refused {
		r.elements = append(r.elements, element{b, slices.Clone(r.around)})
	}
	r.around = append(r.around, b)
	b.Body, m.Body = r.body(syntax.Body, m.Skippable)
	r.around = r.around[:len(r.around)-1]
	return b
}

// elementName checks an `as` by itself.
func (r *blockResolver) elementName(syntax *parse.Foreach) bool {
	as := syntax.As
	if len(as.Value) > LongestName || !camel.MatchString(as.Value) {
		r.report.Add(diag.MalformedName, as.Pos, "`as` of %s must be written in camelCase: letters and digits, a small one first, such as `orderItem`, not `%s`",
			syntax.What(), clip(as.Value))
		return false
	}
	where := reservedIn(as.Value)
	if where != "" {
		where = "the word is reserved " + where
	} else if as.Value == "input" || as.Value == "run" {
		where = "expressions read something else by it"
	}
	if where != "" {
		r.report.Add(diag.ReservedName, as.Pos, "`as` of %s cannot be `%s`: %s", syntax.What(), as.Value, where)
		return false
	}
	return true
}

// elementNames holds that no block, and no foreach around, has the name of an
// element or of its place. Side by side, foreachs may use the same ones.
func (r *blockResolver) elementNames(e element) {
	m, pos := e.of.Model, e.of.Model.Pos
	if as := e.of.Syntax.As; as != nil {
		pos = as.Pos
	}
	for _, own := range []declaration{{m.As, pos}, {m.IndexAs, pos}} {
		before, taken := r.takenBy(own.what, e.around)
		if !taken {
			continue
		}
		e.of.Refused = true
		what := "element"
		if own.what == m.IndexAs {
			what = "place of an element"
		}
		r.report.AddRelated(diag.DeclaredTwice, pos, before.pos, "it stands here",
			"in %s the %s would be named `%s`, which is the name of %s; choose another with `as`", e.of.Syntax.What(), what, own.what, before.what)
		return // with one other `as` both names are others
	}
}

// takenBy says what else has a name in a foreach.
func (r *blockResolver) takenBy(name string, around []*Foreach) (declaration, bool) {
	if block := r.blocks[name]; block != nil {
		return declaration{block.What(), block.Pos}, true
	}
	for _, outer := range around {
		switch name {
		case outer.Model.As:
			return declaration{"the element in " + outer.Syntax.What() + " around it", outer.Model.Pos}, true
		case outer.Model.IndexAs:
			return declaration{"the place of an element in " + outer.Syntax.What() + " around it", outer.Model.Pos}, true
		}
	}
	return declaration{}, false
}
