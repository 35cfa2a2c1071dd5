// Package templates turns the checked model of a package of flows into source
// text. It does no I/O and reports no error about the spec: what is in the
// model has been checked. There is one Go file here for each thing generated.
package templates

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// File is a generated file.
type File struct {
	Name    string // base name
	Source  string // base name of the spec that it is made from
	Content []byte
}

// Go is the Go source of a package: a file for each spec that declares
// something, in the order of the model, and behind that of a flow its description, which
// the Go embeds. The same model gives the same bytes.
func Go(pkg *model.Package) ([]File, error) {
	if overload, e := unknownOperator(pkg); e != nil {
		return nil, fmt.Errorf("%s: %q needs %s, for which there is no Go", place(e.Pos), e.Source, overload)
	}
	list := sources(pkg)
	files := make([][]File, len(list))
	madeFrom := map[string]string{}
	for _, src := range list {
		name := goFileName(src.name)
		if other, ok := madeFrom[name]; ok {
			return nil, fmt.Errorf("%s and %s would both be written to %s: rename one of them", other, src.name, name)
		}
		madeFrom[name] = src.name
	}
	errs := make([]error, len(list))
	var rendering sync.WaitGroup
	for i, src := range list { // side by side: each only reads the model
		rendering.Go(func() {
			if files[i], errs[i] = src.files(); errs[i] != nil {
				errs[i] = fmt.Errorf("writing what is made from %s: %w", src.name, errs[i])
			}
		})
	}
	rendering.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return slices.Concat(files...), nil
}

// unknownOperator finds an expression with an operator that operatorOf does not
// know: the checker let something pass that cannot be generated.
func unknownOperator(pkg *model.Package) (string, *model.Expr) {
	var unknown *model.Expr
	var visit func(e *model.Expr)
	visit = func(e *model.Expr) {
		if e == nil {
			return
		}
		if _, ok := operatorOf(e.Overload); e.Kind == model.Call && !ok && unknown == nil {
			unknown = e
		}
		for _, arg := range e.Args {
			visit(arg)
		}
	}
	for _, fl := range pkg.Flows {
		visit(fl.IdempotencyKey)
		visit(fl.Tenant)
		visit(fl.Priority)
		if fl.Concurrency != nil {
			visit(fl.Concurrency.Key)
		}
		for _, b := range allBlocks(fl) {
			for _, e := range expressions(b) {
				visit(e)
			}
		}
		visit(fl.Output.Value)
		for _, b := range fl.Output.Bindings {
			visit(b.Value)
		}
	}
	if unknown == nil {
		return "", nil
	}
	return unknown.Overload, unknown
}

// source is one spec and what it declares.
type source struct {
	name   string
	types  []*model.Named
	errors []*model.Error
	flow   *model.Flow // nil in a types file
	pkg    *model.Package
}

// sources are the specs of a package, in the order in which the model first
// names them.
func sources(pkg *model.Package) []*source {
	var list []*source
	byName := map[string]*source{}
	at := func(pos model.Pos) *source {
		src, ok := byName[pos.File]
		if !ok {
			src = &source{name: pos.File, pkg: pkg}
			byName[pos.File] = src
			list = append(list, src)
		}
		return src
	}
	for _, t := range pkg.Types {
		if t.Go != nil {
			continue // it is written already
		}
		at(t.Pos).types = append(at(t.Pos).types, t)
	}
	for _, e := range pkg.Errors {
		at(e.Pos).errors = append(at(e.Pos).errors, e)
	}
	for _, f := range pkg.Flows {
		at(f.Pos).flow = f
	}
	return list
}

// files are what is generated from the spec.
func (src *source) files() ([]File, error) {
	text, err := src.render()
	if err != nil {
		return nil, err
	}
	files := []File{{Name: goFileName(src.name), Source: src.name, Content: text}}
	if src.flow == nil {
		return files, nil
	}
	text, err = descriptionText(Describe(src.pkg, src.flow))
	return append(files, File{Name: descriptionFileName(src.name), Source: src.name, Content: text}), err
}

// render is the Go of the spec.
func (src *source) render() ([]byte, error) {
	f := jen.NewFile(src.pkg.Name)
	f.NoFormat = true // that is done once, at the end
	f.HeaderComment("// " + Header(src.name))
	f.ImportName(flowPath, "flow")
	f.ImportName(runtimePath, "runtime")
	nameImports(f, src.pkg)
	if src.flow != nil {
		addHandshake(f)
	}
	for _, t := range src.types {
		addType(f, t)
	}
	for _, e := range src.errors {
		addError(f, e)
	}
	if src.flow != nil {
		addFlow(f, src.flow, src.pkg.Errors)
	}
	var b bytes.Buffer
	if err := f.Render(&b); err != nil {
		return nil, err
	}
	return formatted(b.Bytes())
}

// addFlow emits everything about one flow.
func addFlow(f *jen.File, fl *model.Flow, errors []*model.Error) {
	addPayload(f, fl.Input)
	addInputDefaults(f, fl.Input)
	addPayload(f, fl.Output.Payload)
	for _, st := range fl.Steps {
		if st.Calls != nil {
			continue // they are emitted with the called flow
		}
		addPayload(f, st.In)
		addPayload(f, st.Out)
	}
	for _, w := range fl.Waits {
		addPayload(f, w.Out)
	}
	addSteps(f, fl)
	addBlockDefs(f, fl)
	addDescription(f, fl)
	addDefinition(f, fl, errors)
	addMachine(f, fl)
	addClient(f, fl)
}
