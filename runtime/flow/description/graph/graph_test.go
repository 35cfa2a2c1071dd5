package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// dice draws flows.
type dice struct {
	*rand.Rand
	blocks int
}

func (d *dice) flow() *description.Flow {
	return &description.Flow{ID: "drawn", Blocks: d.sequence(3, "", 1+d.IntN(6))}
}

func (d *dice) sequence(depth int, around string, n int) []description.Block {
	var blocks []description.Block
	for range n {
		blocks = append(blocks, d.block(depth, around))
	}
	return blocks
}

// block draws a block with others in it, up to a depth.
func (d *dice) block(depth int, around string) description.Block {
	d.blocks++
	name := fmt.Sprintf("block-%d", d.blocks) + strings.Repeat("x", d.IntN(3)*d.IntN(20))
	b := description.Block{Kind: description.Step, Name: name, Path: around + name}
	if d.IntN(4) == 0 {
		b.When = "input." + strings.Repeat("y", d.IntN(60))
	}
	if d.IntN(6) == 0 {
		b.Delay, b.Until = "1h", "input.at"
	}
	kind := d.IntN(7)
	switch {
	case kind == 0:
		b.Kind, b.Timeout = description.Wait, "1h"
	case kind == 1:
		b.Kind, b.Calls = description.Call, &description.Called{FlowID: "other"}
	case kind == 2 && depth > 0:
		b.Kind = description.Parallel
		for range 1 + d.IntN(4) {
			if branch := d.sequence(depth-1, around, 1+d.IntN(3)); len(branch) == 1 {
				b.Blocks = append(b.Blocks, branch[0])
			} else {
				b.Blocks = append(b.Blocks, description.Block{Kind: description.Sequence, Blocks: branch})
			}
		}
	case kind == 3 && depth > 0:
		b.Kind = description.Choose
		for range 1 + d.IntN(3) {
			b.Cases = append(b.Cases, description.Case{When: b.When + "?", Blocks: d.sequence(depth-1, around, d.IntN(3))})
		}
		if d.IntN(2) == 0 {
			b.Cases[len(b.Cases)-1].When = ""
		}
	case kind == 4 && depth > 0:
		b.Kind, b.Over, b.Limit = description.Foreach, "input.list", 4
		most := 3
		if depth == 1 {
			most = 40 // which are folded
		}
		b.Blocks = d.sequence(depth-1, b.Path+"[].", 1+d.IntN(most))
	default:
		b.Policy = &description.Policy{Retries: d.IntN(3), Timeout: "10s"}
		b.Compensation = &description.Compensation{Handler: "undo-" + name}
	}
	return b
}

// flows are the examples', a long one and drawn ones.
func flows(t *testing.T) map[string]*description.Flow {
	t.Helper()
	all := map[string]*description.Flow{"empty": {ID: "empty"}}
	for _, name := range []string{"orders/process_order", "onboarding/onboard_customer"} {
		text, err := os.ReadFile("../../../../generated/" + name + ".flow.json")
		if err != nil {
			t.Fatal(err)
		}
		f, err := description.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = f
	}
	long := &dice{Rand: rand.New(rand.NewPCG(1, 1))}
	all["long"] = &description.Flow{ID: "long", Blocks: long.sequence(0, "", 100)}
	for seed := range uint64(100) {
		d := &dice{Rand: rand.New(rand.NewPCG(seed, 0))}
		all[fmt.Sprintf("seed %d", seed)] = d.flow()
	}
	return all
}

type rect struct{ left, top, right, bottom int }

func of(n description.Node) rect { return rect{n.X, n.Y, n.X + n.Width, n.Y + n.Height} }

func (r rect) overlaps(s rect) bool {
	return r.left < s.right && s.left < r.right && r.top < s.bottom && s.top < r.bottom
}

func (r rect) contains(s rect) bool {
	return r.left <= s.left && r.right >= s.right && r.top <= s.top && r.bottom >= s.bottom
}

