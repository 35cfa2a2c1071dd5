package schema_test

import (
	"fmt"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

const minimal = "flow: shop\nversion: \"1.0\"\nsteps:\n  - step: a\n"

// hostile are files that nobody writes in good faith, each with the code of what
// is said first of it.
func hostile() map[string]struct {
	text string
	code diag.Code
} {
	type file = struct {
		text string
		code diag.Code
	}
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [*" + string(c-1) + ", *" + string(c-1) + "]\n"
	}
	deepIndent := ""
	for i := range 700 {
		deepIndent += strings.Repeat(" ", i) + "a:\n"
	}
	return map[string]file{
		"alias bomb":                {bomb, diag.YAMLFeature},
		"open brackets":             {strings.Repeat("[", 200<<10), diag.TooLarge},
		"open braces":               {strings.Repeat("{", 200<<10), diag.TooLarge},
		"open braces with keys":     {strings.Repeat("{a: ", 100<<10), diag.TooLarge},
		"dashes":                    {strings.Repeat("- ", 200<<10), diag.TooLarge},
		"question marks":            {strings.Repeat("? ", 200<<10), diag.TooLarge},
		"brackets, closed":          {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), diag.TooLarge},
		"deep indentation":          {deepIndent, diag.TooLarge},
		"ten megabytes":             {strings.Repeat("# nothing\n", 1<<20), diag.TooLarge},
		"many keys":                 {minimal + strings.Repeat("a: b\n", 40<<10), diag.TooLarge},
		"many expressions":          {minimal + "    in: {" + numbered(1000, "a%d: 1, ") + "a: 1}\n", diag.TooLarge},
		"many faulty expressions":   {minimal + "    in: {" + numbered(900, "a%d: input.x, ") + "a: 1}\n", diag.TooLarge},
		"many results":              {"flow: shop\nversion: \"1.0\"\nsteps:\n" + numbered(300, "  - {step: s%d, out: {a%[1]d: int, b%[1]d: int, c%[1]d: int, d%[1]d: int}}\n"), diag.TooLarge},
		"many unknown names":        {"flow: shop\nversion: \"1.0\"\nsteps:\n" + numbered(999, "  - {step: s%d, out: {x: int}, when: tt > 0, in: {a: a1, b: b1, c: c1, d: d1}}\n"), diag.TooLarge},
		"many types":                {minimal + "types:\n" + numbered(999, "  T%d: {t: T%[1]d1, u: T%[1]d2, v: Foo, w: Bar}\n"), diag.TooLarge},
		"a ring of types":           {minimal + "types:\n  T0: {t: T1}\n" + chain(900) + "  T901: {t: T0}\n", diag.EndlessType},
		"one long line":             {minimal + "    in: {" + numbered(900, "a%d: input.some.thing.that.is.not.there, ") + "a: \"" + strings.Repeat(" ", 400<<10) + "x\"}\n", diag.TooLarge},
		"many documents":            {strings.Repeat("---\n", 120<<10), diag.SecondDocument},
		"many documents with text":  {strings.Repeat("---\na: b\n", 50<<10), diag.SecondDocument},
		"many steps":                {"flow: shop\nversion: \"1.0\"\nsteps:\n" + strings.Repeat("  - step: a\n", 10_000), diag.TooLarge},
		"deep parallels":            {"flow: shop\nversion: \"1.0\"\nsteps: " + strings.Repeat("[{parallel: a, steps: ", 300) + "[]" + strings.Repeat("}]", 300) + "\n", diag.TooLarge},
		"many waits":                {"flow: shop\nversion: \"1.0\"\nsteps:\n" + numbered(999, "  - {wait: w%d, out: {x%[1]d: int}}\n") + "  - step: last\n", diag.TooLarge},
		"a long key of a wait":      {minimal + "  - {foreach: f, over: '[1]', steps: [{wait: w, key: " + strings.Repeat("a", 1<<16) + "}]}\n", diag.TooLarge},
		"many branches":             {"flow: shop\nversion: \"1.0\"\nsteps:\n  - parallel: p\n    steps:\n" + numbered(1100, "      - {step: s%d}\n"), diag.TooLarge},
		"many cases":                {minimal + "  - choose: c\n    cases:\n" + numbered(1100, "      - {when: \"true\", steps: [{step: s%d}]}\n"), diag.TooLarge},
		"many empty cases":          {minimal + "  - choose: c\n    cases:\n" + strings.Repeat("      - {}\n", 40<<10), diag.TooLarge},
		"reads of other branches":   {"flow: shop\nversion: \"1.0\"\nsteps:\n  - parallel: p\n    steps:\n" + numbered(900, "      - {step: s%d, in: {a: s900, b: s899, c: s898}}\n"), diag.TooLarge},
		"deep foreachs":             {"flow: shop\nversion: \"1.0\"\nsteps: " + strings.Repeat("[{foreach: a, over: '[1]', steps: ", 300) + "[]" + strings.Repeat("}]", 300) + "\n", diag.TooLarge},
		"many short expressions":    {"flow: shop\nversion: \"1.0\"\nsteps:\n" + strings.ReplaceAll(numbered(400, "  - {step: s%d, in: {FIELDS}}\n"), "FIELDS", numbered(20, "a%d: 1, ")), diag.TooLarge},
		"many long expressions":     {"flow: shop\nversion: \"1.0\"\nsteps:\n" + numbered(120, "  - {step: s%d, in: {a: '"+strings.Repeat("!", 3900)+"true'}}\n"), diag.TooLarge},
		"many keys and values":      {minimal + "output: {" + numbered(60<<10, "a%d, ") + "}\n", diag.TooLarge},
		"many foreachs":             {"flow: shop\nversion: \"1.0\"\nsteps:\n" + numbered(1100, "  - {foreach: f%d, over: '[1]', steps: [{step: s%[1]d}]}\n"), diag.TooLarge},
		"lists of lists":            {"flow: shop\nversion: \"1.0\"\nsteps:\n  - {foreach: f0, over: '[1]', collect: item, steps: [{step: s0}]}\n" + wrapped(400), diag.TooLarge},
		"many schedules":            {minimal + "schedule:\n" + numbered(51, "  - {name: s%d, cron: '0 0 31 2,4,6,9,11 *'}\n"), diag.TooLarge},
		"schedules that never come": {minimal + "schedule:\n" + numbered(50, "  - {name: s%d, cron: '0 0 31 2,4,6,9,11 *', timezone: Europe/Paris}\n"), diag.BadSchedule},
		"a long cron":               {minimal + "schedule: {cron: '" + strings.Repeat("1,", 100<<10) + "1 * * * *'}\n", diag.BadSchedule},
		"a long timezone":           {minimal + "schedule: {cron: '@daily', timezone: " + strings.Repeat("A/", 100<<10) + "}\n", diag.BadSchedule},
		"a deep input":              {minimal + "input: {x: json}\nschedule: {every: 1h, input: {x: " + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}}\n", diag.TooLarge},
		"an endless quote":          {"\"" + strings.Repeat("x", 500<<10), diag.InvalidYAML},
		"not UTF-8":                 {minimal + "doc: \xff\n", diag.InvalidYAML},
		"UTF-16":                    {"\xff\xfef\x00l\x00", diag.InvalidYAML},
		"a NUL":                     {minimal + "doc: \x00\n", diag.InvalidYAML},
		"a long key":                {minimal + strings.Repeat("k", 1000) + ": x\n", diag.UnknownKey},
		"a long name":               {strings.Replace(minimal, "shop", strings.Repeat("a", 1<<16), 1), diag.MalformedName},
		"a long type":               {minimal + "input: {x: " + strings.Repeat("list<", 1<<16) + "}\n", diag.MalformedType},
		"a deep type":               {minimal + "input: {x: " + strings.Repeat("list<", 100) + "int" + strings.Repeat(">", 100) + "}\n", diag.MalformedType},
		"question marks of a type":  {minimal + "input:\n  x: string" + strings.Repeat("?", 1000) + "\n", diag.MalformedType},
		"a long number":             {minimal + "maxAttempts: " + strings.Repeat("9", 1<<16) + "\n", diag.BadNumber},
		"a long duration":           {minimal + "timeout: " + strings.Repeat("9", 1<<16) + "s\n", diag.BadDuration},
		"a long expression":         {minimal + "output: " + strings.Repeat("x.", 1<<16) + "x\n", diag.TooLarge},
		"a deep expression":         {minimal + "output: " + strings.Repeat("(", 1500) + "1" + strings.Repeat(")", 1500) + "\n", diag.TooLarge},
		"a deep list":               {minimal + "output: '" + strings.Repeat("[", 1500) + "1" + strings.Repeat("]", 1500) + "'\n", diag.TooLarge},
		"many negations":            {minimal + "output: '" + strings.Repeat("!", 3900) + "true'\n", ""},
		"many minus signs":          {minimal + "output: '" + strings.Repeat("- ", 1900) + "1'\n", ""},
		"many selections":           {minimal + "output: input" + strings.Repeat(".x", 1900) + "\n", diag.TooLarge},
		"many conditions":           {minimal + "output: '" + strings.Repeat("true ? 1 : ", 300) + "2'\n", diag.TooLarge},
		"a broken expression":       {minimal + "output: '" + strings.Repeat("(1 + ", 700) + "'\n", diag.TooLarge},
		"an expression of quotes":   {minimal + "output: \"" + strings.Repeat("'", 3999) + "\"\n", diag.ExprSyntax},
		"an expression of dots":     {minimal + "output: '" + strings.Repeat(".", 3999) + "'\n", diag.ExprSyntax},
	}
}

