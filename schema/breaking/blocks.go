package breaking

import (
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema/diag"
)

// This file is the rules about blocks: what the log of a run says of them by their paths.

// newMajor is the way out that there always is.
const newMajor = "make it a new major version beside this one, see `bextgen freeze`"

// blocks compares each block that there was with what has become of it.
func (c *comparison) blocks() {
	for _, name := range c.was.names {
		was, is := c.was.byName[name], c.is.byName[name]
		switch {
		case is == nil:
			c.gone(was)
		case was.Kind != is.Kind:
			c.Add(diag.BlockKindChanged, c.pos(name), "`%s` was a %s and is a %s: a run that has begun it would fail; "+
				"give the %[3]s another name, and %[4]s", name, was.Kind, is.Kind, newMajor)
		default:
			c.moved(was, is)
			c.undone(was, is)
			c.called(was, is)
		}
	}
}

// gone reports a block that is not there any more.
func (c *comparison) gone(was *placed) {
	var added []string
	for _, name := range c.is.names {
		if c.was.byName[name] == nil && c.is.byName[name].Kind == was.Kind {
			added = append(added, name)
		}
	}
	what := ""
	switch was.Kind {
	case description.Step:
		what = "a run that is at it would fail, since nothing handles it"
	case description.Call:
		what = "a run that waits for what it called would go on without its output"
	case description.Wait:
		what = "a run that waits for it would hang, since no signal is for it any more"
	case description.Parallel:
		if was.When == "" {
			return // it leaves nothing behind, and what is in it is looked at by itself
		}
		what = "a run that has skipped it would do what was in it"
	default:
		return // what was in it is gone or was moved, which is told
	}
	if was.Compensation != nil {
		what += ", and one that has completed it would not undo it"
	}
	hint := diag.Nearest(was.Name, added)
	if hint == "" && len(added) == 1 {
		hint = added[0]
	}
	if hint != "" {
		what = "if it is `" + hint + "` now: a run that has completed it would not find its result, or do it again under the new name; and " + what
	}
	c.Add(diag.BlockGone, c.pos(hint), "the %s `%s` is gone: %s; keep it, or %s", was.Kind, was.Name, what, newMajor)
}

// moved reports a block whose path or case is another one.
func (c *comparison) moved(was, is *placed) {
	name := was.Name
	switch {
	case was.scope != is.scope:
		c.Add(diag.BlockMoved, c.pos(name), "`%s` was %s and is %s: what a run has done of it stands in its log under another path, so it would be done again; "+
			"give it another name and guard it, or %s", name, inForeach(was.scope), inForeach(is.scope), newMajor)
	case was.choose != is.choose:
		c.Add(diag.BlockMoved, c.pos(name), "`%s` was %s and is %s: a run that has completed it would read it as absent, or one that has not would do it; "+
			"leave it where it was, or %s", name, inChoose(was.choose), inChoose(is.choose), newMajor)
	case was.chosen != is.chosen:
		c.Add(diag.BlockMoved, c.pos(name), "`%s` was in case %d of `%s` and is in case %d: a run that has chosen case %[2]d would do what is there now; "+
			"put new cases behind the others, or %[5]s", name, was.chosen+1, was.choose, is.chosen+1, newMajor)
	}
}

func inForeach(scope string) string {
	if scope == "" {
		return "in no foreach"
	}
	return "in the foreach `" + scope + "`"
}

func inChoose(choose string) string {
	if choose == "" {
		return "in no choose"
	}
	return "in the choose `" + choose + "`"
}

// undone reports a compensation that is not there any more.
func (c *comparison) undone(was, is *placed) {
	before, after := was.Compensation, is.Compensation
	switch {
	case before == nil:
	case after == nil:
		c.Add(diag.UndoGone, c.pos(was.Name), "`%s` is not undone by `%s` any more: a run that has completed it, and then fails, would leave it done; "+
			"keep the compensation, or %s", was.Name, before.Handler, newMajor)
	case before.After == "attempted" && after.After != before.After:
		c.Add(diag.UndoGone, c.pos(was.Name), "`%s` was undone also if it was only attempted, and is not any more: a run that has tried it, and then fails, would leave what it did; "+
			"keep `after: attempted`, or %s", was.Name, newMajor)
	}
}

// called reports a call of another flow.
func (c *comparison) called(was, is *placed) {
	before, after := was.Calls, is.Calls
	if before == nil || after == nil || before.FlowID == after.FlowID {
		return
	}
	c.Add(diag.OtherCall, c.pos(was.Name), "`%s` called `%s` and calls `%s`: a run that has called would take the output of the one for that of the other; "+
		"give the call another name, or %s", was.Name, before.FlowID, after.FlowID, newMajor)
}

// orders reports blocks that stand in front of others that could begin before them.
func (c *comparison) orders() {
	for i, name := range c.was.names {
		reported := false
		for j, other := range c.was.names {
			a, b := c.is.byName[name], c.is.byName[other]
			if i == j || reported || a == nil || b == nil || a.scope != b.scope || !a.before(b) {
				continue
			}
			was, wasOther := c.was.byName[name], c.was.byName[other]
			if was.scope != wasOther.scope || was.before(wasOther) || a.in(b) || was.in(wasOther) || wasOther.in(was) {
				continue
			}
			reported = true
			c.Add(diag.OrderChanged, c.pos(name), "`%s` stands in front of `%s` now: a run that has begun `%[2]s` and not `%[1]s` would never do `%[1]s`, as it counts as skipped; "+
				"leave it where it was, or %[3]s", name, other, newMajor)
		}
	}
}
