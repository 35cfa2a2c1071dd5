// The machine of a flow: the typed state of a run, and its methods.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addMachine emits the machine with its methods.
func addMachine(f *jen.File, fl *model.Flow) {
	sc := newScope(fl)
	fields := append([]jen.Code{jen.Id("input").Id(fl.Input.GoName)}, partsState(fl)...)
	f.Add(comment(machineName(fl) + " is the state of one run of " + fl.Name + "."))
	f.Type().Id(machineName(fl)).Struct(append(fields, states(fl, fl.Body)...)...)
	addElementBodies(f, fl)
	addNext(f, sc)

	f.Add(comment("Output is what " + fl.Name + " returns."))
	f.Func().Params(receiver(fl)).Id("Output").Params(planParam()).Any().
		Block(jen.Return(output(sc)))
}

// addElementBodies emits the part of the state that each element of a foreach has
// for itself.
func addElementBodies(f *jen.File, fl *model.Flow) {
	for _, b := range allBlocks(fl) {
		if each, ok := b.(*model.Foreach); ok {
			name := elementBodyName(fl, each)
			f.Add(comment(name + " is the state of one element of " + each.Name + "."))
			f.Type().Id(name).Struct(states(fl, each.Body)...)
		}
	}
}

// states are the fields for the blocks of a body.
func states(fl *model.Flow, body []model.Block) []jen.Code {
	var fields []jen.Code
	for _, b := range ownBlocks(body) {
		if state := stateType(fl, b); state != nil {
			fields = append(fields, jen.Id(b.Head().VarName).Add(state))
		}
	}
	return fields
}

func receiver(fl *model.Flow) *jen.Statement {
	return jen.Id("s").Op("*").Id(machineName(fl))
}

func planParam() *jen.Statement {
	return jen.Id("p").Op("*").Add(inFlow("Plan"))
}

// stateType is the type of a block's state; nil if it has none.
func stateType(fl *model.Flow, b model.Block) *jen.Statement {
	switch b := b.(type) {
	case *model.Step:
		return inFlow("Step").Types(jen.Id(b.In.GoName), outType(b.Out))
	case *model.Wait:
		return inFlow("Wait").Types(outType(b.Out))
	case *model.Choose:
		return inFlow("Choice")
	case *model.Parallel:
		if grouped(b) {
			return inFlow("Group")
		}
	case *model.Foreach:
		return inFlow("Foreach").Types(goType(b.Item), jen.Id(elementBodyName(fl, b)), valueType(b))
	}
	return nil
}

// outType is the type of the value of a step or a wait.
func outType(out *model.Payload) *jen.Statement {
	if out == nil {
		return inFlow("None")
	}
	return jen.Id(out.GoName)
}

// valueType is the type of an element's value.
func valueType(each *model.Foreach) *jen.Statement {
	if each.Collect == nil {
		return inFlow("None")
	}
	return goType(each.Collect.Type)
}

// filled is a payload with its fields set.
func filled(sc *scope, p *model.Payload, bindings []*model.Binding) *jen.Statement {
	var items []goExpr
	for _, b := range bindings {
		value := whole(sc, b.Value)
		items = append(items, goExpr{
			code:  field(b.Field.GoName, value.code),
			width: len(b.Field.GoName) + len(": ") + value.width,
		})
	}
	const fewItems = 2
	total, codes := layout(len("return ")+len(p.GoName)+len("{}"), items)
	if len(items) > fewItems || total > lineWidth {
		return jen.Id(p.GoName).Add(lines(codes...))
	}
	return jen.Id(p.GoName).Values(codes...)
}

// output is the value that the flow returns. The method returns an any, in which
// a constant has the type that is said here.
func output(sc *scope) *jen.Statement {
	out := sc.flow.Output
	if out.Value == nil {
		return filled(sc, out.Payload, out.Bindings)
	}
	value := whole(sc, out.Value)
	if value.integer {
		return jen.Id(out.Payload.GoName).Call(value.code)
	}
	return value.code
}
