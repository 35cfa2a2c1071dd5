package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema/model"
)

const foreachs = `
flow: shop
version: "1.0"
types:
  Guest: {name: string, token: {type: string, secret: true}, bags: list<int>}
input:
  guests: list<Guest>
  pins: {type: list<string>, secret: true}
  notes: list<optional<string>>
  n: int
  at: time
steps:
  - step: open
    out: {table: int}
  - foreach: seats
    doc: One for each guest.
    over: input.guests
    as: guest
    limit: 3
    delay: 1m
    until: input.at
    collect: invite.id
    steps:
      - step: invite
        in: {name: guest.name, place: guestIndex, table: open.table}
        out: {id: string}
      - foreach: bags
        when: size(guest.bags) > 0
        over: guest.bags
        steps:
          - step: tag
            in: {bag: item, place: itemIndex, of: guestIndex, by: invite.id}
            out: {label: string}
          - step: print
            when: tag.label != ""
            out: {page: int}
      - parallel: both
        steps:
          - step: greet
            in: {n: bags.hasValue()}
          - step: guide
  - foreach: codes
    over: input.pins
    limit: 1000
    collect: item
    steps: [{step: check, in: {pin: item}}]
  - foreach: written
    over: input.notes
    steps: [{step: write, in: {note: item.orValue("")}, out: Guest}]
  - foreach: silent
    over: seats
    steps: [{step: call, in: {id: item}}]
  - choose: way
    cases:
      - when: input.n > 0
        steps:
          - foreach: parcels
            over: "[1, 2]"
            steps: [{step: pack, in: {weight: item}, out: {box: int}}]
          - step: ship
            in: {parcels: parcels}
  - step: last
output:
  ids: seats
  codes: codes
  written: written
  parcels: parcels
  shipped: parcels.orValue([])
`

// TestForeachs shows the tree of a flow with foreachs, with what each block sees.
func TestForeachs(t *testing.T) {
	pkg := load(t, foreachs)
	f := pkg.Flows[0]
	want := `
step open ShopOpenOutput in guests pins notes n at
foreach seats delay 1m0s until input.at
  step invite ShopInviteOutput in name place table
  foreach bags? when size(guest.bags) > 0
    step tag? ShopTagOutput in bag place of by
    step print? ShopPrintOutput when tag.label != "" in guests pins notes n at table id label
  parallel both
    branch
      step greet in n
    branch
      step guide in guests pins notes n at table id
foreach codes
  step check in pin
foreach written
  step write ShopWriteOutput in note
foreach silent
  step call in id
choose way
  case input.n > 0
    foreach parcels?
      step pack? ShopPackOutput in weight
    step ship? in parcels
step last in guests pins notes n at table
`
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(tree(f.Body, ""))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var steps []string
	for _, s := range f.Steps {
		steps = append(steps, s.Name)
	}
	if got := strings.Join(steps, " "); got != "open invite tag print greet guide check write call pack ship last" {
		t.Errorf("the steps are %s", got)
	}
	checkModel(t, pkg)
}

