package vet

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"
)

// Start finds starts of runs that start another one when they are repeated.
var Start = &analysis.Analyzer{
	Name: "startkey",
	Doc: `find starts without an idempotency key outside of a step

A caller that does not know whether a start was done repeats it, and then there are two runs. With
runtime.WithIdempotencyKey, or an idempotencyKey of the flow, it is one. In a handler a start gets a key of the step by itself.`,
	Requires: []*analysis.Analyzer{api},
	Run:      checkStarts,
}

func checkStarts(pass *analysis.Pass) (any, error) {
	g := pass.ResultOf[api].(*generated) //nolint:forcetypeassert // its ResultType
	handlers := map[ast.Node]bool{}
	for _, h := range g.handlers() {
		handlers[h] = true
	}
	for _, file := range pass.Files {
		if isTest(pass, file) {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return !handlers[n]
			}
			if start, fn := g.startOf(call); start != nil && !start.Keyed && !g.givesKey(call) {
				pass.Reportf(call.Pos(), "%s without an idempotency key: a caller that is repeated starts a second run; "+
					"give it runtime.WithIdempotencyKey, or the flow an idempotencyKey", fn.Name())
			}
			return true
		})
	}
	return nil, nil
}

// givesKey says whether a start has an option that makes it one when it is repeated, or
// options of which that is not known.
func (g *generated) givesKey(call *ast.CallExpr) bool {
	if call.Ellipsis.IsValid() {
		return true
	}
	for _, arg := range call.Args[min(2, len(call.Args)):] {
		option, ok := ast.Unparen(arg).(*ast.CallExpr)
		if !ok {
			return true // a value that was made elsewhere
		}
		fn := g.callee(option)
		if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != runtimePath {
			return true // an option of the program's own
		}
		if fn.Name() == "WithIdempotencyKey" || fn.Name() == "WithRunID" {
			return true
		}
	}
	return false
}
