package check

import (
	"cel.dev/cel-go/common/overloads"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks what a flow says about its start: the idempotency key, the
// tenant and the priority of a run whose caller gives none, and how many may be
// under way.

func (c *pass) starting(f *resolve.Flow) {
	m, s := f.Model, f.Syntax
	m.IdempotencyKey = c.atStart(s.IdempotencyKey, "idempotencyKey", model.String, f)
	m.Tenant = c.atStart(s.Tenant, "tenant", model.String, f)
	m.Priority = c.atStart(s.Priority, "priority", model.Int, f)
	if s.Concurrency != nil {
		m.Concurrency = c.concurrency(s.Concurrency, f)
	}
}

func (c *pass) concurrency(s *parse.Concurrency, f *resolve.Flow) *model.Concurrency {
	m := &model.Concurrency{Limit: 1}
	if s.Limit != nil {
		m.Limit = c.number(s.Limit, "limit", 1)
	}
	if s.Key != nil {
		m.Key = c.concurrencyKey(s.Key, f)
	}
	return m
}

// concurrencyKey is a string, or what is made one: a number or a bool tells runs
// apart as well.
func (c *pass) concurrencyKey(t *parse.Text, f *resolve.Flow) *model.Expr {
	at := &scope{flow: f, start: "concurrency.key"}
	e := c.expr(t, at)
	if e == nil {
		return nil
	}
	x := &expression{report: c.report, typer: c.typer, scope: at, source: e.Source}
	switch kindOf(e.Type) {
	case model.String:
	case model.Int, model.Bool, model.Enum:
		e = x.typed(overloads.TypeConvertString, false, []*model.Expr{e}, e.Pos)
	case model.Optional:
		x.maybeAbsent(e)
		return nil
	default:
		c.report.Add(diag.TypeMismatch, t.Pos, "`key` of `concurrency` must be a string, an int, a bool or an enum, this is `%s`", TypeText(e.Type))
		return nil
	}
	return c.shown(e, t, at.start)
}

// atStart is an expression that is computed before the run is there.
func (c *pass) atStart(t *parse.Text, key string, want model.Kind, f *resolve.Flow) *model.Expr {
	if t == nil {
		return nil
	}
	return c.shown(c.typed(t, key, want, &scope{flow: f, start: key}), t, key)
}

// shown refuses a secret: what is computed at a start is an index of the store and
// shown everywhere.
func (c *pass) shown(e *model.Expr, t *parse.Text, key string) *model.Expr {
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
	if fieldNamed(FieldsOf(inputType(x.scope.flow.Model)), name) != nil {
		x.unknown(name, pos)
		return
	}
	hint := ""
	if x.source == name && x.scope.start != "priority" {
		hint = "; text stands in quotes of its own: `\"'" + clip(name) + "'\"`"
	}
	x.report.Add(diag.UnknownVariable, pos, "unknown name `%s`; `%s` sees `input` only%s", clip(name), x.scope.start, hint)
}
