package templates_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/schema/model"

	"github.com/bextgen/bextgen/schema"
)

// playFlows generates, compiles and vets flows whose names are f and a number,
// runs each with the same input, and returns their histories. Handlers with a
// result give v, one more than their x. Waits without a timeout get a signal with v.
func playFlows(t *testing.T, specs fstest.MapFS, input string) map[string]string {
	t.Helper()
	pkg, files := compile(t, schema.Options{Package: "flows"}, specs)
	sources := map[string][]byte{
		"main.go":      mainProgram([]*golden{{name: "flows"}}),
		"flows/run.go": playProgram(pkg, input),
	}
	for name, content := range files {
		sources["flows/"+name] = content
	}
	program := buildProgram(t, sources)
	histories := map[string]string{}
	for history := range strings.SplitSeq(string(run(t, ".", program, t.TempDir())), "\nf") {
		name, rest, _ := strings.Cut(history, " ")
		histories["f"+name] = rest
	}
	return histories
}

// signalled is the v that signals carry.
const signalled = 7

// playProgram is the handlers of the flows, and what runs them.
func playProgram(pkg *model.Package, input string) []byte {
	var handlers, registers, runs strings.Builder
	for _, fl := range pkg.Flows {
		fmt.Fprintf(&handlers, "type %s struct{}\n\n", fl.VarName)
		for _, st := range fl.Steps {
			if st.Calls != nil {
				continue
			}
			fmt.Fprintf(&handlers, "func (%s) %s(_ context.Context, in %s) ", fl.VarName, st.GoName, st.In.GoName)
			if st.Out == nil {
				fmt.Fprintf(&handlers, "error { return nil }\n\n")
			} else {
				fmt.Fprintf(&handlers, "(%s, error) { return %[1]s{V: in.X + 1}, nil }\n\n", st.Out.GoName)
			}
		}
		fmt.Fprintf(&registers, "Register%s(rt, %s{}),\n", fl.GoName, fl.VarName)
		fmt.Fprintf(&runs, "golden.RunWith(s, Start%s, input[%s](), func(ctx context.Context, id string) error {\n", fl.GoName, fl.Input.GoName)
		for _, w := range fl.Waits {
			if w.Timeout == 0 { // it may be skipped, and the run be over
				fmt.Fprintf(&runs, "_ = Signal%s%s(ctx, id, %s{V: %d})\n", fl.GoName, w.GoName, w.Out.GoName, signalled)
			}
		}
		fmt.Fprintf(&runs, "return nil\n})\n")
	}
	return fmt.Appendf(nil, `package flows

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/testdata/gen/golden"
)

func input[T any]() (in T) {
	if err := json.Unmarshal([]byte(%q), &in); err != nil {
		panic(err)
	}
	return in
}

%s
func Register(rt *runtime.Runtime) error {
	return errors.Join(
%s)
}

func Run(s *golden.Session) {
%s}
`, input, handlers.String(), registers.String(), runs.String())
}
