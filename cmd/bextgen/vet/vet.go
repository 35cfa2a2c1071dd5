// Package vet finds mistakes in programs that use generated flows, which the compiler
// cannot see. Its analyzers know generated code by facts (api.go): what starts a run, what
// registers a flow, and which interfaces handlers implement.
//
// They run with `bextgen vet`, or with any driver of go/analysis.
package vet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Analyzers are all of them.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{Goroutine, Loop, Start, Register}
}

// runtimePath is the package whose types generated code has in its API.
const runtimePath = "github.com/bextgen/bextgen/runtime"

// named says whether a type is, or points to, a named type of the package runtime.
func named(t types.Type, name string) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == runtimePath
}

// isContext says whether a type is context.Context.
func isContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == "Context" && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context"
}

// mentionsContext says whether a context stands anywhere in some code.
func mentionsContext(info *types.Info, code ast.Node) (found bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && info.Uses[id] != nil && isContext(info.Uses[id].Type())
		return !found
	})
	return found
}

// isTest says whether a file is one of tests: what a program may not do, they may.
func isTest(pass *analysis.Pass, file *ast.File) bool {
	return strings.HasSuffix(pass.Fset.Position(file.Package).Filename, "_test.go")
}