// TestForeachTypes says what each foreach goes over and what its value is.
func TestForeachTypes(t *testing.T) {
	f := load(t, foreachs).Flows[0]
	var got []string
	for _, of := range foreachsIn(f.Body) {
		value := "nothing"
		if of.Collect != nil {
			value = describe(of.Collect) + " " + of.Collect.Source
		}
		got = append(got, fmt.Sprintf("%s %s/%s: %s, %d at a time, makes %s", f.GoName+of.GoName, of.As, of.IndexAs, typeText(of.Item), of.Limit, value))
	}
	want := []string{
		"ShopSeats guest/guestIndex: Guest, 3 at a time, makes string select invite.id",
		"ShopBags item/itemIndex: int, 16 at a time, makes ShopPrintOutput? block print", // as print may be skipped
		"ShopCodes item/itemIndex: string, 1000 at a time, makes string item secret item",
		"ShopWritten item/itemIndex: string?, 16 at a time, makes Guest block write",
		"ShopSilent item/itemIndex: string, 16 at a time, makes nothing",
		"ShopParcels item/itemIndex: int, 16 at a time, makes ShopPackOutput block pack",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = nil
	for _, b := range f.Output.Bindings {
		got = append(got, b.Field.Name+": "+describe(b.Value))
	}
	want = []string{
		"ids: list<string> block", "codes: list<string> block secret", "written: list<Guest> block",
		"parcels: list<ShopPackOutput>? block", "shipped: list<ShopPackOutput> optional_orValue_value",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the output, -want +got:\n%s", diff)
	}
}

func foreachsIn(body []model.Block) []*model.Foreach {
	var list []*model.Foreach
	for _, b := range body {
		switch b := b.(type) {
		case *model.Foreach:
			list = append(append(list, b), foreachsIn(b.Body)...)
		case *model.Choose:
			for _, c := range b.Cases {
				list = append(list, foreachsIn(c.Body)...)
			}
		}
	}
	return list
}

// TestForeachExpressions says what becomes of expressions in and behind a foreach.
func TestForeachExpressions(t *testing.T) {
	tests := []struct{ expr, within, behind string }{
		{"guest", "Guest item", ""},
		{"guest.name", "string select", ""},
		{"guest.token", "string select secret", ""},
		{"guest.bags[0]", "int index_list fallible", ""},
		{"guestIndex", "int index", ""},
		{"invite.id", "string select", ""},
		{"input.pins[guestIndex]", "string index_list fallible secret", ""},
		{"size(bags)", "", ""}, // in it, bags may be skipped
		{"bags.orValue([])[0].page", "int? select fallible", ""},
		{"seats", "", "list<string> block"},
		{"size(seats)", "", "int size_list"},
		{"seats[0]", "", "string index_list fallible"},
		{"codes", "", "list<string> block secret"},
		{"codes[0]", "", "string index_list fallible secret"},
		{"written[0].token", "", "string select fallible secret"},
	}
	const collect, last = "    collect: invite.id\n", "  - step: last\n"
	for _, test := range tests {
		if test.within != "" {
			pkg := load(t, strings.Replace(foreachs, collect, "    collect: "+test.expr+"\n", 1))
			if got := foreachsIn(pkg.Flows[0].Body)[0].Collect; describe(got) != test.within {
				t.Errorf("collect: %s is %q, want %q", test.expr, describe(got), test.within)
			} else {
				checkNodes(t, got, test.expr)
			}
		}
		if test.behind != "" {
			steps := load(t, strings.Replace(foreachs, last, last+"    in: {x: '"+test.expr+"'}\n", 1)).Flows[0].Steps
			step := steps[len(steps)-1]
			b := step.Bindings[0]
			if describe(b.Value) != test.behind || step.In.Secret != b.Value.Secret {
				t.Errorf("behind it, %s is %q, want %q", test.expr, describe(b.Value), test.behind)
			}
			checkNodes(t, b.Value, test.expr)
		}
	}
}

// TestForeachNodes holds that expressions name the foreach that they are about.
func TestForeachNodes(t *testing.T) {
	f := load(t, foreachs).Flows[0]
	list := foreachsIn(f.Body)
	seats, bags := list[0], list[1]
	tag := f.Steps[2].Bindings
	for i, want := range []struct {
		kind model.ExprKind
		of   *model.Foreach
	}{{model.ItemVar, bags}, {model.IndexVar, bags}, {model.IndexVar, seats}} {
		if got := tag[i].Value; got.Kind != want.kind || got.Foreach != want.of {
			t.Errorf("%s is a %s", got.Source, got.Kind)
		}
	}
	if ids := f.Output.Bindings[0].Value; ids.Kind != model.BlockVar || ids.Foreach != seats || ids.Step != nil {
		t.Errorf("the ids are %+v", ids)
	}
	if pins := f.Steps[6].In; !pins.Secret || !pins.Fields[0].Secret {
		t.Error("an element of a list that is a secret is a secret")
	}
	if !f.Output.Payload.Secret || !f.Output.Payload.Fields[1].Secret || f.Output.Payload.Fields[0].Secret {
		t.Error("in the output the codes are a secret, and the ids are none")
	}
	if seats.Doc != "One for each guest." || seats.GoName != "Seats" || seats.Until == nil || seats.Skippable {
		t.Errorf("seats is %+v", seats.BlockHead)
	}
}

// TestForeachsAccepted has specs that are near to some that are refused.
func TestForeachsAccepted(t *testing.T) {
	const head = "flow: shop\nversion: \"1.0\"\ninput: {ints: list<int>, n: int}\n"
	tests := []struct{ name, rest string }{
		{"the same names side by side", "steps: [{foreach: a, over: input.ints, as: x, steps: [{step: b}]}, {foreach: c, over: input.ints, as: x, steps: [{step: d, in: {x: x}}]}]\n"},
		{"an element of the outer one", "steps: [{foreach: a, over: '[[1]]', as: row, steps: [{foreach: b, over: row, as: cell, steps: [{step: c, in: {x: cell + size(row) + rowIndex}}]}]}]\n"},
		{"no result at the end of the flow", "steps: [{foreach: a, over: input.ints, steps: [{step: b, out: {x: int}}, {step: c}]}]\n"},
		{"a parallel in it at the end of the flow", "steps: [{foreach: a, over: input.ints, steps: [{parallel: p, steps: [{step: b, out: {x: int}}, {step: c}]}]}]\n"},
		{"in a parallel at the end of the flow", "steps: [{parallel: p, steps: [{foreach: a, over: input.ints, steps: [{step: b, out: {x: int}}, {step: c}]}]}]\n"},
		{"a step named like a word of it", "steps: [{step: over}, {foreach: foreach, over: input.ints, steps: [{step: collect}, {step: limit}]}]\n"},
		{"a field named item", "types: {T: {item: int}}\nsteps: [{foreach: a, over: input.ints, steps: [{step: b, in: {item: item}, out: T}]}]\noutput: {item: \"a[0].item\"}\n"},
		{"collect of a block in a parallel", "steps: [{foreach: a, over: input.ints, collect: b.x, steps: [{parallel: p, steps: [{step: b, out: {x: int}}]}]}]\noutput: a\n"},
		{"collect of a block in a case", "steps: [{foreach: a, over: input.ints, collect: b.x, steps: [{choose: c, cases: [{when: item > 0, steps: [{step: b, out: {x: int}}]}]}]}]\noutput: {first: \"a[0].orValue(1)\"}\n"},
		{"collect of the inner list", "steps: [{foreach: a, over: input.ints, steps: [{foreach: b, over: input.ints, as: x, steps: [{step: c, out: {x: int}}]}]}]\noutput: {first: \"a[0][0].x\"}\n"},
		{"delays in it", "timeout: 1h\nsteps: [{foreach: a, over: input.ints, delay: 1h, steps: [{step: b, delay: 2h}]}]\n"},
		{"a long delay that may be skipped", "timeout: 1h\nsteps: [{foreach: a, when: input.n > 0, over: input.ints, delay: 2h, steps: [{step: b}]}]\n"},
		{"skipped together", "steps: [{parallel: p, when: input.n > 0, steps: [{sequence: [{foreach: a, over: input.ints, collect: item, steps: [{step: b}]}, {foreach: c, over: a, steps: [{step: d}]}]}]}]\noutput: {}\n"},
		{"a limit of one", "steps: [{foreach: a, over: input.ints, limit: 1, steps: [{step: b}]}]\n"},
		{"as deep as may be", "steps: " + strings.Repeat("[{foreach: aNUMBER, over: input.ints, as: xNUMBER, steps: ", 8) + "[{step: s, out: {x: int}}]" + strings.Repeat("}]", 8) + "\noutput: a0\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := test.rest
			for i := 0; strings.Contains(text, "NUMBER"); i++ {
				text = strings.Replace(text, "NUMBER", fmt.Sprint(i/2), 1)
			}
			checkModel(t, load(t, head+text))
		})
	}
}
