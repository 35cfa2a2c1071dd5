package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/templates"
)

// This file holds what the pages show: flows are checked by the compiler, Go is compiled, tests
// and programs in it are run, and commands are ones that there are. In a page, a comment right before a block says more:
//
//   - One that has a line `…` is what stands around the block, which takes the place of that line. Around a flow,
//     a line `---` ends a file and begins another one.
//   - `<!-- excerpt: PATH -->`: the lines of the block stand in that file, in this order; `…` is what was left out.
//   - `<!-- package: NAME -->`, anywhere: the flows and the Go below it are a package. Without it, those of a page are one.

// TestFlowsInPages checks each block of YAML, alone.
func TestFlowsInPages(t *testing.T) {
	n := 0
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if b.lang != "yaml" || isExcerpt(b) {
				continue
			}
			n++
			if !strings.Contains(flowText(b), "flow: ") {
				t.Errorf("%s:%d: this is no whole flow; put what is around it into a comment before it", p.path, b.line)
			}
			if _, wrong := schema.Load(flowFile(b), schema.Options{Package: "p"}); len(wrong) > 0 {
				t.Errorf("%s:%d:\n%v\nin\n%s", p.path, b.line, wrong, flowText(b))
			}
		}
	}
	if n == 0 {
		t.Error("no page has YAML")
	}
}

// flowText is a block with what stands around it.
func flowText(b block) string { return around(b, b.text) }

