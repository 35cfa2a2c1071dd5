// The functions that send signals to the runs of a flow.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addSignals emits a function for each wait.
func addSignals(f *jen.File, fl *model.Flow) {
	for _, w := range fl.Waits {
		addSignal(f, fl, w)
	}
}

// addSignal emits the function that sends the signal of a wait: with a key where it is
// for one element of a foreach, and with a payload if it carries one.
func addSignal(f *jen.File, fl *model.Flow, w *model.Wait) {
	name := "Signal" + fl.GoName + w.GoName
	sentence := name + " sends the signal " + w.Name
	run, key, payload := jen.Id("runID"), jen.Lit(""), jen.Nil()
	if w.Key != nil {
		sentence += ", for the element with this key,"
		run, key = jen.List(run, jen.Id("key")), jen.Id("key")
	}
	params := []jen.Code{ctxParam(), run.String()}
	if w.Out != nil {
		payload = jen.Id("payload")
		params = append(params, jen.Id("payload").Id(w.Out.GoName))
	}
	params = append(params, jen.Id("opts").Op("...").Add(inRuntime("SignalOption")))
	f.Add(comment(sentence + " to a run of " + fl.Name + " and returns when that is on disk.\n\n" + w.Doc))
	f.Func().Id(name).Add(paramLines(params...)).Error().Block(jen.Return(
		inRuntime("SignalFlow").Call(
			jen.Id("ctx"), addrOf(definitionName(fl)), addrOf(blockDefName(fl, w)),
			jen.Id("runID"), key, payload, jen.Id("opts").Op("..."),
		),
	))
}
