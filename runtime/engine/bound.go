package engine

import (
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the key by which the number of a flow's runs that are under way is bounded. A run
// mostly has it from its start. One that was started or called where there was no code for it, or that began
// to wait before its flow had a bound, gets it when it is first claimed by who has the code, and goes back to the store,
// which knows whether there is a place for it.

// keyOf is a run's key, as its input says; nil without a bound. A key that cannot be
// computed is the empty one: nobody is there whom to tell, and the run must not get around the bound.
func (e *Embedded) keyOf(code *code, run *store.Run) *string {
	key, err := code.Definition.ConcurrencyKey(run.Input)
	if err != nil {
		e.opts.Logger.Error("the concurrency key of a run cannot be computed; the empty one is used",
			"run", run.ID, "flow", run.Flow, "error", err)
		key = new(string)
	}
	return key
}

// lacksKey says whether a run is to have a key that it does not have.
func lacksKey(code *code, run *store.Run) bool {
	return code.version.Limit > 0 && run.Concurrency == nil && run.Status == flow.StatusPending
}

// bind is the execution of such a run: it stores the key, and gives the run back with that. It is tried
// until it succeeds, for nobody else looks at a run that is claimed.
func (x *execution) bind() {
	defer x.engine.runs.Done()
	defer x.leave()
	x.commit(store.Change{Claim: x.claim, Release: true, Bound: x.engine.keyOf(x.code, x.head)})
}
