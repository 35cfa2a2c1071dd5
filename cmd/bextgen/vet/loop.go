package vet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// Loop finds loops in handlers that go on when the step is over.
var Loop = &analysis.Analyzer{
	Name: "steploop",
	Doc: `find loops in handlers that do not heed their context

When an attempt is over (its timeout, a cancel, the end of the process), the context of its handler is cancelled. A loop
without an end of its own, or one that sleeps, has to look at that: else it goes on beside the next attempt.`,
	Requires: []*analysis.Analyzer{api},
	Run:      checkLoops,
}

func checkLoops(pass *analysis.Pass) (any, error) {
	for _, h := range pass.ResultOf[api].(*generated).handlers() { //nolint:forcetypeassert // its ResultType
		ast.Inspect(h.Body, func(n ast.Node) bool {
			body, endless := loopOf(n)
			if body == nil || mentionsContext(pass.TypesInfo, n) {
				return true
			}
			if endless && !leaves(body) || sleeps(pass, body) {
				pass.Reportf(n.Pos(), "this loop does not heed ctx.Done(): it goes on when the attempt of %s is over; "+
					"return when the context has ended", h.Name.Name)
				return false
			}
			return true
		})
	}
	return nil, nil
}

// loopOf is the body of a loop, and whether the loop has no condition; nil for another node.
func loopOf(n ast.Node) (body *ast.BlockStmt, endless bool) {
	switch n := n.(type) {
	case *ast.ForStmt:
		return n.Body, n.Cond == nil
	case *ast.RangeStmt:
		return n.Body, false
	}
	return nil, false
}

// leaves says whether a loop has a way out of its own.
func leaves(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			found = found || n.Tok.String() == "break" || n.Tok.String() == "goto"
		}
		return !found
	})
	return found
}

// sleeps says whether code sleeps.
func sleeps(pass *analysis.Pass, body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			fn, _ := pass.TypesInfo.Uses[s.Sel].(*types.Func)
			found = found || fn != nil && fn.FullName() == "time.Sleep"
		}
		return !found
	})
	return found
}

// isChannel says whether an expression is a channel.
func isChannel(pass *analysis.Pass, e ast.Expr) bool {
	t := pass.TypesInfo.TypeOf(e)
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Chan)
	return ok
}
