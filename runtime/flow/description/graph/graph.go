// Package graph makes pictures of flows: the layout that the compiler puts into a description, and
// from that an SVG, and Mermaid's text.
//
// Flows are structured, so the layout is too: a sequence is a column, a parallel, a choose and
// a foreach are frames around what is in them, with a column for each branch or case. A column that
// would become very long goes on in another beside it. The lines are horizontal and vertical.
package graph

import (
	"cmp"
	"math"
	"strconv"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// Sizes in pixels.
const (
	margin       = 12
	blockGap     = 30 // between one block and the next, with the arrow
	columnGap    = 28 // between branches
	foldGap      = 56 // between the columns of a long sequence, with a line in it
	padding      = 18 // between a frame and what is in it
	minWidth     = 168
	maxWidth     = 264
	lineHeight   = 17
	textInset    = 38 // from a block's left side to its text, behind its sign
	textMargin   = 14 // from its text to its right side
	labelHeight  = 20
	labelGap     = 6 // between labels on one line
	labelSpace   = 6 // above and below all of them, more than without
	labelMargin  = 9 // between a label's text and its sides
	maxLabel     = 250
	terminalSize = 14 // of the start and the end
	// A column longer than this is folded, so that the picture is about that much wider than high.
	foldAbove = 1300
	foldRatio = 1.5
)

// Layout is where the parts of a flow's graph lie. The same flow gives the same layout.
func Layout(f *description.Flow) *description.Layout {
	b := builder{width: blockWidth(f)}
	body := b.sequence(f.Blocks)
	var d drawing
	x, y := margin, margin
	center := x + body.in
	d.node(description.Node{Kind: description.Start, X: center - terminalSize/2, Y: y, Width: terminalSize, Height: terminalSize})
	y += terminalSize
	from := point{center, y}
	y += body.lead()
	d.enter("", body, from, point{x, y})
	body.draw(&d, x, y)
	y += body.height
	out := x + body.out
	d.line(body.last, "", false, point{out, y}, point{out, y + blockGap})
	y += blockGap
	d.node(description.Node{Kind: description.End, X: out - terminalSize/2, Y: y, Width: terminalSize, Height: terminalSize})
	d.layout.Width = body.width + 2*margin
	d.layout.Height = y + terminalSize + margin
	return &d.layout
}

// blockWidth is the width of all blocks of a flow without others in them: alike, so that the
// picture is calm, and as narrow as most of their texts let it be.
func blockWidth(f *description.Flow) int {
	widest := 0
	f.Each(func(b *description.Block) {
		if frame(b.Kind) || b.Kind == description.Sequence {
			return
		}
		widest = max(widest, textWidth(b.Name, labelSize))
		for _, line := range details(b) {
			widest = max(widest, textWidth(line, detailSize))
		}
		if b.Compensation != nil {
			widest = max(widest, textWidth(b.Compensation.Handler, detailSize)+undoInset)
		}
	})
	return even(min(max(widest+textInset+textMargin, minWidth), maxWidth))
}

// even is a width whose half is a whole number.
func even(width int) int { return (width + 1) / 2 * 2 }

// frame says whether a block has others in it.
func frame(k description.Kind) bool {
	return k == description.Parallel || k == description.Choose || k == description.Foreach
}

type point struct{ x, y int }

// box is a part of the picture with its size, which can be drawn anywhere.
type box struct {
	width, height int
	in, out       int      // where, from its left, it is entered at the top and left at the bottom
	first, last   string   // the paths of the blocks there
	labels        []string // what stands on the way into it
	space         int      // what it needs above it at least, for lines of its own
	draw          func(d *drawing, x, y int)
}

// lead is the height of the way into the box, with its labels.
func (b box) lead() int {
	lead := blockGap
	if len(b.labels) > 0 {
		lead += labelSpace + len(b.labels)*(labelHeight+labelGap)
	}
	return max(lead, b.space)
}

// drawing collects what is drawn.
type drawing struct{ layout description.Layout }

func (d *drawing) node(n description.Node) { d.layout.Nodes = append(d.layout.Nodes, n) }

// line is a line through corners. Those that are on the way are left out.
func (d *drawing) line(from, to string, arrow bool, corners ...point) *description.Edge {
	e := description.Edge{From: from, To: to, Arrow: arrow}
	for i, c := range corners {
		if i > 0 && i < len(corners)-1 {
			before, after := corners[i-1], corners[i+1]
			if before.x == c.x && c.x == after.x || before.y == c.y && c.y == after.y {
				continue
			}
		}
		e.Points = append(e.Points, [2]int{c.x, c.y})
	}
	d.layout.Edges = append(d.layout.Edges, e)
	return &d.layout.Edges[len(d.layout.Edges)-1]
}

// enter is the line from a point into a box at another, with the box's labels on its last part.
func (d *drawing) enter(from string, to box, start, at point) {
	x := at.x + to.in
	turn := start.y + blockGap/2
	e := d.line(from, to.first, to.first != "", start, point{start.x, turn}, point{x, turn}, point{x, at.y})
	d.label(e, to.labels, x, at.y)
}

// label puts labels on the last part of a line, above where it ends.
func (d *drawing) label(e *description.Edge, labels []string, x, bottom int) {
	y := bottom - blockGap/2 - len(labels)*(labelHeight+labelGap) + labelGap
	for _, text := range labels {
		text = fit(text, detailSize, maxLabel-2*labelMargin)
		width := textWidth(text, detailSize) + 2*labelMargin
		e.Labels = append(e.Labels, description.Label{
			Text: text, X: x - width/2, Y: y, Width: width, Height: labelHeight,
		})
		y += labelHeight + labelGap
	}
}

// builder measures the blocks of a flow.
type builder struct{ width int }

// sequence is blocks one below the other, in several columns if there are many.
func (b builder) sequence(blocks []description.Block) box {
	boxes := make([]box, len(blocks))
	height, width := 0, 0
	for i := range blocks {
		boxes[i] = b.block(&blocks[i])
		width = max(width, boxes[i].width)
		if i > 0 {
			height += boxes[i].lead()
		}
		height += boxes[i].height
	}
	if len(boxes) == 0 {
		return box{draw: func(*drawing, int, int) {}}
	}
	columns := int(math.Sqrt(foldRatio * float64(height) / float64(width+foldGap)))
	if height < foldAbove || columns < 2 {
		return column(boxes)
	}
	return fold(boxes, height, columns)
}

// column is boxes one below the other.
func column(boxes []box) box {
	c := box{first: boxes[0].first, last: boxes[len(boxes)-1].last, labels: boxes[0].labels, space: boxes[0].space}
	left, right := 0, 0 // of the line through all of them
	for i, b := range boxes {
		left, right = max(left, b.in), max(right, b.width-b.in)
		if i > 0 {
			c.height += b.lead()
		}
		c.height += b.height
	}
	c.width, c.in, c.out = left+right, left, left
	c.draw = func(d *drawing, x, y int) {
		for i, b := range boxes {
			at := point{x + left - b.in, y}
			if i > 0 {
				at.y += b.lead()
				d.enter(boxes[i-1].last, b, point{x + left, y}, at)
			}
			b.draw(d, at.x, at.y)
			y = at.y + b.height
		}
	}
	return c
}

// fold is boxes in several columns of about the same height.
func fold(boxes []box, height, columns int) box {
	limit := height / columns
	var parts [][]box
	for {
		if parts = split(boxes, limit); len(parts) <= columns {
			break
		}
		limit += limit/20 + 1
	}
	all := make([]box, len(parts))
	f := box{first: boxes[0].first, last: boxes[len(boxes)-1].last, labels: boxes[0].labels}
	for i, part := range parts {
		all[i] = column(part)
		if i > 0 {
			f.width += foldGap
			f.space = max(f.space, all[i].lead()+blockGap/2)
		}
		f.width += all[i].width
		f.height = max(f.height, all[i].height)
	}
	f.height += blockGap / 2
	f.in, f.out = all[0].in, f.width-all[len(all)-1].width+all[len(all)-1].out
	f.draw = func(d *drawing, x, y int) { drawColumns(d, all, x, y, y+f.height) }
	return f
}

// drawColumns draws columns side by side, each with a line to the next one's top.
func drawColumns(d *drawing, all []box, x, y, bottom int) {
	for i, c := range all {
		c.draw(d, x, y)
		end := point{x + c.out, y + c.height}
		if i == len(all)-1 {
			d.line(c.last, "", false, end, point{end.x, bottom})
			return
		}
		next := all[i+1]
		side := x + c.width + foldGap/2
		at := point{x + c.width + foldGap, y}
		high := y - next.lead() + blockGap/2
		e := d.line(c.last, next.first, true, end, point{end.x, end.y + blockGap/2}, point{side, end.y + blockGap/2},
			point{side, high}, point{at.x + next.in, high}, point{at.x + next.in, y})
		d.label(e, next.labels, at.x+next.in, y)
		x = at.x
	}
}

// split cuts boxes into parts that are no higher than a limit, if one box is not.
func split(boxes []box, limit int) [][]box {
	var parts [][]box
	height := 0
	for i, b := range boxes {
		height += b.lead() + b.height
		if i == 0 || height-b.lead() > limit {
			parts = append(parts, nil)
			height = b.height
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], b)
	}
	return parts
}

