package engine

import (
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is what a run has to do with others: with those that it called, and
// with the one that called it.

// children are the runs that calls start. They are for the same tenant and as
// urgent as this run.
func (x *execution) children(calls []flow.Child) []store.Run {
	if len(calls) == 0 {
		return nil
	}
	runs := make([]store.Run, len(calls))
	for i, c := range calls {
		runs[i] = store.Run{
			ID: c.ID, Flow: c.Flow, Version: c.Version, Input: c.Input, ParentID: x.head.ID,
			Tenant: x.head.Tenant, Priority: x.head.Priority,
			Status: flow.StatusPending, Attempt: 1, CreatedAt: x.now(),
		}
		if code := x.engine.codeFor(c.Flow, c.Version); code != nil {
			runs[i].Concurrency = x.engine.keyOf(code, &runs[i])
		}
	}
	return runs
}

// messages are what the run has to tell others: those that it called, that they are
// to end; the one that called it, that it has.
func (x *execution) messages(effects flow.Effects, state flow.State) []store.Message {
	var all []store.Message
	for _, id := range effects.CancelCalls {
		all = append(all, store.Message{
			RunID: id, Kind: store.MessageCancel, At: x.now(),
			Reason: "run " + x.head.ID + " of " + x.head.Flow + ", which called this one, does not go on",
		})
	}
	for _, id := range effects.TerminateCalls {
		all = append(all, store.Message{
			RunID: id, Kind: store.MessageTerminate, At: x.now(),
			Reason: "run " + x.head.ID + " of " + x.head.Flow + ", which called this one, was terminated",
		})
	}
	if state.Status.Final() && x.head.ParentID != "" {
		all = append(all, store.Message{
			RunID: x.head.ParentID, Kind: store.MessageChild, At: x.now(),
			Key: x.head.ID, Payload: state.Output, Error: state.Err,
		})
	}
	return all
}

// dormant says that nothing but a message brings the run on, or a time that its
// head knows.
func (x *execution) dormant(state flow.State) bool {
	return state.Status == flow.StatusRunning && x.run.Idle()
}
