package templates_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// state is what is known in a run: the v of each step and the list of each foreach
// that was not skipped, and the elements and their places.
type state map[string]any

// number is an expression of type int, and what it means.
type number struct {
	text string
	of   func(s state) int64
}

// sight is a name that a block sees.
type sight struct {
	name        string
	step, list  bool // else it is an element or a place
	maybeAbsent bool
}

// number reads what is seen: of a list, the last element.
func (n sight) number() number {
	switch {
	case n.list:
		list := n.name
		if n.maybeAbsent {
			list += ".orValue([])"
		}
		return number{fmt.Sprintf("(size(%s) > 0 ? %[1]s[size(%[1]s) - 1] : -2)", list), func(s state) int64 {
			if values, _ := s[n.name].([]int64); len(values) > 0 {
				return values[len(values)-1]
			}
			return -2
		}}
	case n.step && n.maybeAbsent:
		return number{n.name + ".v.orValue(-1)", func(s state) int64 {
			if v, ok := s[n.name]; ok {
				return v.(int64)
			}
			return -1
		}}
	case n.step:
		return number{n.name + ".v", func(s state) int64 { return s[n.name].(int64) }}
	default:
		return number{n.name, func(s state) int64 { return s[n.name].(int64) }}
	}
}

// block is a drawn block: its spec, what it does, and what is seen behind it.
type block struct {
	spec   map[string]any
	run    func(s state)
	behind []sight
}

// drawing draws the blocks of one flow.
type drawing struct {
	t     *rapid.T
	names int
	each  []string // the names of the elements around
}

func (d *drawing) upTo(n int, what string) int { return rapid.IntRange(0, n).Draw(d.t, what) }

func (d *drawing) name(prefix string) string {
	d.names++
	return fmt.Sprintf("%s%d", prefix, d.names)
}

// number draws an expression that reads something of what is seen.
func (d *drawing) number(seen []sight) number {
	if i := d.upTo(len(seen), "operand"); i < len(seen) {
		return seen[len(seen)-1-i].number() // small numbers are drawn more often
	}
	return number{"input.n", func(state) int64 { return 5 }}
}

// sum draws an expression that reads more.
func (d *drawing) sum(seen []sight) number {
	a, b := d.number(seen), d.number(seen)
	return number{a.text + " + 2 * " + b.text, func(s state) int64 { return a.of(s) + 2*b.of(s) }}
}

// body draws blocks one after the other.
func (d *drawing) body(seen []sight, depth int) (specs []any, run func(state), behind []sight) {
	var blocks []block
	for range 1 + d.upTo(2, "length") {
		b := d.block(slices.Concat(seen, behind), depth)
		blocks = append(blocks, b)
		specs = append(specs, b.spec)
		behind = append(behind, b.behind...)
	}
	return specs, func(s state) {
		for _, b := range blocks {
			b.run(s)
		}
	}, behind
}

// block draws a block with what all blocks may have.
func (d *drawing) block(seen []sight, depth int) block {
	kinds := []func([]sight, int) block{d.foreach, d.step, d.wait, d.call, d.choose, d.parallel}
	if depth == 0 {
		kinds = kinds[1:4]
	}
	b := kinds[d.upTo(len(kinds)-1, "kind")](seen, depth-1)
	switch d.upTo(8, "head") {
	case 6:
		b.spec["delay"] = "1ms"
	case 7:
		b.spec["until"] = "input.at"
	case 8:
		condition, run := d.number(seen), b.run
		b.spec["when"] = condition.text + " % 3 != 0"
		b.run = func(s state) {
			if condition.of(s)%3 != 0 {
				run(s)
			}
		}
		b.behind = maybeAbsent(b.behind)
	}
	return b
}

func maybeAbsent(seen []sight) []sight {
	seen = slices.Clone(seen)
	for i := range seen {
		seen[i].maybeAbsent = true
	}
	return seen
}

func (d *drawing) step(seen []sight, _ int) block {
	name, x := d.name("s"), d.sum(seen)
	return block{
		spec:   map[string]any{"step": name, "in": map[string]any{"x": x.text}, "out": map[string]any{"v": "int"}},
		run:    func(s state) { s[name] = x.of(s) + 1 },
		behind: []sight{{name: name, step: true}},
	}
}

// wait draws a wait whose signal comes, with the v that all signals have, or one that
// waits in vain.
func (d *drawing) wait([]sight, int) block {
	name := d.name("w")
	b := block{
		spec:   map[string]any{"wait": name, "out": map[string]any{"v": "int"}},
		run:    func(s state) { s[name] = int64(signalled) },
		behind: []sight{{name: name, step: true}},
	}
	if len(d.each) > 0 {
		b.spec["key"] = "string(" + strings.Join(d.each, ") + string(") + ")"
	}
	if len(d.each) > 0 || d.upTo(1, "timeout") == 1 {
		b.spec["timeout"], b.spec["onTimeout"] = "1ms", "continue"
		b.run, b.behind = func(state) {}, maybeAbsent(b.behind)
	}
	return b
}

