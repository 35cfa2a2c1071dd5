package graph

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

//go:embed graph.css
var css string

// CSS is the style sheet of the SVGs, for light and dark. It takes its colours from custom
// properties, whose defaults it has; a page may give others.
func CSS() string { return css }

// Picture is what a picture shows beside the flow.
type Picture struct {
	// Status is the status of blocks by their Path, such as completed or failed: a word of small
	// letters and hyphens, which becomes the class status-WORD. A block without one has none.
	Status map[string]string
	// Link is where a block leads to; nil or an empty text for nowhere.
	Link func(path string) string
	// ID begins the ids in the SVG, for a page with several; flow if it is empty.
	ID string
}

// SVG is the picture of a flow, to be put into a page: without a style of its own (see CSS), with
// the classes and data- attributes that a style sheet or a script needs. All texts are escaped.
func SVG(f *description.Flow, p Picture) []byte {
	if p.ID == "" {
		p.ID = "flow"
	}
	l := f.Layout
	if l == nil {
		l = Layout(f)
	}
	w := writer{flow: f, picture: p}
	w.open(l)
	for _, n := range l.Nodes {
		if frame(n.Kind) {
			w.node(n)
		}
	}
	for _, e := range l.Edges {
		w.edge(e)
	}
	for _, n := range l.Nodes {
		if !frame(n.Kind) {
			w.node(n)
		}
	}
	for _, e := range l.Edges {
		for _, label := range e.Labels {
			w.label(label)
		}
	}
	w.print("</svg>\n")
	return w.out.Bytes()
}

type writer struct {
	flow    *description.Flow
	picture Picture
	out     bytes.Buffer
}

// print writes markup; of its arguments, texts must be escaped.
func (w *writer) print(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

// escape is a text for an element or an attribute in quotes.
func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return "" // a strings.Builder takes everything
	}
	return b.String()
}

func (w *writer) open(l *description.Layout) {
	role := "img"
	if w.picture.Link != nil {
		role = "group" // with links in it that must be found
	}
	id := escape(w.picture.ID)
	w.print(`<svg xmlns="http://www.w3.org/2000/svg" class="flow-graph" role="%s" aria-labelledby="%s-title %[2]s-desc" `+
		`width="%d" height="%d" viewBox="0 0 %[3]d %[4]d">`+"\n", role, id, l.Width, l.Height)
	w.print("<title id=\"%s-title\">%s</title>\n", id, escape("Graph of "+w.flow.ID))
	w.print("<desc id=\"%s-desc\">%s</desc>\n", id, escape(w.summary()))
}

// maxNamed is how many blocks a summary names.
const maxNamed = 20

// summary says in words what the picture shows, those first that did not go well.
func (w *writer) summary() string {
	var names, failed []string
	count := 0
	w.flow.Each(func(b *description.Block) {
		if b.Name == "" {
			return
		}
		if count++; count <= maxNamed {
			names = append(names, oneLine(b.Name))
		}
		if w.picture.Status[b.Path] == "failed" {
			failed = append(failed, oneLine(b.Name))
		}
	})
	text := strings.Join(names, ", ")
	if count > maxNamed {
		text += fmt.Sprintf(" and %d more", count-maxNamed)
	}
	if len(failed) > 0 {
		return "Failed: " + strings.Join(failed, ", ") + ". Blocks: " + text + "."
	}
	return "Blocks: " + text + "."
}

// node is a block, or the start or the end.
func (w *writer) node(n description.Node) {
	if n.Path == "" {
		radius := n.Width / 2
		w.print("<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%d\"/>\n", n.Kind, n.X+radius, n.Y+radius, radius-1)
		return
	}
	status := w.status(n.Path)
	class := "node " + string(n.Kind)
	if frame(n.Kind) {
		class += " frame"
	}
	if n.Conditional {
		class += " conditional"
	}
	link := ""
	if w.picture.Link != nil {
		link = w.picture.Link(n.Path)
	}
	if link != "" {
		w.print("<a href=\"%s\">", escape(link))
	}
	if status == "" {
		w.print(`<g class="%s" data-path="%s" data-kind="%s">`, escape(class), escape(n.Path), escape(string(n.Kind)))
	} else {
		w.print(`<g class="%s status-%s" data-path="%s" data-kind="%s" data-status="%[2]s">`,
			escape(class), status, escape(n.Path), escape(string(n.Kind)))
	}
	w.print("<title>%s</title>", escape(w.tip(n)))
	w.box(n)
	w.texts(n)
	w.print("%s</g>", statusSign(status, n))
	if link != "" {
		w.print("</a>")
	}
	w.print("\n")
}

