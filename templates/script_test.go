package templates_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/testdata/machine/player"

	"github.com/bextgen/bextgen/schema"
)

const (
	scriptFolder = "../testdata/machine"
	scriptFile   = "script.txt" // what happens, and below each line what follows
)

// script is a file of testdata/machine: flow files, of which the first is played, and
// a script for its generated machine. See testdata/machine/player.
type script struct {
	name, path string
	archive    *txtar.Archive
}

func readScripts(t *testing.T) []*script {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(scriptFolder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var scripts []*script
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(archive.Files) < 2 || archive.Files[len(archive.Files)-1].Name != scriptFile {
			t.Fatalf("%s: want flow files and, behind them, %s", path, scriptFile)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		scripts = append(scripts, &script{name: name, path: path, archive: archive})
	}
	return scripts
}

// TestScripts plays the scripts on the generated machines and compares what follows
// from each line with what stands there.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	scripts := readScripts(t)
	sources := map[string][]byte{"main.go": scriptsProgram(scripts)}
	folder := t.TempDir()
	for _, s := range scripts {
		s.addSources(t, sources)
		writeFile(t, filepath.Join(folder, s.name+".txt"), s.lines().Data)
	}
	program := buildProgram(t, sources)
	for i, played := range txtar.Parse(run(t, ".", program, folder)).Files {
		t.Run(played.Name, func(t *testing.T) { scripts[i].compare(t, played.Data) })
	}
}

func (s *script) lines() *txtar.File { return &s.archive.Files[len(s.archive.Files)-1] }

// addSources adds the generated package, and what hands out its flow.
func (s *script) addSources(t *testing.T, sources map[string][]byte) {
	t.Helper()
	pkg, files := compile(t, schema.Options{Package: s.name}, specs(s.archive))
	for name, content := range files {
		sources[s.name+"/"+name] = content
	}
	for _, fl := range pkg.Flows {
		if fl.Pos.File == s.archive.Files[0].Name {
			sources[s.name+"/played.go"] = fmt.Appendf(nil, "package %s\n\nvar Played = &%sFlow\n", pkg.Name, fl.VarName)
			return
		}
	}
	t.Fatalf("%s has no flow in its first file", s.path)
}

func scriptsProgram(scripts []*script) []byte {
	var imports, plays strings.Builder
	for i, s := range scripts {
		fmt.Fprintf(&imports, "p%d \"golden/%s\"\n", i, s.name)
		fmt.Fprintf(&plays, "player.Play{Name: %q, Flow: p%d.Played},\n", s.name, i)
	}
	return fmt.Appendf(nil, "package main\n\nimport (\n\"github.com/bextgen/bextgen/testdata/machine/player\"\n%s)\n\n"+
		"func main() {\nplayer.Main(\n%s)\n}\n", imports.String(), plays.String())
}

// compare holds the script that was played against the file, or writes it there.
func (s *script) compare(t *testing.T, played []byte) {
	lines := s.lines()
	if *update {
		lines.Data = played
		if err := os.WriteFile(s.path, txtar.Format(s.archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(lines.Data), string(played)); diff != "" {
		t.Errorf("%s goes otherwise (-want +got); if that is meant, run the test with -update:\n%s", s.path, diff)
	}
}

// oneStep is a machine with the step work.
type oneStep struct {
	work flow.Step[flow.None, flow.None]
}

var workStep = flow.StepDef{Name: "work"}

func (s *oneStep) Next(p *flow.Plan) bool {
	return s.work.Run(p, &workStep, func() flow.None { return flow.None{} })
}

func (*oneStep) Output(*flow.Plan) any { return flow.None{} }

// TestScriptsThatDoNotFit holds that a line that cannot happen is an error.
func TestScriptsThatDoNotFit(t *testing.T) {
	play := player.Play{Flow: &flow.Definition{
		Flow: "one", Steps: []*flow.StepDef{&workStep},
		New: func([]byte) (flow.Machine, error) { return new(oneStep), nil },
	}}
	tests := map[string]string{
		"done work":                                    "line 1: done work: a script begins with start",
		"start {}\n  -> run other #1\nstart {}":        "line 3: start {}: the run before this one is not over",
		"start {}\n\ndone rest":                        "line 3: done rest: rest is not under way, but: run work #1 {}",
		"start {}\nundo work":                          "line 2: undo work: a script has no undo",
		"start {}\ndone work {":                        "line 2: done work {: { is no JSON",
		"start {}\nfail work boom":                     `line 2: fail work boom: want fail STEP "why"`,
		"start {}\nlate work":                          "line 2: late work: no attempt of work is over",
		"start {}\ntick":                               "line 2: tick: the run waits for no time",
		"start {}\ntick soon":                          "line 2: tick soon: ",
		"start {}\nchild work {}":                      "line 2: child work {}: work is not under way",
		"start {}\ncancel why":                         `line 2: cancel why: want cancel "why"`,
		"start {}\ndone work\nlate work\ndone work {}": "line 4: done work {}: work is not under way, but: nothing",
	}
	for script, want := range tests {
		if _, err := play.Trace(script); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %s", script, err, want)
		}
	}
}