func TestLayout(t *testing.T) {
	for name, f := range flows(t) {
		t.Run(name, func(t *testing.T) {
			l := Layout(f)
			if again := Layout(f); !reflect.DeepEqual(l, again) {
				t.Error("the same flow has two layouts")
			}
			holdNodes(t, f, l)
			holdEdges(t, l)
		})
	}
}

// holdNodes holds that each block is a node that lies in the picture and in the block around it, and
// over no other one.
func holdNodes(t *testing.T, f *description.Flow, l *description.Layout) {
	t.Helper()
	at := map[string]description.Node{}
	picture := rect{0, 0, l.Width, l.Height}
	for i, n := range l.Nodes {
		if !picture.contains(of(n)) {
			t.Errorf("%s is outside of the picture: %+v", n.Path, n)
		}
		if n.Path != "" {
			at[n.Path] = n
		}
		for _, other := range l.Nodes[:i] {
			if !frame(other.Kind) && of(n).overlaps(of(other)) ||
				frame(other.Kind) && of(n).overlaps(of(other)) && !of(other).contains(of(n)) {
				t.Errorf("%s overlaps %s", n.Path, other.Path)
			}
		}
	}
	blocks := 0
	f.Each(func(b *description.Block) {
		if b.Kind == description.Sequence {
			return
		}
		blocks++
		n, ok := at[b.Path]
		if !ok || n.Kind != b.Kind {
			t.Errorf("%s is %+v", b.Path, n)
		}
		inside := description.Flow{Blocks: b.Blocks}
		for _, c := range b.Cases {
			inside.Blocks = append(inside.Blocks, c.Blocks...)
		}
		inside.Each(func(in *description.Block) {
			if in.Kind != description.Sequence && !of(n).contains(of(at[in.Path])) {
				t.Errorf("%s is not in %s", in.Path, b.Path)
			}
		})
	})
	if len(l.Nodes) != blocks+2 {
		t.Errorf("%d nodes for %d blocks, a start and an end", len(l.Nodes), blocks)
	}
}

// holdEdges holds that lines are horizontal and vertical, lead from and to what they say and, with
// their labels, lie in the picture; and that a line with an arrow ends at the top of a block.
func holdEdges(t *testing.T, l *description.Layout) {
	t.Helper()
	at := map[string]rect{}
	for _, n := range l.Nodes {
		at[n.Path] = of(n)
	}
	picture := rect{0, 0, l.Width, l.Height}
	var labels []rect
	for _, e := range l.Edges {
		if len(e.Points) < 2 {
			t.Errorf("from %s to %s: the points are %v", e.From, e.To, e.Points)
			continue
		}
		for i, p := range e.Points {
			if !picture.contains(rect{p[0], p[1], p[0], p[1]}) {
				t.Errorf("from %s to %s: %v is outside of the picture", e.From, e.To, p)
			}
			if i > 0 && p[0] != e.Points[i-1][0] && p[1] != e.Points[i-1][1] {
				t.Errorf("from %s to %s: a line is slanted: %v", e.From, e.To, e.Points)
			}
		}
		if end := e.Points[len(e.Points)-1]; e.Arrow && (end[1] != at[e.To].top || end[0] <= at[e.To].left || end[0] >= at[e.To].right) {
			t.Errorf("the line to %s ends at %v, and that is %v", e.To, end, at[e.To])
		}
		for _, text := range e.Labels {
			r := rect{text.X, text.Y, text.X + text.Width, text.Y + text.Height}
			if !picture.contains(r) {
				t.Errorf("the label %s is outside of the picture", text.Text)
			}
			labels = append(labels, r)
		}
	}
	for i, r := range labels {
		for _, n := range l.Nodes {
			if !frame(n.Kind) && r.overlaps(of(n)) {
				t.Errorf("label %d lies over %s", i, n.Path)
			}
		}
		for _, other := range labels[:i] {
			if r.overlaps(other) {
				t.Errorf("label %d lies over another one", i)
			}
		}
	}
}

