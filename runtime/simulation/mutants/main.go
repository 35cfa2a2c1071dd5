// Command mutants shows that the simulation finds bugs: it runs it on code into which
// each of the patches in this folder has put one, and fails if no rule is broken.
//
//	go run ./runtime/simulation/mutants [name …]
//
// The first line of a patch says what it breaks. Nothing in the tree is changed: the
// compiler gets the patched files in place of those that stand there.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	folder = "runtime/simulation/mutants"
	// patience is how long the simulation of one mutant may take.
	patience = "2m"
	// seeds is how many worlds it has to find the bug in; most are found in one of the first hundred.
	seeds = "10000"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run tries the mutants of these names, or all, several at a time.
func run(names []string) error {
	patches, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil {
		return err
	}
	if len(patches) == 0 {
		return fmt.Errorf("there are no patches in %s; run this command at the top of the repository", folder)
	}
	var all sync.WaitGroup
	places := make(chan struct{}, runtime.NumCPU())
	errs := make([]error, len(patches))
	for i, patch := range patches {
		name := strings.TrimSuffix(filepath.Base(patch), ".patch")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if err := try(name, patch); err != nil {
				errs[i] = fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// found is how a test that finds a mutant says so.
var found = regexp.MustCompile(`seed \d+: .*`)

// try runs the simulation on one mutant, and prints what it found.
func try(name, patch string) error {
	began := time.Now()
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system removes what is left
	text, err := os.ReadFile(patch)
	if err != nil {
		return err
	}
	overlay, err := mutate(dir, patch, string(text))
	if err != nil {
		return err
	}
	test := exec.Command("go", "test", "-vet=off", "-overlay", overlay, "-timeout", patience, "./runtime/simulation", "-run", "^TestSimulation$", "-seeds", seeds)
	out, err := test.CombinedOutput()
	var failed *exec.ExitError
	switch says := found.FindString(string(out)); {
	case err == nil:
		return errors.New("the simulation does not find it")
	case !errors.As(err, &failed) || says == "":
		return fmt.Errorf("the simulation did not run: %w\n%s", err, out)
	default:
		what, _, _ := strings.Cut(string(text), "\n")
		fmt.Printf("%-28s %s\n%28s %s (%.1fs)\n", name, what, "", says, time.Since(began).Seconds())
		return nil
	}
}

// inPatch is a file that a patch changes.
var inPatch = regexp.MustCompile(`(?m)^\+\+\+ b/(.*)$`)

// mutate applies a patch to copies of the files that it changes, and writes for the
// compiler which files they are in place of.
func mutate(dir, patch, text string) (overlay string, err error) {
	replaced := map[string]string{}
	for _, match := range inPatch.FindAllStringSubmatch(text, -1) {
		path := filepath.FromSlash(match[1])
		place, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("%s changes a file that is not there: %w", patch, err)
		}
		replaced[place] = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(replaced[place]), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(replaced[place], source, 0o600); err != nil {
			return "", err
		}
	}
	absolute, err := filepath.Abs(patch)
	if err != nil {
		return "", err
	}
	apply := exec.Command("git", "apply", "-C1", absolute)
	apply.Dir = dir
	apply.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") }),
		"GIT_CEILING_DIRECTORIES="+filepath.Dir(dir)) // it is in no repository, whatever is around it
	if out, err := apply.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the patch does not apply any more; make it anew for the code as it is: %w\n%s", err, out)
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
