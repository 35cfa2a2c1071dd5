package schema_test

import (
	"os"
	"path/filepath"
	"regexp"
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
)

// explanation is the form of a page about a code: an example, what is said of it, why and
// the way out, and the example mended.
var explanation = regexp.MustCompile("(?s)^# (BX\\d+): ([^\n]+)\n\n```yaml\n(.*?)```\n\n```text\n(.*?)```\n\n(\\S.*?\\S)\n\n```yaml\n(.*?)```\n$")

// TestExplanations holds that each code has a page, whose wrong example gets this code
// and no other, with the message that it shows, and whose mended example is accepted.
func TestExplanations(t *testing.T) {
	files, err := filepath.Glob("diag/explain/*.md")
	if err != nil || len(files) != len(diag.Codes()) {
		t.Errorf("there are %d pages for %d codes, %v", len(files), len(diag.Codes()), err)
	}
	for _, code := range diag.Codes() {
		t.Run(string(code), func(t *testing.T) { checkExplanation(t, code) })
	}
}

func checkExplanation(t *testing.T, code diag.Code) {
	page, ok := diag.Explanation(code)
	if !ok {
		t.Fatalf("%s has no page: write schema/diag/explain/%s.md", code, code)
	}
	parts := explanation.FindStringSubmatch(page)
	if parts == nil {
		t.Fatalf("the page has not the form of the others:\n%s", page)
	}
	if parts[1] != string(code) || parts[2] != diag.Titles()[code] {
		t.Errorf("its heading is %s: %s; want %s: %s", parts[1], parts[2], code, diag.Titles()[code])
	}
	wrong := loadExample(t, code, parts[3])
	if len(wrong) == 0 {
		t.Error("the wrong example is accepted")
	}
	for _, d := range wrong {
		if d.Code != code {
			t.Errorf("the wrong example gets another code: %s", d)
		}
	}
	if diff := cmp.Diff(parts[4], wrong.String()); *update {
		page = strings.Replace(page, "```text\n"+parts[4], "```text\n"+wrong.String(), 1)
		if err := os.WriteFile("diag/explain/"+string(code)+".md", []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff != "" {
		t.Errorf("the page shows other messages (-page +bextgen), rewrite them with -update:\n%s", diff)
	}
	if mended := loadExample(t, code, parts[6]); len(mended) > 0 {
		t.Errorf("the mended example is wrong too:\n%s", mended)
	}
}

// loadExample loads the files of an example: one flow file, or several in the form of txtar.
// Those in the folder before are what the others were.
func loadExample(t *testing.T, code diag.Code, text string) diag.List {
	t.Helper()
	archive := txtar.Parse([]byte(text))
	if strings.HasPrefix(text, "-- before/") {
		return compareExample(t, code, archive)
	}
	if len(archive.Files) == 0 {
		archive = &txtar.Archive{Files: []txtar.File{{Name: "shop.flow.yaml", Data: []byte(text)}}}
	}
	opts, spec := options(archive), fstest.MapFS{}
	opts.Out = t.TempDir()
	for _, f := range archive.Files {
		spec[f.Name] = &fstest.MapFile{Data: f.Data}
		writeFile(t, filepath.Join(opts.Out, f.Name), f.Data)
	}
	_, list := schema.Load(spec, opts)
	return list
}

// comparesVersions says whether a code is about a change, whose page shows what was before.
func comparesVersions(code diag.Code) bool {
	page, _ := diag.Explanation(code)
	return strings.Contains(page, "\n-- before/")
}

// compareExample says what is wrong with an example that was otherwise before.
func compareExample(t *testing.T, code diag.Code, archive *txtar.Archive) diag.List {
	t.Helper()
	files := map[string]fstest.MapFS{} // by folder
	for _, f := range archive.Files {
		folder, name := filepath.Split(f.Name)
		if files[folder] == nil {
			files[folder] = fstest.MapFS{}
		}
		files[folder][name] = &fstest.MapFile{Data: f.Data}
	}
	describe := func(folder string) (*model.Package, []*description.Flow) {
		pkg, list := schema.Load(files[folder], schema.Options{Package: "shop"})
		if len(list) > 0 {
			t.Fatal(list)
		}
		var flows []*description.Flow
		for _, f := range pkg.Flows {
			flows = append(flows, templates.Describe(pkg, f))
		}
		return pkg, flows
	}
	_, before := describe("before/")
	pkg, after := describe("")
	now := breaking.Now{Package: pkg, Flows: after, Frozen: func(string, int) bool { return files["v1/"] != nil }}
	if code == diag.StaleLock {
		return breaking.Check(breaking.Locked(before), now)
	}
	return breaking.Compare(breaking.Locked(before), now)
}
