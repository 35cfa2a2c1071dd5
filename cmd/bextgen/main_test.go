package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bextgen": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "../../testdata/script",
		RequireUniqueNames: true,
		Setup:              useModuleCache,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"go-module": goModule,

			"runs-database": makeRunsIn,
		},
	})
}

// useModuleCache lets the go command of a script find what was downloaded and
// compiled already. What bextgen keeps is the script's own.
func useModuleCache(env *testscript.Env) error {
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return fmt.Errorf("go env %s: %w", name, err)
		}
		env.Setenv(name, strings.TrimSpace(string(value)))
	}
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOFLAGS", "-mod=mod")
	return nil
}

// exits runs a command that is to exit with a code: `exits 2 bextgen nope`.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [argument …]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// goModule makes the script's folder a module that has bextgen as a tool.
func goModule(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: go-module")
	}
	root, err := filepath.Abs("../..")
	ts.Check(err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	ts.Check(err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	ts.Check(err)
	const path = "github.com/bextgen/bextgen"
	text := strings.Replace(string(mod), "module "+path, "module example.com/shop", 1) +
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n\ntool %s/cmd/bextgen\n", path, path, root, path)
	ts.Check(os.WriteFile(ts.MkAbs("go.mod"), []byte(text), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("go.sum"), sum, 0o644))
}

func TestExitCode(t *testing.T) {
	usage := usagef("this cannot be")
	tests := []struct {
		err  error
		code int
		text string
	}{
		{nil, exitClean, ""},
		{&failure{errFound}, exitFound, ""},
		{&failure{&problem{"rename it"}}, exitFound, "bextgen: rename it\n"},
		{&failure{usage}, exitUsage, "bextgen: this cannot be\nRun `bextgen help runs list` for how to call it.\n"},
		{errors.New("unknown flag"), exitUsage, "bextgen: unknown flag\nRun `bextgen help runs list` for how to call it.\n"},
		{&failure{errors.New("disk full")}, exitInternal, "bextgen: disk full\n"},
	}
	for _, test := range tests {
		var stderr bytes.Buffer
		if code := exitCode(test.err, "bextgen runs list", &stderr); code != test.code || stderr.String() != test.text {
			t.Errorf("%v: exit code %d, want %d, and\n%s\nwant\n%s", test.err, code, test.code, &stderr, test.text)
		}
	}
}

func TestPanicIsReported(t *testing.T) {
	root := &cobra.Command{Use: "bextgen", RunE: func(*cobra.Command, []string) error { panic("on the floor") }}
	var stdout, stderr bytes.Buffer
	if code := execute(root, nil, &stdout, &stderr); code != exitInternal {
		t.Errorf("exit code %d, want %d", code, exitInternal)
	}
	for _, want := range []string{"internal error: on the floor", "main_test.go", "Please report it"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &stderr)
		}
	}
}

func TestVersionText(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}}
	if got := versionText(info, true); got != "bextgen v1.2.3 go1.26.0" {
		t.Errorf("got %q", got)
	}
	if got := versionText(nil, false); got != "bextgen (unknown version)" {
		t.Errorf("got %q", got)
	}
}
