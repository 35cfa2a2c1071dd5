// The interface of a flow's handlers.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addSteps emits the interface with a method for each handler.
func addSteps(f *jen.File, fl *model.Flow) {
	var methods []jen.Code
	for i, st := range fl.Steps {
		if i > 0 {
			methods = append(methods, jen.Line())
		}
		methods = append(methods,
			documented(st.GoName+" is the step "+st.Name, st.Doc),
			jen.Id(st.GoName).Params(ctxParam(), inParam(st)).Add(results(st)))
		if st.Undo != nil {
			methods = append(methods, jen.Line(),
				comment(st.Undo.GoName+" undoes the step "+st.Name+"."),
				jen.Id(st.Undo.GoName).Params(undoParams(st)...).Error())
		}
	}
	f.Add(documented(stepsName(fl)+" are the handlers of "+fl.Name, fl.Doc))
	f.Type().Id(stepsName(fl)).Interface(methods...)
}

func ctxParam() *jen.Statement { return jen.Id("ctx").Qual("context", "Context") }

func inParam(st *model.Step) *jen.Statement { return jen.Id("in").Id(st.In.GoName) }

// undoParams are those of a compensation: the step's input, and its result if it
// has one.
func undoParams(st *model.Step) []jen.Code {
	params := []jen.Code{ctxParam(), inParam(st)}
	if st.Out != nil {
		params = append(params, jen.Id("out").Id(st.Out.GoName))
	}
	return params
}

// results are those of a step's handler.
func results(st *model.Step) *jen.Statement {
	if st.Out == nil {
		return jen.Error()
	}
	return jen.Params(jen.Id(st.Out.GoName), jen.Error())
}
