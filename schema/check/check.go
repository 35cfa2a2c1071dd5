// Package check fills in the rest of a resolved model, and finds what is wrong
// with it: policies and other values, expressions, and what flows from block to block.
package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// pass is the check of one package.
type pass struct {
	report *diag.Reporter
	typer  *typer
	size   size // of the flow that is being checked
}

// Check fills in the model of a package. An error is one of bextgen itself: what
// is wrong with the package is reported.
func Check(pkg *resolve.Package, report *diag.Reporter) error {
	t, err := newTyper(pkg.Model)
	if err != nil {
		return fmt.Errorf("setting up CEL: %w", err)
	}
	c := &pass{report: report, typer: t}
	for _, f := range pkg.Flows {
		c.flow(f)
	}
	pkg.Model.Zones = slices.Sorted(maps.Keys(t.zones))
	return nil
}

func (c *pass) flow(f *resolve.Flow) {
	c.size = size{}
	c.flowValues(f)
	c.starting(f)
	c.schedules(f)
	behind := c.body(f.Body, scope{flow: f})
	c.delays(f)
	c.output(&behind, f)
}

// kindOf is the kind of a type, also of one that is not known.
func kindOf(t *model.Type) model.Kind {
	if t == nil {
		return resolve.Unknown
	}
	return t.Kind
}
