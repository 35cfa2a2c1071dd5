package templates_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/breaking"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/templates"
	"github.com/bextgen/bextgen/testdata/versions/player"
)

// versionCase is a file of testdata/versions: the flow files before and after a change, what
// breaking says of it, and what becomes of runs that were under way at each moment.
type versionCase struct {
	name, path    string
	archive       *txtar.Archive
	before, after *model.Package
	options       map[string][]string
	verdict       diag.List
}

// The files of a case that are compared.
const verdictFile, runsFile = "verdict.txt", "runs.txt"

// TestVersions holds what breaking says of a change against what it does to runs: what it lets
// pass they survive, and what it refuses does harm to some.
func TestVersions(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes a while")
	}
	paths, err := filepath.Glob("../testdata/versions/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	sources := map[string][]byte{}
	var cases []*versionCase
	for _, path := range paths {
		c := readVersions(t, path)
		c.addSources(t, sources)
		cases = append(cases, c)
	}
	sources["all_test.go"] = versionsProgram(cases)
	played := map[string][]player.Outcome{}
	if err := json.Unmarshal(runTests(t, sources), &played); err != nil {
		t.Fatal(err)
	}
	found := map[diag.Code]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.compare(t, played[c.name]) })
		for _, d := range c.verdict {
			found[d.Code] = true
		}
	}
	for code := diag.BlockGone; code <= diag.VersionGone; code = nextCode(code) {
		if !found[code] {
			t.Errorf("no case shows what %s does to runs", code)
		}
	}
}

// nextCode is the code with the next number, with which those about versions go on.
func nextCode(code diag.Code) diag.Code {
	codes := diag.Codes()
	return codes[slices.Index(codes, code)+1]
}

func readVersions(t *testing.T, path string) *versionCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &versionCase{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive, options: map[string][]string{}}
	for _, f := range archive.Files {
		if f.Name != "options.txt" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			c.options[key] = append(c.options[key], value)
		}
	}
	return c
}

// addSources adds the packages before and after, with their handlers, and compares the two.
func (c *versionCase) addSources(t *testing.T, sources map[string][]byte) {
	t.Helper()
	var packages [2]*model.Package
	var described [2][]*description.Flow
	for i, side := range []string{"before", "after"} {
		specs := fstest.MapFS{}
		for _, f := range c.archive.Files {
			if name, ok := strings.CutPrefix(f.Name, side+"/"); ok {
				specs[name] = &fstest.MapFile{Data: f.Data}
			}
		}
		pkg, files := compile(t, schema.Options{Package: side}, specs)
		for name, content := range files {
			sources[c.name+"/"+side+"/"+name] = content
		}
		sources[c.name+"/"+side+"/code.go"] = versionCode(pkg)
		for _, f := range pkg.Flows {
			described[i] = append(described[i], templates.Describe(pkg, f))
		}
		packages[i] = pkg
	}
	c.before, c.after = packages[0], packages[1]
	_, frozen := c.options["frozen"]
	c.verdict = breaking.Compare(breaking.Locked(described[0]), breaking.Now{
		Package: c.after, Flows: described[1], Frozen: func(string, int) bool { return frozen },
	}).Sorted(nil)
}

// versionCode is what the player needs of a package. Its first flow is played.
func versionCode(pkg *model.Package) []byte {
	var methods, registers, moments, payloads strings.Builder
	for _, fl := range pkg.Flows {
		fmt.Fprintf(&registers, "Register%s(rt, handlers{w}),\n", fl.GoName)
		for _, st := range fl.Steps {
			if st.Calls == nil {
				fmt.Fprintf(&moments, "%q,\n", st.Name)
				if st.Out == nil {
					fmt.Fprintf(&methods, "func (h handlers) %s(ctx context.Context, in %s) error { return h.Call(ctx, %q, in) }\n", st.GoName, st.In.GoName, st.Name)
				} else {
					fmt.Fprintf(&methods, "func (h handlers) %s(ctx context.Context, in %s) (%[3]s, error) { return player.Do[%[3]s](ctx, h.World, %[5]q, %[4]q, in) }\n",
						st.GoName, st.In.GoName, st.Out.GoName, st.Name, pkg.Name)
				}
			}
			if st.Undo != nil {
				out, result := "", ""
				if st.Out != nil {
					out, result = ", out "+st.Out.GoName, ", out"
				}
				if st.Out != nil && st.Undo.Attempted {
					out = ", out *" + st.Out.GoName
				}
				fmt.Fprintf(&moments, "%q,\n", st.Undo.Name)
				fmt.Fprintf(&methods, "func (h handlers) %s(ctx context.Context, in %s%s) error { return h.Call(ctx, %q, in%s) }\n", st.Undo.GoName, st.In.GoName, out, st.Undo.Name, result)
			}
		}
		for _, w := range fl.Waits {
			fmt.Fprintf(&moments, "%q,\n", w.Name)
			payload := "flow.None"
			if w.Out != nil {
				payload = w.Out.GoName
			}
			fmt.Fprintf(&payloads, "%q: player.JSON[%s](%[1]q),\n", w.Name, payload)
		}
	}
	first := pkg.Flows[0]
	return fmt.Appendf(nil, `package %s

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/testdata/versions/player"
)

type handlers struct{ *player.World }

%s
var _ flow.None

var Code = player.Code{
	Register: func(rt *runtime.Runtime, w *player.World) error { return errors.Join(%s) },
	Start: func(ctx context.Context) (string, error) {
		run, err := Start%s(ctx, player.Filled[%s]("input"))
		if err != nil {
			return "", err
		}
		return run.ID(), nil
	},
	Moments: []string{%s},
	Payloads: map[string]json.RawMessage{%s},
}
`, pkg.Name, methods.String(), registers.String(), first.GoName, first.Input.GoName, moments.String(), payloads.String())
}

