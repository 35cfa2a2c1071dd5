package engine

import (
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file ends runs for which there is no code: those that have done nothing and are to
// be cancelled, and those that are to be terminated. Nothing is undone then, and no code is
// needed. A run that has done something and is to be cancelled waits for its code.

// withoutCode is what stands for the code of such a run: a flow of nothing.
func withoutCode(run *store.Run) *code {
	return &code{Flow: &Flow{Definition: &flow.Definition{Flow: run.Flow, Version: run.Version}}}
}

// endingFirst is, of the messages to a run without code, the one that ends it; none if
// there is none. The others go with its end.
func endingFirst(c store.Claimed) []store.Message {
	for _, m := range c.Messages {
		if m.Kind == store.MessageTerminate {
			return []store.Message{m}
		}
	}
	for _, m := range c.Messages {
		if m.Kind == store.MessageCancel && c.Run.Status == flow.StatusPending && len(c.Entries) == 0 {
			return []store.Message{m}
		}
	}
	return nil
}

// end ends a run without code.
func (e *Embedded) end(c store.Claimed) {
	c.Messages = endingFirst(c)
	if len(c.Messages) == 0 { // code was registered and taken away: it is not for us
		x := &execution{engine: e, claim: c.Claim, head: &c.Run}
		x.giveBack()
		e.unreserve()
		return
	}
	e.launch(withoutCode(&c.Run), c, true, 0)
}
