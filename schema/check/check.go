// Package check fills in the rest of a resolved model, and finds what is wrong
// with it: policies and other values, expressions, and what flows from step to step.
package check

import (
	"fmt"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// pass is the check of one package.
type pass struct {
	report *diag.Reporter
	typer  *typer
}

// Check fills in the model of a package. An error is one of bextgen itself: what
// is wrong with the package is reported.
func Check(pkg *resolve.Package, report *diag.Reporter) error {
	t, err := newTyper()
	if err != nil {
		return fmt.Errorf("setting up CEL: %w", err)
	}
	c := &pass{report: report, typer: t}
	for _, f := range pkg.Flows {
		c.flow(f)
	}
	return nil
}

func (c *pass) flow(f *resolve.Flow) {
	c.flowValues(f)
	for i, s := range f.Steps {
		c.stepValues(s, f.Syntax.Defaults)
		c.step(&scope{flow: f, before: i, reader: s.Model}, s)
	}
	c.delays(f)
	c.output(&scope{flow: f, before: len(f.Steps)}, f)
}

// delays reports delays that always come and together are longer than a run may take.
func (c *pass) delays(f *resolve.Flow) {
	if f.Model.Timeout == 0 {
		return
	}
	left := f.Model.Timeout
	for _, s := range f.Steps {
		if s.Model.Skippable || s.Model.Delay == 0 {
			continue
		}
		if left -= s.Model.Delay; left < 0 {
			c.report.AddRelated(diag.DelaysTooLong, s.Syntax.Delay.Pos, f.Syntax.Timeout.Pos, "the timeout stands here",
				"with this delay the flow waits longer than its timeout of %s allows; it can never complete", f.Syntax.Timeout.Value)
			return
		}
	}
}

// kindOf is the kind of a type, also of one that is not known.
func kindOf(t *model.Type) model.Kind {
	if t == nil {
		return resolve.Unknown
	}
	return t.Kind
}
