package check

import (
	"slices"
	"strings"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file knows which names an expression may read.

// scope is the place of an expression in a flow.
type scope struct {
	flow   *resolve.Flow
	seen   []sight          // the steps, waits and foreachs that the expression sees
	around []*model.Foreach // whose elements it sees, from the outside in
	reader model.Block      // to which it belongs, nil for the flow's own expressions
	// refused are names that foreachs around give their elements and must not: what is read by
	// them, and by a name that nothing else has, may be the element.
	refused []string
	// start is the key whose expression is computed when a run is started, before
	// there is anything to read but the input; "" for an expression of the run.
	start string
}

// sight is a step, a wait, a call or a foreach as it is seen from some place: whoever is
// skipped together with the block sees it as always there.
type sight struct {
	block  model.Block
	absent string // that and why it may have no value, "" if it has one always
	// unclear says that it was not understood, and reported, whether it may have none: who
	// reads it cannot be told to ask for its value or not to.
	unclear bool
}

// inputType is the type of `input`.
func inputType(f *model.Flow) *model.Type { return payloadType(f.Input) }

// value is the value of a block as expressions see it.
func (x *expression) value(s sight, pos model.Pos) *model.Expr {
	t := ResultType(s.block)
	switch {
	case s.unclear:
		t = &model.Type{Kind: resolve.Unknown}
	case s.absent != "":
		t = optional(t)
	}
	e := x.node(model.BlockVar, t, pos)
	switch b := s.block.(type) {
	case *model.Step:
		e.Step = b
	case *model.Wait:
		e.Wait = b
	case *model.Foreach:
		e.Foreach, e.Secret = b, b.Collect.Secret
	}
	return e
}

// blockOf is the block whose value a BlockVar is.
func blockOf(e *model.Expr) model.Block {
	switch {
	case e.Foreach != nil:
		return e.Foreach
	case e.Wait != nil:
		return e.Wait
	}
	return e.Step
}

// ResultType is the type of the value of a step, wait, call or foreach, nil if it has none.
func ResultType(b model.Block) *model.Type {
	switch b := b.(type) {
	case *model.Step:
		if b.Out != nil && !returnsNothing(b) {
			return payloadType(b.Out)
		}
	case *model.Wait:
		if b.Out != nil {
			return payloadType(b.Out)
		}
	case *model.Foreach:
		if b.Collect != nil {
			return listOf(b.Collect.Type)
		}
	}
	return nil
}

// returnsNothing says whether a step is a call of a flow whose output has no fields.
func returnsNothing(b *model.Step) bool {
	return b.Calls != nil && b.Out.Alias == nil && len(b.Out.Fields) == 0
}

func listOf(t *model.Type) *model.Type {
	if t.Kind == resolve.Unknown {
		return t
	}
	return &model.Type{Kind: model.List, Elem: t}
}

// element is what a foreach around the expression means by a name, nil if there is none.
func (x *expression) element(name string, pos model.Pos) *model.Expr {
	for _, f := range x.scope.around {
		switch name {
		case f.As:
			e := x.node(model.ItemVar, f.Item, pos)
			e.Foreach, e.Secret = f, f.Over != nil && f.Over.Secret
			return e
		case f.IndexAs:
			e := x.node(model.IndexVar, &model.Type{Kind: model.Int}, pos)
			e.Foreach = f // no secret, also in a list of secrets: it tells nothing of them
			return e
		}
	}
	return nil
}

func payloadType(p *model.Payload) *model.Type {
	if p.Alias != nil {
		return p.Alias
	}
	return &model.Type{Kind: model.Struct, Payload: p}
}

// optional is a type that may be absent; what is so already stays as it is.
func optional(t *model.Type) *model.Type {
	if t.Kind == model.Optional || t.Kind == resolve.Unknown {
		return t
	}
	return &model.Type{Kind: model.Optional, Elem: t}
}

// FieldsOf is the fields of a struct type.
func FieldsOf(t *model.Type) []*model.Field {
	switch {
	case t.Named != nil:
		return t.Named.Fields
	case t.Payload != nil && t.Payload.Alias != nil:
		return FieldsOf(t.Payload.Alias)
	case t.Payload != nil:
		return t.Payload.Fields
	}
	return nil
}

// isStruct says whether values of a type have the fields that FieldsOf returns.
func isStruct(t *model.Type) bool {
	return t.Kind == model.Struct || t.Kind == model.GoStruct
}

func fieldNamed(fields []*model.Field, name string) *model.Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// RunProperties are what expressions can read of `run`.
func RunProperties() map[string]model.Kind {
	return map[string]model.Kind{"id": model.String, "tenant": model.String, "attempt": model.Int, "startedAt": model.Time}
}

// variable is what a name stands for; nil after it reported that it is nothing
// that can be read here.
func (x *expression) variable(name string, pos model.Pos) *model.Expr {
	if e := x.local(name, pos); e != nil {
		return e
	}
	if name == "input" && !slices.Contains(x.scope.refused, name) {
		return x.node(model.InputVar, inputType(x.scope.flow.Model), pos)
	}
	if x.scope.start != "" {
		x.unseenAtStart(name, pos)
		return nil
	}
	if slices.Contains(x.scope.refused, name) {
		return nil
	}
	if name == "run" {
		x.report.Add(diag.WrongForm, pos, "`run` cannot be read as a whole; there are `run.id`, `run.tenant`, `run.attempt` and `run.startedAt`")
		return nil
	}
	if e := x.element(name, pos); e != nil {
		return e
	}
	for _, s := range x.scope.seen {
		if s.block.Head().VarName != name {
			continue
		}
		if ResultType(s.block) == nil {
			x.noResult(s.block, pos)
			return nil
		}
		return x.value(s, pos)
	}
	if !x.unseen(name, pos) && len(x.scope.refused) == 0 {
		x.unknown(name, pos)
	}
	return nil
}

func (x *expression) noResult(b model.Block, pos model.Pos) {
	if _, isForeach := b.(*model.Foreach); isForeach {
		x.report.Add(diag.NoResult, pos, "%s has no `collect`, and its last block has no result, so there is no list to read", what(b))
		return
	}
	if step, ok := b.(*model.Step); ok && step.Calls != nil {
		x.report.Add(diag.NoResult, pos, "flow `%s` returns nothing, so %s has no result to read", step.Calls.Name, what(b))
		return
	}
	x.report.Add(diag.NoResult, pos, "%s has no `out`, so there is no result to read", what(b))
}

// unknown reports a name that nothing stands for. A block written as it is declared, with
// hyphens, is a subtraction of several such names, and reported once.
func (x *expression) unknown(name string, pos model.Pos) {
	meant := locate(x.scope.flow.Model.Body, func(b model.Block) bool { return x.hyphenated(b.Head().Name, name) })
	if meant != nil {
		if !x.hyphens {
			x.report.Add(diag.UnknownVariable, pos, "unknown name `%s`; %s is read as `%s`%s",
				clip(name), what(meant.block), meant.block.Head().VarName, x.butUnseen(meant.block))
		}
		x.hyphens = true
		return
	}
	x.report.Add(diag.UnknownVariable, pos, "unknown name `%s`%s", clip(name), x.nameHint(name))
}

// hyphenated says whether a name is the first or the last word of a block's name that
// stands in the expression.
func (x *expression) hyphenated(block, name string) bool {
	within := strings.HasPrefix(block, name+"-") || strings.HasSuffix(block, "-"+name)
	return within && strings.Contains(x.source, block)
}

// butUnseen says that a block cannot be read here, however its name is written.
func (x *expression) butUnseen(b model.Block) string {
	if x.scope.sees(b) {
		return ""
	}
	return ", and cannot be read here"
}

// nameHint says what an unknown name may have been meant to be.
func (x *expression) nameHint(name string) string {
	if fieldNamed(FieldsOf(inputType(x.scope.flow.Model)), name) != nil {
		return "; did you mean `input." + name + "`?"
	}
	names := []string{"input", "run"}
	for _, f := range x.scope.around {
		names = append(names, f.As, f.IndexAs)
	}
	for _, s := range x.scope.seen {
		if named := s.block.Head().VarName; named != "" {
			names = append(names, named)
		}
	}
	return diag.Hint(name, names)
}

// runProperty is `run.NAME`.
func (x *expression) runProperty(name string, pos model.Pos) *model.Expr {
	if x.scope.start != "" {
		x.unseenAtStart("run", pos)
		return nil
	}
	if slices.Contains(x.scope.refused, "run") {
		return nil
	}
	kind, ok := RunProperties()[name]
	if !ok {
		names := []string{"id", "tenant", "attempt", "startedAt"}
		x.report.Add(diag.UnknownField, pos, "`run` has no `%s`%s", clip(name), diag.Hint(name, names))
		return nil
	}
	e := x.node(model.RunVar, &model.Type{Kind: kind}, pos)
	e.Name = name
	return e
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// sees says whether a block comes before the expression.
func (s *scope) sees(b model.Block) bool {
	return slices.ContainsFunc(s.seen, func(seen sight) bool { return seen.block == b })
}

// whyAbsent says that and why a block that is seen may have no value.
func (s *scope) whyAbsent(b model.Block) string {
	for _, seen := range s.seen {
		if seen.block == b {
			return seen.absent
		}
	}
	return ""
}