// called is a flow that all others may call. It does what the handler of a step does.
const called = "f-called"

const calledSpec = `{flow: f-called, version: "1.0", input: {x: int}, steps: [{step: add, out: {v: int}}]}`

// call draws a call, which is like a step.
func (d *drawing) call(seen []sight, depth int) block {
	b := d.step(seen, depth)
	b.spec = map[string]any{"call": called, "as": b.spec["step"], "in": b.spec["in"]}
	return b
}

func (d *drawing) parallel(seen []sight, depth int) block {
	var b block
	var branches []any
	var runs []func(state)
	for range 1 + d.upTo(2, "branches") {
		specs, run, behind := d.body(seen, depth)
		branches = append(branches, map[string]any{"sequence": specs})
		runs = append(runs, run)
		b.behind = append(b.behind, behind...)
	}
	b.spec = map[string]any{"parallel": d.name("p"), "steps": branches}
	b.run = func(s state) {
		for _, run := range runs {
			run(s)
		}
	}
	return b
}

func (d *drawing) choose(seen []sight, depth int) block {
	condition := d.number(seen)
	specs, run, behind := d.body(seen, depth)
	otherwise, runOther, behindOther := d.body(seen, depth)
	return block{
		spec: map[string]any{"choose": d.name("c"), "cases": []any{
			map[string]any{"when": condition.text + " > 5", "steps": specs},
			map[string]any{"else": otherwise},
		}},
		run: func(s state) {
			if condition.of(s) > 5 {
				run(s)
			} else {
				runOther(s)
			}
		},
		behind: maybeAbsent(slices.Concat(behind, behindOther)),
	}
}

func (d *drawing) foreach(seen []sight, depth int) block {
	name, as := d.name("f"), d.name("i")
	var texts []string
	var items []number
	for range 1 + d.upTo(2, "elements") {
		item := d.number(seen)
		texts, items = append(texts, item.text), append(items, item)
	}
	inside := slices.Concat(seen, []sight{{name: as}, {name: as + "Index"}})
	d.each = append(d.each, as)
	specs, run, own := d.body(inside, depth)
	d.each = d.each[:len(d.each)-1]
	value := d.sum(slices.Concat(inside, own))
	return block{
		spec: map[string]any{
			"foreach": name, "over": "[" + strings.Join(texts, ", ") + "]", "as": as,
			"limit": 1 + d.upTo(2, "limit"), "collect": value.text, "steps": specs,
		},
		run: func(s state) {
			var values []int64
			for i, item := range items {
				element := maps.Clone(s)
				element[as], element[as+"Index"] = item.of(s), int64(i)
				run(element)
				values = append(values, value.of(element))
			}
			s[name] = values
		},
		behind: []sight{{name: name, list: true}},
	}
}

// TestBlocksInBlocks draws flows of blocks in blocks that read each other, and
// holds what they return against what they mean.
func TestBlocksInBlocks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	const count = 25
	specs, want := fstest.MapFS{called + ".flow.yaml": {Data: []byte(calledSpec)}}, map[string]string{}
	for i := range count {
		name := fmt.Sprintf("f%d", i)
		spec, returns := rapid.Custom(drawFlow).Example(i)(name)
		specs[name+".flow.yaml"] = &fstest.MapFile{Data: spec}
		want[name] = returns
	}
	histories := playFlows(t, specs, `{"n": 5, "at": "2026-03-01T12:00:00Z"}`)
	for name, returns := range want {
		if got := outcomeOf(t, histories[name]); got != returns {
			t.Errorf("got %s, want %s of\n%s\nwith the history\n%s", got, returns, specs[name+".flow.yaml"].Data, histories[name])
		}
	}
}

// drawFlow draws a flow that returns all that is seen at its end. What is drawn
// makes its spec under a name, and what it is to return.
func drawFlow(t *rapid.T) func(name string) (spec []byte, returns string) {
	d := &drawing{t: t}
	body, run, behind := d.body(nil, 3)
	s := state{}
	run(s)
	var texts []string
	var values []int64
	for _, n := range behind {
		texts = append(texts, n.number().text)
		values = append(values, n.number().of(s))
	}
	return func(name string) ([]byte, string) {
		spec, err := json.Marshal(map[string]any{
			"flow": name, "version": "1.0", "input": map[string]any{"n": "int", "at": "time"},
			"steps": body, "output": map[string]any{"v": "[" + strings.Join(texts, ", ") + "]"},
		})
		if err != nil {
			panic(err) // maps and strings have a JSON
		}
		returns, _ := json.Marshal(values)
		return spec, string(returns)
	}
}