func TestLongFlowsAreFolded(t *testing.T) {
	l := Layout(flows(t)["long"])
	if ratio := float64(l.Width) / float64(l.Height); ratio < 0.7 || ratio > 3 {
		t.Errorf("100 steps are %d wide and %d high", l.Width, l.Height)
	}
}

// TestSVG holds that pictures are well-formed, and have nothing that a strict policy forbids.
func TestSVG(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)\sstyle\s*=|<style|<script|\son[a-z]+\s*=`)
	for name, f := range flows(t) {
		status := map[string]string{}
		f.Each(func(b *description.Block) { status[b.Path] = "completed" })
		svg := SVG(f, Picture{Status: status})
		holdXML(t, name, svg)
		if found := forbidden.Find(svg); found != nil {
			t.Errorf("%s: the picture has %q", name, found)
		}
		if got := bytes.Count(svg, []byte(` data-status="completed"`)); got != len(Layout(f).Nodes)-2 {
			t.Errorf("%s: %d blocks have a status", name, got)
		}
	}
}

func holdXML(t *testing.T, name string, svg []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: the picture is not well-formed: %v\n%s", name, err, svg)
		}
	}
}

func TestHostileTextsStayTexts(t *testing.T) {
	const evil = "</text><script>alert(1)</script>\" onload='x' \u202e\x00 style=\"x\" ]]>"
	f := &description.Flow{ID: evil, Blocks: []description.Block{
		{
			Kind: description.Step, Name: evil, Path: evil, Doc: evil, When: evil, Delay: evil,
			Policy: &description.Policy{Timeout: evil}, Compensation: &description.Compensation{Handler: evil},
		},
		{Kind: description.Choose, Name: "c", Path: "c", Cases: []description.Case{{When: strings.Repeat(evil, 10_000)}}},
	}}
	picture := Picture{
		ID: evil, Status: map[string]string{evil: evil, "c": "failed"},
		Link: func(string) string { return evil },
	}
	svg := SVG(f, picture)
	holdXML(t, "hostile", svg)
	for _, escaped := range []string{"<script", "\u0000", `"x"`, "onload='"} {
		if bytes.Contains(svg, []byte(escaped)) {
			t.Errorf("%q stands in the picture:\n%s", escaped, svg)
		}
	}
	if bytes.Contains(svg, []byte("status-<")) || !bytes.Contains(svg, []byte("status-failed")) {
		t.Error("a status is not a class")
	}
}

func TestTakenLines(t *testing.T) {
	f := flows(t)["onboarding/onboard_customer"]
	svg := string(SVG(f, Picture{Status: map[string]string{
		"create-account": "completed", "send-welcome": "completed", "decision": "completed", "overdue": "completed",
		"refuse": "skipped", "systems": "failed", "create-workspace": "completed", "grant-plan": "failed",
	}}))
	taken := regexp.MustCompile(`class="edge taken" data-from="([^"]*)" data-to="([^"]*)"`)
	var got []string
	for _, m := range taken.FindAllStringSubmatch(svg, -1) {
		got = append(got, m[1]+">"+m[2])
	}
	want := ">create-account create-account>send-welcome send-welcome>decision decision>overdue overdue>refuse " +
		"refuse>systems systems>create-workspace create-workspace>grant-plan"
	for line := range strings.SplitSeq(want, " ") {
		if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+line+" ") {
			t.Errorf("%s was not gone along, but %v", line, got)
		}
	}
	if len(got) != len(strings.Fields(want)) {
		t.Errorf("gone along: %v", got)
	}
}

func TestFit(t *testing.T) {
	for text, want := range map[string]string{
		"short":                         "short",
		" two\n lines\u202e ":           "two lines\ufffd",
		strings.Repeat("a", 1_000_000):  "aaaaaaaaaaaa…",
		"a text that has several words": "a text that has…",
	} {
		if got := fit(text, detailSize, 90); got != want {
			t.Errorf("fit(%.40q) = %q, want %q", text, got, want)
		}
	}
}
