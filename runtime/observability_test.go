package runtime_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bextgen/bextgen/runtime/metrics"
)

// docs/observability.md lists the names of what is emitted. Here the lists are held
// against the code.

// documented are the rows of a table of that file: the cells behind its heading, which
// stands in the row of titles.
func documented(t *testing.T, heading string) [][]string {
	t.Helper()
	raw, err := os.ReadFile("../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	inside := false
	for _, line := range strings.Split(string(raw), "\n") {
		switch {
		case strings.HasPrefix(line, "| "+heading+" |"):
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "| ---"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("docs/observability.md has no table that begins with %q", heading)
	}
	return rows
}

var quoted = regexp.MustCompile("`([^`]+)`")

// words are what stands in backquotes, sorted.
func words(cell string) []string {
	all := []string{}
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}

// same holds what is documented against what is emitted.
func same(t *testing.T, docs, code []string) {
	t.Helper()
	slices.Sort(docs)
	slices.Sort(code)
	if diff := cmp.Diff(docs, slices.Compact(code)); diff != "" {
		t.Errorf("docs/observability.md and the code do not say the same (-docs +code):\n%s", diff)
	}
}

// registered gathers what is registered.
type registered struct {
	prometheus.Registerer
	all []prometheus.Collector
}

func (r *registered) Register(c prometheus.Collector) error {
	r.all = append(r.all, c)
	return nil
}

var descriptor = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

func TestTheMetricsAreDocumented(t *testing.T) {
	var docs, code []string
	for _, row := range documented(t, "metric") {
		docs = append(docs, fmt.Sprint(words(row[0])[0], words(row[2])))
	}
	var r registered
	if _, err := metrics.New(&r); err != nil {
		t.Fatal(err)
	}
	for _, c := range append(r.all, metrics.NewQueue(nil, nil)) {
		descs := make(chan *prometheus.Desc, 10)
		c.Describe(descs)
		close(descs)
		for d := range descs {
			m := descriptor.FindStringSubmatch(d.String())
			if m == nil {
				t.Fatalf("cannot read %s", d)
			}
			labels := strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
			slices.Sort(labels)
			code = append(code, fmt.Sprint(m[1], labels))
		}
	}
	same(t, docs, code)
}

func TestTheLogLinesAreDocumented(t *testing.T) {
	var docs, code []string
	for _, row := range documented(t, "level") {
		docs = append(docs, fmt.Sprint(row[0], ": ", row[1], " ", words(row[2])))
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "storetest" {
			return fs.SkipDir // it tests, and logs nothing
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			code = append(code, logLines(decl)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, docs, code)
}

// logLines are the log lines that a declaration writes: calls of Info and the like with
// a fixed text.
func logLines(decl ast.Decl) []string {
	var lines []string
	shared := map[string][]string{} // the attributes of loggers made by With, by their variable
	ast.Inspect(decl, func(n ast.Node) bool {
		if assign, ok := n.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			if call, method := methodCall(assign.Rhs[0]); method == "With" {
				shared[fmt.Sprint(assign.Lhs[0])] = attributes(call.Args)
			}
			return true
		}
		call, method := methodCall(n)
		if !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method) || len(call.Args) == 0 {
			return true
		}
		message, ok := text(call.Args[0])
		if !ok {
			return true
		}
		keys := append(attributes(call.Args[1:]), shared[fmt.Sprint(call.Fun.(*ast.SelectorExpr).X)]...)
		slices.Sort(keys)
		lines = append(lines, fmt.Sprint(strings.ToLower(method), ": ", message, " ", keys))
		return true
	})
	return lines
}

// methodCall is a call of something of something, and its name.
func methodCall(n ast.Node) (*ast.CallExpr, string) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return nil, ""
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil, ""
	}
	return call, selector.Sel.Name
}

// attributes are the names in a list of names and values.
func attributes(args []ast.Expr) []string {
	keys := []string{}
	for i := 0; i < len(args); i += 2 {
		key, ok := text(args[i])
		if !ok {
			key = "(not a fixed name)"
		}
		keys = append(keys, key)
	}
	return keys
}

// text is the value of a literal text.
func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(lit.Value)
	return value, err == nil
}

// Who does not import the observers does not have their libraries.
func TestProgramsWithoutObserversLinkNoneOfTheirLibraries(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".", "./store/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		if strings.Contains(dep, "prometheus") || strings.Contains(dep, "opentelemetry") {
			t.Errorf("the runtime or its store imports %s", dep)
		}
	}
}