// block is one block.
func (b builder) block(block *description.Block) box {
	if block.Kind == description.Sequence {
		return b.sequence(block.Blocks)
	}
	m := box{first: block.Path, last: block.Path}
	if frame(block.Kind) {
		b.framed(&m, block)
	} else {
		b.plain(&m, block)
	}
	return labelled(m, conditions(block)...)
}

// plain measures a block without others in it.
func (b builder) plain(m *box, block *description.Block) {
	room := b.width - textInset - textMargin
	n := description.Node{
		Path: block.Path, Kind: block.Kind, Label: fit(block.Name, labelSize, room), Conditional: block.When != "",
	}
	for _, line := range details(block) {
		n.Details = append(n.Details, fit(line, detailSize, room))
	}
	lines := 1 + len(n.Details)
	if block.Compensation != nil {
		n.Undo = fit(block.Compensation.Handler, detailSize, room-undoInset)
		lines++
	}
	m.width, m.height, m.in, m.out = b.width, 22+lines*lineHeight, b.width/2, b.width/2
	m.draw = func(d *drawing, x, y int) {
		n.X, n.Y, n.Width, n.Height = x, y, m.width, m.height
		d.node(n)
	}
}

// framed measures a block with others in it.
func (b builder) framed(m *box, block *description.Block) {
	ways := b.ways(block)
	lead, inner, height := 0, columnGap*(len(ways)-1), 0
	for _, w := range ways {
		lead = max(lead, w.lead())
		inner += w.width
		height = max(height, w.height)
	}
	n := description.Node{
		Path: block.Path, Kind: block.Kind, Conditional: block.When != "",
		Details: details(block),
	}
	title := textWidth(block.Name, labelSize) + textInset + textMargin
	for _, line := range n.Details {
		title = max(title, textWidth(line, detailSize)+textInset+textMargin)
	}
	m.width = even(max(inner+2*padding, min(title, maxWidth), b.width))
	room := m.width - textInset - textMargin
	n.Label = fit(block.Name, labelSize, room)
	for i, line := range n.Details {
		n.Details[i] = fit(line, detailSize, room)
	}
	header := 18 + (1+len(n.Details))*lineHeight
	m.in, m.out = m.width/2, m.width/2
	m.height = header + lead + height + blockGap
	m.draw = func(d *drawing, x, y int) {
		n.X, n.Y, n.Width, n.Height, n.Header = x, y, m.width, m.height, header
		d.node(n)
		fork := point{x + m.in, y + header}
		join := point{x + m.out, y + m.height}
		at := point{x + (m.width-inner)/2, fork.y + lead}
		for _, w := range ways {
			d.way(block.Path, w, fork, at, join)
			at.x += w.width + columnGap
		}
	}
}

