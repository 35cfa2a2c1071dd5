package page

import (
	"html/template"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/flow/description/graph"
)

// This file puts the picture of a flow into pages.

// flowGraph is the picture of a flow as it is; empty for one that has no layout, because
// nothing describes it.
func flowGraph(f *description.Flow) template.HTML {
	if f.Layout == nil {
		return ""
	}
	return template.HTML(graph.SVG(f, graph.Picture{})) //nolint:gosec // it escapes all texts; TestNothingInline
}

// graph is the picture of a run's flow, with what became of each block in the last attempt;
// empty where the flow is not known.
func (in *inside) graph() template.HTML {
	f := in.flow
	if f == nil || f.Layout == nil {
		return ""
	}
	g := gather(in.run.Log, in.attempt, "")
	return template.HTML(graph.SVG(f, graph.Picture{ //nolint:gosec // as above
		Status: in.statuses(g),
		Link: func(path string) string {
			if g.entries[path] == nil {
				return "" // it has no place on the page, or many
			}
			return "#" + anchor(in.attempt, path)
		},
	}))
}

// urgency orders statuses by how much an operator has to see them.
var urgency = []string{"", "skipped", "completed", "compensated", "cancelled", "waiting", "running", "compensating", "failed"}

// moreUrgent is the one of two statuses that is to be seen.
func moreUrgent(a, b string) string {
	if slices.Index(urgency, a) > slices.Index(urgency, b) {
		return a
	}
	return b
}

// statuses are those of the blocks in the last attempt of the flow, by the path with [] for
// the elements of a foreach: of those, and of all that is in a block, the most urgent.
func (in *inside) statuses(g gathered) map[string]string {
	all := map[string]string{}
	for _, step := range g.order {
		b := block{Mark: markOf(flow.StatusPending, "")}
		for _, e := range g.entries[step] {
			b.sum(in, e)
		}
		pattern := description.Pattern(step)
		all[pattern] = moreUrgent(all[pattern], graphStatus(b))
	}
	outward(in.flow.Blocks, all)
	return all
}

// outward gives blocks the most urgent status of what is in them, and returns that of all.
func outward(blocks []description.Block, all map[string]string) string {
	most := ""
	for i := range blocks {
		b := &blocks[i]
		inside := outward(b.Blocks, all)
		for _, c := range b.Cases {
			inside = moreUrgent(inside, outward(c.Blocks, all))
		}
		if b.Path != "" && inside != "" {
			all[b.Path] = moreUrgent(all[b.Path], inside)
		}
		most = moreUrgent(most, moreUrgent(all[b.Path], inside))
	}
	return most
}

// graphStatus is the status of a block in the words of the picture.
func graphStatus(b block) string {
	switch {
	case b.Undo != nil && b.Undo.Tone == "undone":
		return "compensated"
	case b.Undo != nil && b.Undo.Tone == "failed":
		return "failed"
	case b.Undo != nil:
		return "compensating"
	case b.Mark.Icon == "pending":
		return ""
	}
	return b.Mark.Icon
}
