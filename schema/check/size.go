package check

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file bounds the work that expressions make, so that every flow is answered soon.

// Limits of an expression and of those of a flow together. No flow that people
// write comes near them.
const (
	maxExpr      = 4000 // characters
	maxExprDepth = 100
	maxExprs     = 5000
	maxExprChars = 80_000
	// maxListDepth is how deep the types of values are nested: nothing that is
	// declared is nested deeper either.
	maxListDepth = 16
)

// size is how much there is to expressions of a flow that was read so far.
type size struct{ exprs, chars int }

func (s size) tooLarge() bool { return s.exprs > maxExprs || s.chars > maxExprChars }

// fits says whether an expression of so many characters may be read; if not, it was
// reported, of a whole flow once.
func (c *pass) fits(t *parse.Text, chars int) bool {
	if chars > maxExpr {
		c.report.Add(diag.TooLarge, t.Pos, "the expression has %d characters, more than the %d that it may have", chars, maxExpr)
		return false
	}
	before := c.size
	c.size.exprs++
	c.size.chars += chars
	if c.size.tooLarge() && !before.tooLarge() {
		c.report.Add(diag.TooLarge, t.Pos, "the flow has too many expressions: more than %d, or more than %d characters in them together", maxExprs, maxExprChars)
	}
	return !c.size.tooLarge()
}

// depth is how many lists, maps and optionals stand in one another.
func depth(t *model.Type) int {
	n := 0
	for ; t.Elem != nil; t = t.Elem {
		n++
	}
	return n
}
