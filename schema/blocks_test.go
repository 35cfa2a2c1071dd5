package schema_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema/model"
)

const blocks = `
flow: shop
version: "1.0"
input: {n: int, at: time}
steps:
  - step: check
    doc: Looks at the order.
    until: input.at
    delay: 1h
    out: {ok: bool}
  - parallel: pay
    doc: Both at a time.
    delay: 5m
    until: run.startedAt
    steps:
      - step: charge
        in: {ok: check.ok}
        out: {id: string}
      - sequence:
          - step: reserve
            out: {shelf: int}
          - step: label
            when: reserve.shelf > 0
            out: {code: string}
          - choose: route
            cases:
              - when: reserve.shelf > 10 && label.hasValue()
                steps:
                  - step: truck
                    out: {miles: int}
                  - step: drive
              - when: input.n > 1
                steps: [{step: ship, in: {}}]
              - else:
                  - step: fly
                    out: {gate: string}
  - parallel: tell
    when: check.ok
    steps:
      - sequence:
          - step: mail
            in: {}
            out: {mailId: string}
          - step: remind
            in: {id: mail.mailId, miles: truck.miles.orValue(0)}
            compensate: forget
      - step: log
        in: {id: charge.id}
  - step: last
output: {mailed: mail.hasValue(), id: charge.id, gate: fly.gate}
`

// TestBlocks shows the tree of a flow, with what each block sees.
func TestBlocks(t *testing.T) {
	f := load(t, blocks).Flows[0]
	want := `
step check ShopCheckOutput delay 1h0m0s until input.at in n at
parallel pay delay 5m0s until run.startedAt
  branch
    step charge ShopChargeOutput in ok
  branch
    step reserve ShopReserveOutput in n at ok
    step label? ShopLabelOutput when reserve.shelf > 0 in n at ok shelf
    choose route
      case reserve.shelf > 10 && label.hasValue()
        step truck? ShopTruckOutput in n at ok shelf code?
        step drive? in n at ok shelf code? miles
      case input.n > 1
        step ship? in
      else
        step fly? ShopFlyOutput in n at ok shelf code?
parallel tell? when check.ok
  branch
    step mail? ShopMailOutput in
    step remind? in id miles
  branch
    step log? in id
step last in n at ok id shelf code? miles? gate? mailId?
`
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(tree(f.Body, ""))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := fieldTypes(f.Output.Payload.Fields); got != " mailed id gate?" {
		t.Errorf("the output is%s", got)
	}
	pay, ok := f.Body[1].(*model.Parallel)
	if !ok || pay.GoName != "Pay" || pay.VarName != "pay" || pay.Doc != "Both at a time." || pay.Delay != 5*time.Minute || pay.Pos.Line != 11 {
		t.Errorf("pay is %+v", f.Body[1].Head())
	}
	if forget := f.Steps[9].Undo; f.Steps[9].Name != "remind" || forget == nil || forget.GoName != "Forget" {
		t.Errorf("step 9 is %+v, with the compensation %+v", f.Steps[9], forget)
	}
	checkModel(t, &model.Package{Flows: []*model.Flow{f}})
}

// tree is blocks as text, a ? behind those that may be skipped.
func tree(body []model.Block, indent string) string {
	var b strings.Builder
	for _, block := range body {
		b.WriteString(indent + line(block) + "\n")
		switch block := block.(type) {
		case *model.Parallel:
			for _, branch := range block.Branches {
				b.WriteString(indent + "  branch\n" + tree(branch, indent+"    "))
			}
		case *model.Choose:
			for _, c := range block.Cases {
				title := "else"
				if c.When != nil {
					title = "case " + c.When.Source
				}
				b.WriteString(indent + "  " + title + "\n" + tree(c.Body, indent+"    "))
			}
		case *model.Foreach:
			b.WriteString(tree(block.Body, indent+"  "))
		}
	}
	return b.String()
}

