package graph

import (
	"fmt"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// Mermaid is the graph of a flow as a flowchart in Mermaid's text, for documents. Texts of the flow
// cannot leave their labels.
func Mermaid(f *description.Flow) string {
	m := &mermaid{}
	m.line("flowchart TD")
	m.indent++
	m.line("start((start))")
	for _, from := range m.sequence(f.Blocks, []way{{from: "start"}}) {
		m.arrow(from, "done")
	}
	m.line("done((end))")
	return m.out.String()
}

// mermaid writes a flowchart.
type mermaid struct {
	out    strings.Builder
	indent int
	count  int // of blocks, which are named by it
}

// way is a way out of a block, with what stands on it.
type way struct{ from, label string }

func (m *mermaid) line(format string, args ...any) {
	fmt.Fprintf(&m.out, "%s%s\n", strings.Repeat("  ", m.indent), fmt.Sprintf(format, args...))
}

func (m *mermaid) arrow(w way, to string) {
	if w.label == "" {
		m.line("%s --> %s", w.from, to)
		return
	}
	m.line("%s -->|%s| %s", w.from, quoted(w.label), to)
}

// sequence writes blocks one after the other, and returns the ways out of the last.
func (m *mermaid) sequence(blocks []description.Block, from []way) []way {
	for i := range blocks {
		from = m.block(&blocks[i], from)
	}
	return from
}

// block writes a block to which ways lead, and returns those out of it.
func (m *mermaid) block(b *description.Block, from []way) []way {
	if b.Kind == description.Sequence {
		return m.sequence(b.Blocks, from)
	}
	m.count++
	id := fmt.Sprintf("b%d", m.count)
	text := append([]string{b.Name}, details(b)...)
	switch b.Kind {
	case description.Parallel, description.Foreach:
		m.frame(id, quoted(text...), b)
	case description.Choose:
		m.line("%s{%s}", id, quoted(b.Name))
	case description.Wait:
		m.line("%s([%s])", id, quoted(text...))
	case description.Call:
		m.line("%s[[%s]]", id, quoted(text...))
	default:
		m.line("%s[%s]", id, quoted(text...))
	}
	for _, w := range from {
		label := conditions(b)
		if w.label != "" {
			label = append([]string{w.label}, label...)
		}
		m.arrow(way{w.from, strings.Join(label, ", ")}, id)
	}
	if b.Kind == description.Choose {
		return m.cases(id, b)
	}
	return []way{{from: id}}
}

// frame writes what is in a parallel or a foreach.
func (m *mermaid) frame(id, text string, b *description.Block) {
	m.line("subgraph %s[%s]", id, text)
	m.indent++
	if b.Kind == description.Foreach {
		m.sequence(b.Blocks, nil)
	} else {
		for i := range b.Blocks {
			m.block(&b.Blocks[i], nil)
		}
	}
	m.indent--
	m.line("end")
}

// cases writes those of a choose, and returns the ways out of them.
func (m *mermaid) cases(id string, b *description.Block) []way {
	var out []way
	otherwise := true
	for _, c := range b.Cases {
		label := "when " + c.When
		if c.When == "" {
			label, otherwise = "else", false
		}
		out = append(out, m.sequence(c.Blocks, []way{{from: id, label: label}})...)
	}
	if otherwise {
		out = append(out, way{from: id, label: "otherwise"})
	}
	return out
}

// quoted is lines of text as a label, in which nothing is markup.
func quoted(lines ...string) string {
	for i, line := range lines {
		var b strings.Builder
		for _, r := range oneLine(line) {
			if strings.ContainsRune("\"#&<>`\\[]{}()|;%", r) {
				fmt.Fprintf(&b, "#%d;", r)
			} else {
				b.WriteRune(r)
			}
		}
		lines[i] = b.String()
	}
	return `"` + strings.Join(lines, "<br/>") + `"`
}
