package resolve

import (
	"slices"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file resolves calls: it finds the flow that each of them starts, and holds
// that no flow calls itself.

// call is nil after an error in its name, like a step. It has no handler, and nothing is
// emitted for what it gets and returns: these are the called flow's.
func (r *blockResolver) call(syntax *parse.Step, skippable bool) Block {
	m := &model.Step{BlockHead: r.head(&syntax.Head, skippable)}
	if m.Name == "" {
		return nil
	}
	flow := r.flow.Model
	r.claim(flow.VarName+m.GoName+"Call", syntax.What()+" of flow `"+flow.Name+"`", m.Pos)
	call := &Step{Model: m, Syntax: syntax}
	r.flow.steps = append(r.flow.steps, call)
	return call
}

// calls links each call with the flow that it starts, which may stand in any file.
func (r *resolver) calls() {
	l := &linker{resolver: r, flows: map[string]*Flow{}, place: map[*Flow]int{}, linked: map[*Flow]bool{}}
	for _, f := range r.pkg.Flows {
		l.flows[f.Model.Name] = f
	}
	for _, f := range r.pkg.Flows {
		l.flow(f)
	}
	r.pkg.Flows = l.order
}

// linker goes from each flow to those that it calls.
type linker struct {
	*resolver
	flows  map[string]*Flow
	way    []*Flow       // to the flow at hand, each called by the one before it
	place  map[*Flow]int // on the way, from 1
	linked map[*Flow]bool
	order  []*Flow // those that are linked, called ones first
}

func (l *linker) flow(f *Flow) {
	if l.linked[f] {
		return
	}
	l.way = append(l.way, f)
	l.place[f] = len(l.way)
	for _, s := range f.steps {
		if s.Syntax.Calls == nil {
			continue
		}
		called := l.called(s)
		s.Model.Calls, s.Model.In, s.Model.Out = called, called.Input, called.Output.Payload
	}
	l.way = l.way[:len(l.way)-1]
	delete(l.place, f)
	l.linked[f] = true
	l.order = append(l.order, f)
}

// called is the flow that a call starts; after an error it is one of which nothing
// is known.
func (l *linker) called(s *Step) *model.Flow {
	name := s.Syntax.Calls
	f := l.flows[name.Value]
	if f == nil && l.report.Full() {
		return unknownFlow(clip(name.Value))
	}
	if f == nil {
		l.report.Add(diag.UnknownFlow, name.Pos, "%s starts flow `%s`, and there is none of that name in this package%s",
			s.Syntax.What(), clip(name.Value), diag.Hint(name.Value, l.names()))
		return unknownFlow(clip(name.Value))
	}
	if at := l.place[f]; at > 0 {
		var circle []string
		for _, on := range append(slices.Clone(l.way[at-1:]), f) {
			circle = append(circle, on.Model.Name)
		}
		l.report.Add(diag.CallCircle, name.Pos, "with %s flow `%s` calls itself (%s); a flow cannot do that, neither directly nor through others",
			s.Syntax.What(), name.Value, way(circle))
		return unknownFlow(name.Value)
	}
	l.flow(f)
	return f.Model
}

func (l *linker) names() []string {
	var names []string
	for _, f := range l.pkg.Model.Flows {
		names = append(names, f.Name)
	}
	return names
}

// unknownFlow is a flow whose input and output could be anything.
func unknownFlow(name string) *model.Flow {
	unknown := func() *model.Payload { return &model.Payload{Alias: &model.Type{Kind: Unknown}} }
	return &model.Flow{Name: name, Input: unknown(), Output: &model.Output{Payload: unknown()}}
}
