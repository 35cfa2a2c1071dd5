package graph

import (
	"fmt"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// DOT is the graph of a flow in the language of Graphviz. The nodes have the places of the
// layout, which `neato -n2` keeps; dot makes places of its own.
func DOT(f *description.Flow) string {
	l := f.Layout
	if l == nil {
		l = Layout(f)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  node [shape=box, fixedsize=true, fontname=\"sans-serif\", fontsize=11];\n", dotText(f.ID))
	for _, n := range l.Nodes {
		const dpi = 72.0 // a pixel is taken for a point; y goes up in DOT
		x, y := float64(n.X)+float64(n.Width)/2, float64(l.Height-n.Y)-float64(n.Height)/2
		fmt.Fprintf(&b, "  %s [label=%s, %spos=\"%g,%g!\", width=%.3f, height=%.3f];\n", dotText(dotID(n.Path, n.Kind)),
			dotText(append([]string{n.Label}, n.Details...)...), dotShape(n), x, y, float64(n.Width)/dpi, float64(n.Height)/dpi)
	}
	for _, e := range l.Edges {
		var labels []string
		for _, label := range e.Labels {
			labels = append(labels, label.Text)
		}
		fmt.Fprintf(&b, "  %s -> %s", dotText(dotID(e.From, description.Start)), dotText(dotID(e.To, description.End)))
		if len(labels) > 0 {
			fmt.Fprintf(&b, " [label=%s]", dotText(labels...))
		}
		b.WriteString(";\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// dotID names a node: no path begins with a colon.
func dotID(path string, kind description.Kind) string {
	if path == "" {
		return ":" + string(kind)
	}
	return path
}

// dotShape are the attributes by which the kind of a node is seen.
func dotShape(n description.Node) string {
	switch {
	case n.Path == "":
		return "shape=circle, "
	case frame(n.Kind):
		return "style=dashed, labelloc=t, "
	case n.Kind == description.Choose:
		return "shape=diamond, "
	case n.Kind == description.Wait:
		return "style=rounded, "
	}
	return ""
}

// dotText is lines of text as a string of DOT, in which nothing is an escape.
func dotText(lines ...string) string {
	for i, line := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(line))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}
