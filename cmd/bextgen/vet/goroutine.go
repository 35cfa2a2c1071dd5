package vet

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
)

// Goroutine finds handlers that leave a goroutine behind which uses their context.
var Goroutine = &analysis.Analyzer{
	Name: "stepgoroutine",
	Doc: `find goroutines that outlive their step

The context of a handler is cancelled when the handler returns, and what it does after that is not part of the
step: nobody waits for it, and its failure is not seen. Wait for the goroutine, or make its work a step.`,
	Requires: []*analysis.Analyzer{api},
	Run:      checkGoroutines,
}

func checkGoroutines(pass *analysis.Pass) (any, error) {
	for _, h := range pass.ResultOf[api].(*generated).handlers() { //nolint:forcetypeassert // its ResultType
		if waits(pass, h.Body) {
			continue
		}
		ast.Inspect(h.Body, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok && mentionsContext(pass.TypesInfo, g.Call) {
				pass.Reportf(g.Pos(), "this goroutine may outlive the step %s, whose context it uses and which is cancelled when it returns; "+
					"wait for it before you return, or make its work a step of its own", h.Name.Name)
			}
			return true
		})
	}
	return nil, nil
}

// waits says whether code waits for something outside of the goroutines that it starts: by a
// Wait, or by a channel.
func waits(pass *analysis.Pass, body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			return false
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW && !isDone(n.X)
		case *ast.RangeStmt:
			found = found || isChannel(pass, n.X)
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Wait" {
				found = true
			}
		}
		return !found
	})
	return found
}

// isDone says whether a channel is that of a context's end, which is no end of a goroutine.
func isDone(channel ast.Expr) bool {
	call, ok := channel.(*ast.CallExpr)
	if !ok {
		return false
	}
	s, ok := call.Fun.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Done"
}