func versionsProgram(cases []*versionCase) []byte {
	var imports, list strings.Builder
	for i, c := range cases {
		fmt.Fprintf(&imports, "b%d \"golden/%s/before\"\na%[1]d \"golden/%[2]s/after\"\n", i, c.name)
		_, frozen := c.options["frozen"]
		fmt.Fprintf(&list, "{Name: %q, Before: b%d.Code, After: a%[2]d.Code, Mode: %q, Frozen: %v, Fails: %#v, Answers: map[string]json.RawMessage{",
			c.name, i, strings.Join(c.options["mode"], ""), frozen, c.options["fails"])
		for _, answer := range c.options["answer"] {
			name, value, _ := strings.Cut(answer, " ")
			fmt.Fprintf(&list, "%q: json.RawMessage(%q),", name, value)
		}
		list.WriteString("}},\n")
	}
	return fmt.Appendf(nil, `package all

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/bextgen/bextgen/testdata/versions/player"
	%s)

func TestAll(t *testing.T) {
	played := map[string][]player.Outcome{}
	for _, c := range []player.Case{
		%s} {
		played[c.Name] = c.Play(t)
	}
	text, err := json.Marshal(played)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("played.json", text, 0o600); err != nil {
		t.Fatal(err)
	}
}
`, imports.String(), list.String())
}

// compare holds the case against its file, and what breaking says against what happens.
func (c *versionCase) compare(t *testing.T, played []player.Outcome) {
	want := &txtar.Archive{Comment: c.archive.Comment}
	for _, f := range c.archive.Files {
		if f.Name != verdictFile && f.Name != runsFile {
			want.Files = append(want.Files, f)
		}
	}
	var runs strings.Builder
	harm := false
	alone, as := played[0], played[1]
	for _, o := range played[2:] {
		fmt.Fprintf(&runs, "%s: %s\n", o.Moment, o)
		survived := c.survived(o, alone, as)
		harm = harm || survived != "" || o.Output != alone.Output || !c.undone(o, as)
		if survived != "" && len(c.verdict) == 0 {
			t.Errorf("breaking lets this pass, and a run that is taken over at %s %s: %s", o.Moment, survived, o)
		}
	}
	if !harm && len(c.verdict) > 0 {
		t.Errorf("breaking refuses this, and runs survive it:\n%s%s", c.verdict, runs.String())
	}
	want.Files = append(want.Files,
		txtar.File{Name: verdictFile, Data: []byte(c.verdict.String())},
		txtar.File{Name: runsFile, Data: []byte(runs.String())})
	got := txtar.Format(want)
	if *update {
		if err := os.WriteFile(c.path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(c.archive)), string(got)); diff != "" {
		t.Errorf("%s is not current (-want +got); if the change is meant, run the test with -update:\n%s", c.path, diff)
	}
}

// survived is in what way a run has not survived the change; empty if it has. Alone and as
// are what becomes of runs with the later and with the earlier code alone.
func (c *versionCase) survived(o, alone, as player.Outcome) string {
	if o.Status != alone.Status {
		return "is " + o.Status + ", not " + alone.Status
	}
	if strings.Contains(o.Output, `:""`) || len(o.Empty) > 0 {
		return "read an empty value"
	}
	for _, name := range o.Done {
		if count(o, name) > max(count(alone, name), count(as, name), 1) {
			return "did " + name + " too often"
		}
	}
	for _, fl := range c.before.Flows { // what both codes do is done
		for _, st := range fl.Steps {
			if count(alone, st.Name) > 0 && count(o, st.Name) == 0 {
				return "never did " + st.Name
			}
		}
	}
	for _, fl := range c.after.Flows {
		for _, st := range fl.Steps {
			if alone.Status == "failed" && st.Undo != nil && count(o, st.Name) > 0 && count(o, st.Undo.Name) == 0 {
				return "did not undo " + st.Name
			}
		}
	}
	return ""
}

// count is how often a handler returned.
func count(o player.Outcome, name string) int {
	n := 0
	for _, done := range o.Done {
		if done == name {
			n++
		}
	}
	return n
}

// undone says whether what was undone before the change is undone.
func (c *versionCase) undone(o, before player.Outcome) bool {
	for _, fl := range c.before.Flows {
		for _, st := range fl.Steps {
			if st.Undo != nil && slices.Contains(before.Done, st.Undo.Name) && !slices.Contains(o.Done, st.Undo.Name) {
				return false
			}
		}
	}
	return true
}

// runTests builds the tests of a module, runs them, and returns what they write.
func runTests(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	dir := writeModule(t, files)
	run(t, dir, "go", "test", "-vet=off", "-count=1", ".")
	text, err := os.ReadFile(filepath.Join(dir, "played.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
