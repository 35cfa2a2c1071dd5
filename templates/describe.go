// The description of a flow: plain data for people and tools, see runtime/flow/description.

package templates

import (
	"time"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/flow/description/graph"
	durations "github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/schema/model"
)

// Describe is the description of a flow of a package.
func Describe(pkg *model.Package, fl *model.Flow) *description.Flow {
	types := newSchemas()
	d := &description.Flow{
		Generated: Header(fl.Pos.File),
		Format:    description.Format,
		ID:        fl.Name, Version: fl.Version, Doc: fl.Doc, File: fl.Pos.File, Line: fl.Pos.Line,
		MaxAttempts:    max(fl.MaxAttempts, 1),
		Restart:        describePolicy(fl.Restart),
		Timeout:        length(fl.Timeout),
		Retention:      length(fl.Retention),
		IdempotencyKey: sourceOf(fl.IdempotencyKey),
		Tenant:         sourceOf(fl.Tenant),
		Priority:       sourceOf(fl.Priority),
		Input:          types.payload(fl.Input),
		Output:         types.payload(fl.Output.Payload),
		Returns:        describeBindings(fl.Output.Bindings),
		Blocks:         describeBlocks(types, fl.Body, ""),
		Errors:         describeErrors(types, pkg.Errors),
		Defs:           types.defs,
	}
	if fl.Output.Value != nil {
		d.Returns = []description.Binding{{Expression: fl.Output.Value.Source}}
	}
	if fl.Concurrency != nil {
		d.Concurrency = &description.Concurrency{Limit: fl.Concurrency.Limit, Key: sourceOf(fl.Concurrency.Key)}
	}
	for _, s := range fl.Schedules {
		d.Schedules = append(d.Schedules, describeSchedule(d, s))
	}
	d.Layout = graph.Layout(d)
	d.Spec = specWithoutSecrets(pkg, fl, d, types.secretDefaults)
	return d
}

// describeBlocks are blocks one after the other, whose paths in the log begin with around.
func describeBlocks(types *schemas, body []model.Block, around string) []description.Block {
	list := make([]description.Block, len(body))
	for i, b := range body {
		head := b.Head()
		d := &list[i]
		d.Name, d.Path, d.Doc, d.Line = head.Name, around+head.Name, head.Doc, head.Pos.Line
		d.When, d.Delay, d.Until = sourceOf(head.When), length(head.Delay), sourceOf(head.Until)
		switch b := b.(type) {
		case *model.Step:
			describeStep(types, d, b)
		case *model.Wait:
			describeWait(types, d, b)
		case *model.Parallel:
			d.Kind = description.Parallel
			for _, branch := range b.Branches {
				d.Blocks = append(d.Blocks, describeBranch(types, branch, around))
			}
		case *model.Choose:
			d.Kind = description.Choose
			for _, c := range b.Cases {
				d.Cases = append(d.Cases, description.Case{
					When: sourceOf(c.When), Line: c.Pos.Line, Blocks: describeBlocks(types, c.Body, around),
				})
			}
		case *model.Foreach:
			describeForeach(types, d, b)
		}
	}
	return list
}

// describeBranch is a branch of a parallel, in a sequence if it has several blocks.
func describeBranch(types *schemas, branch []model.Block, around string) description.Block {
	blocks := describeBlocks(types, branch, around)
	if len(blocks) == 1 {
		return blocks[0]
	}
	return description.Block{Kind: description.Sequence, Blocks: blocks}
}

func describeStep(types *schemas, d *description.Block, st *model.Step) {
	d.Kind = description.Step
	d.Policy, d.Transaction = describePolicy(st.Policy), st.Transaction
	if st.Calls != nil {
		d.Kind = description.Call
		d.Calls = &description.Called{FlowID: st.Calls.Name, Version: st.Calls.Version}
	}
	d.In = describeBindings(st.Bindings)
	d.Input, d.Result = types.payload(st.In), types.payload(st.Out)
	if st.Undo != nil {
		d.Compensation = &description.Compensation{
			Handler: st.Undo.Name, After: "completed", Policy: describePolicy(st.Undo.Policy),
		}
		if st.Undo.Attempted {
			d.Compensation.After = "attempted"
		}
	}
}

func describeWait(types *schemas, d *description.Block, w *model.Wait) {
	d.Kind = description.Wait
	d.Result = types.payload(w.Out)
	d.Timeout, d.Key = length(w.Timeout), sourceOf(w.Key)
	switch {
	case w.Continue:
		d.OnTimeout = "continue"
	case w.Timeout != 0:
		d.OnTimeout = "fail"
	}
}

func describeForeach(types *schemas, d *description.Block, each *model.Foreach) {
	d.Kind = description.Foreach
	d.Over, d.As, d.Limit, d.Collect = sourceOf(each.Over), each.As, each.Limit, sourceOf(each.Collect)
	d.Elements = types.list(each.Item, each.Over.Secret)
	if each.Collect != nil {
		d.Result = types.list(each.Collect.Type, each.Collect.Secret)
	}
	d.Blocks = describeBlocks(types, each.Body, d.Path+"[].")
}

func describeBindings(bindings []*model.Binding) []description.Binding {
	var list []description.Binding
	for _, b := range bindings {
		list = append(list, description.Binding{Field: b.Field.Name, Expression: sourceOf(b.Value)})
	}
	return list
}

// describePolicy is what a policy says; nil if that is nothing.
func describePolicy(p model.Policy) *description.Policy {
	if p == (model.Policy{}) {
		return nil
	}
	return &description.Policy{
		Timeout: length(p.Timeout), Retries: p.Retries, Backoff: string(p.Backoff),
		BackoffBase: length(p.BackoffBase), BackoffMax: length(p.BackoffMax), Jitter: p.Jitter,
	}
}

func describeErrors(types *schemas, errors []*model.Error) []description.Error {
	var list []description.Error
	for _, e := range errors {
		d := description.Error{Name: e.Name, Doc: e.Doc, Permanent: e.Permanent}
		if len(e.Fields) > 0 {
			d.Fields = types.object(e.Fields)
		}
		list = append(list, d)
	}
	return list
}

func describeSchedule(d *description.Flow, s *model.Schedule) description.Schedule {
	return description.Schedule{
		Name: s.Name, Cron: s.Cron, Timezone: s.Timezone, Every: length(s.Every),
		Input:   d.Redact(d.Input, s.Input),
		CatchUp: string(s.CatchUp), Overlap: string(s.Overlap),
	}
}

// sourceOf is an expression as it was written; empty where there is none.
func sourceOf(e *model.Expr) string {
	if e == nil {
		return ""
	}
	return e.Source
}

// length is a duration in the words of the language; empty for none.
func length(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return durations.Format(d)
}