// way is one of the ways through a frame.
func (d *drawing) way(frame string, w box, fork, at, join point) {
	turn := join.y - blockGap/2
	if w.first == "" { // nothing is done on it
		x := at.x + w.in
		e := d.line(frame, frame, false, fork, point{fork.x, fork.y + blockGap/2}, point{x, fork.y + blockGap/2},
			point{x, turn}, point{join.x, turn}, join)
		d.label(e, w.labels, x, at.y)
		return
	}
	d.enter(frame, w, fork, at)
	w.draw(d, at.x, at.y)
	out := at.x + w.out
	d.line(w.last, frame, false, point{out, at.y + w.height}, point{out, turn}, point{join.x, turn}, join)
}

// ways are the branches, cases or blocks in a frame.
func (b builder) ways(block *description.Block) []box {
	var ways []box
	switch block.Kind {
	case description.Parallel:
		for i := range block.Blocks {
			ways = append(ways, b.block(&block.Blocks[i]))
		}
	case description.Choose:
		otherwise := "otherwise"
		for _, c := range block.Cases {
			label := "when " + c.When
			if c.When == "" {
				label, otherwise = "else", ""
			}
			ways = append(ways, labelled(b.sequence(c.Blocks), label))
		}
		if otherwise != "" {
			ways = append(ways, labelled(box{draw: func(*drawing, int, int) {}}, otherwise))
		}
	default:
		ways = append(ways, b.sequence(block.Blocks))
	}
	return ways
}

