package check

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks what a flow says about its start: the idempotency key, the
// tenant and the priority of a run whose caller gives none.

func (c *pass) starting(f *resolve.Flow) {
	m, s := f.Model, f.Syntax
	m.IdempotencyKey = c.atStart(s.IdempotencyKey, "idempotencyKey", model.String, f)
	m.Tenant = c.atStart(s.Tenant, "tenant", model.String, f)
	m.Priority = c.atStart(s.Priority, "priority", model.Int, f)
}

// atStart is an expression that is computed before the run is there. What it gives
// is an index of the store and shown everywhere, so that it cannot be a secret.
func (c *pass) atStart(t *parse.Text, key string, want model.Kind, f *resolve.Flow) *model.Expr {
	if t == nil {
		return nil
	}
	e := c.typed(t, key, want, &scope{flow: f, start: key})
	if e != nil && e.Secret {
		c.report.Add(diag.SecretExposed, t.Pos, "`%s` is made of a secret, and would show it: it is stored and printed as it is; make it of other fields", key)
		return nil
	}
	return e
}

// unseenAtStart reports a name other than `input` in an expression that is computed
// before the run is there.
func (x *expression) unseenAtStart(name string, pos model.Pos) {
	named := func(b model.Block) bool {
		f, isForeach := b.(*model.Foreach)
		return b.Head().VarName == name || isForeach && (f.As == name || f.IndexAs == name)
	}
	if name == "run" || locate(x.scope.flow.Model.Body, named) != nil {
		x.report.Add(diag.ReadTooEarly, pos, "`%s` is computed before the run begins, and sees `input` only, not `%s`", x.scope.start, name)
		return
	}
	if fieldNamed(fieldsOf(inputType(x.scope.flow.Model)), name) != nil {
		x.unknown(name, pos)
		return
	}
	hint := ""
	if x.source == name && x.scope.start != "priority" {
		hint = "; text stands in quotes of its own: `\"'" + clip(name) + "'\"`"
	}
	x.report.Add(diag.UnknownVariable, pos, "unknown name `%s`; `%s` sees `input` only%s", clip(name), x.scope.start, hint)
}
