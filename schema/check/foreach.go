package check

import (
	"slices"
	"strconv"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks foreachs: the list, the value that is made of it, and how many
// elements are under way.

// foreach: behind it there is its value only, and none of the blocks in it.
func (c *pass) foreach(b *resolve.Foreach, s scope) []sight {
	m := b.Model
	s.reader = m
	c.head(&m.BlockHead, &b.Syntax.Head, &s)
	m.Limit = c.limit(b.Syntax.Limit)
	m.Over, m.Item = c.over(b.Syntax.Over, &s)
	s.around = append(slices.Clip(s.around), m)
	if b.Refused {
		s.refused = append(slices.Clip(s.refused), m.As, m.IndexAs)
	}
	behind := c.body(b.Body, s)
	m.Collect = c.collect(b, &behind)
	return seenBehind(m, b.Syntax.When != nil)
}

// LargestLimit is how many elements of a foreach may be under way at a time. Each of them is
// in memory, and its handlers wait for workers, of which there are fewer.
const LargestLimit = 1000

// limit is how many elements are under way at a time.
func (c *pass) limit(t *parse.Text) int {
	const usual = 16
	if t == nil {
		return usual
	}
	n, err := strconv.Atoi(t.Value)
	if err != nil || n < 1 || n > LargestLimit {
		c.report.Add(diag.BadNumber, t.Pos, "`limit` must be a whole number from 1 to %d, not `%s`", LargestLimit, clip(t.Value))
		return usual
	}
	return n
}

// over is a list and the type of its elements, Unknown after an error.
func (c *pass) over(t *parse.Text, s *scope) (over *model.Expr, item *model.Type) {
	item = &model.Type{Kind: resolve.Unknown}
	if t == nil {
		return nil, item
	}
	e := c.expr(t, s)
	switch {
	case e == nil:
	case kindOf(e.Type) == model.List:
		return e, e.Type.Elem
	case kindOf(e.Type) == model.Optional && kindOf(e.Type.Elem) == model.List:
		(&expression{report: c.report, scope: s}).maybeAbsent(e)
	default:
		c.report.Add(diag.TypeMismatch, t.Pos, "`over` must be a list, this is `%s`%s", TypeText(e.Type), listHint(e))
	}
	return nil, item
}

// listHint says how to come by a list.
func listHint(e *model.Expr) string {
	switch e.Type.Kind {
	case model.Map:
		return "; a map has no order, so let a step make a list of what is in it"
	case model.JSON:
		return "; give what it comes from a type, such as `list<string>`"
	case model.Struct, model.GoStruct:
		for _, f := range FieldsOf(e.Type) {
			if f.Type.Kind == model.List {
				return "; did you mean `" + text(e) + "." + f.Name + "`?"
			}
		}
	}
	return ""
}

// collect is the value of an element: what `collect` says, or the value of the
// last block. It may be absent, as an element's place in the list is kept then too.
// It is nil if there is none; after an error its type is Unknown.
func (c *pass) collect(b *resolve.Foreach, behind *scope) *model.Expr {
	unknown := unknownValue()
	var e *model.Expr
	switch t := b.Syntax.Collect; {
	case t != nil:
		e = c.expr(t, behind)
	case len(b.Body) > 0:
		if e = c.lastValue(b.Body[len(b.Body)-1].Block(), behind); e == nil {
			return nil
		}
	}
	if e == nil {
		return unknown
	}
	if depth(e.Type) >= maxListDepth {
		c.report.Add(diag.TooLarge, e.Pos, "the value of %s is nested more than %d levels deep", what(b.Model), maxListDepth)
		return unknown
	}
	return e
}

// unknownValue stands for a value of which an error was reported.
func unknownValue() *model.Expr {
	return &model.Expr{Kind: model.Literal, Type: &model.Type{Kind: resolve.Unknown}}
}

// lastValue is the value of the block that a body ends with, nil if it has none.
func (c *pass) lastValue(last model.Block, behind *scope) *model.Expr {
	if ResultType(last) == nil {
		return nil
	}
	x := &expression{report: c.report, scope: behind}
	e := x.value(behind.seen[len(behind.seen)-1], last.Head().Pos)
	e.Source = text(e)
	return e
}
