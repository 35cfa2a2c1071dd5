// The static part of a flow and of its blocks: names, policies and sources.

package templates

import (
	"strconv"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addHandshake emits what does not compile with a runtime that is too old.
func addHandshake(f *jen.File) {
	f.Comment("// The runtime must be as new as this file.")
	f.Const().Id("_").Op("=").Add(inFlow("Generated1"))
}

// addDescription emits the variable that holds the flow's description.
func addDescription(f *jen.File, fl *model.Flow) {
	f.Anon("embed")
	f.Add(comment(descriptionName(fl) + " is " + fl.Name + " as plain data, for pages and tools."))
	f.Comment("//")
	f.Comment("//go:embed " + descriptionFileName(fl.Pos.File))
	f.Var().Id(descriptionName(fl)).String()
}

// addBlockDefs emits the definition of each block that has one.
func addBlockDefs(f *jen.File, fl *model.Flow) {
	for _, b := range allBlocks(fl) {
		kind, fields := "BlockDef", blockDefFields(b)
		switch b := b.(type) {
		case *model.Step:
			kind, fields = "StepDef", stepDefFields(b)
		case *model.Wait:
			kind, fields = "WaitDef", append(fields, waitDefFields(b)...)
		case *model.Foreach:
			kind, fields = "ForeachDef", append(fields, field("Limit", jen.Lit(b.Limit)))
		case *model.Parallel:
			if !grouped(b) {
				continue
			}
		}
		f.Add(comment(place(b.Head().Pos)))
		f.Var().Id(blockDefName(fl, b)).Op("=").Add(inFlow(kind)).Add(lines(fields...))
	}
}

// blockDefFields are those that all blocks but steps begin with.
func blockDefFields(b model.Block) []jen.Code {
	head := b.Head()
	fields := headFields(head)
	if head.Delay != 0 {
		fields = append(fields, field("Delay", duration(head.Delay)))
	}
	return fields
}

// headFields say what a block is.
func headFields(head *model.BlockHead) []jen.Code {
	fields := []jen.Code{field("Name", jen.Lit(head.Name))}
	if head.Doc != "" {
		fields = append(fields, field("Doc", jen.Lit(head.Doc)))
	}
	return append(fields, field("Source", jen.Lit(place(head.Pos))))
}

func stepDefFields(st *model.Step) []jen.Code {
	fields := headFields(st.Head())
	if st.Policy != (model.Policy{}) {
		fields = append(fields, field("Policy", inFlow("Policy").Add(policy(st.Policy))))
	}
	if st.Delay != 0 {
		fields = append(fields, field("Delay", duration(st.Delay)))
	}
	if st.Transaction {
		fields = append(fields, field("Transaction", jen.True()))
	}
	if st.Calls != nil {
		fields = append(fields, field("Calls", jen.Op("&").Add(inFlow("CallDef")).Values(
			field("Flow", jen.Lit(st.Calls.Name)), field("Version", jen.Lit(st.Calls.Version)))))
	}
	if st.Undo != nil {
		fields = append(fields, field("Compensation", jen.Op("&").Add(inFlow("CompensationDef")).Add(compensation(st))))
	}
	return fields
}

// waitDefFields are those that only a wait has.
func waitDefFields(w *model.Wait) []jen.Code {
	var fields []jen.Code
	if w.Timeout != 0 {
		fields = append(fields, field("Timeout", duration(w.Timeout)))
	}
	if w.Continue {
		fields = append(fields, field("Continue", jen.True()))
	}
	if w.Key != nil {
		fields = append(fields, field("Keyed", jen.True()))
	}
	if w.Out != nil {
		fields = append(fields, field("Payload", typeFor(w.Out)))
	}
	return fields
}

// compensation says nothing about a policy that is the step's own.
func compensation(st *model.Step) *jen.Statement {
	fields := []jen.Code{field("Name", jen.Lit(st.Undo.Name))}
	if st.Undo.Policy != st.Policy {
		fields = append(fields, field("Policy", jen.Op("&").Add(inFlow("Policy")).Add(policy(st.Undo.Policy))))
	}
	if st.Undo.Attempted {
		fields = append(fields, field("Attempted", jen.True()))
	}
	if len(fields) == 1 {
		return jen.Values(fields...)
	}
	return lines(fields...)
}

// policy is the fields of a policy that say something.
func policy(p model.Policy) *jen.Statement {
	var fields []jen.Code
	add := func(said bool, name string, value *jen.Statement) {
		if said {
			fields = append(fields, field(name, value))
		}
	}
	add(p.Timeout != 0, "Timeout", duration(p.Timeout))
	add(p.Retries != 0, "Retries", jen.Lit(p.Retries))
	add(p.Backoff != "", "Backoff", inFlow(backoffs[p.Backoff]))
	add(p.BackoffBase != 0, "BackoffBase", duration(p.BackoffBase))
	add(p.BackoffMax != 0, "BackoffMax", duration(p.BackoffMax))
	add(p.Jitter != 0, "Jitter", jen.Id(floatLiteral(p.Jitter)))
	if len(fields) < 2 {
		return jen.Values(fields...)
	}
	return lines(fields...)
}

// backoffs are the names of the backoffs in runtime/flow.
var backoffs = map[model.Backoff]string{
	model.Fixed:       "Fixed",
	model.Linear:      "Linear",
	model.Exponential: "Exponential",
}

// units are those of Go, the largest first.
var units = []struct {
	size time.Duration
	name string
}{
	{time.Hour, "Hour"},
	{time.Minute, "Minute"},
	{time.Second, "Second"},
	{time.Millisecond, "Millisecond"},
	{time.Microsecond, "Microsecond"},
	{time.Nanosecond, "Nanosecond"},
}

// duration is a duration in the largest unit that it is a multiple of.
func duration(d time.Duration) *jen.Statement {
	for _, u := range units {
		unit := jen.Qual("time", u.name)
		switch {
		case d == u.size:
			return unit
		case d != 0 && d%u.size == 0:
			return jen.Id(strconv.FormatInt(int64(d/u.size), 10)).Op("*").Add(unit)
		}
	}
	return jen.Lit(0)
}

// addDefinition emits the definition of the flow.
func addDefinition(f *jen.File, fl *model.Flow, errors []*model.Error) {
	fields := []jen.Code{
		field("Flow", jen.Lit(fl.Name)),
		field("Version", jen.Lit(fl.Version)),
	}
	if fl.Doc != "" {
		fields = append(fields, field("Doc", jen.Lit(fl.Doc)))
	}
	if fl.MaxAttempts > 1 {
		fields = append(fields, field("MaxAttempts", jen.Lit(fl.MaxAttempts)))
	}
	if fl.Timeout != 0 {
		fields = append(fields, field("Timeout", duration(fl.Timeout)))
	}
	if fl.Restart != (model.Policy{}) {
		fields = append(fields, field("Restart", inFlow("Policy").Add(policy(fl.Restart))))
	}
	fields = append(fields, startFields(fl)...)
	fields = append(fields, boundFields(fl)...)
	if len(fl.Steps) > 0 {
		fields = append(fields, field("Steps", stepList(fl)))
	}
	if len(fl.Waits) > 0 {
		fields = append(fields, field("Waits", waitList(fl)))
	}
	fields = append(fields, field("Order", jen.Index().Add(inFlow("Place")).Add(placesOf(fl.Body))))
	if len(errors) > 0 {
		fields = append(fields, field("Errors", errorList(errors)))
	}
	fields = append(fields,
		field("Input", typeFor(fl.Input)),
		field("Output", typeFor(fl.Output.Payload)),
		field("Description", jen.Id(descriptionName(fl))),
		field("New", newMachine(fl)))

	f.Add(comment(place(fl.Pos)))
	f.Var().Id(definitionName(fl)).Op("=").Add(inFlow("Definition")).Add(lines(fields...))
}

// startFields are what a start uses where its caller gives nothing.
func startFields(fl *model.Flow) []jen.Code {
	var fields []jen.Code
	add := func(name string, e *model.Expr) {
		if e != nil {
			fields = append(fields, field(name, fromInput(fl, e)))
		}
	}
	add("IdempotencyKey", fl.IdempotencyKey)
	add("Tenant", fl.Tenant)
	add("Priority", fl.Priority)
	return fields
}

// fromInput is a function that computes an expression from the flow's input.
func fromInput(fl *model.Flow, e *model.Expr) *jen.Statement {
	return inFlow("FromInput").Call(
		jen.Func().Params(planParam(), jen.Id("input").Id(fl.Input.GoName)).Add(goType(e.Type)).
			Block(jen.Return(whole(startScope(fl), e).code)),
	)
}

func stepList(fl *model.Flow) *jen.Statement {
	var items []jen.Code
	for _, st := range fl.Steps {
		items = append(items, addrOf(blockDefName(fl, st)))
	}
	return jen.Index().Op("*").Add(inFlow("StepDef")).Add(lines(items...))
}

func waitList(fl *model.Flow) *jen.Statement {
	var items []jen.Code
	for _, w := range fl.Waits {
		items = append(items, addrOf(blockDefName(fl, w)))
	}
	return jen.Index().Op("*").Add(inFlow("WaitDef")).Add(lines(items...))
}

// placesOf is where blocks stand that come one after the other.
func placesOf(body []model.Block) *jen.Statement {
	var items []jen.Code
	for _, b := range body {
		fields := []jen.Code{field("Name", jen.Lit(b.Head().Name))}
		if inside := bodies(b); len(inside) > 0 {
			var parts []jen.Code
			for _, blocks := range inside {
				parts = append(parts, placesOf(blocks))
			}
			fields = append(fields, field("Inside", jen.Index().Index().Add(inFlow("Place")).Add(lines(parts...))))
		}
		if _, ok := b.(*model.Foreach); ok {
			fields = append(fields, field("Each", jen.True()))
		}
		items = append(items, jen.Values(fields...))
	}
	return lines(items...)
}

// errorList are all the errors of the package: a handler may return any of them.
func errorList(errors []*model.Error) *jen.Statement {
	var items []jen.Code
	for _, e := range errors {
		fields := []jen.Code{field("Name", jen.Lit(e.Name))}
		if e.Permanent {
			fields = append(fields, field("Permanent", jen.True()))
		}
		fields = append(fields, field("New", jen.Func().Params().Add(inFlow("DeclaredError")).
			Add(oneLine(jen.Return(jen.New(jen.Id(e.GoName)))))))
		items = append(items, lines(fields...))
	}
	return jen.Index().Add(inFlow("ErrorDef")).Custom(jen.Options{Open: "{", Close: "}", Separator: ", "}, items...)
}

func typeFor(p *model.Payload) *jen.Statement {
	return jen.Qual("reflect", "TypeFor").Types(jen.Id(p.GoName)).Call()
}

func newMachine(fl *model.Flow) *jen.Statement {
	return jen.Func().Params(jen.Id("input").Index().Byte()).Params(inFlow("Machine"), jen.Error()).Block(
		jen.Id("s").Op(":=").New(jen.Id(machineName(fl))),
		jen.Return(jen.Id("s"), inFlow("Decode").Call(jen.Id("input"), jen.Op("&").Id("s").Dot("input"))),
	)
}
