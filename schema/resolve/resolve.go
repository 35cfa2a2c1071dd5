// Package resolve makes a model of what was parsed: it gives everything its
// names in Go, resolves types, and finds names that clash. Expressions and
// policies are left to the package check.
package resolve

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// Package is a model whose expressions and policies are still to be filled in,
// next to the syntax that has them.
type Package struct {
	Model *model.Package
	// Flows are in an order in which each stands behind those that it calls: what
	// these return is to be known first.
	Flows []*Flow
}

// Flow is a flow of the model with its syntax.
type Flow struct {
	Model  *model.Flow
	Syntax *parse.Flow
	Body   []Block
	steps  []*Step // and calls, at any depth
}

// Block is a block of the model with its syntax: *Step, *Wait, *Parallel, *Choose or *Foreach.
type Block interface {
	// Block is the block of the model.
	Block() model.Block
}

// Step is a step or call of the model with its syntax.
type Step struct {
	Model  *model.Step
	Syntax *parse.Step
}

// Wait is a wait of the model with its syntax.
type Wait struct {
	Model  *model.Wait
	Syntax *parse.Wait
}

// Parallel is a parallel of the model with its syntax.
type Parallel struct {
	Model    *model.Parallel
	Syntax   *parse.Parallel
	Branches [][]Block
}

// Choose is a choose of the model with its syntax.
type Choose struct {
	Model  *model.Choose
	Syntax *parse.Choose
	Cases  []*Case
}

// Foreach is a foreach of the model with its syntax.
type Foreach struct {
	Model  *model.Foreach
	Syntax *parse.Foreach
	Body   []Block
	// Refused says that its elements cannot have their name, which was reported.
	Refused bool
}

// Case is a case of the model with its syntax.
type Case struct {
	Model  *model.Case
	Syntax *parse.Case
	Body   []Block
}

// Block is the step of the model.
func (s *Step) Block() model.Block { return s.Model }

// Block is the wait of the model.
func (w *Wait) Block() model.Block { return w.Model }

// Block is the parallel of the model.
func (p *Parallel) Block() model.Block { return p.Model }

// Block is the choose of the model.
func (c *Choose) Block() model.Block { return c.Model }

// Block is the foreach of the model.
func (f *Foreach) Block() model.Block { return f.Model }

type resolver struct {
	pkg    *Package
	report *diag.Reporter
	types  map[string]*model.Type
	goName map[string]declaration // of the package
	folder string                 // of the package that is generated

	demanding []demanding // the fields with rules or a default
}

// declaration is what a name stands for, in the user's words.
type declaration struct {
	what string
	pos  model.Pos
}

// Resolve makes the model of the files of a package, which is generated into a folder.
func Resolve(name, folder string, files []*parse.File, report *diag.Reporter) *Package {
	r := &resolver{
		pkg:    &Package{Model: &model.Package{Name: name}},
		report: report,
		types:  map[string]*model.Type{},
		goName: map[string]declaration{},
		folder: folder,
	}
	declared := r.declareTypes(files)
	r.goTypes(declared)
	for _, d := range declared {
		if d.syntax.Go != nil {
			continue
		}
		d.model.Fields = r.fields(d.syntax.Fields)
		d.model.Values = r.enumValues(d.model, d.syntax.Values)
	}
	r.refuseEndless()
	r.errors(files)
	r.flows(files)
	r.demands()
	r.markSecrets()
	r.markDemands()
	r.claimConstructors()
	r.nameFields()
	r.calls()
	return r.pkg
}

// claim takes a name of the Go package for something, unless it is taken.
func (r *resolver) claim(goName, what string, pos model.Pos) bool {
	before, taken := r.goName[goName]
	if !taken {
		r.goName[goName] = declaration{what, pos}
		return true
	}
	if before.what == what {
		r.report.AddRelated(diag.DeclaredTwice, pos, before.pos, "it is declared here first", "%s is declared twice in this package; rename one", what)
		return false
	}
	r.report.AddRelated(diag.GoCollision, pos, before.pos, before.what+" stands here",
		"%s and %s are both `%s` in Go; rename one", what, before.what, goName)
	return false
}

// name checks a kebab-case name that becomes one in Go.
func (r *resolver) name(t *parse.Text, what string) bool {
	if !CheckName(t, what, r.report) {
		return false
	}
	if where := reservedIn(t.Value); where != "" {
		r.report.Add(diag.ReservedName, t.Pos, "`%s` cannot be the name of the %s: the word is reserved %s", t.Value, what, where)
		return false
	}
	return true
}

// CheckName reports a name that is not in kebab-case.
func CheckName(t *parse.Text, what string, report *diag.Reporter) bool {
	if len(t.Value) > LongestName || !kebab.MatchString(t.Value) {
		report.Add(diag.MalformedName, t.Pos, "%s `%s` must be written in kebab-case: small letters, digits and single hyphens, such as `charge-payment`", what, clip(t.Value))
		return false
	}
	return true
}

// clip cuts what is shown of a name that may be anything.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}