// numbered is a text for each number from 1 on.
func numbered(count int, format string) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, format, i+1)
	}
	return b.String()
}

// chain is types of which each contains the next.
func chain(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "  T%d: {t: T%d}\n", i+1, i+2)
	}
	return b.String()
}

// wrapped is foreachs of which each makes a list of the values of the one before.
func wrapped(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "  - {foreach: f%d, over: f%d, collect: '%sitem%s', steps: [{step: s%[1]d}]}\n", i+1, i, strings.Repeat("[", 90), strings.Repeat("]", 90))
	}
	return b.String()
}

// TestHostile holds that such files are refused, with few and short messages and
// without much memory; BenchmarkRefuse says how soon.
func TestHostile(t *testing.T) {
	const most = 64 << 20
	for name, file := range hostile() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			pkg, list := loadFile(file.text)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > most {
				t.Errorf("%d MB were allocated, more than %d", allocated>>20, most>>20)
			}
			if file.code == "" {
				return // accepted or not: it has come back
			}
			if pkg != nil || len(list) == 0 || list[0].Code != file.code {
				t.Fatalf("want %s (%s), got %s", file.code, diag.Titles()[file.code], clip(list.String()))
			}
			for _, d := range list {
				if len(d.Message) > 2000 {
					t.Errorf("a message of %d bytes: %s", len(d.Message), clip(d.Message))
				}
			}
		})
	}
}