// status is that of a block, if it can be a class.
func (w *writer) status(path string) string {
	status := w.picture.Status[path]
	if strings.Trim(status, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return status
}

// tip is what is shown of a block when it is pointed at.
func (w *writer) tip(n description.Node) string {
	text := n.Path + ", " + string(n.Kind)
	if status := w.status(n.Path); status != "" {
		text += ", " + status
	}
	b := w.flow.Find(n.Path[strings.LastIndexByte(n.Path, '.')+1:])
	if b == nil {
		return text
	}
	if b.Doc != "" {
		text += "\n" + b.Doc
	}
	for _, condition := range conditions(b) {
		text += "\n" + condition
	}
	if b.Compensation != nil {
		text += "\nundone by " + b.Compensation.Handler
	}
	return text
}

// box is a block's rectangle. A foreach has another one behind it, and what has others in it a line
// below its texts.
func (w *writer) box(n description.Node) {
	radius := 8
	if frame(n.Kind) {
		radius = 12
	}
	if n.Kind == description.Foreach {
		w.print(`<path class="behind" d="M%d %da5 5 0 0 1 5 5V%da12 12 0 0 1 -12 12H%da5 5 0 0 1 -5 -5"/>`,
			n.X+n.Width, n.Y+14, n.Y+n.Height-7, n.X+19)
	}
	w.print(`<rect class="box" x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, n.X, n.Y, n.Width, n.Height, radius)
	if n.Header > 0 {
		w.print(`<path class="rule" d="M%d %dh%d"/>`, n.X, n.Y+n.Header, n.Width)
	}
}

// texts are a block's sign, name and lines.
func (w *writer) texts(n description.Node) {
	x, y := n.X+textInset, n.Y+23
	w.print(`<path class="sign" transform="translate(%d %d)" d="%s"/>`, n.X+13, y-12, signs[n.Kind])
	w.print(`<text class="label" x="%d" y="%d">%s</text>`, x, y, escape(n.Label))
	for _, line := range n.Details {
		y += lineHeight
		w.print(`<text class="detail" x="%d" y="%d">%s</text>`, x, y, escape(line))
	}
	if n.Undo != "" {
		y += lineHeight
		w.print(`<g class="compensation"><path class="compensation-sign" transform="translate(%d %d) scale(0.7)" d="%s"/>`, x-1, y-9, signUndo)
		w.print(`<text class="detail" x="%d" y="%d">%s</text></g>`, x+undoInset, y, escape(n.Undo))
	}
}

// label is a text on an edge.
func (w *writer) label(l description.Label) {
	w.print(`<g class="condition"><rect x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, l.X, l.Y, l.Width, l.Height, l.Height/2)
	w.print("<text x=\"%d\" y=\"%d\">%s</text></g>\n", l.X+l.Width/2, l.Y+l.Height/2+4, escape(l.Text))
}

// edge is a line with round corners.
func (w *writer) edge(e description.Edge) {
	class := "edge"
	if w.taken(e) {
		class += " taken"
	}
	w.print(`<path class="%s" data-from="%s" data-to="%s" d="%s"/>`, class, escape(e.From), escape(e.To), rounded(e.Points))
	if e.Arrow && len(e.Points) > 0 {
		end := e.Points[len(e.Points)-1]
		head := "arrow"
		if w.taken(e) {
			head += " taken"
		}
		w.print(`<path class="%s" d="M%d %dl-4 -7h8z"/>`, head, end[0], end[1])
	}
	w.print("\n")
}

// taken says whether a run went along a line. One with an arrow leads to a block, which was begun
// or passed over; another one leads out of one, which is over and did not fail.
func (w *writer) taken(e description.Edge) bool {
	if e.Arrow {
		status := w.picture.Status[e.To]
		return status != "" && status != "pending"
	}
	switch w.picture.Status[e.From] {
	case "completed", "skipped", "compensating", "compensated":
		return e.From != e.To
	}
	return false
}

// cornerRadius is how round the corners of lines are.
const cornerRadius = 8

// rounded is a path along points with round corners.
func rounded(points [][2]int) string {
	var b strings.Builder
	for i, at := range points {
		if i == 0 || i == len(points)-1 {
			fmt.Fprintf(&b, "%c%d %d", "ML"[min(i, 1)], at[0], at[1])
			continue
		}
		before, after := toward(at, points[i-1]), toward(at, points[i+1])
		fmt.Fprintf(&b, "L%d %dQ%d %d %d %d", before[0], before[1], at[0], at[1], after[0], after[1])
	}
	return b.String()
}

// toward is the point where the corner at one point begins on the line to another.
func toward(at, other [2]int) [2]int {
	for axis := range at {
		distance := other[axis] - at[axis]
		radius := min(cornerRadius, max(distance, -distance)/2)
		if distance < 0 {
			radius = -radius
		}
		at[axis] += radius
	}
	return at
}
