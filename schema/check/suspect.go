package check

import (
	"reflect"
	"slices"

	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file finds conditions that hold always or never, because somebody wrote one of
// `&&` and `||` and meant the other. go vet would complain of them in the generated code.

// suspect reports `x != 1 || x != 2`, which always holds, and `x == 1 && x == 2`.
func (x *expression) suspect(call *model.Expr, pos model.Pos) bool {
	var compares, says, meant string
	switch call.Overload {
	case overloads.LogicalOr:
		compares, says, meant = overloads.NotEquals, "always", "&&"
	case overloads.LogicalAnd:
		compares, says, meant = overloads.Equals, "never", "||"
	default:
		return false
	}
	before := comparisonsIn(call.Args[0], call.Overload, compares) // among themselves they were looked at before
	for _, c := range comparisonsIn(call.Args[1], call.Overload, compares) {
		if slices.ContainsFunc(before, c.excludes) {
			x.report.Add(diag.SuspectCondition, pos, "the condition %s holds, as `%s` can only be one of the values that it is compared with; did you mean `%s`?",
				says, text(c.of), meant)
			return true
		}
	}
	return false
}

// comparison is one with a constant.
type comparison struct {
	of       *model.Expr
	constant any
}

// excludes says whether two comparisons are of the same with different constants.
func (c comparison) excludes(other comparison) bool {
	return sameValue(c.of, other.of) && !reflect.DeepEqual(c.constant, other.constant)
}

// comparisonsIn are those in a sequence of one logical operator, however it is grouped.
func comparisonsIn(e *model.Expr, logical, compares string) []comparison {
	switch {
	case e.Kind != model.Call:
		return nil
	case e.Overload == logical:
		return append(comparisonsIn(e.Args[0], logical, compares), comparisonsIn(e.Args[1], logical, compares)...)
	case e.Overload != compares:
		return nil
	}
	of, constant := e.Args[0], e.Args[1]
	if of.Kind == model.Literal {
		of, constant = constant, of
	}
	if of.Kind == model.Literal || constant.Kind != model.Literal {
		return nil
	}
	return []comparison{{of, constant.Value}}
}

// sameValue says whether two expressions are the same but for where they stand.
func sameValue(a, b *model.Expr) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.Depth == b.Depth && a.Overload == b.Overload &&
		a.Step == b.Step && a.Wait == b.Wait && a.Foreach == b.Foreach && a.Field == b.Field &&
		reflect.DeepEqual(a.Value, b.Value) && slices.EqualFunc(a.Args, b.Args, sameValue)
}
