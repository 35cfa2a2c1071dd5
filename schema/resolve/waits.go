package resolve

import (
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file resolves waits.

// wait is nil after an error in its name, like a step.
func (r *blockResolver) wait(syntax *parse.Wait, skippable bool) Block {
	m := &model.Wait{BlockHead: r.head(&syntax.Head, skippable)}
	if m.Name == "" {
		return nil
	}
	flow := r.flow.Model
	what, payload := syntax.What()+" of flow `"+flow.Name+"`", flow.GoName+m.GoName
	if r.claim(flow.VarName+m.GoName+"Wait", what, m.Pos) {
		r.claim("Signal"+payload, what, m.Pos)
	}
	if syntax.Out != nil {
		r.claim(payload, what, m.Pos)
		m.Out = r.payload(syntax.Out, &model.Payload{GoName: payload, Doc: "is what the signal " + m.Name + " carries.", Pos: syntax.Out.Pos}, "out")
	}
	flow.Waits = append(flow.Waits, m)
	return &Wait{Model: m, Syntax: syntax}
}