// labelled is a box with more labels, which are no wider than the box.
func labelled(b box, labels ...string) box {
	b.labels = append(labels, b.labels...)
	for _, label := range labels {
		width := even(min(textWidth(oneLine(label), detailSize)+2*labelMargin, maxLabel))
		around := max(width/2-min(b.in, b.width-b.in), 0) // what the label needs on both sides
		draw := b.draw
		b.draw = func(d *drawing, x, y int) { draw(d, x+around, y) }
		b.in, b.out, b.width = b.in+around, b.out+around, b.width+2*around
	}
	return b
}

// conditions are what stands on the way into a block.
func conditions(b *description.Block) []string {
	var list []string
	if b.When != "" {
		list = append(list, "when "+b.When)
	}
	switch {
	case b.Delay != "" && b.Until != "":
		list = append(list, "after "+b.Delay+", not before "+b.Until)
	case b.Delay != "":
		list = append(list, "after "+b.Delay)
	case b.Until != "":
		list = append(list, "not before "+b.Until)
	}
	return list
}

// details are lines about a block.
func details(b *description.Block) []string {
	switch b.Kind {
	case description.Call:
		return []string{"runs " + b.Calls.FlowID}
	case description.Wait:
		return []string{patience(b)}
	case description.Foreach:
		return []string{"for each of " + b.Over, strconv.Itoa(b.Limit) + " at a time"}
	case description.Parallel:
		return []string{"in parallel"}
	case description.Choose:
		return []string{"the first that holds"}
	}
	if line := tries(b); line != "" {
		return []string{line}
	}
	return nil
}

// patience is how long a wait waits.
func patience(b *description.Block) string {
	switch {
	case b.Timeout == "":
		return "waits for a signal"
	case b.OnTimeout == "continue":
		return "waits up to " + b.Timeout + ", then goes on"
	}
	return "waits up to " + b.Timeout
}

// tries is how a step is tried.
func tries(b *description.Block) string {
	p := cmp.Or(b.Policy, &description.Policy{})
	var text string
	add := func(part string) {
		if text != "" {
			text += " · "
		}
		text += part
	}
	if b.Transaction {
		add("transaction")
	}
	switch {
	case p.Retries == 1:
		add("1 retry")
	case p.Retries > 1:
		add(strconv.Itoa(p.Retries) + " retries")
	}
	if p.Timeout != "" {
		add("up to " + p.Timeout + " each")
	}
	return text
}
