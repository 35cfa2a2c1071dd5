// What a program calls: registering a flow's handlers, starting a run, getting
// one.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addClient emits the functions around a flow.
func addClient(f *jen.File, fl *model.Flow) {
	addRegister(f, fl)
	addStart(f, fl)
	addGet(f, fl)
	addSignals(f, fl)
}

func addRegister(f *jen.File, fl *model.Flow) {
	args := []jen.Code{addrOf(definitionName(fl))}
	for _, st := range fl.Steps {
		if st.Calls == nil {
			args = append(args, handler(stepConstructor(st), fl, st, st.GoName))
		}
		if st.Undo != nil {
			args = append(args, handler(undoConstructor(st), fl, st, st.Undo.GoName))
		}
	}
	var body []jen.Code
	if len(args) > 1 { // of a nil interface no method can be taken
		body = append(body, jen.If(jen.Id("steps").Op("==").Nil()).Block(
			jen.Return(inRuntime("NoHandlers").Call(addrOf(definitionName(fl)))),
		))
	}
	body = append(body, jen.Return(jen.Id("rt").Dot("Register").Add(registered(args))))
	name := "Register" + fl.GoName
	f.Add(comment(name + " makes the runtime execute " + fl.Name + " with these handlers."))
	f.Func().Id(name).
		Params(jen.Id("rt").Op("*").Add(inRuntime("Runtime")), jen.Id("steps").Id(stepsName(fl))).
		Error().
		Block(body...)
}

// registered are a flow and its handlers, of which a flow that only calls others has none.
func registered(args []jen.Code) *jen.Statement {
	if len(args) == 1 {
		return jen.Call(args...)
	}
	return callLines(args...)
}

// handler gives a method of the handlers its step. A step without a result has
// handlers of a plainer kind.
func handler(constructor string, fl *model.Flow, st *model.Step, method string) *jen.Statement {
	if st.Out == nil {
		constructor = "Plain" + constructor
	}
	return inRuntime(constructor).Call(addrOf(blockDefName(fl, st)), jen.Id("steps").Dot(method))
}

// stepConstructor is what makes the handler of a step.
func stepConstructor(st *model.Step) string {
	if st.Transaction {
		return "TxStepHandler"
	}
	return "StepHandler"
}

// undoConstructor is what makes the handler of a step's compensation.
func undoConstructor(st *model.Step) string {
	if takesPointer(st) {
		return "AttemptedCompensationHandler"
	}
	return "CompensationHandler"
}

func addStart(f *jen.File, fl *model.Flow) {
	name := "Start" + fl.GoName
	f.Add(comment(name + " starts a run of " + fl.Name + " and returns when that is on disk."))
	f.Func().Id(name).Add(paramLines(
		jen.Id("ctx").Qual("context", "Context"),
		jen.Id("input").Id(fl.Input.GoName),
		jen.Id("opts").Op("...").Add(inRuntime("StartOption")),
	)).Params(runOf(fl), jen.Error()).Block(jen.Return(
		inRuntime("StartFlow").Types(jen.Id(fl.Output.Payload.GoName)).
			Call(jen.Id("ctx"), addrOf(definitionName(fl)), jen.Id("input"), jen.Id("opts").Op("...")),
	))
}

func addGet(f *jen.File, fl *model.Flow) {
	name := "Get" + fl.GoName
	f.Add(comment(name + " returns a run of " + fl.Name + " that was started before."))
	f.Func().Id(name).
		Params(ctxParam(), jen.Id("runID").String()).
		Params(runOf(fl), jen.Error()).
		Block(jen.Return(
			inRuntime("GetFlow").Types(jen.Id(fl.Output.Payload.GoName)).
				Call(jen.Id("ctx"), addrOf(definitionName(fl)), jen.Id("runID")),
		))
}

// runOf is the type of a flow's run.
func runOf(fl *model.Flow) *jen.Statement {
	return jen.Op("*").Add(inRuntime("Run")).Types(jen.Id(fl.Output.Payload.GoName))
}