// flowFile is a folder with the flow alone, and with those around it that it calls.
func flowFile(b block) fstest.MapFS {
	files := fstest.MapFS{}
	for i, text := range strings.Split(flowText(b), "\n---\n") {
		files[fmt.Sprintf("line-%d-%d.flow.yaml", b.line, i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// around puts a text into the comment before the block, at the indentation of its `…`.
func around(b block, text string) string {
	lines := strings.Split(b.before, "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "…" })
	if i < 0 {
		return text
	}
	lines[i] = strings.TrimSuffix(text, "\n")
	return strings.Join(lines, "\n") + "\n"
}

// imports are the packages that Go in pages uses without importing them.
var imports = map[string]string{
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "log": "log", "os": "os", "sql": "database/sql",
	"signal": "os/signal", "slog": "log/slog", "strings": "strings", "syscall": "syscall", "synctest": "testing/synctest", "testing": "testing", "time": "time",
	"encrypted":  "github.com/bextgen/bextgen/runtime/store/encrypted",
	"flow":       "github.com/bextgen/bextgen/runtime/flow",
	"memory":     "github.com/bextgen/bextgen/runtime/store/memory",
	"metrics":    "github.com/bextgen/bextgen/runtime/metrics",
	"otel":       "go.opentelemetry.io/otel",
	"prometheus": "github.com/prometheus/client_golang/prometheus",
	"runtime":    "github.com/bextgen/bextgen/runtime",
	"sqlite":     "github.com/bextgen/bextgen/runtime/store/sqlite",
	"tracing":    "github.com/bextgen/bextgen/runtime/tracing",
	"web":        "github.com/bextgen/bextgen/runtime/web",
}

// TestGoInPages compiles the Go of all pages as packages of one module, with the flows beside it, and
// runs what is a test or a program there.
func TestGoInPages(t *testing.T) {
	dir := t.TempDir()
	packages, places := map[string][]block{}, map[string]string{}
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if (b.lang == "go" || b.lang == "yaml") && !isExcerpt(b) {
				name := regexp.MustCompile(`\W`).ReplaceAllString(strings.ToLower(filepath.Base(p.path)+b.section), "")
				packages[name] = append(packages[name], b)
				places[name] = p.path
			}
		}
	}
	for name, blocks := range packages {
		if slices.ContainsFunc(blocks, func(b block) bool { return b.lang == "go" }) {
			writeFlows(t, filepath.Join(dir, name), blocks)
			writeGo(t, filepath.Join(dir, name), places[name], blocks)
		}
	}
	writeModule(t, dir)
	cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// writeModule makes a module of the folder, with what bextgen itself requires.
func writeModule(t *testing.T, dir string) {
	t.Helper()
	root, err := filepath.Abs(pageRoot)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	const own = "github.com/bextgen/bextgen"
	text := strings.Replace(string(mod), "module "+own+"\n", "module pages\n", 1)
	text = regexp.MustCompile(`(?m)^tool .*$`).ReplaceAllString(text, "")
	writeFile(t, filepath.Join(dir, "go.mod"), fmt.Sprintf("%s\nrequire %s v0.0.0\nreplace %s => %s\n", text, own, own, root))
	writeFile(t, filepath.Join(dir, "go.sum"), string(sum))
}

// writeFlows generates the Go of the flows of a package.
func writeFlows(t *testing.T, dir string, blocks []block) {
	t.Helper()
	files := fstest.MapFS{}
	for _, b := range blocks {
		if b.lang == "yaml" {
			for name, file := range flowFile(b) {
				files[name] = file
			}
		}
	}
	if len(files) == 0 {
		return
	}
	pkg, wrong := schema.Load(files, schema.Options{Package: goPackage(blocks)})
	if len(wrong) > 0 {
		t.Fatalf("the flows of %s do not go together: %v", filepath.Base(dir), wrong)
	}
	generated, err := templates.Go(pkg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range generated {
		writeFile(t, filepath.Join(dir, f.Name), string(f.Content))
	}
}

// packageClause is the first line of a whole file.
var packageClause = regexp.MustCompile(`(?m)^package (\w+)$`)

// goPackage is the name of the package that blocks are of.
func goPackage(blocks []block) string {
	for _, b := range blocks {
		if m := packageClause.FindStringSubmatch(around(b, b.text)); m != nil && b.lang == "go" {
			return m[1]
		}
	}
	return "snippets"
}

// writeGo writes each block of Go as a file of its own: a whole one, declarations, or statements.
// A function main gets a test that runs it.
func writeGo(t *testing.T, dir, path string, blocks []block) {
	t.Helper()
	name := goPackage(blocks)
	for _, b := range blocks {
		if b.lang != "go" {
			continue
		}
		text := around(b, fmt.Sprintf("//line %s:%d\n%s", path, b.line, strings.ReplaceAll(b.text, "{…}", "{}")))
		if !strings.Contains(text, "\nimport ") {
			text = withImports("package "+name+"\n\n", packageClause.ReplaceAllString(text, ""))
		}
		file := fmt.Sprintf("line%d", b.line)
		if regexp.MustCompile(`(?m)^func Test`).MatchString(text) {
			file += "_test"
		}
		writeFile(t, filepath.Join(dir, file+".go"), text)
		if name == "main" && strings.Contains(text, "\nfunc main() {") {
			writeFile(t, filepath.Join(dir, "main_test.go"),
				"package main\n\nimport \"testing\"\n\nfunc TestProgram(t *testing.T) {\n\tt.Chdir(t.TempDir())\n\tmain()\n}\n")
		}
	}
}

// withImports makes a file of declarations or, in a function, of statements.
func withImports(head, text string) string {
	file, err := parser.ParseFile(token.NewFileSet(), "", head+text, 0)
	if err != nil {
		text = "func _() {\n" + text + "}\n"
		if file, err = parser.ParseFile(token.NewFileSet(), "", head+text, 0); err != nil {
			return head + text // the compiler says what is wrong
		}
	}
	used := map[string]bool{}
	for _, ident := range file.Unresolved {
		if path, ok := imports[ident.Name]; ok && !used[path] {
			used[path] = true
			head += fmt.Sprintf("import %q\n", path)
		}
	}
	return head + text
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func isExcerpt(b block) bool { return strings.HasPrefix(b.before, "excerpt: ") }

// TestExcerptsInPages finds what is quoted in the files that it is from.
func TestExcerptsInPages(t *testing.T) {
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if path, ok := strings.CutPrefix(b.before, "excerpt: "); ok {
				checkExcerpt(t, p, b, path)
			}
		}
	}
}

// checkExcerpt holds that the lines of a block stand in a file, in their order.
func checkExcerpt(t *testing.T, p page, b block, path string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(pageRoot, filepath.Dir(p.path), path))
	if err != nil {
		t.Errorf("%s:%d: %v", p.path, b.line, err)
		return
	}
	for i, line := range strings.Split(b.text, "\n") {
		line = strings.TrimSpace(line)
		if line == "…" || line == "" {
			continue
		}
		at := bytes.Index(content, []byte(line))
		if at < 0 {
			t.Errorf("%s:%d: %s does not have this line there: %s", p.path, b.line+i, path, line)
			return
		}
		content = content[at+len(line):]
	}
}

// TestCommandsInPages holds that what the pages tell to type can be typed: commands of bextgen with
// their flags, targets of make, and paths that are given to go. Docs/commands.md is held by TestCommandsPage.
func TestCommandsInPages(t *testing.T) {
	for _, name := range []string{"BEXTGEN_DB", "BEXTGEN_URL", "BEXTGEN_TOKEN"} {
		t.Setenv(name, "")
	}
	n := 0
	for _, p := range readPages(t) {
		for _, line := range commandLines(p) {
			n++
			if err := checkCommand(line); err != nil {
				t.Errorf("%s: `%s`: %v", p.path, line, err)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d commands were found", n)
	}
}

// commandLines are the commands of a page: lines of blocks that have no language or that of a shell, and pieces of code in the text.
func commandLines(p page) []string {
	var lines []string
	for _, span := range code.FindAllString(p.prose, -1) {
		lines = append(lines, strings.Trim(span, "`"))
	}
	for _, b := range p.blocks {
		if (b.lang == "" || b.lang == "sh") && p.path != "docs/commands.md" {
			lines = append(lines, strings.Split(b.text, "\n")...)
		}
	}
	var commands []string
	for _, line := range lines {
		line, _, _ = strings.Cut(line, " #")
		for part := range strings.SplitSeq(line, "&&") {
			part = strings.TrimPrefix(strings.TrimSpace(part), "$ ")
			part = strings.TrimPrefix(part, "go tool ")
			for _, name := range []string{"bextgen ", "make ", "go test ", "go run "} {
				if strings.HasPrefix(part, name) && !strings.Contains(part, "COMMAND") {
					commands = append(commands, strings.TrimSpace(part))
				}
			}
		}
	}
	return commands
}

// checkCommand says what is wrong with a command line; of the shell it knows words, quotes around them, and redirections.
func checkCommand(line string) error {
	line, _, _ = strings.Cut(line, " > ")
	words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i := range words {
		words[i] = strings.Trim(words[i], "'")
	}
	switch words[0] {
	case "bextgen":
		return checkOwnCommand(words[1:])
	case "make":
		makefile, err := os.ReadFile(filepath.Join(pageRoot, "Makefile"))
		if err != nil {
			return err
		}
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(makefile) {
			return fmt.Errorf("make knows no %s", words[1])
		}
	default:
		return checkGoCommand(words[2:])
	}
	return nil
}

// checkGoCommand says whether the packages and the tests are there that the go command is given.
func checkGoCommand(args []string) error {
	var tests []byte // all text of tests in the packages
	for _, arg := range args {
		path, _, _ := strings.Cut(arg, "/...")
		folder := filepath.Join(pageRoot, path)
		if _, err := os.Stat(folder); strings.HasPrefix(arg, "./") && err != nil {
			return err
		}
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			tests = append(tests, text...)
		}
	}
	for i, arg := range args[:max(0, len(args)-1)] {
		name := args[i+1]
		if (arg == "-run" || arg == "-bench") && name != "xxx" && !regexp.MustCompile(`(?m)^func \w*`+name).Match(tests) {
			return fmt.Errorf("no test or benchmark there is called %s", name)
		}
	}
	return nil
}

// checkOwnCommand says what is wrong with a command of bextgen.
func checkOwnCommand(args []string) error {
	root := newRootCommand()
	root.InitDefaultCompletionCmd(args...)
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root {
		return fmt.Errorf("there is no command %q", args)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.HasSubCommands() && cmd.Name() != "help" {
		if cmd.Flags().NArg() > 0 {
			return fmt.Errorf("%s has no command %s", cmd.CommandPath(), cmd.Flags().Arg(0))
		}
		return nil // the command is named as such
	}
	if cmd.Flags().NArg() == 0 && cmd.Args != nil && cobra.NoArgs(cmd, nil) == nil {
		return nil // named without what it is for
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
