// The interface of a flow's handlers.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addSteps emits the interface with a method for each handler.
func addSteps(f *jen.File, fl *model.Flow) {
	var methods []jen.Code
	add := func(doc, method *jen.Statement) {
		if len(methods) > 0 {
			methods = append(methods, jen.Line())
		}
		methods = append(methods, doc, method)
	}
	for _, st := range fl.Steps {
		if st.Calls == nil {
			add(documented(stepSentence(st), st.Doc),
				jen.Id(st.GoName).Params(doParams(st)...).Add(results(st)))
		}
		if st.Undo != nil {
			add(comment(undoSentence(st)),
				jen.Id(st.Undo.GoName).Params(undoParams(st)...).Error())
		}
	}
	f.Add(documented(stepsName(fl)+" are the handlers of "+fl.Name, fl.Doc))
	f.Type().Id(stepsName(fl)).Interface(methods...)
}

// stepKind is the language's word for a step.
func stepKind(st *model.Step) string {
	if st.Calls != nil {
		return "call"
	}
	return "step"
}

func ctxParam() *jen.Statement { return jen.Id("ctx").Qual("context", "Context") }

func inParam(st *model.Step) *jen.Statement { return jen.Id("in").Id(st.In.GoName) }

// stepSentence says what a step's handler is.
func stepSentence(st *model.Step) string {
	if st.Transaction {
		return st.GoName + " is the step " + st.Name + ", in a transaction"
	}
	return st.GoName + " is the step " + st.Name
}

// doParams are those of a step's handler.
func doParams(st *model.Step) []jen.Code {
	if st.Transaction {
		return []jen.Code{ctxParam(), jen.Id("tx").Add(inRuntime("Tx")), inParam(st)}
	}
	return []jen.Code{ctxParam(), inParam(st)}
}

// undoParams are those of a compensation: the step's input, and its result if it
// has one.
func undoParams(st *model.Step) []jen.Code {
	params := []jen.Code{ctxParam(), inParam(st)}
	if st.Out != nil {
		params = append(params, undoResult(st))
	}
	return params
}

// undoResult is the parameter for the result of the step to undo.
func undoResult(st *model.Step) *jen.Statement {
	out := jen.Id("out")
	if takesPointer(st) {
		out.Op("*")
	}
	return out.Id(st.Out.GoName)
}

// takesPointer says whether a compensation gets a result that may not be there: of a
// step that was tried and did not complete.
func takesPointer(st *model.Step) bool { return st.Undo.Attempted && st.Out != nil }

// undoSentence says what a compensation is called for.
func undoSentence(st *model.Step) string {
	sentence := st.Undo.GoName + " undoes the " + stepKind(st) + " " + st.Name
	switch {
	case takesPointer(st):
		return sentence + ", also one that was tried and did not complete: out is nil then."
	case st.Undo.Attempted:
		return sentence + ", also one that was tried and did not complete."
	}
	return sentence + "."
}

// results are those of a step's handler.
func results(st *model.Step) *jen.Statement {
	if st.Out == nil {
		return jen.Error()
	}
	return jen.Params(jen.Id(st.Out.GoName), jen.Error())
}