func line(b model.Block) string {
	h := b.Head()
	text := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", b), "*model.")) + " " + h.Name
	if h.Skippable {
		text += "?"
	}
	step, isStep := b.(*model.Step)
	if isStep && step.Out != nil {
		text += " " + step.Out.GoName
	}
	if wait, isWait := b.(*model.Wait); isWait {
		text += waitText(wait)
	}
	if h.When != nil {
		text += " when " + h.When.Source
	}
	if h.Delay != 0 {
		text += " delay " + h.Delay.String()
	}
	if h.Until != nil {
		text += " until " + h.Until.Source
	}
	if isStep {
		text += " in" + fieldTypes(step.In.Fields)
	}
	return text
}

// waitText is what only a wait has.
func waitText(w *model.Wait) (text string) {
	if w.Out != nil {
		text += " " + w.Out.GoName
	}
	if w.Key != nil {
		text += " key " + w.Key.Source
	}
	if w.Timeout != 0 {
		text += " timeout " + w.Timeout.String()
	}
	if w.Continue {
		text += " continue"
	}
	return text
}

// fieldTypes is the names of fields, a ? behind those that are optional.
func fieldTypes(fields []*model.Field) string {
	var text string
	for _, f := range fields {
		text += " " + f.Name
		if f.Type.Kind == model.Optional {
			text += "?"
		}
	}
	return text
}

// TestBlocksAccepted has specs that are near to some that are refused.
func TestBlocksAccepted(t *testing.T) {
	const head = "flow: shop\nversion: \"1.0\"\ninput: {n: int}\n"
	tests := []struct{ name, rest string }{
		{"one branch", "steps: [{parallel: p, steps: [{step: a}]}]\n"},
		{"one case", "steps: [{choose: c, cases: [{when: input.n > 0, steps: [{step: a}]}]}]\n"},
		{"a parallel in a parallel", "steps: [{parallel: p, steps: [{parallel: q, steps: [{step: a}]}, {step: b}]}]\n"},
		{"no result in the last block", "steps: [{step: a, out: {x: int}}, {parallel: p, steps: [{step: b}, {step: c}]}]\n"},
		{"an output behind the last block", "steps: [{parallel: p, steps: [{step: a, out: {x: int}}]}]\noutput: a.x\n"},
		{"a compensation named like a parallel", "steps: [{parallel: pay, steps: [{step: a, compensate: pay}]}]\n"},
		{"one name in two flows' words", "steps: [{parallel: step, steps: [{step: parallel}]}, {choose: cases, cases: [{when: input.n > 0, steps: [{step: sequence}]}]}]\n"},
		{"a delay that may be skipped", "timeout: 1h\nsteps: [{parallel: p, when: input.n > 0, delay: 2h, steps: [{step: a, delay: 2h}]}]\n"},
		{"a choose that may be skipped", "timeout: 1h\nsteps: [{choose: c, when: input.n > 1, delay: 2h, cases: [{when: input.n > 2, steps: [{step: a, delay: 2h}]}, {else: [{step: b, delay: 2h}]}]}]\n"},
		{"delays of branches", "timeout: 1h\nsteps: [{parallel: p, steps: [{step: a, delay: 50m}, {step: b, delay: 60m}]}]\n"},
		{"a delay in a case, no else", "timeout: 1h\nsteps: [{choose: c, cases: [{when: input.n > 0, steps: [{step: a, delay: 2h}]}]}]\n"},
		{"a case without a delay", "timeout: 1h\nsteps: [{choose: c, cases: [{when: input.n > 0, steps: [{step: a, delay: 2h}]}, {else: [{step: b}]}]}]\n"},
		{"until is no delay", "timeout: 1h\nsteps: [{step: a, until: run.startedAt, delay: 1h}]\n"},
		{"many side by side", "steps:\n" + numbered(20, "  - {parallel: p%d, steps: [{step: a%[1]d}]}\n")},
		{"as deep as may be", "steps: " + strings.Repeat("[{choose: cNUMBER, cases: [{when: input.n > 0, steps: ", 8) +
			"[{step: a, compensate: {name: undo-a, retries: 1}, out: {x: {type: int, doc: X.}}}]" + strings.Repeat("}]}]", 8) + "\noutput: {x: a.x}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := test.rest
			for i := 0; strings.Contains(text, "NUMBER"); i++ {
				text = strings.Replace(text, "NUMBER", fmt.Sprint(i), 1)
			}
			checkModel(t, load(t, head+text))
		})
	}
}
