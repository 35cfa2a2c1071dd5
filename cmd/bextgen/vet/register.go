package vet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// Register finds flows that are registered twice with one runtime.
var Register = &analysis.Analyzer{
	Name: "registertwice",
	Doc: `find flows that are registered twice with a runtime

The second time is an error. Two major versions of a flow have packages, and functions, of their own.`,
	Requires: []*analysis.Analyzer{api},
	Run:      checkRegistrations,
}

func checkRegistrations(pass *analysis.Pass) (any, error) {
	g := pass.ResultOf[api].(*generated) //nolint:forcetypeassert // its ResultType
	for _, file := range pass.Files {
		if isTest(pass, file) {
			continue
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				(&registrations{pass: pass, generated: g, seen: map[registration]bool{}}).walk(f.Body)
			}
		}
	}
	return nil, nil
}

// registration is a flow and the variable of a runtime that it was registered with.
type registration struct {
	flow *types.Func
	rt   types.Object
}

// registrations are those on the way to a statement.
type registrations struct {
	pass      *analysis.Pass
	generated *generated
	seen      map[registration]bool
}

// walk goes through code in its order. Of alternatives only one is on the way.
func (r *registrations) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			r.branch(n.Body)
			return false
		case *ast.IfStmt:
			r.parts(n.Init, n.Cond)
			r.branch(n.Body)
			if n.Else != nil {
				r.branch(n.Else)
			}
			return false
		case *ast.CaseClause:
			r.branches(n.Body)
			return false
		case *ast.CommClause:
			r.branches(n.Body)
			return false
		case *ast.CallExpr:
			r.call(n)
		}
		return true
	})
}

// parts walks what there is of some parts of a statement.
func (r *registrations) parts(init ast.Stmt, cond ast.Expr) {
	if init != nil {
		r.walk(init)
	}
	r.walk(cond)
}

// branch walks code that may be passed over: what it registers is not on the way behind it.
func (r *registrations) branch(n ast.Node) {
	before := r.seen
	r.seen = map[registration]bool{}
	for k := range before {
		r.seen[k] = true
	}
	r.walk(n)
	r.seen = before
}

func (r *registrations) branches(body []ast.Stmt) { r.branch(&ast.BlockStmt{List: body}) }

func (r *registrations) call(call *ast.CallExpr) {
	fn := r.generated.registrationOf(call)
	if fn == nil || len(call.Args) == 0 {
		return
	}
	id, ok := ast.Unparen(call.Args[0]).(*ast.Ident)
	if !ok {
		return // which runtime that is cannot be seen
	}
	this := registration{fn, r.pass.TypesInfo.Uses[id]}
	if r.seen[this] {
		r.pass.Reportf(call.Pos(), "%s was called with %s before: a flow is registered once with a runtime, and the second time is an error", fn.Name(), id.Name)
	}
	r.seen[this] = true
}
