package breaking_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/breaking"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/templates"
)

// now is a package of one flow. What it does is shown in testdata/versions; here is what
// runs do not show.
func now(t *testing.T, spec string) breaking.Now {
	t.Helper()
	pkg, wrong := schema.Load(fstest.MapFS{"f.flow.yaml": {Data: []byte(spec)}}, schema.Options{Package: "p"})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	n := breaking.Now{Package: pkg, Frozen: func(string, int) bool { return false }}
	for _, f := range pkg.Flows {
		n.Flows = append(n.Flows, templates.Describe(pkg, f))
	}
	return n
}

func TestCompare(t *testing.T) {
	const head, step = "flow: f\nversion: \"1.0\"\n", "steps: [{step: a, in: {}}]\n"
	next := strings.NewReplacer("1.0", "1.1")
	for name, test := range map[string]struct{ before, after, want string }{
		"an error is gone": {
			head + "errors: {lost: {}, other: {}}\n" + step, head + "errors: {other: {}}\n" + step, "the error `lost` is gone",
		},
		"an error has another field": {
			head + "errors: {lost: {fields: {why: string}}}\n" + step, head + "errors: {lost: {fields: {why: int}}}\n" + step,
			"`why` of the error `lost` was string and is int",
		},
		"an output has another type": {
			head + "output: {x: 1}\n" + step, head + "output: {x: 1.5}\n" + step, "`x` of the output of the flow was int and is float",
		},
		"a field deep inside": {
			head + "types: {A: {b: list<B>}, B: {c: map<string>, a: \"A?\"}}\ninput: {a: A}\n" + step,
			head + "types: {A: {b: list<B>}, B: {c: map<int>, a: \"A?\"}}\ninput: {a: A}\n" + step,
			"`a.b[].c[]` of the input of the flow was string and is int",
		},
		"a type has another name": {
			head + "types: {A: {b: string}}\ninput: {a: A}\n" + step, head + "types: {B: {b: string}}\ninput: {a: B}\n" + step, "",
		},
		"a parallel with a condition is gone": {
			head + "input: {go: bool}\nsteps: [{parallel: p, when: input.go, steps: [{step: a, in: {}}, {step: b, in: {}}]}]\n",
			head + "input: {go: bool}\nsteps: [{step: a, in: {}}, {step: b, in: {}}]\n", "a run that has skipped it would do what was in it",
		},
		"a wait has no payload any more": {
			head + "steps: [{wait: w, out: {x: string}}, {step: a, in: {}}]\n", head + "steps: [{wait: w}, {step: a, in: {}}]\n",
			"the payload of `w` had a value and has none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			lock := breaking.Locked(now(t, test.before).Flows)
			got := breaking.Compare(lock, now(t, next.Replace(test.after)))
			if !strings.Contains(got.String(), test.want) || test.want == "" && len(got) > 0 {
				t.Errorf("got\n%swant: %s", got, test.want)
			}
		})
	}
}

func TestTheVersionHasToGrow(t *testing.T) {
	lock := breaking.Locked(now(t, "flow: f\nversion: \"2.1\"\nsteps: [{step: a, in: {}}]\n").Flows)
	got := breaking.Compare(lock, now(t, "flow: f\nversion: \"1.9\"\nsteps: [{step: a, in: {}}]\n"))
	if len(got) != 1 || got[0].Code != diag.VersionNotRaised {
		t.Errorf("got %s", got)
	}
}

// A lock comes from a file, which may be anything.
func TestParseLock(t *testing.T) {
	good, err := templates.LockText(breaking.Locked(now(t, "flow: f\nversion: \"1.0\"\nsteps: [{step: a, in: {}}]\n").Flows))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := breaking.ParseLock(good)
	if err != nil || len(lock.Flows) != 1 {
		t.Errorf("what is written is not read: %v", err)
	}
	for text, want := range map[string]string{
		`{`:                              "unexpected end",
		`null`:                           "format 0",
		`{"format": 2}`:                  "use a newer one",
		`{"format": 1, "flows": [null]}`: "flow 1 in it has no name",
		`{"format": 1, "flows": [{"flow_id": "f", "version": "x"}]}`: "not of the form major.minor",
	} {
		if _, err := breaking.ParseLock([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	empty := &breaking.Lock{Flows: []*description.Flow{{ID: "f", Version: "1.0"}}}
	breaking.Compare(empty, now(t, "flow: f\nversion: \"1.1\"\nsteps: [{step: a, in: {}}]\n")) // does not panic
}