// BenchmarkRefuse is how soon a file is refused that nobody writes in good faith.
func BenchmarkRefuse(b *testing.B) {
	files := hostile()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				loadFile(files[name].text)
			}
		})
	}
}

func loadFile(text string) (*model.Package, diag.List) {
	return schema.Load(fstest.MapFS{"shop.flow.yaml": {Data: []byte(text)}}, schema.Options{Package: "p"})
}

func clip(text string) string { return text[:min(len(text), 500)] }

// FuzzLoad holds that no file panics or hangs the compiler, that a file is either
// refused or accepted, and that no name of an accepted one is no Go.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join(diagFolder, "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		archive, err := txtar.ParseFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(string(file.Data))
		}
	}
	example, err := os.ReadFile(filepath.Join("..", "examples", "orders", "process-order.flow.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add(spec)
	f.Add(blocks)
	f.Add(foreachs)
	f.Add(waits)
	out := f.TempDir() // in no module, so that the go command is never asked
	f.Fuzz(func(t *testing.T, text string) {
		pkg, list := schema.Load(fstest.MapFS{"shop.flow.yaml": {Data: []byte(text)}}, schema.Options{Package: "p", Out: out})
		if (pkg == nil) != (len(list) > 0) {
			t.Fatalf("the model is %v and the diagnostics are %v", pkg, list)
		}
		for _, d := range list {
			if d.Message == "" || d.File == "" || d.Line < 0 || (d.Line == 0) != (d.Column == 0) {
				t.Errorf("a diagnostic without message or place: %#v", d)
			}
		}
		if pkg != nil {
			checkModel(t, pkg)
		}
	})
}

func checkModel(t *testing.T, pkg *model.Package) {
	t.Helper()
	for _, named := range pkg.Types {
		checkFields(t, named.Fields)
	}
	for _, f := range pkg.Flows {
		if !token.IsIdentifier(f.GoName) || !token.IsExported(f.GoName) || f.Version == "" || len(f.Steps)+len(f.Waits) == 0 {
			t.Errorf("the flow is %+v", f)
		}
		checkFields(t, f.Input.Fields)
		checkFields(t, f.Output.Payload.Fields)
		steps, waits := checkBlocks(t, f.Body, false)
		if !slices.Equal(steps, f.Steps) {
			t.Errorf("the steps are %v, those of the body %v", f.Steps, steps)
		}
		if !slices.Equal(waits, f.Waits) {
			t.Errorf("the waits are %v, those of the body %v", f.Waits, waits)
		}
		names := map[string]bool{}
		for _, s := range f.Steps {
			checkStep(t, s)
			if names[s.VarName] {
				t.Errorf("two steps are named %s", s.Name)
			}
			names[s.VarName] = true
		}
	}
}

func checkStep(t *testing.T, s *model.Step) {
	t.Helper()
	checkFields(t, s.In.Fields)
	for i, b := range s.Bindings {
		if s.Calls == nil && b.Field != s.In.Fields[i] || b.Value == nil {
			t.Errorf("binding %d of %s is %+v", i, s.Name, b)
		}
	}
}

func checkWait(t *testing.T, w *model.Wait) {
	t.Helper()
	if w.Continue && w.Timeout == 0 || w.Key != nil && (w.Key.Type.Kind != model.String || w.Key.Secret) {
		t.Errorf("the wait is %+v", w)
	}
	if w.Out != nil {
		checkFields(t, w.Out.Fields)
	}
}

// checkBlocks checks blocks at any depth, and returns the steps and the waits among them.
func checkBlocks(t *testing.T, body []model.Block, skippable bool) (steps []*model.Step, waits []*model.Wait) {
	t.Helper()
	if len(body) == 0 {
		t.Error("there are no blocks where some must be")
	}
	within := func(body []model.Block, skippable bool) {
		innerSteps, innerWaits := checkBlocks(t, body, skippable)
		steps, waits = append(steps, innerSteps...), append(waits, innerWaits...)
	}
	for _, b := range body {
		h := b.Head()
		if !token.IsIdentifier(h.GoName) || !token.IsIdentifier(h.VarName) || h.Pos.Line == 0 || h.Skippable != (skippable || h.When != nil) {
			t.Errorf("the block is %+v", h)
		}
		if h.When != nil && h.When.Type.Kind != model.Bool || h.Until != nil && h.Until.Type.Kind != model.Time {
			t.Errorf("`when` or `until` of %s has another type", h.Name)
		}
		switch b := b.(type) {
		case *model.Step:
			steps = append(steps, b)
		case *model.Wait:
			waits = append(waits, b)
			checkWait(t, b)
		case *model.Parallel:
			for _, branch := range b.Branches {
				within(branch, h.Skippable)
			}
		case *model.Choose:
			for i, c := range b.Cases {
				if c.Pos.Line == 0 || c.When == nil && (i == 0 || i+1 < len(b.Cases)) {
					t.Errorf("case %d of %s is %+v", i, h.Name, c)
				}
				within(c.Body, true)
			}
		case *model.Foreach:
			if b.Over.Type.Kind != model.List || b.Item != b.Over.Type.Elem || b.Limit < 1 || !token.IsIdentifier(b.As) ||
				b.IndexAs != b.As+"Index" || !token.IsExported(b.GoName) || b.Collect != nil && b.Collect.Type.Kind == "" {
				t.Errorf("the foreach is %+v", b)
			}
			within(b.Body, h.Skippable)
		}
	}
	return steps, waits
}

func checkFields(t *testing.T, fields []*model.Field) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range fields {
		if !token.IsIdentifier(f.GoName) || !token.IsExported(f.GoName) || seen[f.GoName] || f.Type == nil || f.Type.Kind == "" {
			t.Errorf("the field is %+v", f)
		}
		seen[f.GoName] = true
	}
}
