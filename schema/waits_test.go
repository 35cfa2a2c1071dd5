package schema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema/model"
)

const waits = `
flow: shop
version: "1.0"
types:
  Parcel: {id: string, token: {type: string, secret: true}}
input:
  guests: list<string>
  n: int
  at: time
steps:
  - wait: approval
    doc: Somebody says yes or no.
    out: {approved: bool, by: {type: string, secret: true}}
  - wait: go-ahead
    when: approval.approved
    delay: 1h
    until: input.at
    timeout: 1d
    onTimeout: fail
  - parallel: both
    steps:
      - wait: parcel
        timeout: 2h
        onTimeout: continue
        out: Parcel
      - sequence:
          - wait: label
            out: {code: string}
          - step: print
            in: {code: label.code}
  - choose: way
    cases:
      - when: parcel.hasValue()
        steps:
          - wait: pickup
            out: {shelf: int}
          - step: fetch
            in: {shelf: pickup.shelf}
  - foreach: seats
    over: input.guests
    as: guest
    steps:
      - wait: answer
        key: guest
        out: {coming: bool}
      - foreach: bags
        over: "[1, 2]"
        steps:
          - wait: tag
            key: guest + string(item)
            timeout: 1h
            onTimeout: continue
            out: {label: string}
  - step: last
    compensate: {name: undo-last, after: attempted}
  - step: very-last
    compensate: {name: undo-very-last, after: completed, retries: 2}
  - wait: closing
    out: {note: "string?", size: int}
`

// TestWaits shows the tree of a flow with waits, with what each block sees.
func TestWaits(t *testing.T) {
	pkg := load(t, waits)
	f := pkg.Flows[0]
	want := `
wait approval ShopApproval
wait go-ahead? timeout 24h0m0s when approval.approved delay 1h0m0s until input.at
parallel both
  branch
    wait parcel ShopParcel timeout 2h0m0s continue
  branch
    wait label ShopLabel
    step print in code
choose way
  case parcel.hasValue()
    wait pickup? ShopPickup
    step fetch? in shelf
foreach seats
  wait answer ShopAnswer key guest
  foreach bags
    wait tag ShopTag key guest + string(item) timeout 1h0m0s continue
step last in guests n at approved by id? token? code shelf?
step very-last in guests n at approved by id? token? code shelf?
wait closing ShopClosing
`
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(tree(f.Body, ""))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := fieldTypes(f.Output.Payload.Fields); got != " note? size" {
		t.Errorf("without `output` it is what the last wait's signal carries, not%s", got)
	}
	var names []string
	for _, w := range f.Waits {
		names = append(names, w.Name)
	}
	if got := strings.Join(names, " "); got != "approval go-ahead parcel label pickup answer tag closing" {
		t.Errorf("the waits are %s", got)
	}
	seats := foreachsIn(f.Body)[0]
	if got := describe(seats.Collect); got != "list<ShopTag?> block" {
		t.Errorf("the value of an element is %s: a wait counts like a step", got)
	}
	approval := f.Waits[0]
	if !approval.Out.Secret || approval.Out.Doc != "is what the signal approval carries." || approval.Doc != "Somebody says yes or no." {
		t.Errorf("approval is %+v, its payload %+v", approval, approval.Out)
	}
	if in := f.Steps[2].Bindings[4].Value; !in.Secret || in.Args[0].Wait != approval || in.Args[0].Step != nil {
		t.Errorf("what last gets of approval is %+v", in)
	}
	if !f.Steps[2].Undo.Attempted || f.Steps[3].Undo.Attempted {
		t.Error("the compensation of last is for attempted steps, and that of very-last is not")
	}
	checkModel(t, pkg)
}

// TestWaitsAccepted has specs that are near to some that are refused.
func TestWaitsAccepted(t *testing.T) {
	const head = "flow: shop\nversion: \"1.0\"\ninput: {ints: list<int>, n: int}\n"
	tests := []struct{ name, rest string }{
		{"a wait alone", "steps: [{wait: a}]\n"},
		{"a payload without fields", "steps: [{wait: a, out: {}}]\n"},
		{"a wait named like a handler", "steps: [{wait: pay}, {step: b, compensate: pay}]\n"},
		{"names of its keys", "steps: [{wait: wait, out: {key: string, timeout: int}}, {step: key, in: {k: wait.key}}, {step: timeout}, {step: signal}]\n"},
		{"a timeout that fails", "steps: [{wait: a, timeout: 1s}]\n"},
		{"a signal may come at once", "timeout: 1h\nsteps: [{wait: a, timeout: 2h}, {wait: b, timeout: 2h, onTimeout: continue}, {wait: c, delay: 1h}]\n"},
		{"side by side with one payload", "types: {T: {x: int}}\nsteps: [{parallel: p, steps: [{wait: a, out: T}, {wait: b, out: T}]}]\noutput: {sum: a.x + b.x}\n"},
		{"one key for all elements", "steps: [{foreach: f, over: input.ints, steps: [{wait: a, key: run.id}]}]\n"},
		{"a key from a block in the foreach", "steps: [{foreach: f, over: input.ints, steps: [{step: s, out: {id: string}}, {wait: a, key: s.id, when: item > 0, out: {x: int}}]}]\noutput: f\n"},
		{"deep in a foreach", "steps: [{foreach: f, over: input.ints, steps: [{parallel: p, steps: [{sequence: [{wait: a, key: string(itemIndex)}]}]}]}]\n"},
		{"behind a foreach", "steps: [{foreach: f, over: input.ints, steps: [{step: s}]}, {wait: a}]\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkModel(t, load(t, head+test.rest))
		})
	}
	pkg := load(t, head+"steps: [{wait: a, timeout: 1s, onTimeout: continue, out: {x: int}}]\n")
	if out := pkg.Flows[0].Output.Payload.Fields; fieldTypes(out) != " x?" {
		t.Errorf("the output is%s", fieldTypes(out))
	}
	if _, ok := pkg.Flows[0].Body[0].(*model.Wait); !ok {
		t.Errorf("the block is a %T", pkg.Flows[0].Body[0])
	}
}
